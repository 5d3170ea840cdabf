"""The details as officers meet them: in the real Temporal Web UI, in a real browser."""

import re
import sys
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Frame
from temporalio import workflow
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from domain.sheets import update_name
from tests.browser.ui import CHROMIUM, NO_CHROMIUM, chromium, looked_into, open_details, photograph
from tests.dev_servers import start_dev_server
from tests.ports import free_ports
from tests.workflows.builders import HOLDER, T0, case_of, fan, trace
from workflows.casework import accounting, holding
from workflows.casework.case import Case
from workflows.details import details
from workflows.showing.flow import MOST_ACCOUNTS

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM),
]
TEMPORAL = Path(sys.executable).parent / "temporal"
CASES: dict[str, Case] = {}
"""What the workflow below shows, by name: a case itself cannot travel."""
PLANTED = "[x](javascript:alert(1))<script>alert(1)</script> https://evil.example"
SMALLEST_PX = 9.5
"""Text smaller than this a tired officer does not read."""


@workflow.defn(sandboxed=False)
class ShowsACase:
    """Nothing but the details of a case."""

    @workflow.run
    async def run(self, name: str) -> None:
        workflow.set_current_details(details(CASES[name]))
        await workflow.wait_condition(lambda: False)


@pytest.fixture(scope="module")
async def ui() -> AsyncIterator[tuple[WorkflowEnvironment, str]]:
    """A dev server with its Web UI, and where the UI is."""
    (port,) = free_ports(1)
    async with await start_dev_server(
        dev_server_existing_path=str(TEMPORAL), ui=True, ui_port=port, dev_server_log_level="error"
    ) as environment:
        yield environment, f"http://127.0.0.1:{port}"


def deciding(accounts: int, layers: int) -> Case:
    town = fan(accounts, layers=layers)
    case = trace(case_of(town, category=PLANTED), town)
    holding.hold(case, tracing=False)
    case.now = T0 + timedelta(minutes=1)
    holding.hold(case, tracing=False)
    case.problem("input:1", PLANTED, PLANTED)
    case.state.status = accounting.status(case, tracing=False)
    return case


async def looked_at(ui: tuple[WorkflowEnvironment, str], case: Case, photo: Path) -> dict[str, object]:
    """Show the case in the UI, photograph it, and say what the browser holds."""
    environment, address = ui
    name = uuid.uuid4().hex
    CASES[name] = case
    # two thousand accounts take their time: to a busy machine that is no workflow that hangs
    worker = Worker(environment.client, task_queue=name, workflows=[ShowsACase], debug_mode=True)
    async with worker, chromium() as browser:
        handle = await environment.client.start_workflow(ShowsACase.run, name, id=f"case/{name}", task_queue=name)
        page = await open_details(browser, address, handle.id, str(handle.result_run_id))
        try:
            await looked_into(page, lambda frame: photograph(page, frame, photo))
            print(f"screenshot: {photo}")
            return await looked_into(page, _seen)
        finally:
            await handle.terminate()


async def _seen(frame: Frame) -> dict[str, object]:
    seen: dict[str, object] = await frame.evaluate(
        """() => {
            const texts = [...document.querySelectorAll('svg[viewBox] text')];
            return {
                accounts: document.querySelectorAll('svg[viewBox] g.account').length,
                rest: [...document.querySelectorAll('svg[viewBox] g.rest text')].map(t => t.textContent),
                heights: texts.map(t => parseFloat(getComputedStyle(t).fontSize) * t.getScreenCTM().d),
                spilled: texts.filter(t => {
                    const box = t.parentElement.querySelector('rect').getBoundingClientRect();
                    return t.parentElement.matches('.account, .rest, .exit, .victim')
                        && t.getBoundingClientRect().right > box.right + 1;
                }).map(t => t.textContent),
                links: document.querySelectorAll('a').length,
                scripts: document.querySelectorAll('main script, main img').length,
                typed: [...document.querySelectorAll('code')].map(c => c.textContent),
                width: document.documentElement.scrollWidth - innerWidth,
                head: document.querySelector('h2').getBoundingClientRect().top,
                words: document.querySelector('main').innerText,
                picture: texts.map(t => t.textContent).join(' '),
            };
        }"""
    )
    return seen


async def test_the_picture_stands_in_the_ui_with_every_account_and_readable_text(
    ui: tuple[WorkflowEnvironment, str], tmp_path: Path
):
    case = deciding(36, 5)
    seen = await looked_at(ui, case, tmp_path / "case.png")
    assert seen["accounts"] == len(case.state.accounts)
    assert min(seen["heights"]) >= SMALLEST_PX  # type: ignore[call-overload]
    assert not seen["spilled"]
    assert seen["width"] == 0, "five layers fit the narrow panel of a laptop"
    for account in case.state.accounts.values():
        assert case.shown(account) in str(seen["picture"])


async def test_the_text_to_type_comes_out_with_straight_quotes_and_foreign_text_as_text(
    ui: tuple[WorkflowEnvironment, str], tmp_path: Path
):
    case = deciding(12, 3)
    seen = await looked_at(ui, case, tmp_path / "case.png")
    typed = seen["typed"]
    assert isinstance(typed, list)
    assert '"立案号 警号 验证码"' in typed
    assert '"警号 验证码"' in typed
    for file in case.state.sheets.values():
        assert update_name(file.sheet) in str(seen["words"]), "the operation to type it into is named"
    assert seen["links"] == 0
    assert seen["scripts"] == 0
    words = str(seen["words"])
    assert "＜script＞" in words
    assert HOLDER not in words
    assert not re.search(r"\d{13}", words)
    assert "&lt;" not in words


async def test_a_case_of_two_thousand_accounts_is_shown_as_well(ui: tuple[WorkflowEnvironment, str], tmp_path: Path):
    case = deciding(2000, 7)
    seen = await looked_at(ui, case, tmp_path / "case.png")
    shown = seen["accounts"]
    assert isinstance(shown, int)
    assert shown >= MOST_ACCOUNTS
    rest = [int(found[1]) for text in seen["rest"] if (found := re.match(r"其余 (\d+) 户", text))]  # type: ignore[attr-defined]
    assert shown + sum(rest) == len(case.state.accounts)
    assert min(seen["heights"]) >= SMALLEST_PX  # type: ignore[call-overload]
