"""Cases: the same report joins, nothing is lost on the way to the engine, the books add up, a case closes once."""

import asyncio
from datetime import timedelta

import pytest

from adapters.policy_file import load_policy
from adapters.settings import Settings
from domain.bookkeeping import Filing
from domain.books import BookEntry, Books
from tests.register.given import GONE, HANDLING, NOW, Given, code, numbered, ref, report, stop


async def test_a_report_opens_a_case_with_its_outbox_row(given: Given) -> None:
    filed = report("a-1")
    receipt = await given.register.file_report(filed, NOW)
    assert receipt.standing == "new"
    assert receipt.case_number == "A2026-000001"
    assert receipt.workflow_id == f"case/{receipt.case_id}"
    case = await given.register.case(receipt.case_number)
    assert (case.status, case.outcome, case.started) == ("received", "open", False)
    assert case.books == Books(loss_fen=1_000_000, in_motion_fen=1_000_000)
    assert await given.register.report(receipt.case_id) == filed
    assert await given.register.verify_chain(receipt.case_id) == []


async def test_the_same_report_joins_and_draws_no_number(given: Given) -> None:
    first = await given.register.file_report(report("a-1"), NOW)
    again = await given.register.file_report(report("a-1"), NOW + timedelta(minutes=1))
    other = await given.register.file_report(report("a-2"), NOW)
    assert again == first.model_copy(update={"standing": "joined"})
    assert other.case_number == "A2026-000002"


async def test_another_report_under_the_same_reference_is_neither_kept_nor_joined(given: Given) -> None:
    first = await given.register.file_report(report("a-1"), NOW)
    corrected = report("a-1", loss_fen=77)
    said = await given.register.file_report(corrected, NOW + timedelta(minutes=1))
    assert said == first.model_copy(update={"standing": "differs"})
    assert await given.register.report(first.case_id) == report("a-1")
    await given.register.close_case(first.case_id, "lost", NOW)
    assert (await given.register.file_report(corrected, NOW)).standing == "differs"


async def test_the_same_report_filed_many_times_at_once_is_one_case(given: Given) -> None:
    receipts = await asyncio.gather(*(given.register.file_report(report("a-1"), NOW) for _ in range(8)))
    assert len({receipt.case_id for receipt in receipts}) == 1
    assert sorted(receipt.standing for receipt in receipts) == ["joined"] * 7 + ["new"]


async def test_a_report_of_a_closed_case_says_so(given: Given) -> None:
    receipt = await given.register.file_report(report("a-1"), NOW)
    await given.register.close_case(receipt.case_id, "lost", NOW)
    assert (await given.register.file_report(report("a-1"), NOW)).standing == "closed"


async def test_the_year_of_a_number_is_the_year_in_china(given: Given) -> None:
    eve = NOW.replace(month=12, day=31, hour=18)
    assert (await given.register.file_report(report(), eve)).case_number.startswith("A2027-")


async def test_text_that_a_database_cannot_hold_is_kept_as_far_as_it_can(given: Given) -> None:
    filed = report().model_copy(update={"text": "a\x00b"})
    receipt = await given.register.file_report(filed, NOW)
    assert (await given.register.report(receipt.case_id)).text == "a\ufffdb"


async def test_a_case_brings_its_own_policy_and_fuse(given: Given, sql) -> None:
    policy = load_policy(Settings())
    narrow = policy.model_copy(update={"fuse": policy.fuse.model_copy(update={"accounts_per_case": 1})})
    await given.duty()
    receipt = await given.register.file_report(report(), NOW, narrow)
    opened = await given.open(receipt.case_id, *(stop(one) for one in numbered(2)))
    assert [one.standing for one in opened] == ["new", "held_back"]
    assert await given.register.policy(receipt.case_id) == narrow
    assert sql.execute("SELECT stops_allowed FROM cases").fetchone() == (1,)


async def test_unstarted_cases_are_listed_until_started(given: Given) -> None:
    filed = report()
    receipt = await given.register.file_report(filed, NOW - timedelta(days=4000))
    ((case_id, kept, again),) = await given.register.unstarted(2.0, 10)
    assert (case_id, kept, again) == (receipt.case_id, filed, receipt)
    await given.register.note_started(receipt.case_id)
    await given.register.note_started(receipt.case_id)
    assert await given.register.unstarted(2.0, 10) == []
    assert (await given.register.case(receipt.case_id)).started


def _filing(case_id: str, number: str, officer: str) -> Filing:
    return Filing(case_id=case_id, number=number, officer=officer, evidence=code(officer, NOW), at=NOW)


async def test_the_filing_is_kept_once(given: Given) -> None:
    case_id = await given.case()
    for officer in ("999999", GONE):
        ruling = await given.register.keep_filing(_filing(case_id, "锡立字1", officer))
        assert not ruling.accepted
        assert ruling.zh
    assert not (await given.register.keep_filing(_filing(case_id, "  ", HANDLING))).accepted
    assert (await given.register.keep_filing(_filing(case_id, "锡立字1", HANDLING))).accepted
    assert (await given.register.keep_filing(_filing(case_id, "锡立字1", HANDLING))).accepted
    refused = await given.register.keep_filing(_filing(case_id, "锡立字2", HANDLING))
    assert not refused.accepted
    assert "锡立字1" in refused.en
    assert (await given.register.case(case_id)).filing_number == "锡立字1"
    assert not (await given.register.keep_filing(_filing("c-none", "锡立字1", HANDLING))).accepted
    assert await given.register.verify_all() == []


def _entry(account, attributed: int, held: int = 0, layer: int = 1, **more) -> BookEntry:
    rest = attributed - held - more.get("stop_pending_fen", 0) - more.get("merchant_fen", 0)
    return BookEntry(account=account, layer=layer, attributed_fen=attributed, held_fen=held, in_motion_fen=rest, **more)


async def test_books_are_kept_account_by_account(given: Given) -> None:
    await given.duty()
    case_id = await given.case(1000)
    one, two = numbered(2)
    await given.stopped(case_id, one)
    books = Books(loss_fen=1000, held_fen=600, in_motion_fen=400)
    await given.register.keep_books(case_id, books, [_entry(one, 600, 600), _entry(two, 400, layer=2)], "tracing", NOW)
    changed = Books(loss_fen=1000, held_fen=600, left_cash_fen=400)
    await given.register.keep_books(case_id, changed, [_entry(two, 0, layer=2)], "deciding", NOW)

    case = await given.register.case(case_id)
    assert case.books == changed
    assert (case.status, case.layers, case.accounts) == ("deciding", 2, 2)
    entries = await given.register.entries_of(case_id)
    assert [(entry.account.number, entry.attributed_fen) for entry in entries] == [(one.number, 600), (two.number, 0)]


async def test_unchanged_books_leave_no_event(given: Given, sql) -> None:
    case_id = await given.case(1000)
    books = Books(loss_fen=1000, in_motion_fen=1000)
    for _ in range(2):
        await given.register.keep_books(case_id, books, [], "tracing", NOW)
    assert sql.execute("SELECT count(*) FROM events WHERE kind = 'books_kept'").fetchone() == (1,)


async def test_illegal_moves_raise_and_change_nothing(given: Given) -> None:
    case_id = await given.case(1000)
    books = Books(loss_fen=1000, in_motion_fen=1000)
    await given.register.keep_books(case_id, books, [], "tracing", NOW)
    with pytest.raises(ValueError, match="received"):
        await given.register.keep_books(case_id, books, [], "received", NOW)
    with pytest.raises(ValueError, match="asleep"):
        await given.register.keep_books(case_id, books, [], "asleep", NOW)
    with pytest.raises(LookupError):
        await given.register.keep_books("c-none", books, [], "tracing", NOW)
    assert (await given.register.case(case_id)).status == "tracing"


async def test_the_last_books_and_the_close_may_come_twice(given: Given) -> None:
    case_id = await given.case(1000)
    books = Books(loss_fen=1000, left_cash_fen=1000)
    for _ in range(2):
        await given.register.keep_books(case_id, books, [_entry(ref(), 0)], "closed", NOW)
        await given.register.close_case(case_id, "lost", NOW)
    case = await given.register.case(case_id)
    assert (case.status, case.outcome, case.books) == ("closed", "lost", books)
    with pytest.raises(ValueError, match="closed"):
        await given.register.keep_books(case_id, Books(loss_fen=1000, in_motion_fen=1000), [], "tracing", NOW)
    with pytest.raises(ValueError, match="closed"):
        await given.register.close_case(case_id, "held", NOW)


async def test_a_case_does_not_close_as_open(given: Given) -> None:
    case_id = await given.case()
    with pytest.raises(ValueError, match="open"):
        await given.register.close_case(case_id, "open", NOW)


async def test_cases_are_listed_latest_first_by_status_and_page(given: Given) -> None:
    moments = [NOW + timedelta(minutes=minutes) for minutes in range(4)]
    ids = [(await given.register.file_report(report(), moment)).case_id for moment in moments]
    await given.register.close_case(ids[0], "lost", NOW)
    assert [case.case_id for case in await given.register.list_cases(3)] == ids[:0:-1]
    assert [case.case_id for case in await given.register.list_cases(status="closed")] == ids[:1]
    page = await given.register.list_cases(2, before=NOW + timedelta(minutes=2))
    assert [case.case_id for case in page] == [ids[1], ids[0]]
    with pytest.raises(LookupError):
        await given.register.case("A2026-999999")
