"""Running cases survive a change of our code: what they did before, this code would do again."""

import copy
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter

from adapters.cli.replaying import Replayed, replay

KEPT = sorted((Path(__file__).parent / "histories").glob("*.json.gz"))
SCENARIOS_AT_LEAST = 5


def stored(path: Path) -> tuple[str, dict[str, Any]]:
    content = json.loads(gzip.decompress(path.read_bytes()))
    return content["workflow_id"], content["history"]


async def replayed_plain(workflow_id: str, history: dict[str, Any]) -> Replayed:
    """Kept histories are of practice worlds and plain, so that whoever reads a change can read them too: no keys."""
    return await replay(WorkflowHistory.from_json(workflow_id, history), "kept", pydantic_data_converter)


def case_history() -> tuple[str, dict[str, Any]]:
    return stored(next(path for path in KEPT if path.name.startswith("xiamen-2020.case")))


def scheduled(history: dict[str, Any], activity: str) -> list[dict[str, Any]]:
    return [
        event
        for event in history["events"]
        if event["eventType"] == "EVENT_TYPE_ACTIVITY_TASK_SCHEDULED"
        and event["activityTaskScheduledEventAttributes"]["activityType"]["name"] == activity
    ]


def test_histories_of_enough_scenarios_are_kept():
    assert len({path.name.split(".")[0] for path in KEPT}) >= SCENARIOS_AT_LEAST


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.name.removesuffix(".json.gz"))
async def test_a_kept_history_replays(path: Path):
    workflow_id, history = stored(path)
    replayed = await replayed_plain(workflow_id, history)
    assert not replayed.differs


async def test_a_history_with_a_renamed_activity_fails_and_the_command_is_named():
    workflow_id, history = case_history()
    broken = copy.deepcopy(history)
    scheduled(broken, "keep_record")[0]["activityTaskScheduledEventAttributes"]["activityType"]["name"] = "keep_nothing"
    replayed = await replayed_plain(workflow_id, broken)
    assert "keep_record" in replayed.differs or "keep_nothing" in replayed.differs


async def test_a_changed_order_of_activities_is_caught():
    workflow_id, history = case_history()
    broken = copy.deepcopy(history)
    first, other = scheduled(broken, "carry_out")[0], scheduled(broken, "keep_record")[0]
    for key in ("activityType", "activityId"):
        one, two = (event["activityTaskScheduledEventAttributes"] for event in (first, other))
        one[key], two[key] = two[key], one[key]
    replayed = await replayed_plain(workflow_id, broken)
    assert replayed.differs


async def test_a_history_whose_timer_is_gone_fails():
    workflow_id, history = case_history()
    broken = copy.deepcopy(history)
    timers = [event for event in broken["events"] if event["eventType"] == "EVENT_TYPE_TIMER_STARTED"]
    assert timers
    timers[0]["eventType"] = "EVENT_TYPE_MARKER_RECORDED"
    timers[0]["markerRecordedEventAttributes"] = {"markerName": "gone"}
    del timers[0]["timerStartedEventAttributes"]
    replayed = await replayed_plain(workflow_id, broken)
    assert replayed.differs
