"""A caller that hangs up in the middle of a letter is no failure of the sandbox: its log stays empty."""

import signal
import socket

import httpx
import pytest

from tests.patience import PATIENCE_S
from tests.sandbox.bank_letters import Run
from tests.sandbox.conftest import SandboxProcess
from tests.sandbox.small_world import small


def hang_up_within_a_body(url: httpx.URL, path: str) -> None:
    """Connect, announce a body, hang up once it is being read."""
    with socket.create_connection((url.host, url.port or 0), timeout=PATIENCE_S) as caller:
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\nExpect: 100-continue\r\n\r\n"
        caller.sendall(head.encode())
        assert caller.recv(100).startswith(b"HTTP/1.1 100"), "nobody waits for the body"
        caller.sendall(b'{"letters": [')


@pytest.mark.parametrize("call", ["platform/letters", "platform/answers", "notices/webhook", "notices/sms"])
async def test_who_hangs_up_within_a_body_is_no_complaint_and_the_world_goes_on(mortal: SandboxProcess, call: str):
    async with httpx.AsyncClient(base_url=mortal.url, timeout=PATIENCE_S) as client:
        run = await Run(client, "left", small()).make()
        await run.start()
        hang_up_within_a_body(httpx.URL(mortal.url), f"/w/{run.name}/{call}")
        assert (await run.ask(run.query("m1")))["Result"] == "0000"
    assert mortal.stop() in {0, -signal.SIGTERM}  # what it was at is over
    assert not (mortal.state / "log").read_text()
