"""Each pending sheet has an update of its own in the list: one short string decides it, all else is refused."""

import asyncio
import json
import random
import re
from typing import Any

import pytest
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from domain.findings import Finding
from domain.money import shown
from domain.operations import FILE_HERE, HALT_HERE, NOT_KNOWN_YET, finding_name
from domain.sheets import Ruling, update_name
from tests.workflows.engine import FILING_NUMBER, RunningCase, Town, until
from tests.workflows.paper_register import OFFICERS, approvers, word_of
from tests.workflows.paper_world import PaperWorld
from tests.workflows.test_handlers_are_total import no_failed_task

INPUTS = 1_000
AT_ONCE = 8
"""More than ten updates in flight are refused by the server, and nothing of ours would be tried."""


async def asking(town: Town, accounts: int = 2) -> RunningCase:
    """A case with one pending freeze sheet."""
    world = PaperWorld()
    for no in range(accounts):
        world.defraud(world.open(f"m{no}"), 500_00)
    case = await town.start(world)
    await case.pending("F-01")
    return case


async def offered(handle: WorkflowHandle[Any, Any]) -> set[str]:
    """The updates that the UI lists now."""
    metadata: WorkflowMetadata = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    return {one.name for one in metadata.definition.update_definitions if one.name}


def named(case: RunningCase, sheet: str = "F-01") -> str:
    return update_name(case.world.register.sheets[sheet])


async def refused(case: RunningCase, name: str, typed: object, at: WorkflowHandle[Any, Any] | None = None) -> str:
    with pytest.raises(WorkflowUpdateFailedError) as told:
        await (at or case.handle).execute_update(name, typed, result_type=str)
    return str(told.value.__cause__)


async def test_a_pending_sheet_is_in_the_list_under_its_name_and_goes_when_it_is_decided(town: Town):
    case = await asking(town)
    name = named(case)
    assert name == f"批准冻结 F-01 · 2个账户 · {shown(1_000_00)}"
    assert name in await offered(case.handle)
    await case.file()
    for officer in approvers(case.world.register.sheets["F-01"]):
        await case.handle.execute_update(name, word_of(officer), result_type=str)
    await case.until(lambda one: not one.pending, "decided")
    assert name not in await offered(case.handle)
    await until(lambda: all(home.freezes for home in case.world.homes.values() if home.name.startswith("m")))
    await no_failed_task(case.handle)


async def test_a_part_of_the_sheet_can_be_approved_with_the_same_short_string(town: Town):
    case = await asking(town)
    await case.file()
    for officer in approvers(case.world.register.sheets["F-01"]):
        await case.handle.execute_update(named(case), f"{word_of(officer)} except 2", result_type=str)
    await until(lambda: any(home.freezes for home in case.world.homes.values()))
    await case.until(lambda one: "F-01" not in one.pending and one.quiet, "decided and carried out")
    lines = case.world.register.sheets["F-01"].lines
    frozen = {home.number for home in case.world.homes.values() if home.freezes}
    assert lines[0].account.number in frozen
    assert lines[1].account.number not in frozen


async def test_what_cannot_count_is_refused_in_both_languages(town: Town):
    case = await asking(town)
    name, (first, second) = named(case), approvers(case.world.register.sheets["F-01"])
    assert "尚未立案" in await refused(case, name, word_of(first))
    await case.file()
    said = await refused(case, name, word_of("012370"))
    assert " / " in said
    assert "not entitled" in said
    assert "缺少验证码" in await refused(case, name, first)
    assert "看不懂" in await refused(case, name, "approve")
    await case.handle.execute_update(name, word_of(first), result_type=str)
    await case.handle.execute_update(name, word_of(second), result_type=str)
    await case.until(lambda one: "F-01" not in one.pending, "decided")
    closed = await refused(case, name, word_of(first))
    assert "F-01 已批准，已办结" in closed
    assert "approved already" in closed
    assert "本案没有审批单 F-09" in await refused(case, "批准冻结 F-09 · 1个账户 · ¥1.00", word_of(first))
    for text in (said, closed):
        assert "Traceback" not in text
        assert 'File "' not in text
    await no_failed_task(case.handle)


async def test_a_kept_word_is_not_refused_by_a_run_that_knows_less_than_the_register(town: Town):
    """As a run made by a reset: the same word under the same id is heard once the run knows."""
    case = await asking(town)
    word = "w-" + "0" * 16
    kept = {"officer": "012345", "kept": word, "verdict": "approve"}

    async def told(sheet: str = "F-01") -> tuple[str | None, str]:
        with pytest.raises(WorkflowUpdateFailedError) as said:
            await case.handle.execute_update("decide", kept | {"sheets": [sheet]}, id=word, result_type=str)
        assert isinstance(said.value.cause, ApplicationError)
        return said.value.cause.type, said.value.cause.message

    assert (await told("F-07"))[0] == NOT_KNOWN_YET
    assert (await told())[0] == NOT_KNOWN_YET, "not filed, as far as it knows"
    await case.file()
    assert (await told())[0] == "Refused", "by the register, which never verified it"
    await no_failed_task(case.handle)


async def test_who_has_signed_is_told_that_another_must_however_it_is_said(town: Town):
    case = await asking(town)
    await case.file()
    name, (first, second) = named(case), approvers(case.world.register.sheets["F-01"])
    await case.handle.execute_update(name, word_of(first), result_type=str)
    for way, words in ((name, word_of(first)), ("decide", f"F-01 {word_of(first)}")):
        said = await refused(case, way, words)
        assert "您已签过审批单 F-01，须由另一名警员签；尚待：" in said
        assert "you have signed sheet F-01 already, another officer has to sign; awaited: " in said
    assert list(case.world.register.approvals["F-01"]) == [first]
    await case.handle.execute_update(name, word_of(second), result_type=str)
    await case.until(lambda one: "F-01" not in one.pending, "decided")
    await no_failed_task(case.handle)


async def test_a_missing_case_filing_is_in_the_list_and_goes_when_it_is_entered(town: Town):
    case = await asking(town)
    assert FILE_HERE in await offered(case.handle)
    assert "看不懂这个立案登记" in await refused(case, FILE_HERE, word_of("012345"))
    assert "验证码不对" in await refused(case, FILE_HERE, "A3202-2026-1 012345 999999")
    assert (await case.standing()).filing_missing
    await case.handle.execute_update(FILE_HERE, f"A3202-2026-1 {word_of('012345')}", result_type=str)
    await case.until(lambda one: not one.filing_missing, "filed")
    assert FILE_HERE not in await offered(case.handle)
    assert case.world.register.filing == "A3202-2026-1"
    late = await refused(case, FILE_HERE, f"A3202-2026-2 {word_of('012345')}")
    assert "本案已立案" in late
    assert "filed already" in late
    await no_failed_task(case.handle)


async def test_every_finding_is_an_operation_of_the_visit_and_needs_number_and_code_only(town: Town):
    case = await asking(town)
    await case.visit_is_open(1)
    visit, mule, merchant = case.visit(1), finding_name(Finding.MULE), finding_name(Finding.MERCHANT)
    assert {finding_name(one) for one in Finding} <= await offered(visit)
    assert "看不懂这个查证结果" in await refused(case, mule, "012370", visit)
    assert "不是外勤" in await refused(case, mule, word_of("012345"), visit)
    both = await refused(case, merchant, f"{word_of('012370')} mule", visit)
    assert "不一致" in both
    assert "choose again" in both
    assert not case.world.register.findings
    await visit.execute_update(mule, f"{word_of('012370')} 本人承认出租", result_type=str)
    (found,) = case.world.register.findings
    assert (found.finding, found.remark, found.officer) == (Finding.MULE, "本人承认出租", "012370")
    await no_failed_task(visit)


async def test_a_halt_needs_one_officers_number_and_nothing_else(town: Town):
    case = await asking(town)
    assert HALT_HERE in await offered(case.handle)
    assert "看不懂" in await refused(case, HALT_HERE, "停手")
    assert "不在册" in await refused(case, HALT_HERE, "999999")
    assert "不是审批，未执行" in await refused(case, HALT_HERE, word_of("012345"))
    assert not case.world.register.halts
    await case.handle.execute_update(HALT_HERE, "012350", result_type=str)
    assert [one.officer for one in case.world.register.halts] == ["012350"]
    standing = await case.standing()
    assert any("012350 has halted the centre" in text for text in standing.problems)
    await no_failed_task(case.handle)


async def test_a_halt_that_two_have_signed_after_is_refused_and_stays_among_the_problems(town: Town):
    case = await asking(town)
    too_late = Ruling(accepted=False, sheet="", refused="lifted", zh="此后已签署", en="signed for since")
    case.world.register.halt = lambda halt: too_late  # type: ignore[method-assign]  # noqa: ARG005 - as it is called
    assert "此后已签署" in await refused(case, HALT_HERE, "012350")
    standing = await case.standing()
    assert any("signed for since" in text for text in standing.problems)
    assert not any("has halted the centre" in text for text in standing.problems)
    await no_failed_task(case.handle)


def inputs(seed: int) -> list[Any]:
    """Junk, half-right words, right words with wrong parts, and objects of every shape; repeatable."""
    chance = random.Random(seed)
    words = [
        "F-01",
        "A2026-000001/F-01",
        "012345",
        "012302",
        "493021",
        "49302",
        "approve",
        "reject",
        "except",
        "3",
        "7",
    ]
    words += ["理由", "\u0000", "\ud800", "𠮷", "A" * 86, "F-99", "批准", "mule", "merchant", "", "-1", "9" * 400]

    def text() -> str:
        if chance.random() < 0.2:
            return "".join(chr(chance.randrange(1, 0x3000)) for _ in range(chance.randrange(0, 60)))
        return " ".join(chance.choice(words) for _ in range(chance.randrange(0, 7)))

    def value(depth: int = 0) -> Any:
        kind = chance.randrange(8 if depth < 2 else 5)
        if kind < 3:
            return text()
        if kind == 3:
            return chance.choice([None, True, 0, -1, 1e308, 10**30, 4930210])
        if kind == 4:
            return {chance.choice(["sheet", "sheets", "officer", "code", "verdict", "except"]): text()}
        if kind == 5:
            return [value(depth + 1) for _ in range(chance.randrange(0, 5))]
        keys = ("sheet", "sheets", "officer", "code", "signature", "verdict", "except", "reason", "number", "finding")
        return {key: value(depth + 1) for key in chance.sample(keys, chance.randrange(0, 6))}

    def sendable(one: Any) -> bool:
        try:
            json.dumps(one, ensure_ascii=False).encode()
        except (UnicodeEncodeError, ValueError):
            return False
        return True

    made = (value() for _ in iter(int, 1))
    return [one for one, _ in zip((one for one in made if sendable(one)), range(INPUTS), strict=False)]


def could_count(one: Any) -> bool:
    """Whether the paper world's officers could have said this: their evidence is in it."""
    text = json.dumps(one, ensure_ascii=False)
    return any(word_of(officer).split()[1] in text for officer in ("012345", "012302", "012350"))


@pytest.mark.parametrize("handler", ["named", "decide", "filing", "批准冻结 F-01", FILE_HERE])
async def test_a_thousand_inputs_to_an_update_fail_no_task_and_approve_nothing(town: Town, handler: str):
    case = await asking(town)
    if handler != FILE_HERE:  # else it is there no more
        await case.file()
    name = named(case) if handler == "named" else handler
    places = asyncio.Semaphore(AT_ONCE)
    outcomes: list[str] = []

    async def send(typed: Any) -> None:
        async with places:
            try:
                outcomes.append(await case.handle.execute_update(name, typed, result_type=str))
            except WorkflowUpdateFailedError as told:
                outcomes.append(f"refused {told.__cause__}")

    await asyncio.gather(*(send(one) for one in inputs(1) if not could_count(one)))
    assert len(outcomes) > INPUTS * 0.9
    assert all(one.startswith("refused ") for one in outcomes)
    assert not case.world.register.approvals
    assert case.world.register.filing == ("" if handler == FILE_HERE else FILING_NUMBER)
    assert "F-01" in (await case.standing()).pending
    await no_failed_task(case.handle)


async def test_a_thousand_inputs_to_the_halt_fail_no_task_and_only_an_officers_number_halts(town: Town):
    case = await asking(town)
    places = asyncio.Semaphore(AT_ONCE)
    halted: list[Any] = []

    async def send(typed: Any) -> None:
        async with places:
            try:
                await case.handle.execute_update(HALT_HERE, typed, result_type=str)
            except WorkflowUpdateFailedError as told:
                assert " / " in str(told.__cause__)  # noqa: PT017
            else:
                halted.append(typed)

    await asyncio.gather(*(send(one) for one in inputs(4)))
    assert all(names_first(one) in OFFICERS for one in halted)
    assert len(case.world.register.halts) == len(halted)
    await no_failed_task(case.handle)


def names_first(typed: Any) -> str:
    """Who is named in what was typed."""
    begins = re.match(r"\W*(\d+)(?!\w)", typed if isinstance(typed, str) else typed["officer"])
    return begins[1] if begins else ""


@pytest.mark.parametrize("handler", ["decide", "filing", "recheck", "nosuch"])
async def test_a_thousand_inputs_to_a_signal_fail_no_task_and_approve_nothing(town: Town, handler: str):
    case = await asking(town)
    places = asyncio.Semaphore(AT_ONCE)

    async def send(typed: Any) -> None:
        async with places:
            await case.handle.signal(handler, typed)

    await asyncio.gather(*(send(one) for one in inputs(2) if not could_count(one)))
    assert "F-01" in (await case.standing()).pending
    assert not case.world.register.approvals
    await no_failed_task(case.handle)


@pytest.mark.parametrize("way", ["signal", "finding", finding_name(Finding.MULE), finding_name(Finding.MERCHANT)])
async def test_a_thousand_inputs_to_a_visit_fail_no_task_and_find_nothing(town: Town, way: str):
    case = await asking(town)
    await case.visit_is_open(1)
    visit = case.visit(1)
    places = asyncio.Semaphore(AT_ONCE)

    async def send(typed: Any) -> None:
        async with places:
            if way == "signal":
                await visit.signal("finding", typed)
            else:
                with pytest.raises(WorkflowUpdateFailedError):
                    await visit.execute_update(way, typed)

    await asyncio.gather(*(send(one) for one in inputs(3) if not could_count(one)))
    await visit.describe()
    assert not case.world.register.findings
    await no_failed_task(visit)
