"""Processes killed with -9 while money is being followed: nothing is lost, nothing is done twice."""

import asyncio

import pytest

from tests.chaos.blows import assert_nothing_lost_nothing_doubled, down, kill, play


async def kill_at(drill, *orders, name=""):
    """Kill a child once the register holds so many orders, then again at so many; none named: every worker at once."""
    for number in orders:
        await drill.until(lambda look, number=number: look.orders >= number, within_s=120)
        await asyncio.gather(*(kill(drill.stack, one) for one in ([name] if name else drill.worker_names)))


async def test_a_worker_killed_in_the_middle_of_a_case_costs_nothing(drill, scenario):
    one = drill(scenario("first-case", quick=True))
    result = await play(one, kill_at(one, 3))
    book = await assert_nothing_lost_nothing_doubled(one, result)
    assert book.received()
    print(f"\nfirst-case, worker killed: {result.seconds:.0f} s, held {result.total.held_fen}")


@pytest.mark.chaos
async def test_three_kills_of_the_worker_and_one_of_temporal_cost_nothing(drill, scenario):
    one = drill(scenario("xiamen-2020"))
    restarts = one.stack.restarts("temporal")
    result = await play(one, kill_at(one, 5, 40, 100), kill_at(one, 70, name="temporal"))
    await assert_nothing_lost_nothing_doubled(one, result)
    assert one.stack.restarts("temporal") == restarts + 1
    print(f"\nxiamen-2020, 3 + 1 kills: {result.seconds:.0f} s, held {result.total.held_fen}, {result.engine}")


@pytest.mark.chaos
async def test_postgres_away_for_seconds_costs_nothing(drill, scenario):
    one = drill(scenario("xiamen-2020"))

    async def away():
        await one.until(lambda look: look.orders >= 40, within_s=120)
        async with down(one.stack, "postgres"):
            await asyncio.sleep(4)

    result = await play(one, away())
    await assert_nothing_lost_nothing_doubled(one, result)
    print(f"\nxiamen-2020, PostgreSQL away for 4 s: {result.seconds:.0f} s, held {result.total.held_fen}")
