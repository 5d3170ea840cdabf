"""The watch: a case that is open in the register and gone from the engine is started again, from the register.

Whoever can write to the namespace can terminate, cancel, reset or delete a workflow, and an engine can lose its
database. None of these undoes what was done, and none of them ends a case.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from adapters.carriers.prefixes import with_likely_carriers
from adapters.intake import start_case
from adapters.register.rows import CaseRow, OpenCase
from adapters.rounds import make_rounds
from adapters.visiting import open_visits
from domain.case_start import CaseRun, CaseStart
from domain.institutions import Directory, Institution
from domain.policy import Policy
from domain.recall import OpenVisits, Recalled
from domain.report import Report
from domain.sheets import SheetKind, SheetState
from workflows.casework.packing import pack
from workflows.casework.taking_up import take_up

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 5.0
"""Well within the minute in which a case that is gone has to be noticed."""
LOOK_SHARE = 10
"""A look of so many seconds is followed by so many times as long a pause: a long list is not asked for all the time."""
LOOK_MOST_S = 30.0
"""The longest pause: with the look itself well within the minute."""
YOUNG_S = 2.0
"""Started so short a time ago, a case may not be on the engine's list yet."""
AT_ONCE = 4
"""Cases taken up at the same time; each reads its whole book."""
PAUSE_S, PAUSE_MOST_S = 5.0, 900.0
"""A case that was started again lately is left alone for so long, doubled at each restart up to the most."""
CALM = timedelta(hours=1)
"""So long without a restart, and the pauses begin anew."""
ALARM_AT = 3
"""So many restarts in a row are no accident."""
RUNNING = "WorkflowType='FraudCase' AND ExecutionStatus='Running'"
GONE = "gone"
"""How a workflow ended of which the engine knows nothing."""


class Book(Protocol):
    """What the watch needs of the register."""

    async def open_cases(self, older_than_s: float) -> list[OpenCase]:
        """Cases whose workflow is to be running."""
        ...

    async def note_restart(self, case_id: str, before: int, previous_run: str, ended: str, now: datetime) -> int | None:
        """Put a restart on record; None: there is nothing to start."""
        ...

    async def recall(self, case_id: str) -> Recalled:
        """Everything the case did."""
        ...

    async def case(self, name: str) -> CaseRow:
        """One case."""
        ...

    async def report(self, case_id: str) -> Report:
        """Its report."""
        ...

    async def policy(self, case_id: str) -> Policy | None:
        """The policy it started with."""
        ...

    async def raise_fuse(self, case_id: str, by: int, sheet: str) -> None:
        """See activities.case_ports.CaseBook."""
        ...


class CaseWatch:
    """Watches the open cases of one world."""

    def __init__(self, book: Book, client: Client, policy: Policy, institutions: Sequence[Institution]) -> None:
        """`policy`: of cases that were filed without one of their own."""
        self._book = book
        self._client = client
        self._policy = policy
        self._directory = Directory(institutions=tuple(institutions))
        self._room = asyncio.Semaphore(AT_ONCE)

    async def watch_for_ever(self) -> None:
        """Runs beside the worker; bears an engine or a register that is down."""
        await make_rounds(
            self.look,
            did=lambda count: log.warning("cases_started_again", count=count),
            failed=lambda error: log.warning("watch_failed", error=error),
            pause_s=lambda took: min(max(LOOK_EVERY_S, took * LOOK_SHARE), LOOK_MOST_S),
        )

    async def look(self) -> int:
        """Compare register and engine once, and start again what is gone. Returns how many were."""
        running = {one.id async for one in self._client.list_workflows(RUNNING, page_size=1000)}
        # the register is read second: what has closed meanwhile is closed there first
        missing = [one for one in await self._book.open_cases(YOUNG_S) if one.workflow_id not in running]
        now = datetime.now(UTC)
        due = [one for one in missing if one.restarted_at is None or now >= one.restarted_at + pause_of(one, now)]
        return sum(await asyncio.gather(*(self._look_after(one) for one in due)))

    async def _look_after(self, case: OpenCase) -> bool:
        async with self._room:
            try:
                ended = await self._ended(case.workflow_id)
                return ended is not None and await self._start_again(case, *ended)
            except Exception as error:  # noqa: BLE001 - one case that cannot be taken up must not hold up the others
                log.error("case_not_taken_up", case_id=case.case_id, error=type(error).__name__)  # noqa: TRY400 - values
                return False

    async def _ended(self, workflow_id: str) -> tuple[str, str] | None:
        """How it ended and which run that was; None: it runs, the list was behind."""
        try:
            found = await self._client.get_workflow_handle(workflow_id).describe()
        except RPCError as problem:
            if problem.status != RPCStatusCode.NOT_FOUND:
                raise
            return GONE, ""
        if found.status in {None, WorkflowExecutionStatus.RUNNING}:
            return None
        assert found.status is not None
        return found.status.name.lower(), found.run_id

    async def _start_again(self, case: OpenCase, ended: str, run_id: str) -> bool:
        restarts = await self._book.note_restart(case.case_id, case.restarts, run_id, ended, datetime.now(UTC))
        if restarts is None:
            return False
        run = await self._run_of(case.case_id, restarts)
        try:
            await start_case(self._client, run, WorkflowIDReusePolicy.ALLOW_DUPLICATE, WorkflowIDConflictPolicy.FAIL)
        except WorkflowAlreadyStartedError:
            log.warning("case_started_by_somebody", case_id=case.case_id)
            return False
        say = log.error if restarts >= ALARM_AT else log.warning
        say("case_started_again", case_id=case.case_id, ended=ended, previous_run=run_id, restarts=restarts)
        return True

    async def _run_of(self, case_id: str, restarts: int) -> CaseRun:
        """The case as its register knows it, packed for its next run."""
        start = await start_of(self._book, case_id, self._policy, self._directory, restarts)
        known = await self._book.recall(case_id)
        for one in known.sheets:
            if one.sheet.kind is SheetKind.FUSE and one.state is SheetState.APPROVED and not one.opened:
                await self._book.raise_fuse(case_id, start.policy.fuse.each_yes_opens, one.sheet.name)
        visits = await open_visits(self._client, case_id, {one.account for one in known.findings})
        # most of a second for two thousand accounts: other cases go on meanwhile
        return await asyncio.to_thread(_packed, start, known, visits)


async def start_of(book: Book, case_id: str, policy: Policy, directory: Directory, restarts: int = 0) -> CaseStart:
    """What a case starts with, from the register. `policy`: where it was filed without one of its own."""
    row = await book.case(case_id)
    return CaseStart(
        case_id=case_id,
        case_number=row.case_number,
        received_at=row.received_at,
        report=with_likely_carriers(await book.report(case_id), directory.institutions),
        policy=await book.policy(case_id) or policy,
        directory=directory,
        restarts=restarts,
    )


def _packed(start: CaseStart, known: Recalled, visits: OpenVisits) -> CaseRun:
    taken = take_up(start, known, visits, datetime.now(UTC))
    return CaseRun(**dict(start), packed=pack(taken.state), errands=taken.errands)


def pause_of(case: OpenCase, now: datetime) -> timedelta:
    """How long a case is left alone after its last restart: ever longer, while it is started again and again."""
    if case.restarted_at is not None and now - case.restarted_at >= CALM:
        return timedelta()
    return timedelta(seconds=min(PAUSE_S * 2 ** min(case.restarts - 1, 30), PAUSE_MOST_S))
