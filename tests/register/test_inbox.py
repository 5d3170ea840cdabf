"""The officers' inbox: what waits over all open cases, for whom, and what each sheet's stops hold beyond its report."""

from datetime import timedelta

from domain.effects import Effect
from domain.officers import Role
from domain.sheets import SheetKind, Verdict
from tests.register.given import CHIEF, COUNTY, HANDLING, NOW, OFFICERS, SECOND, SECOND_TOO, Given, numbered, ref

BY_NUMBER = {officer.number: officer for officer in OFFICERS}


async def names(given: Given, officer: str = "") -> list[str]:
    found = await given.register.inbox(NOW, BY_NUMBER[officer] if officer else None)
    return [f"{one.row.case_number[-1]}/{one.row.sheet.name}" for one in found]


async def test_pending_sheets_of_all_open_cases_stand_by_deadline(given: Given) -> None:
    first, second, gone = [await given.case() for _ in range(3)]
    late = given.sheet(first, (ref(), 500)).model_copy(update={"decide_by": NOW + timedelta(hours=2)})
    soon = given.sheet(second, (ref(), 500))
    for sheet in (late, soon, given.sheet(gone, (ref(), 500))):
        await given.register.keep_sheet(sheet)
    await given.approved(given.sheet(second, (ref(), 300), name="F-02"))
    await given.register.close_case(gone, "cancelled", NOW)
    assert await names(given) == ["2/F-01", "1/F-01"]


async def test_an_officer_sees_what_awaits_a_role_of_theirs_and_neither_own_requests_nor_own_decisions(
    given: Given,
) -> None:
    case_id = await given.case()
    freeze, theirs = given.sheet(case_id, (ref(), 500)), given.sheet(case_id, (ref(), 9), name="F-02", requester=SECOND)
    release = given.sheet(case_id, (ref(), 5), name="R-01", kind=SheetKind.RELEASE, quorum=[Role.DUTY_CHIEF])
    for sheet in (freeze, theirs, release):
        await given.register.keep_sheet(sheet)
    assert await names(given, COUNTY) == ["1/F-01", "1/F-02"]
    assert await names(given, SECOND) == ["1/F-01"]
    assert await names(given, CHIEF) == ["1/R-01"]
    assert await names(given, HANDLING) == []
    await given.decide(freeze, SECOND)
    assert await names(given, SECOND) == []
    assert await names(given, SECOND_TOO) == ["1/F-02"], "the role is filled on F-01"
    await given.decide(freeze, COUNTY)
    assert await names(given, COUNTY) == ["1/F-02"]


async def test_a_sheet_comes_with_what_its_stops_hold_beyond_the_report_and_with_their_earliest_end(
    given: Given,
) -> None:
    case_id = await given.case()
    stopped, later, loose = numbered(3)
    await given.duty()
    await given.stopped(case_id, stopped)
    await given.stopped(case_id, later, now=NOW + timedelta(minutes=5))
    await given.books(case_id, stopped, 700)
    sheet = given.sheet(case_id, (stopped, 500), (later, 100), (loose, 50))
    rich = [line.model_copy(update={"balance_fen": 10_000}) for line in sheet.lines]
    await given.register.keep_sheet(sheet.model_copy(update={"lines": tuple(rich)}))
    (asked,) = await given.register.inbox(NOW)
    assert asked.effect == Effect(
        accounts=3,
        asked_fen=650,
        stopped=2,
        beyond_fen=(10_000 - 700) + (10_000 - 100),
        first_stop_ends=NOW + timedelta(hours=48),
    )
    assert asked.blocked
    (over,) = await given.register.inbox(NOW + timedelta(hours=48, minutes=1))
    assert (over.effect.stopped, over.effect.beyond_fen) == (1, 10_000 - 100)


async def test_what_another_case_claims_in_a_stopped_account_is_not_counted_as_its_holders_own(given: Given) -> None:
    ours, other = await given.case(), await given.case()
    await given.duty()
    for case_id, attributed in ((ours, 500), (other, 3_000)):
        await given.stopped(case_id, ref())
        await given.books(case_id, ref(), attributed)
    sheet = given.sheet(ours, (ref(), 500))
    rich = sheet.lines[0].model_copy(update={"balance_fen": 10_000})
    await given.register.keep_sheet(sheet.model_copy(update={"lines": (rich,)}))
    (asked,) = await given.register.inbox(NOW)
    assert asked.effect.beyond_fen == 10_000 - 500 - 3_000


async def test_lines_excepted_by_one_who_approved_are_not_asked_of_the_next(given: Given) -> None:
    case_id = await given.case()
    sheet = given.sheet(case_id, *((account, 500) for account in numbered(3)))
    await given.register.keep_sheet(sheet)
    await given.decide(sheet, COUNTY, except_lines=[2])
    (asked,) = await given.register.inbox(NOW)
    assert asked.row.except_lines == (2,)
    assert (asked.effect.accounts, asked.effect.asked_fen) == (2, 1_000)


async def test_a_cases_sheets_are_read_decided_or_not_and_by_name(given: Given) -> None:
    case_id = await given.case()
    first, second = given.sheet(case_id, (ref(), 500)), given.sheet(case_id, (ref(), 9), name="F-02")
    await given.register.keep_sheet(first)
    await given.register.keep_sheet(second)
    await given.decide(first, COUNTY, Verdict.REJECT)
    found = await given.register.questions_of(case_id, NOW)
    assert [(one.row.sheet.name, one.row.state) for one in found] == [("F-01", "rejected"), ("F-02", "pending")]
    (only,) = await given.register.questions_of(case_id, NOW, ["F-02"])
    assert only.row.sheet == second
