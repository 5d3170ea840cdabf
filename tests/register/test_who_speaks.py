"""Who speaks for a case: the run that the register started last, and no other."""

import pytest
from temporalio.testing import ActivityEnvironment

from activities.register import RegisterActivities
from domain.bookkeeping import CaseRecord, Visit
from domain.books import Books
from domain.findings import Finding
from tests.register.given import NOW, Given, render
from tests.register.taken_up import FIRST, found


async def test_a_restart_is_on_record_once_and_a_closed_case_is_not_started(given: Given) -> None:
    case_id = await given.case()
    await given.register.note_started(case_id)
    assert [one.case_id for one in await given.register.open_cases(0)] == [case_id]
    assert await given.register.note_restart(case_id, 0, "run-1", "terminated", NOW) == 1
    assert await given.register.note_restart(case_id, 0, "run-1", "terminated", NOW) is None
    (kept,) = await given.register.open_cases(0)
    assert (kept.restarts, kept.restarted_at) == (1, NOW)
    await given.register.close_case(case_id, "lost", NOW)
    assert await given.register.note_restart(case_id, 1, "run-2", "terminated", NOW) is None
    assert await given.register.open_cases(0) == []
    assert await given.register.verify_all() == []


@pytest.mark.parametrize(("born_as", "restarts"), [("another-run", 1), ("", 0)])
async def test_a_run_made_by_a_reset_and_an_older_start_are_not_heard(
    given: Given, born_as: str, restarts: int
) -> None:
    case_id = await given.case(1000)
    await given.register.note_restart(case_id, 0, "run-1", "terminated", NOW)
    record = CaseRecord(
        case_id=case_id,
        books=Books(loss_fen=1000, left_cash_fen=1000),
        status="tracing",
        born_as=born_as,
        restarts=restarts,
        at=NOW,
    )
    engine = ActivityEnvironment()
    keep_record = RegisterActivities(given.register, render).keep_record
    assert await engine.run(keep_record, record) is False
    assert (await given.register.case(case_id)).books.left_cash_fen == 0
    speaks = record.model_copy(update={"born_as": engine.info.workflow_run_id, "restarts": 1})
    assert await engine.run(keep_record, speaks) is True
    assert (await given.register.case(case_id)).books.left_cash_fen == 1000


async def test_a_finding_given_to_nobody_is_read_from_the_register(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    await given.stopped(case_id, FIRST)
    visit = Visit(
        case_id=case_id,
        case_number="A2026-000001",
        ordinal=1,
        institution=FIRST.institution,
        institution_code="ICBC",
        number=FIRST.number,
        name=FIRST.name,
    )
    read = RegisterActivities(given.register, render).read_finding
    with pytest.raises(Exception, match="no finding yet"):
        await ActivityEnvironment().run(read, visit)
    await found(given, case_id, Finding.MULE)
    assert (await ActivityEnvironment().run(read, visit)).finding.finding is Finding.MULE
