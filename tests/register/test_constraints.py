"""What the database itself refuses, whoever asks: invariants do not live in our code only."""

import psycopg
import pytest

from adapters.register import RegisterRefused
from domain.books import BookEntry, Books
from tests.register.given import NOW, Given, key, query, ref, row, statement


async def _furnished(given: Given) -> str:
    await given.duty()
    case_id = await given.case()
    await given.stopped(case_id, ref())
    await given.books(case_id, ref(), 900)
    await given.frozen(case_id, ref(), 600)
    (asked,) = await given.open(case_id, query(ref()))
    await given.answer(asked, statement=statement([row(1)]))
    return case_id


_WRITTEN = "application_id, case_id, account, sequence, sheet, cause, content, written_at, last_sent_at, sends"
_INSERT = f"INSERT INTO orders ({_WRITTEN}) SELECT {{}} FROM orders"  # noqa: S608 - our own words only


def _another_order(like: str, changed: str, *, sheet: str = "sheet") -> str:
    """Write an order like one that is there, with a key of its own and a changed content."""
    content = f"content || jsonb_build_object('application_id', 'x') || {changed}"
    written = f"'x', case_id, account, 9, {sheet}, '', {content}, now(), now(), 0"
    return _INSERT.format(written) + f" WHERE measure = '{like}'"


_REFUSED = {
    "an order is written once": _INSERT.format(_WRITTEN) + " WHERE measure = 'stop'",
    "one hold an account": "INSERT INTO holds SELECT * FROM holds",
    "one person is not two officers": _another_order("stop", "jsonb_build_object('second', content -> 'handling')"),
    "an order is what its content says": _another_order("stop", '\'{"application_id": "y"}\''),
    "a freeze has its sheet": _another_order("freeze", "'{}'", sheet="''"),
    "one freeze for each line of a sheet": _another_order("freeze", "'{}'"),
    "an order never changes": 'UPDATE orders SET content = content || \'{"category": "x"}\'',
    "the first final outcome stands": """UPDATE orders SET outcome = '{"kind": "refused", "code": "0301"}'""",
    "an outcome is one of five": """
        UPDATE orders SET outcome = '{"kind": "held_back"}' WHERE answered_at IS NULL;
        UPDATE orders SET outcome = NULL, answered_at = NULL""",
    "an order is not deleted": "DELETE FROM orders",
    "a case is not deleted": "DELETE FROM cases",
    "no claim above what is attributed": "UPDATE claims SET claim_fen = attributed_fen + 1",
    "claims stay within the freezes of the hold": "UPDATE claims SET frozen_fen = frozen_fen + 1",
    "a hold does not shrink below its claims": "UPDATE holds SET frozen_fen = 599",
    "a stop does not end under uncovered claims": """
        UPDATE holds SET stop_order = NULL, stop_known_at = NULL, stop_expires = NULL""",
    "what is let go claims nothing": "UPDATE claims SET released = true",
    "amounts are not negative": "UPDATE claims SET attributed_fen = -1, claim_fen = -1",
    "books add up": "UPDATE cases SET held_fen = held_fen + 1",
    "books are not negative": "UPDATE cases SET held_fen = -1, left_cash_fen = left_cash_fen + held_fen + 1",
    "entries add up": "UPDATE case_accounts SET held_fen = held_fen + 1",
    "a status is one of the table": "UPDATE cases SET status = 'asleep'",
    "a closed case has an outcome": "UPDATE cases SET status = 'closed'",
    "a report is one case": """
        INSERT INTO cases
        SELECT (jsonb_populate_record(c, '{"case_id": "x", "case_number": "x", "workflow_id": "x"}')).* FROM cases c""",
    "not more stops than the fuse allows": "UPDATE cases SET stops_sent = stops_allowed + 1",
    "events are not changed": "UPDATE events SET kind = 'x'",
    "events are not deleted": "DELETE FROM events",
    "events are not emptied": "TRUNCATE events",
    "decisions are not changed": "UPDATE decisions SET verdict = 'reject'",
    "documents are not changed": "UPDATE documents SET bytes = ''",
    "rows of statements are not changed": "UPDATE transactions SET amount_fen = 1",
    "histories are not deleted": "DELETE FROM officer_history",
    "two persons sign the authority": "UPDATE authorities SET second = handling",
    "a serial is once in an account": "INSERT INTO transactions SELECT * FROM transactions",
    "an account is once at its bank": """
        INSERT INTO accounts SELECT account || 'x', institution, number, name, kind FROM accounts""",
}


async def test_the_database_refuses(given: Given, sql) -> None:
    await _furnished(given)
    refused = {what: _refusal(sql, tried) for what, tried in _REFUSED.items()}
    # 23: a constraint; P0: one of our triggers
    assert {what: why for what, why in refused.items() if why not in {"23", "P0"}} == {}


def _refusal(sql, tried: str) -> str:
    """The class of the error that a statement meets; empty: it was accepted."""
    try:
        with sql.transaction(force_rollback=True):
            sql.execute(tried)
            sql.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except psycopg.Error as refused:
        return str(refused.sqlstate)[:2]
    return ""


async def test_a_claim_may_move_within_the_hold(given: Given, sql) -> None:
    await _furnished(given)
    sql.execute("UPDATE claims SET claim_fen = 600")
    sql.execute("UPDATE holds SET stop_order = NULL, stop_known_at = NULL, stop_expires = NULL")
    with pytest.raises(psycopg.errors.CheckViolation):
        sql.execute("UPDATE claims SET claim_fen = 601")


async def test_claims_of_two_sessions_cannot_exceed_the_hold_together(given: Given, sql, url: str) -> None:
    """Each alone would fit; the one that commits second is refused."""
    case_id = await _furnished(given)
    other = await given.case()
    await given.register.close_case(case_id, "held", NOW)
    sql.execute("UPDATE claims SET claim_fen = 0")
    sql.execute("UPDATE holds SET stop_order = NULL, stop_known_at = NULL, stop_expires = NULL")
    with psycopg.connect(url) as one, psycopg.connect(url) as two:
        one.execute("UPDATE claims SET claim_fen = 400 WHERE case_id = %s", [case_id])
        two.execute("INSERT INTO claims VALUES (%s, %s, %s, 400, 400, 0, true, false)", [key(ref()), other, NOW])
        one.commit()
        with pytest.raises(psycopg.errors.CheckViolation, match="claims exceed the hold"):
            two.commit()


async def test_errors_name_the_invariant_and_quote_nobody(given: Given) -> None:
    case_id = await given.case(1000)
    crooked = BookEntry(account=ref(), layer=1, attributed_fen=500, held_fen=400)
    with pytest.raises(RegisterRefused) as refused:
        await given.register.keep_books(case_id, Books(loss_fen=1000, in_motion_fen=1000), [crooked], "tracing", NOW)
    assert refused.value.constraint == "ck_case_accounts_adds_up"
    assert ref().number not in str(refused.value)
    assert refused.value.__cause__ is None
