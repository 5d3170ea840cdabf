"""Whether somebody works: who has polled a queue of late."""

from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

_POLLED_WITHIN = timedelta(seconds=65)  # a worker's long poll lasts a minute


async def is_polled(
    client: Client, queue: str, kind: TaskQueueType.ValueType = TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW
) -> bool:
    """Whether a worker has polled this queue within the last minute."""
    request = DescribeTaskQueueRequest(
        namespace=client.namespace, task_queue=TaskQueue(name=queue), task_queue_type=kind
    )
    answer = await client.workflow_service.describe_task_queue(request)
    now = datetime.now(UTC)
    return any(now - one.last_access_time.ToDatetime(UTC) < _POLLED_WITHIN for one in answer.pollers)
