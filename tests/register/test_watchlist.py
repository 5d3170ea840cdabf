"""What the register alone says has to be watched: unknown outcomes and every deadline, over all open cases."""

from datetime import timedelta

from adapters.policy_file import load_policy
from adapters.settings import Settings
from domain.bookkeeping import Filing
from domain.findings import Finding
from domain.orders import Refused
from domain.sheets import Verdict
from domain.watchlist import Entry, Kind
from tests.register.given import (
    COUNTY,
    HANDLING,
    NOW,
    SECOND,
    Given,
    executed,
    found_at,
    lift,
    numbered,
    query,
    ref,
    render,
    stop,
    unfreeze,
)

POLICY = load_policy(Settings())
STOP_TERM = timedelta(hours=48)


async def entries(given: Given, kind: Kind, now=NOW) -> list[Entry]:
    found = (await given.register.watchlist(now, POLICY)).entries
    return [one for one in found if one.kind is kind]


async def stopped_case(given: Given, count: int = 1, start: int = 1, attributed: int = 700) -> str:
    case_id = await given.case()
    accounts = numbered(count, start)
    await given.stopped(case_id, *accounts)
    for account in accounts:
        await given.books(case_id, account, attributed)
    return case_id


async def test_the_end_of_every_stop_that_no_freeze_covers_is_listed_and_ends_together_are_one_line(
    given: Given,
) -> None:
    await given.duty()
    first = await stopped_case(given, 2)
    await stopped_case(given, 1, start=5)
    later, sooner = sorted(await entries(given, Kind.STOP_ENDS), key=lambda one: len(one.accounts), reverse=True)
    assert (later.accounts, later.fen) == (("ICBC·0001", "ICBC·0002"), 1_400)
    assert (sooner.accounts, sooner.fen) == (("ICBC·0005",), 700)
    assert {later.at, sooner.at} == {NOW + STOP_TERM}
    await given.frozen(first, numbered(1)[0], 700)
    (left,) = [one for one in await entries(given, Kind.STOP_ENDS) if one.case_number == later.case_number]
    assert left.accounts == ("ICBC·0002",), "a freeze covers the first one"
    await given.register.close_case(first, "cancelled", NOW)
    assert [one.accounts for one in await entries(given, Kind.STOP_ENDS)] == [("ICBC·0005",)]


async def test_a_missing_case_filing_is_due_when_the_first_stop_ends_or_a_freeze_waits_for_it(given: Given) -> None:
    await given.duty()
    case_id = await stopped_case(given)
    (missing,) = await entries(given, Kind.FILING)
    assert (missing.at, missing.fen) == (NOW + STOP_TERM, 1_000_000)
    sheet = given.sheet(case_id, (ref(), 700))
    await given.register.keep_sheet(sheet, render)
    (missing,) = await entries(given, Kind.FILING)
    assert missing.at == sheet.decide_by < NOW + STOP_TERM
    evidence = await given.fresh_code(HANDLING)
    filing = Filing(case_id=case_id, number="LA-1", officer=HANDLING, evidence=evidence, at=NOW)
    assert (await given.register.keep_filing(filing)).accepted
    assert await entries(given, Kind.FILING) == []


async def test_an_order_without_an_answer_is_listed_with_since_when_where_and_what_it_costs(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    (sent, asked) = await given.open(case_id, stop(ref()), query(numbered(2)[1]))
    assert await entries(given, Kind.UNKNOWN) == [], "it is just being answered"
    later = NOW + timedelta(seconds=30)
    found = {one.measure: one for one in await entries(given, Kind.UNKNOWN, later)}
    assert found.keys() == {"stop", "query"}
    assert (found["stop"].since, found["stop"].at) == (NOW, NOW + timedelta(seconds=60))
    assert found["stop"].accounts == ("ICBC·0001",)
    await given.answer(sent, asked, now=later)
    assert await entries(given, Kind.UNKNOWN, later) == []


async def test_a_pending_sheet_is_due_by_its_deadline_and_costs_what_its_stops_hold_beyond_the_report(
    given: Given,
) -> None:
    await given.duty()
    case_id = await stopped_case(given)
    sheet = given.sheet(case_id, (ref(), 700))
    rich = sheet.lines[0].model_copy(update={"balance_fen": 10_700})
    await given.register.keep_sheet(sheet.model_copy(update={"lines": (rich,)}))
    (asked,) = await entries(given, Kind.SHEET)
    assert (asked.sheet, asked.at, asked.fen_a_minute) == ("F-01", sheet.decide_by, 10_000)
    assert len((await given.register.watchlist(NOW, POLICY)).questions) == 1


async def test_a_second_look_is_due_until_somebody_has_decided_or_is_asked(given: Given) -> None:
    await given.duty()
    case_id = await stopped_case(given, 2)
    due = NOW + timedelta(minutes=POLICY.authority.second_look_ask_minutes or 0)
    (look,) = await entries(given, Kind.LOOK)
    assert (look.at, look.accounts) == (due, ("ICBC·0001", "ICBC·0002"))
    sheet = given.sheet(case_id, (numbered(1)[0], 700))
    await given.register.keep_sheet(sheet)
    await given.decide(sheet, COUNTY)
    assert len((await entries(given, Kind.LOOK))[0].accounts) == 2, "one of two decisions is no decision"
    await given.decide(sheet, SECOND, Verdict.REJECT)
    assert [one.accounts for one in await entries(given, Kind.LOOK)] == [("ICBC·0002",)]
    await given.register.keep_sheet(given.look(case_id, (numbered(2)[1], 700)))
    assert await entries(given, Kind.LOOK) == [], "a sheet asks for it"


async def test_what_a_bank_refused_is_due_at_once_until_the_account_is_held(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    (opened,) = await given.open(case_id, stop(ref()))
    await given.answer(opened, outcome=Refused(code="2103", at=NOW))
    (one,) = await entries(given, Kind.REFUSED)
    assert (one.at, one.accounts, one.measure, one.code) == (NOW, ("ICBC·0001",), "stop", "2103")
    (again,) = await given.open(case_id, stop(ref(), sequence=2), now=NOW + timedelta(minutes=1))
    assert await entries(given, Kind.REFUSED) == [], "asked again: the new answer counts"
    await given.answer(again, now=NOW + timedelta(minutes=1))
    assert await entries(given, Kind.REFUSED) == []


async def test_a_case_that_waits_for_findings_only_is_listed_until_it_moves_on(given: Given) -> None:
    await given.duty()
    case_id = await stopped_case(given)
    await given.books(case_id, numbered(1)[0], 700, status="deciding")
    sheet = given.sheet(case_id, (numbered(1)[0], 700))
    await given.register.keep_sheet(sheet)
    assert await entries(given, Kind.VISITS) == [], "a sheet is what it waits for"
    for officer in (COUNTY, SECOND):
        assert (await given.decide(sheet, officer)).accepted
    (one,) = await entries(given, Kind.VISITS)
    assert (one.at, one.fen) == (NOW, 700)
    await given.books(case_id, numbered(1)[0], 700, status="holding")
    assert await entries(given, Kind.VISITS) == []


async def test_what_a_bank_does_not_let_go_is_listed_until_its_end_also_of_a_closed_case(given: Given) -> None:
    await given.duty()
    case_id = await stopped_case(given)
    await given.frozen(case_id, numbered(1)[0], 700)
    await given.register.keep_finding(found_at(case_id, numbered(1)[0], Finding.MERCHANT))
    opened = await given.open(case_id, lift(numbered(1)[0], "finding", 1001), unfreeze(numbered(1)[0]))
    await given.answer(opened[0])
    await given.answer(opened[1], outcome=Refused(code="2103", at=NOW))
    await given.register.close_case(case_id, "released", NOW)
    (one,) = await entries(given, Kind.NOT_ENDED)
    assert (one.at, one.accounts, one.measure, one.code, one.fen) == (NOW, ("ICBC·0001",), "unfreeze", "2103", 700)
    assert one.fen_a_minute == 0
    assert await entries(given, Kind.NOT_ENDED, NOW + timedelta(days=181)) == [], "it ended by itself"


async def test_a_stop_that_was_lifted_is_awaited_no_more_and_nothing_is_of_a_closed_case(given: Given) -> None:
    await given.duty()
    case_id, later = await given.case(), NOW + timedelta(minutes=2)
    silent, refusing, closed = numbered(3)
    await given.open(case_id, stop(silent), stop(refusing))
    lifted, refused = await given.open(case_id, lift(silent, "finding", 1001), lift(refusing, "finding", 1001))
    assert len(await entries(given, Kind.UNKNOWN, later)) == 4
    await given.answer(refused, outcome=Refused(code="2103", at=NOW))
    await given.answer(lifted)
    (one,) = await entries(given, Kind.UNKNOWN, later)
    assert one.accounts == ("ICBC·0002",), "the lifted stop's own answer may never come"
    other = await given.case()
    await given.open(other, query(closed))
    assert len(await entries(given, Kind.UNKNOWN, later)) == 2
    await given.register.close_case(other, "cancelled", NOW)
    assert await entries(given, Kind.UNKNOWN, later) == [one]


async def test_a_decision_counts_as_a_look_although_the_banks_clock_is_ahead_or_says_nothing(given: Given) -> None:
    await given.duty()
    case_id, accounts = await given.case(), numbered(2)
    for account, started in zip(accounts, (NOW + timedelta(minutes=9), None), strict=True):
        (opened,) = await given.open(case_id, stop(account))
        await given.answer(opened, outcome=executed(NOW).model_copy(update={"started": started}))
        await given.books(case_id, account, 700)
    assert len((await entries(given, Kind.LOOK))[0].accounts) == 2
    sheet = given.sheet(case_id, *((account, 700) for account in accounts))
    await given.register.keep_sheet(sheet)
    await given.decide(sheet, COUNTY)
    await given.decide(sheet, SECOND, Verdict.REJECT)
    assert await entries(given, Kind.LOOK) == []
