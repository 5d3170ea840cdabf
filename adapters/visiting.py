"""The on-site verifications of a case as the engine has them: which are open, and which nobody waits for any more."""

from collections.abc import Collection

import structlog
from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus
from temporalio.exceptions import FailureError
from temporalio.service import RPCError, RPCStatusCode

from domain.identifiers import account_key, case_workflow_id, verification_workflow_id
from domain.recall import OpenVisits

log = structlog.get_logger(__name__)

_BEYOND = 4
"""Ordinals looked at beyond the highest one listed: the list may be a moment behind."""


async def open_visits(client: Client, case_id: str, found: Collection[str]) -> OpenVisits:
    """The open verifications of a case whose own workflow is gone.

    `found`: accounts with a finding. An open visit to one of them, or a second one to an account, is ended: officers
    are not asked what they have answered. Raises RPCError.
    """
    wanted = f"WorkflowType='OnSiteVerification' AND WorkflowId STARTS_WITH '{case_workflow_id(case_id)}/'"
    listed = [(_ordinal(one.id), one) async for one in client.list_workflows(wanted, page_size=1000)]
    # anybody who can write to the namespace can give a workflow such an id: only what was sealed for it is a visit
    visits = {ordinal: one for ordinal, one in listed if ordinal and await _account_of(one)}
    last = max(visits, default=0)
    for ordinal in range(1, last + _BEYOND + 1):
        if ordinal not in visits and (visit := await _visit(client, case_id, ordinal)) is not None:
            visits[ordinal] = visit
    still_open: dict[str, int] = {}
    for ordinal, visit in sorted(visits.items()):
        if visit.status is not WorkflowExecutionStatus.RUNNING:
            continue
        account = await _account_of(visit)
        if not account:
            log.warning("visit_of_nobody", workflow_id=visit.id)
        elif account in found or account in still_open:
            await client.get_workflow_handle(visit.id).terminate("the holder's finding is in / 已有查证结果")
            log.warning("visit_ended", workflow_id=visit.id)
        else:
            still_open[account] = ordinal
    return OpenVisits(open=still_open, last=max(visits, default=0))


async def _visit(client: Client, case_id: str, ordinal: int) -> WorkflowExecution | None:
    try:
        return await client.get_workflow_handle(verification_workflow_id(case_id, ordinal)).describe()
    except RPCError as problem:
        if problem.status != RPCStatusCode.NOT_FOUND:
            raise
        return None


async def _account_of(visit: WorkflowExecution) -> str:
    """Whose holder is visited, as the case sealed it for this workflow; empty: it is no visit of ours."""
    try:
        institution = await visit.memo_value("institution", "", type_hint=str)
        number = await visit.memo_value("number", "", type_hint=str)
    except (FailureError, ValueError):
        return ""
    return account_key(institution, number) if institution and number else ""


def _ordinal(workflow_id: str) -> int:
    """The visit's count in its case; 0 for what is none."""
    tail = workflow_id.rsplit("/", 1)[1]
    return int(tail) if tail.isdecimal() and tail.isascii() else 0
