"""Which case, sheet or visit a person means."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from temporalio.client import WorkflowExecution, WorkflowExecutionStatus, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from adapters.cli.failures import CommandError, Exit
from adapters.cli.running import World
from adapters.drill.visits import OPEN_VISITS
from adapters.register.rows import CaseRow, SheetRow

_WORKFLOW = "case/"


async def case_of(world: World, name: str) -> CaseRow:
    """A case by its id, its number or a workflow id of it.

    Raises:
        CommandError: the register of this world has none of that name.
    """
    key = name.removeprefix(_WORKFLOW).split("/")[0] if name.startswith(_WORKFLOW) else name
    try:
        return await world.register.case(key)
    except LookupError:
        raise CommandError(
            Exit.NOT_FOUND, f"The world {world.run} has no case {name}: see `starter.py list --run {world.run}`."
        ) from None


async def sheet_of(world: World, case: CaseRow, name: str) -> SheetRow:
    """A sheet of a case.

    Raises:
        CommandError: there is none of that name.
    """
    try:
        return await world.register.sheet(case.case_id, name.upper())
    except LookupError:
        known = [row.sheet.name for row in await world.register.sheets_of(case.case_id)]
        raise CommandError(
            Exit.NOT_FOUND, f"Case {case.case_number} has no sheet {name}: it has {', '.join(known) or 'none yet'}."
        ) from None


async def visit_of(world: World, name: str, last4: str) -> WorkflowExecution:
    """The open on-site verification of one account.

    Raises:
        CommandError: there is none, or more than one.
    """
    case = await case_of(world, name)
    one_visit = "/verification/" in name
    wanted = f"{OPEN_VISITS} AND WorkflowId " + (f"= '{name}'" if one_visit else f"STARTS_WITH '{case.workflow_id}/'")
    visits = [
        visit
        async for visit in world.client.list_workflows(wanted)
        if str(await visit.memo_value("number", "", type_hint=str)).endswith(last4)
    ]
    if not visits:
        closed = case.status == "closed"
        raise CommandError(
            Exit.CLOSED if closed else Exit.NOT_FOUND,
            f"Case {case.case_number} has no open verification of an account ending in {last4}"
            + (": the case is closed." if closed else f": see `starter.py show {case.case_number}`."),
        )
    if len(visits) > 1:
        names = ", ".join(visit.id for visit in visits)
        raise CommandError(Exit.BAD_INPUT, f"Several accounts end in {last4}: name the workflow, one of {names}.")
    return visits[0]


@contextlib.asynccontextmanager
async def not_closed(handle: WorkflowHandle[Any, Any]) -> AsyncIterator[None]:
    """Around what is said to a case or a visit, which may close while one types.

    Raises:
        CommandError: it has closed.
    """
    try:
        yield
    except RPCError as problem:
        # to the engine, closed and unknown are one
        if problem.status == RPCStatusCode.NOT_FOUND and await _has_closed(handle):
            raise CommandError(Exit.CLOSED, "已办结 / It has closed: nothing can be said to it any more.") from None
        raise


async def _has_closed(handle: WorkflowHandle[Any, Any]) -> bool:
    try:
        return (await handle.describe()).status is not WorkflowExecutionStatus.RUNNING
    except RPCError as problem:
        if problem.status != RPCStatusCode.NOT_FOUND:
            raise
        return False


def refuse_closed(case: CaseRow) -> None:
    """Nothing is said to a closed case.

    Raises:
        CommandError: the case is closed.
    """
    if case.status == "closed":
        raise CommandError(
            Exit.CLOSED, f"案件 {case.case_number} 已结案 / Case {case.case_number} is closed ({case.outcome})."
        )
