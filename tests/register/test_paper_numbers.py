"""Papers have one series of numbers a kind and year, without gaps and without doubles, whoever issues at once."""

import asyncio
import hashlib
import json
import statistics
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest

from activities.ports import OpenOrders
from adapters.register import Register
from domain.officers import Role
from domain.papers import Paper, PaperKind
from tests.register.given import ABC, ICBC, NOW, RING, Given, freeze, numbered, query, ref, render, stop

_CASES = 50


class _PrinterBrokeError(Exception):
    """A worker that dies while it has numbers in hand."""


def _broken(paper: Paper) -> bytes:
    raise _PrinterBrokeError(paper.number)


async def _series(register: Register, *case_ids: str) -> dict[PaperKind, list[int]]:
    found: dict[PaperKind, list[int]] = defaultdict(list)
    for case_id in case_ids:
        for paper in await register.papers_of(case_id):
            assert paper.number.startswith("锡公（反诈）"), paper.number
            found[paper.kind].append(int(paper.number.split("〕")[1].removesuffix("号")))
    return {kind: sorted(ordinals) for kind, ordinals in found.items()}


async def test_fifty_cases_at_once_leave_no_gap_and_no_double(given: Given, url: str) -> None:
    """Given fifty cases at two workers, a third of whose transactions break while they hold numbers."""
    await given.duty()
    cases = [await given.case() for _ in range(_CASES)]
    accounts = numbered(_CASES)
    other = await Register.connect(url, ring=RING)

    async def issue(no: int) -> None:
        register = (given.register, other)[no % 2]
        drafts = (stop(accounts[no]), query(accounts[no]))
        request = OpenOrders(case_id=cases[no], institution=ICBC, drafts=drafts, now=NOW)
        if no % 3 == 0:
            with pytest.raises(_PrinterBrokeError):
                await register.open_orders(request, _broken)
        opened = await register.open_orders(request, render)
        again = await register.open_orders(request, render)
        assert [one.order and one.order.paper_number for one in opened] == [
            one.order and one.order.paper_number for one in again
        ], "the same request has the same paper"

    await asyncio.gather(*(issue(no) for no in range(_CASES)))
    await other.close()
    whole = list(range(1, _CASES + 1))
    assert await _series(given.register, *cases) == {PaperKind.STOP: whole, PaperKind.QUERY: whole}


async def test_what_is_rolled_back_has_taken_no_number(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    request = OpenOrders(case_id=case_id, institution=ICBC, drafts=(stop(ref()),), now=NOW)
    with pytest.raises(_PrinterBrokeError):
        await given.register.open_orders(request, _broken)
    await given.open(case_id, stop(ref()))
    assert await _series(given.register, case_id) == {PaperKind.STOP: [1]}


async def test_the_year_is_chinas(given: Given) -> None:
    eve, new_year = datetime(2026, 12, 31, 15, 59, tzinfo=UTC), datetime(2026, 12, 31, 16, 1, tzinfo=UTC)
    case_id = await given.case()
    first, second = numbered(2)
    numbers = []
    for account, moment in ((first, eve), (second, new_year)):
        await given.duty(now=moment)
        (opened,) = await given.open(case_id, stop(account), now=moment)
        assert opened.order is not None
        numbers.append(opened.order.paper_number)
    assert numbers == ["锡公（反诈）止付字〔2026〕000001号", "锡公（反诈）止付字〔2027〕000001号"]


async def test_a_number_cannot_be_given_twice_nor_a_paper_changed(given: Given, sql) -> None:
    await given.duty()
    await given.open(await given.case(), stop(ref()))
    with pytest.raises(Exception, match="uq_papers_kind_year_ordinal"):
        sql.execute(
            "INSERT INTO papers SELECT number || 'x', kind, year, ordinal, case_id, institution, sheet, sha256, "
            "accounts, issued_at FROM papers"
        )
    for statement in ("UPDATE papers SET accounts = 9", "DELETE FROM papers", "UPDATE paper_series SET last = 0"):
        with pytest.raises(Exception, match="is kept as it was written"):
            sql.execute(statement)


async def test_a_freeze_sheets_digest_holds_the_drafts_its_approver_reads(given: Given) -> None:
    await given.duty()
    await given.register.put_institutions([ICBC, ABC])
    case_id = await given.case()
    mine, theirs = ref(), ref(institution=ABC.id)
    sheet = given.sheet(case_id, (mine, 500), (theirs, 300))
    await given.register.keep_sheet(sheet, render)
    await given.register.keep_sheet(sheet, render)  # the case may ask twice

    kept = (await given.register.sheet(case_id, "F-01")).sheet
    assert len(kept.documents) == 2
    assert kept.digest != sheet.digest
    for sha256, institution, amount in zip(kept.documents, (ICBC, ABC), (500, 300), strict=True):
        document = await given.register.kept_document(sha256)
        assert hashlib.sha256(document).hexdigest() == sha256
        draft = json.loads(document.removeprefix(b"%PDF "))
        assert (draft["draft"], draft["number"], draft["term"]) == (True, "", "6个月")
        assert draft["institution_name"] == institution.name
        assert [line["amount_fen"] for line in draft["lines"]] == [amount]


async def test_an_approved_freeze_is_issued_as_its_draft_said(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    await given.register.keep_sheet(given.sheet(case_id, (ref(), 500)), render)
    kept = (await given.register.sheet(case_id, "F-01")).sheet
    await given.approved(kept)
    (opened,) = await given.open(case_id, freeze(ref(), 500))
    (paper,) = await given.register.papers_of(case_id)
    assert opened.order is not None
    assert (paper.number, paper.sha256, paper.sheet) == (opened.order.paper_number, opened.order.paper, "F-01")
    issued, draft = [
        json.loads((await given.register.kept_document(sha256)).removeprefix(b"%PDF "))
        for sha256 in (paper.sha256, kept.documents[0])
    ]
    filled_in = {"number", "handling", "second", "issued_at", "draft"}
    assert {k: v for k, v in issued.items() if k not in filled_in} == {
        k: v for k, v in draft.items() if k not in filled_in
    }


async def test_the_paper_names_the_level_and_the_law_of_its_own_sheet(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    quorum = [Role.APPROVER_COUNTY, Role.SECOND_OFFICER, Role.DUTY_CHIEF]
    sheet = given.sheet(case_id, (ref(), 500), quorum=quorum).model_copy(update={"basis": "刑事诉讼法第一百四十四条"})
    await given.approved(sheet)
    await given.open(case_id, freeze(ref(), 500))
    (paper,) = await given.register.papers_of(case_id)
    issued = json.loads((await given.register.kept_document(paper.sha256)).removeprefix(b"%PDF "))
    assert (issued["level"], issued["basis"]) == (quorum, "刑事诉讼法第一百四十四条")


async def test_a_query_says_for_which_days_it_asks(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    asked = query(ref(), since=NOW - timedelta(days=3)).model_copy(update={"until": NOW})
    await given.open(case_id, asked)
    (paper,) = await given.register.papers_of(case_id)
    issued = json.loads((await given.register.kept_document(paper.sha256)).removeprefix(b"%PDF "))
    assert issued["term"] == "2026年11月19日至2026年11月22日"


async def test_waiting_for_numbers_costs_little(given: Given) -> None:
    """Three transactions at once, as the gate lets them, of forty papers in all their orders."""
    await given.duty()
    cases = [await given.case() for _ in range(30)]
    accounts = iter(numbered(30 * 10))
    took = []

    async def turn(case_id: str) -> None:
        drafts = [stop(next(accounts)) for _ in range(10)]
        begun = time.perf_counter()
        await given.open(case_id, *drafts)
        took.append(time.perf_counter() - begun)

    begun = time.perf_counter()
    for start in range(0, 30, 3):
        await asyncio.gather(*(turn(case_id) for case_id in cases[start : start + 3]))
    print(
        f"\n30 turns of 10 stops: {time.perf_counter() - begun:.2f} s, {statistics.median(took) * 1000:.0f} ms a turn"
    )
    assert (await _series(given.register, *cases))[PaperKind.STOP] == list(range(1, 31))
