"""Whoever has the namespace's keys terminates, resets, cancels or deletes: nothing is lost, nothing is done twice."""

import pytest

from tests.chaos.blows import assert_nothing_lost_nothing_doubled, play
from tests.chaos.namespace import frozen_twice, restarts, terminate


@pytest.mark.timeout(120)
async def test_a_case_terminated_in_the_middle_of_its_trace_goes_on_from_the_register(drill, scenario):
    one = drill(scenario("first-case", quick=True))
    result = await play(one, terminate(one, lambda look: look.orders >= 6))
    book = await assert_nothing_lost_nothing_doubled(one, result)
    assert await restarts(one) == ["terminated"]
    assert await frozen_twice(one, book) == {}
    assert [case.status for case in one.look.cases] == ["closed"]
