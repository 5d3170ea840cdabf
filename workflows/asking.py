"""How a workflow asks the register: one activity of the case queue, started eagerly, within the one table's limits."""

from typing import TypeVar

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.frozen import Frozen
    from workflows.limits import CASES_QUEUE, REGISTER

Answer = TypeVar("Answer")


async def ask_register(activity: str, request: Frozen, answer: type[Answer], summary: str) -> Answer:
    """Run one of the register's activities. Raises ActivityError only when its worth has run out."""
    given: Answer = await workflow.execute_activity(
        activity,
        request,
        result_type=answer,
        task_queue=CASES_QUEUE,
        start_to_close_timeout=REGISTER.one_try,
        schedule_to_close_timeout=REGISTER.worth,
        retry_policy=REGISTER.retry,
        summary=summary,
    )
    return given
