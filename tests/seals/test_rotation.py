"""Keys change while cases run: nothing is lost, and every history stays readable under the key it was written with."""

import json

from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter

from adapters.cli.replaying import replay
from adapters.keyring import KeyRing
from adapters.temporal.converting import sealed_converter
from tests.replay.record import open_up
from tests.seals.conftest import SealedTown
from tests.seals.payloads import payloads_of
from tests.workflows.engine import RunningCase
from tests.workflows.paper_world import PaperWorld


async def asking(town: SealedTown) -> RunningCase:
    world = PaperWorld()
    world.defraud(world.open("a"), 60_000_00)
    case = await town.town.start(world)
    await case.file()
    await case.pending("F-01")
    return case


def keys_used(history: WorkflowHistory) -> set[str]:
    return {
        one.metadata["key-id"].decode() for event in history.events for one in payloads_of(event) if one.metadata
    } - {""}


async def replayed(town: SealedTown, history: WorkflowHistory) -> str:
    """By a process that starts afterwards, with the ring as it is then."""
    converter = sealed_converter(KeyRing.load(town.settings))
    return (await replay(history, town.town.client.namespace, converter)).differs


async def test_a_case_goes_on_over_a_rotation_and_all_of_its_history_replays(sealed_town: SealedTown):
    operator = KeyRing.load(sealed_town.settings)
    old = operator.keys[-1].id
    before = await asking(sealed_town)
    case = await asking(sealed_town)
    await before.until(lambda one: one.quiet, "it rests: nothing more is written of it")

    new = operator.add().id
    operator.retire(old)
    sealed_town.ring._look_again(at_once=True)  # by itself within a second
    await case.approve("F-01")
    await case.until(lambda one: "F-01" not in one.pending, "approved under the new key")
    # a worker without the case in its memory reads the whole history: both keys
    history = await case.handle.fetch_history()
    assert keys_used(history) == {old, new}
    assert await replayed(sealed_town, history) == ""
    written_before = await before.handle.fetch_history()
    assert keys_used(written_before) == {old}
    assert await replayed(sealed_town, written_before) == ""


async def test_without_the_key_a_task_fails_and_waits_for_a_worker_that_has_it(sealed_town: SealedTown):
    case = await asking(sealed_town)
    history = await case.handle.fetch_history()
    stranger = sealed_converter(KeyRing.of_one_key())
    differs = (await replay(history, sealed_town.town.client.namespace, stranger)).differs
    assert differs == "Failed decoding arguments"  # of the task: had the case failed, the command would differ


async def test_nothing_in_a_history_is_plain_but_what_must_be(sealed_town: SealedTown):
    case = await asking(sealed_town)
    await case.handle.signal("decide", "junk 6217006479174874408")
    await case.until(lambda one: any("decision" in text for text in one.problems), "the junk is noted")
    await case.approve("F-01")
    await case.until(lambda one: "F-01" not in one.pending, "approved")
    plain = []
    for event in (await case.handle.fetch_history()).events:
        for one in payloads_of(event):
            if one.metadata["encoding"] != b"binary/encrypted":
                assert event.HasField("marker_recorded_event_attributes")
                plain.append(json.loads(one.data))
    # of what is asked of the register the engine's core notes which activity and when, and nothing else
    assert plain
    for mark in plain:
        assert mark.pop("activity_type") in {"keep_record", "decide", "keep_filing", "keep_finding", "read_finding"}
        assert set(mark) == {
            "seq",
            "attempt",
            "activity_id",
            "complete_time",
            "backoff",
            "original_schedule_time",
            "activation_index",
        }


async def test_a_recorded_history_is_opened_whole_and_replays_without_a_key(sealed_town: SealedTown):
    case = await asking(sealed_town)
    history = await case.handle.fetch_history()
    open_up(history, KeyRing.load(sealed_town.settings), sealed_town.town.client.namespace)
    assert keys_used(history) == set()
    assert (await replay(history, "kept", pydantic_data_converter)).differs == ""
