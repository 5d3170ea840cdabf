"""A first stop step by step: from receipt to the sandbox's book, at idle, in milliseconds since the step before."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client

from benchmarks.figures import median
from benchmarks.world import BenchWorld
from domain.identifiers import case_workflow_id
from domain.institutions import PLATFORM_LINE
from domain.orders import Measure
from workflows.limits import institution_queue

STEPS = (
    "committed, started in the engine",
    "first workflow task taken",
    "first workflow task answered",
    "stop's batch taken by its worker",
    "order asked of the register",
    "in the sandbox's book",
)
_BETWEEN_S = 0.5
_MARKS = (
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
    EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED,
    EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
)


async def milestones(world: BenchWorld, cases: int) -> dict[str, float]:
    """Medians of so many cases, one after the other; the whole way comes last."""
    receipts = []
    for _ in range(cases):
        receipts.append(await world.case())
        await asyncio.sleep(_BETWEEN_S)
    stops = await world.first_stops()
    ways: list[list[float]] = []
    for receipt in receipts:
        engine = await _engine_moments(world.client, case_workflow_id(receipt.case_id))
        opened = [one.order for one in await world.register.orders_of(receipt.case_id) if one.order is not None]
        written = min(order.requested_at for order in opened if order.measure is Measure.STOP)
        moments = [receipt.received_at, *engine, written]
        ways.append([*(moment.timestamp() for moment in moments), stops[receipt.case_number]])
    steps = {name: median([way[number + 1] - way[number] for way in ways]) * 1000 for number, name in enumerate(STEPS)}
    return steps | {"in all": median([way[-1] - way[0] for way in ways]) * 1000}


async def _engine_moments(client: Client, workflow: str) -> list[datetime]:
    """When it was started, its first task taken and answered, and its first batch taken."""
    events = [event async for event in client.get_workflow_handle(workflow).fetch_history_events()]
    batches = {
        event.event_id
        for event in events
        if event.activity_task_scheduled_event_attributes.activity_type.name == "carry_out"
        and event.activity_task_scheduled_event_attributes.task_queue.name == institution_queue(PLATFORM_LINE)
    }

    def first() -> Iterator[datetime]:
        for mark in _MARKS:
            yield next(_moment(event) for event in events if event.event_type == mark)
        yield next(
            _moment(event)
            for event in events
            if event.activity_task_started_event_attributes.scheduled_event_id in batches
        )

    return list(first())


def _moment(event: HistoryEvent) -> datetime:
    return event.event_time.ToDatetime(tzinfo=UTC)
