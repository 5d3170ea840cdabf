"""Whether the centre is on duty: somebody polls every queue that a case may need."""

import asyncio
from collections.abc import Iterable

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.client import Client

from adapters.temporal.polling import is_polled
from domain.institutions import Institution
from workflows.limits import CASES_QUEUE, institution_queue, lines_and_institutions

_LOOK_S = 0.05


async def until_on_duty(client: Client, institutions: Iterable[Institution], within_s: float = 5.0) -> None:
    """Wait until workers poll the cases and every institution; a drill with fewer workers starts all the same then."""
    queues = [
        (CASES_QUEUE, TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW),
        *(
            (institution_queue(one), TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY)
            for one in lines_and_institutions(institutions)
        ),
    ]
    try:
        async with asyncio.timeout(within_s):
            for queue, kind in queues:
                while not await is_polled(client, queue, kind):  # noqa: ASYNC110 - the engine cannot set our events
                    await asyncio.sleep(_LOOK_S)
    except TimeoutError:
        return
