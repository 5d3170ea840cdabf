"""A drill whose officers are people: it waits for them, however long they take."""

import asyncio

import pytest

from tests.chaos.blows import NOBODY_YET, officers_come, play

pytestmark = pytest.mark.chaos
LONG_S = 12.0
"""Several times what ends a drill in which nobody plays the officers: its waiting for company, and a second."""


async def test_a_drill_waits_for_people_and_ends_when_they_have_closed_every_case(drill, scenario):
    one = drill(scenario("first-case", quick=True), NOBODY_YET)
    waited = []

    async def people():
        await one.until(lambda look: look.sheets and not look.young, within_s=60)
        await asyncio.sleep(LONG_S)
        waited.extend(one.look.sheets)
        officers_come(one)  # the played officers stand in for people who come late

    result = await play(one, people())
    assert waited, "it was still there, and so was what waits for a decision"
    assert result.sound
    assert result.total.held_fen == 4_138_000
    assert not one.look.running
