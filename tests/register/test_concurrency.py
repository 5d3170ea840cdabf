"""Many cases at once on the same accounts: nobody waits for ever, each account is stopped once, no claim is lost."""

import asyncio
import random
from collections import Counter

from adapters.register import Register
from tests.register.given import NOW, RING, Given, executed, lift, numbered, query, stop


def _deadlocks(sql) -> int:
    sql.execute("SELECT pg_stat_force_next_flush()")
    return int(sql.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").fetchone()[0])


async def test_twenty_cases_on_the_same_accounts_stop_each_once(given: Given, sql) -> None:
    await given.duty()
    cases = [await given.case() for _ in range(20)]
    accounts = numbered(40)
    dice = random.Random(7)

    async def pursue(case_id: str) -> list[str]:
        mine = dice.sample(accounts, 15)
        standings = []
        for part in (mine[:8], mine[8:], mine):
            opened = await given.open(case_id, *(stop(one) for one in part))
            standings += [one.standing for one in opened]
            if new := [one for one in opened if one.standing == "new"]:
                await given.answer(*new)
            await given.books(case_id, part[0], 500, held=0)
        return standings

    standings = Counter(one for many in await asyncio.gather(*map(pursue, cases)) for one in many)

    assert set(standings) <= {"new", "sent", "answered"}
    stops = sql.execute("SELECT account, count(*) FROM orders WHERE measure = 'stop' GROUP BY account").fetchall()
    assert {count for _, count in stops} == {1}
    assert standings["new"] == len(stops)
    assert sql.execute("SELECT count(*) FROM claims").fetchone() == (20 * 15,)
    assert sql.execute("SELECT count(*) FROM holds WHERE stop_order IS NULL").fetchone() == (0,)
    assert await given.register.verify_all() == []
    assert _deadlocks(sql) == 0


async def test_everything_at_once_on_few_accounts_ends_well(given: Given, sql) -> None:
    await given.duty()
    cases = [await given.case() for _ in range(8)]
    accounts = numbered(5)

    async def live(number: int, case_id: str) -> None:
        dice = random.Random(number)
        for turn in range(1, 9):
            some = dice.sample(accounts, 3)
            opened = await given.open(case_id, *(stop(one, sequence=turn) for one in some))
            opened += await given.open(case_id, *(query(one, sequence=turn) for one in some))
            opened += await given.open(case_id, *(lift(one, "decision", sequence=turn) for one in some))
            dice.shuffle(opened)
            await given.answer(*(one for one in opened if one.standing in {"new", "sent"}), outcome=executed(NOW))
            await given.register.note_lapsed(NOW)
            await given.books(case_id, some[0], 300)

    await asyncio.gather(*(live(number, case_id) for number, case_id in enumerate(cases)))

    over = """
        SELECT count(*) FROM holds h JOIN claims c USING (account)
        GROUP BY account, h.frozen_fen, h.stop_order
        HAVING h.stop_order IS NULL AND sum(claim_fen) > h.frozen_fen"""
    assert sql.execute(over).fetchall() == []
    assert await given.register.verify_all() == []
    assert _deadlocks(sql) == 0


async def test_the_minute_fuse_holds_against_many_at_once(url: str, given: Given, sql) -> None:
    narrow = Given(await Register.connect(url, stops_per_minute=10, ring=RING))
    await given.duty()
    cases = [await given.case() for _ in range(10)]
    opened = await asyncio.gather(
        *(
            narrow.open(case_id, *(stop(one) for one in numbered(3, start=number * 10)))
            for number, case_id in enumerate(cases)
        )
    )
    assert sum(one.standing == "new" for many in opened for one in many) == 10
    assert sql.execute("SELECT count(*) FROM orders").fetchone() == (10,)
    await narrow.register.close()
