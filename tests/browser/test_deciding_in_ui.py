"""The whole decision in the real Web UI with encryption on, judged by the banks' own book."""

import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from playwright.async_api import Browser, StorageState

from adapters.temporal.stack import Stack
from domain.findings import Finding
from domain.money import shown
from domain.operations import FILE_HERE, HALT_HERE, finding_name
from domain.sheets import update_name
from tests.browser.officer import ACCEPTED, WAITING, OfficerAtUi
from tests.browser.ui import CHROMIUM, NO_CHROMIUM, SCREENS, chromium
from tests.browser.waiting_case import WaitingCase, first_case_twice, waiting_cases
from tests.chaos.blows import until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM),
]
HANDLING, APPROVER, SECOND = "012301002", "012345", "012302002"  # 012301 and 012302 spend codes on the authority
ANOTHER_APPROVER, FILER, LATE, FIELD = "012345002", "012302003", "012302004", "012370"
MOST_CLICKS, MOST_TYPED = 7, 15
PATIENCE_MS = 60_000
"""Two cores that do other things too: nothing here is measured in time."""
NO_WORDS = ("Encoded", "encoded", "encrypted", "binary/", "Traceback", 'File "', "ApplicationError")
TIMELINE = ("冒充电商物流客服", "decide", "落地查证 CCB·4408", "下一期限", "/ freeze")

Sit = Callable[[str], AbstractAsyncContextManager[OfficerAtUi]]


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


@pytest.fixture(scope="module")
async def cases(stack: Stack) -> AsyncIterator[list[WaitingCase]]:
    """Two cases of one world, so that a list is a list; each test decides its own."""
    async with waiting_cases(stack, first_case_twice()) as waiting:

        async def listed() -> bool:
            return (await waiting[0].client.count_workflows(WAITING)).count == len(waiting)

        await until(listed)  # the engine's list is a moment behind
        yield waiting


@pytest.fixture(scope="module")
def set_up() -> dict[str, StorageState]:
    """Browsers that were set up once, by the UI's address."""
    return {}


@pytest.fixture
async def sit(cases: list[WaitingCase], browser: Browser, set_up: dict[str, StorageState], tmp_path: Path) -> Sit:
    """Seat an officer, logged in, in a browser context of the officer's own; photographed where it goes wrong."""
    case = cases[0]
    ui, codec = case.stack.ui_url, case.stack.codec_url
    assert ui is not None
    assert codec is not None

    @contextlib.asynccontextmanager
    async def seated(number: str) -> AsyncIterator[OfficerAtUi]:
        width, height = SCREENS["laptop"]
        context = await browser.new_context(
            viewport={"width": width, "height": height}, storage_state=set_up.get(ui), reduced_motion="reduce"
        )
        context.set_default_timeout(PATIENCE_MS)
        officer = OfficerAtUi(await context.new_page(), ui, codec, case.run, number)
        try:
            await officer.log_in(case.code(number))
            if ui not in set_up:
                set_up[ui] = await officer.set_the_browser_up()
            yield officer
        except BaseException:
            await officer.page.screenshot(path=tmp_path / f"{number}.png")
            print(f"screenshot: {tmp_path / number}.png")
            raise
        finally:
            await context.close()

    return seated


def said_plainly(words: str, zh: str, en: str) -> bool:
    """In both languages, and nothing but words."""
    assert not any(sign in words for sign in NO_WORDS), words
    return zh in words and en in words


async def test_two_officers_find_read_and_approve_a_freeze_and_the_banks_freeze_it(
    cases: list[WaitingCase], sit: Sit, tmp_path: Path
):
    case = cases[0]
    row = (await case.sheets())[-1]
    operation, lines = update_name(row.sheet), row.sheet.lines
    assert len(lines) > 1
    async with sit(HANDLING) as handling:
        await handling.open_worklist()
        await handling.open_case(case.number)
        assert "立案（缺立案号不能冻结）" in (await handling.read())[1]
        assert {FILE_HERE, HALT_HERE} <= set(await handling.operations())
        assert await handling.say(FILE_HERE, f'"A3202-2026-1 {HANDLING} {case.code(HANDLING)}"') == ACCEPTED
        await handling.read_until("立案号 case filing：A3202-2026-1")
        assert FILE_HERE not in await handling.operations()

    async with sit(APPROVER) as approver:
        listed = await approver.open_worklist()
        assert len(listed) == len(cases)
        await approver.open_case(case.number)
        approver.begin_counting()
        _, text = await approver.read()
        assert f"冻结 {len(lines)} 户，共 {shown(row.sheet.amount_fen)}" in text
        assert all(line.account.number[-4:] in text and shown(line.amount_fen) in text for line in lines)
        assert await approver.count("svg[viewBox] g.account") > len(lines), "the picture shows them and the shop"
        assert await approver.say(operation, f'"{APPROVER} {case.code(APPROVER)}"') == ACCEPTED
        print(f"\na decision, from the case's page: {approver.clicks} clicks, {approver.typed} characters")
        assert approver.clicks <= MOST_CLICKS
        assert approver.typed <= MOST_TYPED
        await approver.read_until(f"signed：{APPROVER}")
        assert await case.frozen() == {}, "one signature freezes nothing"
        await approver.photograph(tmp_path / "case.png")

        async with sit(SECOND) as second:
            await second.open_worklist()
            await second.open_case(case.number)
            await second.read()
            assert await second.say(operation, f'"{SECOND} {case.code(SECOND)}"') == ACCEPTED
            await case.until_frozen(row)
            assert await case.frozen() == {line.account.number: line.amount_fen for line in lines}
            text = await second.read_until(f"{lines[0].account.number[-4:]}\n冻")
            assert all(f"{line.account.number[-4:]}\n冻" in text for line in lines), "the picture says it of each"
            assert operation not in await second.operations()

        await everything_is_readable(approver)
        assert await approver.open_worklist(WAITING.replace("!='-'", "='-'")) == [], "the bookmark's filter is obeyed"


async def everything_is_readable(officer: OfficerAtUi) -> None:
    """What an officer who logged in may look at beside the details: the course of the case, and its visits."""
    # what is asked of the register stands there by its activity's name: the UI shows no summary of local ones
    timeline = await officer.tab("timeline", *TIMELINE)
    history = await officer.tab("history", "Workflow Execution Started")
    await officer.open_visit()
    _, visit = await officer.read()
    assert "落地查证 / on-site verification" in visit
    assert "CCB·4408" in visit
    assert {finding_name(one) for one in Finding} <= set(await officer.operations())
    for text in (timeline, history, visit):
        assert not any(sign in text for sign in (*NO_WORDS, "Failed"))


async def test_what_cannot_count_is_refused_in_the_dialog_in_plain_words(cases: list[WaitingCase], sit: Sit):
    case = cases[1]
    row = (await case.sheets())[0]
    operation, sheet = update_name(row.sheet), row.sheet.name
    async with sit(FILER) as second:
        await second.open_worklist()
        await second.open_case(case.number)
        await second.read()
        code = case.lasting_code(FILER)  # one code for three dialogs
        said = await second.say(operation, f'"{FILER} {code}"')
        assert said_plainly(said, "尚未立案，不能批准冻结", "no case filing yet")
        assert await second.say("filing", f'"A3202-2026-2 {FILER} {code}"') == ACCEPTED
        said = await second.say(operation, f'"{FILER} {code}"')
        assert said_plainly(said, "此验证码已用过", "this code was used already")
        await second.choose(operation)  # the dialog stays open while the others decide

        async with sit(ANOTHER_APPROVER) as approver:
            await approver.open_worklist()
            await approver.open_case(case.number)
            await approver.read()
            said = await approver.say(operation, f'"{ANOTHER_APPROVER} {case.wrong_code(ANOTHER_APPROVER)}"')
            assert said_plainly(said, "验证码不对", "the code is wrong")
            said = await approver.say(operation, f'"{LATE} {case.code(LATE)}"')
            assert said_plainly(said, "登录者与所填警号不是同一人", "the session belongs to another officer")
            assert await approver.say(operation, f'"{ANOTHER_APPROVER} {case.code(ANOTHER_APPROVER)}"') == ACCEPTED
            said = await approver.say(operation, f'"{ANOTHER_APPROVER} 123456"')
            assert said_plainly(said, f"您已签过审批单 {sheet}", "another officer has to sign; awaited: second officer")

        async with sit(FIELD) as field:
            await field.open_worklist()
            await field.open_case(case.number)
            await field.read()
            said = await field.say(operation, f'"{FIELD} {case.code(FIELD)}"')
            assert said_plainly(said, "您的职务不在待签之列，尚待：协查人", "none of your roles is awaited here")

        assert await case.frozen() == {}, "nothing refused has had an effect"
        await case.decide_unseen(row, LATE)
        said = await second.submit(f'"{FILER} 123456"')
        assert said_plainly(said, f"审批单 {sheet} 已批准，已办结", f"sheet {sheet} is approved already")
        said = await second.say("decide", f'"{sheet} {FILER} 123456"')
        assert said_plainly(said, f"审批单 {sheet} 已办结", f"sheet {sheet} is decided already")
    await case.until_frozen(row)
    assert set(await case.frozen()) == {line.account.number for line in row.sheet.lines}
