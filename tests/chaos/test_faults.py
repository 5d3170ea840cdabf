"""Institutions that lose replies, answer junk, answer twice, late or not at all."""

import pytest

from adapters.drill.drill import Plan
from tests.chaos.blows import assert_nothing_lost_nothing_doubled, play

LOST = [{"kind": "lose_reply", "probability": 0.2, "seed": 11}]
MIXED = [
    {"kind": kind, "probability": 0.2, "seed": seed, **({"seconds": 3} if kind == "delay" else {})}
    for seed, kind in enumerate(
        (
            "lose_reply",
            "http_5xx",
            "http_5xx_after",
            "garbage",
            "duplicate_answer",
            "foreign_answer",
            "wrong_case",
            "delay",
            "rate_limit",
        )
    )
]


async def played_under(drill, raw, faults):
    one = drill(raw, Plan(faults=faults))
    result = await play(one)
    await assert_nothing_lost_nothing_doubled(one, result)
    print(f"\n{one.run}: {result.seconds:.0f} s, held {result.total.held_fen}, {result.orders} orders")


async def test_replies_lost_after_the_effect_stop_nobody_twice(drill, scenario):
    await played_under(drill, scenario("first-case", quick=True), LOST)


@pytest.mark.chaos
async def test_every_bank_losing_a_fifth_of_its_replies_costs_nothing(drill, scenario):
    await played_under(drill, scenario("xiamen-2020"), LOST)


@pytest.mark.chaos
@pytest.mark.parametrize("name", ["first-case", "xiamen-2020"])
async def test_every_fault_at_once_costs_nothing(drill, scenario, name):
    await played_under(drill, scenario(name), MIXED)
