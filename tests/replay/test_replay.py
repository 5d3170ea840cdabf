"""Running cases survive a change of our code: what they did before, this code would do again."""

import base64
import copy
import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter

from adapters.cli.replaying import Replayed, replay

KEPT = sorted((Path(__file__).parent / "histories").glob("*.json.gz"))
BEFORE = sorted((Path(__file__).parent / "histories" / "before").glob("*.json.gz"))
"""Of code from before a patch, which may still run: never recorded anew, and gone when the patch is."""
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


def asked_of_the_register(history: dict[str, Any]) -> list[dict[str, Any]]:
    """The marks of local activities."""
    return [event for event in history["events"] if event["eventType"] == "EVENT_TYPE_MARKER_RECORDED"]


def test_histories_of_enough_scenarios_are_kept():
    assert len({path.name.split(".")[0] for path in KEPT}) >= SCENARIOS_AT_LEAST


@pytest.mark.parametrize("path", [*KEPT, *BEFORE], ids=lambda path: path.name.removesuffix(".json.gz"))
async def test_a_kept_history_replays(path: Path):
    workflow_id, history = stored(path)
    replayed = await replayed_plain(workflow_id, history)
    assert not replayed.differs


async def test_a_history_with_a_renamed_activity_fails_and_the_command_is_named():
    workflow_id, history = case_history()
    broken = copy.deepcopy(history)
    scheduled(broken, "carry_out")[0]["activityTaskScheduledEventAttributes"]["activityType"]["name"] = "carry_nothing"
    replayed = await replayed_plain(workflow_id, broken)
    assert "carry_out" in replayed.differs or "carry_nothing" in replayed.differs


async def test_a_history_in_which_the_register_was_asked_something_else_fails():
    workflow_id, history = case_history()
    broken = copy.deepcopy(history)
    mark = asked_of_the_register(broken)[0]["markerRecordedEventAttributes"]["details"]["data"]["payloads"][0]
    told = re.sub(rb'"activity_type":"\w+"', b'"activity_type":"keep_nothing"', base64.b64decode(mark["data"]))
    assert b"keep_nothing" in told
    mark["data"] = base64.b64encode(told).decode()
    assert (await replayed_plain(workflow_id, broken)).differs


async def test_a_changed_order_of_activities_is_caught():
    workflow_id, history = case_history()
    broken = copy.deepcopy(history)
    # the case asks the register first, and sends its batch afterwards
    batch, asked = scheduled(broken, "carry_out")[-1], asked_of_the_register(broken)[0]
    for key in ("eventType", "activityTaskScheduledEventAttributes", "markerRecordedEventAttributes"):
        one, two = batch.pop(key, None), asked.pop(key, None)
        batch |= {key: two} if two is not None else {}
        asked |= {key: one} if one is not None else {}
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
