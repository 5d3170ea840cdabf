"""Sealed cases in the real Web UI: readable for an officer who logged in, decided by what the officer's page seals."""

import asyncio
import socket
import sys
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
import uvicorn
from playwright.async_api import Page
from temporalio import workflow
from temporalio.client import WorkflowHandle
from temporalio.common import RawValue
from temporalio.worker import Worker

from adapters.http.codec.app import application
from adapters.http.codec.endpoint import Endpoint
from adapters.http.codec.sessions import Sessions
from adapters.keyring import KeyRing
from adapters.temporal.converting import sealed_converter
from domain.officers import Role
from domain.policy import LOGIN_RULES
from domain.words import Complaint
from tests.browser.ui import (
    CHROMIUM,
    NO_CHROMIUM,
    address,
    chromium,
    let_codec_have_credentials,
    log_in,
    send_signal,
    shown_in,
)
from tests.dev_servers import start_dev_server
from tests.http.doors import MemoryDoorkeeper, MemoryRecord
from tests.patience import PATIENCE_S
from tests.ports import free_ports
from workflows.inbox import NOTHING, given, sealed_by

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM),
]
TEMPORAL = Path(sys.executable).parent / "temporal"
OFFICER = "012345"
DETAILS = "金丝雀的案件详情"
SUMMARY = "案件摘要金丝雀"


@workflow.defn(sandboxed=False)
class ShowsAndHears:
    """Details that only officers may read, and a decision that only they may give."""

    @workflow.run
    async def run(self, details: str) -> None:
        workflow.set_current_details(f"### {details}")
        await workflow.wait_condition(lambda: False)

    @workflow.signal(name="decide")
    def decide(self, payload: RawValue = NOTHING) -> None:
        words, provenance = given(payload), sealed_by(payload)
        said = words.en if isinstance(words, Complaint) else words
        workflow.set_current_details(f"### heard {said} from {provenance.officer if provenance else 'nobody'}")


class Shown(NamedTuple):
    page: Page
    handle: WorkflowHandle[ShowsAndHears, None]
    ui: str
    codec: str
    doorkeeper: MemoryDoorkeeper
    record: MemoryRecord

    async def details(self) -> str:
        """What stands in the frames that the UI renders details in."""
        run = str(self.handle.result_run_id)
        await self.page.goto(address(self.ui, "default", self.handle.id, run))
        return await shown_in(self.page)

    async def details_with(self, *texts: str) -> str:
        """The same, once all of this stands there, or as it is when patience ends: a look may come too early."""
        patience_ends = time.monotonic() + PATIENCE_S
        while True:
            seen = await self.details()
            if all(text in seen for text in texts) or time.monotonic() > patience_ends:
                return seen

    async def log_in(self) -> None:
        await log_in(self.page, self.codec, OFFICER, self.doorkeeper.code(OFFICER))
        await self.page.goto(self.ui)
        await let_codec_have_credentials(self.page, self.codec)


@asynccontextmanager
async def served(parts: Endpoint) -> AsyncIterator[str]:
    """Where the endpoint answers. It is given an open door: where a port was lost, uvicorn would end the whole run."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        server = uvicorn.Server(uvicorn.Config(application(parts), log_level="error"))
        serving = asyncio.create_task(server.serve(sockets=[door]))
        try:
            yield f"http://127.0.0.1:{door.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving


@pytest.fixture
async def shown() -> AsyncIterator[Shown]:
    ring, (ui_port,) = KeyRing.of_one_key(), free_ports(1)
    ui = f"http://127.0.0.1:{ui_port}"
    doorkeeper, record = MemoryDoorkeeper({OFFICER: (Role.APPROVER_COUNTY,)}, ("default",)), MemoryRecord()
    parts = Endpoint(ring, doorkeeper, record, Sessions(timedelta(hours=1)), LOGIN_RULES, ui_origin=lambda: ui)
    name = uuid.uuid4().hex
    async with (
        served(parts) as codec,
        await start_dev_server(
            dev_server_existing_path=str(TEMPORAL),
            ui=True,
            ui_port=ui_port,
            data_converter=sealed_converter(ring),
            dev_server_log_level="error",
            dev_server_extra_args=["--ui-codec-endpoint", codec],
        ) as env,
        Worker(env.client, task_queue=name, workflows=[ShowsAndHears], debug_mode=True),
        chromium() as browser,
    ):
        handle = await env.client.start_workflow(
            ShowsAndHears.run, DETAILS, id=f"case/{name}", task_queue=name, static_summary=SUMMARY
        )
        page = await browser.new_page(viewport={"width": 1440, "height": 900})
        yield Shown(page, handle, ui, codec, doorkeeper, record)
        await handle.terminate()


async def test_without_a_login_the_ui_shows_nothing_of_a_case(shown: Shown):
    seen = await shown.details()
    assert DETAILS not in seen
    assert SUMMARY not in seen
    assert shown.record.kept == []


async def test_after_the_login_summary_and_details_are_readable_and_the_reading_is_on_record(shown: Shown):
    await shown.log_in()
    seen = await shown.details_with(DETAILS, SUMMARY)
    assert DETAILS in seen
    assert SUMMARY in seen
    assert {(one.officer, one.workflow_id) for one in shown.record.kept} == {(OFFICER, shown.handle.id)}


async def test_what_an_officer_sends_in_the_ui_arrives_sealed_by_that_officer(shown: Shown):
    await shown.log_in()
    await shown.details()
    await send_signal(shown.page, "decide", '"F-01 approve"')
    heard = f"heard F-01 approve from {OFFICER}"
    assert heard in await shown.details_with(heard)
