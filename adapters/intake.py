"""Intake: a report is committed to the register first, then its case is started; what was not started is swept up.

One piece of code for every way in: the command line, drills, and later HTTP.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog
from temporalio.client import Client
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from adapters.carriers.prefixes import with_likely_carriers
from adapters.rounds import make_rounds
from adapters.temporal.errors import ENGINE_DOWN
from domain.case_start import CaseRun
from domain.identifiers import case_workflow_id
from domain.institutions import Directory, Institution
from domain.policy import Policy
from domain.report import Receipt, Report
from workflows.case import CaseWorkflow
from workflows.limits import CASES_QUEUE
from workflows.worklist import CASE_NUMBER, NOTHING_PENDING, PENDING_SHEET, STAGE

log = structlog.get_logger(__name__)

SWEEP_EVERY = timedelta(seconds=1)
"""How often the sweeper looks for cases that were committed and not started."""
SWEEP_OLDER = timedelta(seconds=2)
"""Younger ones are just being started by whoever filed them."""
ENGINE_PATIENCE = timedelta(seconds=5)
"""So long whoever files a report waits for its start; the client itself would try for longer."""


class Cases(Protocol):
    """What intake needs of the register."""

    async def file_report(self, report: Report, now: datetime, policy: Policy | None = None) -> Receipt:
        """Commit report, case, policy and outbox row together; the same report again joins (decisions: obligations)."""
        ...

    async def unstarted(self, older_than_s: float, limit: int) -> list[tuple[str, Report, Receipt]]:
        """Cases whose outbox row is still open: (case_id, report, receipt)."""
        ...

    async def note_started(self, case_id: str) -> None:
        """The workflow runs: the outbox row is closed."""
        ...


class Intake:
    """Takes reports and starts their cases."""

    def __init__(self, cases: Cases, client: Client, policy: Policy, institutions: Sequence[Institution]) -> None:
        """A case carries the policy and the directory it started with."""
        self._cases = cases
        self._client = client
        self._policy = policy
        self._directory = Directory(institutions=tuple(institutions))

    async def file(self, report: Report) -> Receipt:
        """Commit the report, start its case, answer.

        If the engine is down the receipt stands all the same: the sweeper starts it.
        """
        receipt = await self._cases.file_report(report, datetime.now(UTC), self._policy)
        if receipt.standing == "new":
            try:
                async with asyncio.timeout(ENGINE_PATIENCE.total_seconds()):
                    await self.start(report, receipt)
            except (RPCError, TimeoutError, RuntimeError) as error:  # the last: a first connection that fails
                log.warning("case_not_started", case_id=receipt.case_id, error=type(error).__name__)
        return receipt

    async def start(self, report: Report, receipt: Receipt) -> None:
        """Start the case's workflow; starting it twice is starting it once."""
        run = CaseRun(
            case_id=receipt.case_id,
            case_number=receipt.case_number,
            received_at=receipt.received_at,
            report=with_likely_carriers(report, self._directory.institutions),
            policy=self._policy,
            directory=self._directory,
        )
        try:
            await start_case(
                self._client, run, WorkflowIDReusePolicy.REJECT_DUPLICATE, WorkflowIDConflictPolicy.USE_EXISTING
            )
        except WorkflowAlreadyStartedError:
            log.info("case_ran_before", case_id=receipt.case_id)
        await self._cases.note_started(receipt.case_id)

    async def sweep(self) -> int:
        """Start what was committed and not started. Returns how many.

        One that cannot be started holds up none of those after it; an engine that is down is left alone until later.
        """
        started = 0
        for case_id, report, receipt in await self._cases.unstarted(SWEEP_OLDER.total_seconds(), 100):
            try:
                await self.start(report, receipt)
            except (TimeoutError, RuntimeError):  # as in `file`
                raise
            except Exception as error:
                if isinstance(error, RPCError) and error.status in ENGINE_DOWN:
                    raise
                log.error("case_cannot_be_started", case_id=case_id, error=type(error).__name__)  # noqa: TRY400 - values
            else:
                started += 1
        return started

    async def sweep_for_ever(self) -> None:
        """The sweeper: runs beside the worker, bears an engine or a register that is down."""
        await make_rounds(
            self.sweep,
            did=lambda count: log.info("cases_started_by_sweeper", count=count),
            failed=lambda error: log.warning("sweep_failed", error=error),
            pause_s=lambda _: SWEEP_EVERY.total_seconds(),
        )


async def start_case(
    client: Client, run: CaseRun, reuse: WorkflowIDReusePolicy, conflict: WorkflowIDConflictPolicy
) -> None:
    """Start a case's workflow. Raises WorkflowAlreadyStartedError as the two policies say, RPCError."""
    await client.start_workflow(
        CaseWorkflow.run,
        run,
        id=case_workflow_id(run.case_id),
        task_queue=CASES_QUEUE,
        id_reuse_policy=reuse,
        id_conflict_policy=conflict,
        static_summary=f"{run.case_number} · {run.report.category}",
        request_eager_start=True,
        rpc_timeout=ENGINE_PATIENCE,
        search_attributes=TypedSearchAttributes(
            [
                SearchAttributePair(CASE_NUMBER, run.case_number),
                SearchAttributePair(STAGE, "received"),
                SearchAttributePair(PENDING_SHEET, NOTHING_PENDING),
            ]
        ),
    )
