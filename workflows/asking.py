"""How a workflow asks the register: an activity beside the workflow in its own worker, within the one table's limits.

Local: the register answers in milliseconds, and asking it through the engine would cost more than the answer. Workflows
and register's activities are one worker (worker.case_worker).
"""

from typing import TypeVar

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.frozen import Frozen
    from workflows.limits import REGISTER

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
