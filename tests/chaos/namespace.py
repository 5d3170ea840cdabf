"""What somebody with the namespace's keys does to a running case, and what the register keeps of it."""

import asyncio
from collections import Counter

import psycopg
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest, ResetWorkflowExecutionRequest
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError

from adapters.temporal.addresses import database_name
from tests.chaos.blows import until

STRANGER = "a stranger"


async def rows(drill, statement, **named):
    """Rows of the drill's register."""
    async with await psycopg.AsyncConnection.connect(drill.stack.postgres_url(database_name(drill.run))) as db:
        return await (await db.execute(statement, named)).fetchall()


async def restarts(drill):
    """How each start from the register came about: what had become of the run before."""
    found = await rows(drill, "SELECT current ->> 'ended' FROM events WHERE kind = 'case_restarted' ORDER BY at")
    return [ended for (ended,) in found]


def handle(drill):
    """The one case of the drill."""
    return drill.client.get_workflow_handle(drill.look.cases[0].workflow_id)


async def runs_again(drill, count=1):
    """Wait until the case has been taken up so many times, and answers."""
    await until(lambda: _taken_up(drill, count), within_s=60)


async def _taken_up(drill, count):
    if len(await restarts(drill)) < count:
        return False
    try:
        # a terminated run answers queries too, and stands there a moment longer than the note of its restart
        running = (await handle(drill).describe()).status is WorkflowExecutionStatus.RUNNING
        return running and bool(await handle(drill).query("standing"))
    except RPCError:
        return False


async def terminate(drill, holds, **of):
    """Terminate the case once a look shows something; wait until it runs again."""
    await drill.until(holds, within_s=120)
    await handle(drill).terminate(STRANGER)
    await runs_again(drill, **of)


async def delete(drill):
    """Delete the case from the namespace, history and all."""
    await drill.client.workflow_service.delete_workflow_execution(
        DeleteWorkflowExecutionRequest(
            namespace=drill.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=handle(drill).id),
        )
    )


async def reset(drill, task=2):
    """Reset the case to its second workflow task, or another."""
    case = handle(drill)
    done = [
        event.event_id
        async for event in case.fetch_history_events()
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
    ]
    await drill.client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=drill.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=case.id),
            reason=STRANGER,
            workflow_task_finish_event_id=done[min(task, len(done)) - 1],
            request_id=drill.run,
        )
    )


async def frozen_twice(drill, book):
    """Accounts that the bank froze more often than approved sheets name them."""
    named = await rows(
        drill,
        "SELECT l.account, count(DISTINCT (s.case_id, s.name)) FROM sheet_lines l JOIN sheets s"
        " ON s.case_id = l.case_id AND s.name = l.sheet WHERE s.kind = 'freeze' AND s.state = 'approved' GROUP BY 1",
    )
    approved = dict(named)
    account_of = dict(await rows(drill, "SELECT application_id, account FROM orders WHERE measure = 'freeze'"))
    times = Counter(account_of[record["application_id"]] for record in book.of("freeze"))
    return {account: count for account, count in times.items() if count > approved.get(account, 0)}


async def sheets_now(drill):
    """Every sheet's name, digest and state."""
    return {
        name: (digest, state) for name, digest, state in await rows(drill, "SELECT name, digest, state FROM sheets")
    }


async def pause(seconds):
    """Where the engine's own clock is at work there is no virtual time."""
    await asyncio.sleep(seconds)
