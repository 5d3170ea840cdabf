"""How a workflow asks the register, within the one table's limits: beside itself in its own worker, or by the engine.

Local: the register answers in milliseconds, and asking it through the engine would cost more than the answer. Workflows
and register's activities are one worker (worker.case_worker). But a local activity takes effect before the engine keeps
what it was given: a worker killed in between leaves a workflow that makes it anew, at another moment, or, where an
update brought it, has not heard of it at all. What must neither differ nor be forgotten goes by the engine.
"""

from typing import TypeVar

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.frozen import Frozen
    from workflows.limits import CASES_QUEUE, RECORD, REGISTER

Answer = TypeVar("Answer")


async def ask_register(activity: str, request: Frozen, answer: type[Answer], summary: str) -> Answer:
    """Run one of the register's activities. Raises ActivityError only when its worth has run out."""
    given: Answer = await workflow.execute_local_activity(
        activity,
        request,
        result_type=answer,
        start_to_close_timeout=REGISTER.one_try,
        schedule_to_close_timeout=REGISTER.worth,
        retry_policy=REGISTER.retry,
        summary=summary,
    )
    return given


async def have_register_keep(activity: str, record: Frozen, answer: type[Answer], summary: str) -> Answer:
    """As `ask_register`, but what is asked stands in the history before anybody acts on it.

    Raises ActivityError only when its worth has run out.
    """
    given: Answer = await workflow.execute_activity(
        activity,
        record,
        result_type=answer,
        task_queue=CASES_QUEUE,
        start_to_close_timeout=RECORD.one_try,
        schedule_to_close_timeout=RECORD.worth,
        retry_policy=RECORD.retry,
        summary=summary,
    )
    return given
