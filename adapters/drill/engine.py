"""What a drill cost the engine, counted from its histories."""

import asyncio
from dataclasses import dataclass

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowExecution

from adapters.drill.result import Engine

_AT_ONCE = 8
BATCH = "carry_out"


@dataclass
class _Count:
    events: int = 0
    activities: int = 0
    batches: int = 0


async def engine_cost(client: Client) -> Engine:
    """Events, activities and batches of every workflow of the world, all its runs included."""
    executions = [execution async for execution in client.list_workflows("", page_size=1000)]
    gate = asyncio.Semaphore(_AT_ONCE)
    counts = await asyncio.gather(*(_count(client, execution, gate) for execution in executions))
    return Engine(
        events=sum(one.events for one in counts),
        activities=sum(one.activities for one in counts),
        batches=sum(one.batches for one in counts),
    )


async def _count(client: Client, execution: WorkflowExecution, gate: asyncio.Semaphore) -> _Count:
    count = _Count()
    async with gate:
        handle = client.get_workflow_handle(execution.id, run_id=execution.run_id)
        async for event in handle.fetch_history_events():
            count.events += 1
            count.activities += event.event_type == EventType.EVENT_TYPE_MARKER_RECORDED  # a local activity's
            if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
                count.activities += 1
                count.batches += event.activity_task_scheduled_event_attributes.activity_type.name == BATCH
    return count
