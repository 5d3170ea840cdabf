"""The chain of events: whoever changes, deletes, inserts, reorders or cuts it off is found, superuser or not."""

import asyncio

import pytest

from adapters.register.chain import event_hash
from tests.register.given import NOW, Given, numbered, stop

_TAMPERINGS = {
    "a changed value": "UPDATE events SET current = current || '{\"loss_fen\": 1}' WHERE case_id = %(c)s AND seq = 1",
    "a changed moment": "UPDATE events SET at = at + interval '1 microsecond' WHERE case_id = %(c)s AND seq = 2",
    "another kind": "UPDATE events SET kind = 'nothing' WHERE case_id = %(c)s AND seq = 3",
    "a new previous value": "UPDATE events SET previous = '{}' WHERE case_id = %(c)s AND seq = 2",
    "a deleted row": "DELETE FROM events WHERE case_id = %(c)s AND seq = 2",
    "a deleted first row": "DELETE FROM events WHERE case_id = %(c)s AND seq = 1",
    "the last rows cut off": "DELETE FROM events WHERE case_id = %(c)s AND seq > 2",
    "all rows cut off": "DELETE FROM events WHERE case_id = %(c)s",
    "an appended row": """
        INSERT INTO events SELECT case_id, seq + 1, at, kind, previous, current, hash, hash FROM events
        WHERE case_id = %(c)s ORDER BY seq DESC LIMIT 1""",
    "a row from another chain": """
        UPDATE events e SET at = o.at, kind = o.kind, current = o.current, prev_hash = o.prev_hash, hash = o.hash
        FROM events o WHERE e.case_id = %(c)s AND e.seq = 2 AND o.case_id = %(o)s AND o.seq = 2""",
    "two rows in each other's place": """
        UPDATE events SET seq = -seq WHERE case_id = %(c)s AND seq IN (2, 3);
        UPDATE events SET seq = CASE seq WHEN -2 THEN 3 ELSE 2 END WHERE case_id = %(c)s AND seq < 0""",
    "a head that is not the last event's": "UPDATE cases SET event_head = 'x' WHERE case_id = %(c)s",
    "a count that is too small": "UPDATE cases SET event_count = event_count - 1 WHERE case_id = %(c)s",
}


async def _case_with_events(given: Given, start: int) -> str:
    case_id = await given.case()
    await given.stopped(case_id, *numbered(2, start=start))
    return case_id


async def test_every_tampering_is_found_in_its_chain_and_in_no_other(given: Given, sql) -> None:
    await given.duty()
    untouched = await _case_with_events(given, 1)
    tampered = {how: await _case_with_events(given, 10 * no) for no, how in enumerate(_TAMPERINGS, 1)}
    assert await given.register.verify_all() == []

    sql.execute("SET session_replication_role = replica")  # what a superuser can do: no trigger fires
    sql.execute("ALTER TABLE events DROP CONSTRAINT ck_events_seq")
    for how, case_id in tampered.items():
        for statement in _TAMPERINGS[how].split(";"):
            sql.execute(statement, {"c": case_id, "o": untouched})

    found = {fault.case_id for fault in await given.register.verify_all()}
    assert {how for how, case_id in tampered.items() if case_id not in found} == set()
    assert untouched not in found
    assert await given.register.verify_chain(untouched) == []
    for case_id in tampered.values():
        assert {fault.case_id for fault in await given.register.verify_chain(case_id)} == {case_id}


async def test_a_rehashed_row_breaks_the_row_after(given: Given, sql) -> None:
    await given.duty()
    case_id = await _case_with_events(given, 1)
    row = sql.execute("SELECT at, kind, prev_hash FROM events WHERE case_id = %s AND seq = 2", [case_id]).fetchone()
    forged = event_hash(case_id, 2, row[0], row[1], None, {"orders": {}}, row[2])
    sql.execute("SET session_replication_role = replica")
    sql.execute(
        "UPDATE events SET current = '{\"orders\": {}}', hash = %s WHERE case_id = %s AND seq = 2", [forged, case_id]
    )
    (fault,) = await given.register.verify_chain(case_id)
    assert fault.seq == 3


async def test_one_batch_is_one_event(given: Given, sql) -> None:
    await given.duty()
    case_id = await given.case()
    opened = await given.open(case_id, *(stop(one) for one in numbered(60)))
    await given.answer(*opened)
    rows = sql.execute("SELECT kind, current FROM events WHERE case_id = %s ORDER BY seq", [case_id]).fetchall()
    assert [kind for kind, _ in rows] == ["case_opened", "orders_written", "answers_kept"]
    assert set(rows[1][1]["orders"]) == set(rows[2][1]["answers"]) == {one.application_id for one in opened}


async def test_many_writers_grow_one_whole_chain(given: Given, sql) -> None:
    await given.duty()
    case_id = await given.case()
    opened = await asyncio.gather(*(given.open(case_id, stop(one)) for one in numbered(20)))
    await asyncio.gather(*(given.answer(*one) for one in opened))
    assert await given.register.verify_chain(case_id) == []
    assert sql.execute("SELECT event_count FROM cases").fetchone() == (41,)


async def test_events_keep_the_value_before_and_after(given: Given, sql) -> None:
    case_id = await given.case()
    await given.books(case_id, numbered(1)[0], 500, held=0)
    await given.register.close_case(case_id, "lost", NOW)
    previous, current = sql.execute("SELECT previous, current FROM events WHERE kind = 'case_closed'").fetchone()
    assert (previous, current) == (
        {"status": "tracing", "outcome": "open"},
        {"status": "closed", "outcome": "lost"},
    )


async def test_a_chain_of_no_case_is_an_error(given: Given) -> None:
    with pytest.raises(LookupError):
        await given.register.verify_chain("c-none")
