"""Histories of cases and their verifications, replayed on this code under the worker's own rules."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowHistory
from temporalio.converter import DataConverter, DefaultFailureConverter
from temporalio.worker import Replayer

from domain.frozen import Frozen
from workflows.runner import INTERCEPTORS, WORKFLOWS, runner

TRIES = 3
"""How often a history is replayed whose task took longer than the engine waits: a slow machine is no difference."""

TOO_SLOW = "[TMPRL1101]"
"""How the engine begins its words of a task that took longer than it waits."""
_MESSAGE = re.compile(r'message: "(.*?)(?<!\\)"')
_EVENT = re.compile(r"HistoryEvent\(id: (\d+)")


class Replayed(Frozen):
    """One history's verdict. `differs`: the command that differs, in the engine's words; empty when none does.

    Of a history that was too slow each time it says that.
    """

    workflow_id: str
    run_id: str
    events: int
    differs: str = ""


async def histories(client: Client, workflow_id: str | None) -> AsyncIterator[WorkflowHistory]:
    """Every run of a case and of its verifications; of all cases when none is named."""
    if workflow_id is None:
        queries = [""]
    else:
        queries = [f"WorkflowId = '{workflow_id}'", f"WorkflowId STARTS_WITH '{workflow_id}/'"]
    for query in queries:
        async for execution in client.list_workflows(query):
            yield await client.get_workflow_handle(execution.id, run_id=execution.run_id).fetch_history()


async def replay(history: WorkflowHistory, namespace: str, converter: DataConverter) -> Replayed:
    """Replay one history of a namespace, whose payloads this converter reads; never raises for a difference."""
    replayer = Replayer(
        workflows=list(WORKFLOWS),
        workflow_runner=runner(),
        interceptors=list(INTERCEPTORS),
        namespace=namespace,  # what is sealed is bound to it
        # nothing is written: what fails here is said in its own words
        data_converter=replace(converter, failure_converter_class=DefaultFailureConverter),
    )
    for _ in range(TRIES):
        failure = (await replayer.replay_workflow(history, raise_on_replay_failure=False)).replay_failure
        if failure is None or TOO_SLOW not in str(failure):
            break
    return Replayed(
        workflow_id=history.workflow_id,
        run_id=history.run_id,
        events=len(history.events),
        differs="" if failure is None else words_of(failure, history),
    )


def words_of(failure: Exception, history: WorkflowHistory) -> str:
    """Which command differs: the engine's own words, and what the event they name had asked for."""
    said = " ".join(str(failure).split())
    message = _MESSAGE.search(said)
    words = message[1] if message else f"{type(failure).__name__}: {said[:400]}"
    named = _EVENT.search(words)
    event = next((one for one in history.events if named and one.event_id == int(named[1])), None)
    return words if event is None else f"{words} · in the history: {_asked_for(event)}"


def _asked_for(event: HistoryEvent) -> str:
    """An event by what it names: type of activity or child, timer, signal; nothing of its content."""
    kind = EventType.Name(event.event_type).removeprefix("EVENT_TYPE_").lower().replace("_", " ")
    content = event.WhichOneof("attributes")
    asked: Any = getattr(event, content) if content else None
    names = [
        getattr(getattr(asked, "activity_type", None), "name", ""),
        getattr(getattr(asked, "workflow_type", None), "name", ""),
        getattr(getattr(asked, "task_queue", None), "name", ""),
        getattr(asked, "timer_id", ""),
        getattr(asked, "signal_name", ""),
    ]
    return " ".join([kind, *(name for name in names if name)])
