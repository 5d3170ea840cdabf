"""Pages of a statement put together: what does not come to its end is known to be incomplete."""

from datetime import UTC, datetime
from typing import Any

from activities.exchange import Exchange
from domain.errands import Errand, ErrandBatch, ErrandKind
from domain.orders import AccountKind, AccountRef, Executed, Measure
from domain.statement import Digest, Passage
from tests.register.given import ICBC

AT = datetime(2026, 11, 26, 1, 0, tzinfo=UTC)
NOBODY: Any = None


def page(*serials: int, more: bool) -> Digest:
    rows = tuple(Passage(serial=one, at=AT, credit=True, amount_fen=1) for one in serials)
    return Digest(opening_fen=0, balance_fen=0, kind=AccountKind.PERSON, passages=rows, more=more)


def after(*pages: Digest, most_rows: int = 100):
    """How the one errand of a batch stands after these pages."""
    account = AccountRef(institution=ICBC.id, number="6222000000000001", name="测试甲")
    errand = Errand(no=1, kind=ErrandKind.QUERY, institution=ICBC.id, account=account)
    batch = ErrandBatch(
        case_id="c-1",
        received_at=AT,
        institutions=(ICBC,),
        errands=(errand,),
        patience_s=1,
        linger_s=0,
        resend_after_s=1,
        most_rows=most_rows,
    )
    exchange = Exchange(batch, NOBODY, NOBODY, NOBODY)
    for one in pages:
        exchange._conclude(exchange._runs[0], Executed(code="0000", at=AT), one)
    result = exchange._result(exchange._runs[0])
    assert Measure.QUERY in result.outcomes
    return result


def test_pages_are_put_together_until_there_are_no_more():
    result = after(page(1, 2, more=True), page(2, 3, more=False))
    assert (result.complete, result.rows_cut) == (True, False)
    assert result.digest is not None
    assert [one.serial for one in result.digest.passages] == [1, 2, 3]


def test_a_page_that_brings_nothing_new_while_there_is_more_leaves_the_statement_cut_and_says_so():
    result = after(page(1, 2, more=True), page(1, 2, more=True))
    assert (result.complete, result.rows_cut) == (True, True)


def test_a_statement_longer_than_a_case_takes_in_is_cut_and_says_so():
    assert after(page(1, 2, more=True), most_rows=2).rows_cut
