"""What a drill's world is called."""

from datetime import UTC, datetime

import pytest

from adapters.drill.naming import run_name
from adapters.settings import is_run

MOMENT = datetime(2026, 11, 22, 14, 22, 33, tzinfo=UTC)


def test_a_world_is_called_after_its_scenario_and_the_moment():
    assert run_name({"scenario": "first-case"}, MOMENT, ()) == "first-case-1122-142233"


def test_a_name_that_is_taken_gets_a_count():
    taken = {"first-case-1122-142233", "first-case-1122-142233-2"}
    assert run_name({"scenario": "first-case"}, MOMENT, taken) == "first-case-1122-142233-3"


@pytest.mark.parametrize("raw", [{"scenario": "厦门 2020!"}, {"scenario": 3}, [], None, {"scenario": "x" * 500}])
def test_whatever_the_file_says_the_name_can_be_one(raw):
    assert is_run(run_name(raw, MOMENT, ()))
