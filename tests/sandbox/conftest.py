"""A sandbox process for the whole folder, and worlds in it."""

import asyncio
import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.sandbox.book import published
from tests.patience import PATIENCE_S
from tests.sandbox.bank_letters import Run
from tests.sandbox.small_world import small

ROOT = Path(__file__).parents[2]
_names = itertools.count(1)


class SandboxProcess:
    """A real process over a state directory; it can be killed and started again."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.log = (state / "log").open("a")
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "adapters.sandbox", "--host", "127.0.0.1", "--port", "0", "--state", self.state],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, (self.state / "log").read_text()
        self.process.stdout.close()
        self.url = f"http://127.0.0.1:{json.loads(line)['port']}"

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def client(self) -> httpx.AsyncClient:
        """Waits longer than any long poll."""
        return httpx.AsyncClient(base_url=self.url, timeout=PATIENCE_S)

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(timeout=PATIENCE_S)

    async def has_written(self, run: str, kind: str, **facts: object) -> dict[str, Any]:
        """The first such line of a world's book, once it is there; read from the disk, so that nobody wakes the world.

        Asked over its wire, a world first catches up with whatever is due.
        """
        path = self.state / "worlds" / f"{run}.sqlite"
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for line in map(json.loads, published(path).splitlines()):
                    if line["kind"] == kind and facts.items() <= line.items():
                        found: dict[str, Any] = line
                        return found
                await asyncio.sleep(0.02)


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox"))
    yield process
    assert process.stop() in {0, -signal.SIGTERM}
    process.log.close()
    assert not (process.state / "log").read_text(), "the sandbox had something to complain about"


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[SandboxProcess]:
    """A process of the test's own, to be killed or stopped."""
    process = SandboxProcess(tmp_path)
    yield process
    process.stop()
    process.log.close()


@pytest.fixture(scope="session")
async def client(sandbox: SandboxProcess) -> AsyncIterator[httpx.AsyncClient]:
    async with sandbox.client() as client:
        yield client


Made = Callable[..., Awaitable[Run]]


@pytest.fixture
def world(client: httpx.AsyncClient) -> Made:
    """Make (and start) a world of its own for a test."""

    async def make(scenario: dict[str, Any] | None = None, *, started: bool = True, **more: object) -> Run:
        run = Run(client, f"t-{next(_names)}", scenario or small())
        await run.make(**more)
        return await run.start() if started else run

    return make
