"""A real Temporal server with fake activities over paper worlds: many cases at once, each in a world of its own."""

import asyncio
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from temporalio import activity
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import Client, WorkflowExecutionDescription, WorkflowExecutionStatus, WorkflowHandle
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError
from temporalio.worker import Worker

from adapters.cli.replaying import TOO_SLOW
from domain.bookkeeping import CaseRecord, Decisions, Filing, Halt, Rulings, Standing, Visit, Visited
from domain.books import Books
from domain.case_start import CaseRun
from domain.errands import BatchResult, ErrandBatch, ErrandResult
from domain.findings import FindingReport
from domain.identifiers import case_workflow_id, verification_workflow_id
from domain.policy import Policy
from domain.sheets import Ruling
from tests.patience import PATIENCE_S
from tests.workflows.paper_policy import quick
from tests.workflows.paper_register import approvers, word_of
from tests.workflows.paper_world import DIRECTORY, PaperWorld
from workflows.limits import CASES_QUEUE, institution_queue, lines_and_institutions
from workflows.runner import INTERCEPTORS, WORKFLOWS, runner

BIN = Path(__file__).parents[2] / ".venv" / "bin"
FILING_NUMBER = "A3202112026110001"
_cases = itertools.count(1)


class PaperActivities:
    """The activities of all cases; each case's orders go to its own world."""

    def __init__(self) -> None:
        self.worlds: dict[str, PaperWorld] = {}

    @activity.defn(name="carry_out")
    async def carry_out(self, batch: ErrandBatch) -> BatchResult:
        world = self.worlds[batch.case_id]
        for errand in batch.errands:
            world.queues.setdefault(errand.account.number if errand.account else errand.target, []).append(
                activity.info().task_queue
            )
        world.batches.append(batch)
        results: list[ErrandResult] = [world.carry_out(errand, datetime.now(UTC)) for errand in batch.errands]
        if not any(one.complete for one in results):
            await asyncio.sleep(batch.patience_s)
        return BatchResult(results=tuple(results))

    @activity.defn(name="keep_record")
    async def keep_record(self, record: CaseRecord) -> bool:
        self.worlds[record.case_id].register.keep_record(record)
        return True

    @activity.defn(name="decide")
    async def decide(self, decisions: Decisions) -> Rulings:
        return self.worlds[decisions.decisions[0].case_id].register.rule(decisions)

    @activity.defn(name="keep_finding")
    async def keep_finding(self, finding: FindingReport) -> Ruling:
        return self.worlds[finding.case_id].register.keep_finding(finding)

    @activity.defn(name="read_finding")
    async def read_finding(self, visit: Visit) -> Visited:
        for finding in reversed(self.worlds[visit.case_id].register.findings):
            if (finding.institution, finding.number) == (visit.institution, visit.number):
                return Visited(institution=visit.institution, number=visit.number, finding=finding)
        raise ApplicationError("no finding yet", type="NotFoundYet")

    @activity.defn(name="keep_filing")
    async def keep_filing(self, filing: Filing) -> Ruling:
        return self.worlds[filing.case_id].register.keep_filing(filing)

    @activity.defn(name="halt")
    async def halt(self, halt: Halt) -> Ruling:
        workflow_id = activity.info().workflow_id
        assert workflow_id is not None
        return self.worlds[workflow_id.removeprefix(case_workflow_id(""))].register.halt(halt)


class RunningCase:
    """One case on the server, and its world."""

    def __init__(self, client: Client, case_id: str, world: PaperWorld, handle: WorkflowHandle[Any, Any]) -> None:
        self.client = client
        self.case_id = case_id
        self.world = world
        self.handle = handle

    async def standing(self) -> Standing:
        found = await self.handle.query("standing", result_type=Standing)
        assert isinstance(found, Standing)
        return found

    async def is_running(self) -> bool:
        return (await self.handle.describe()).status is WorkflowExecutionStatus.RUNNING

    async def until(self, holds: Callable[[Standing], bool], what: str) -> Standing:
        """Wait until the case says so."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while True:
            standing = await self.standing()
            if holds(standing):
                return standing
            assert asyncio.get_running_loop().time() < deadline, f"never: {what}; {standing}"
            await asyncio.sleep(0.03)

    async def pending(self, sheet: str) -> None:
        """Wait until a sheet is before the officers, and on record."""
        await self.until(lambda one: sheet in one.pending and sheet in self.world.register.sheets, f"sheet {sheet}")

    async def file(self) -> None:
        await self.handle.execute_update("filing", f"{FILING_NUMBER} {word_of('012345')}")

    async def approve(self, sheet: str) -> None:
        await self.pending(sheet)
        needs = self.world.register.sheets[sheet].needs
        for officer in approvers(self.world.register.sheets[sheet]):
            await self.handle.signal("decide", f"{sheet} {word_of(officer, needs)} approve")

    def visit(self, ordinal: int) -> WorkflowHandle[Any, Any]:
        return self.client.get_workflow_handle(verification_workflow_id(self.case_id, ordinal))

    async def visit_is_open(self, ordinal: int) -> None:
        """Wait until the engine knows the visit: the case orders it a moment before."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while True:
            try:
                await self.visit(ordinal).describe()
            except RPCError:
                assert asyncio.get_running_loop().time() < deadline, f"visit {ordinal} never began"
                await asyncio.sleep(0.03)
            else:
                return

    async def find(self, ordinal: int, words: str) -> None:
        """A field officer's finding, as soon as the visit is there."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while True:
            try:
                await self.visit(ordinal).signal("finding", words)
            except RPCError:
                assert asyncio.get_running_loop().time() < deadline
                await asyncio.sleep(0.03)
            else:
                return

    async def details(self) -> str:
        """What officers read in the Temporal UI."""
        return str(await self.handle.query("__temporal_workflow_metadata", result_type=RawValue))

    async def visit_details(self, ordinal: int) -> str:
        """What the field officer reads there."""
        await self.visit_is_open(ordinal)
        metadata = await self.visit(ordinal).query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
        assert isinstance(metadata, WorkflowMetadata)
        return metadata.current_details

    async def result(self) -> Books:
        try:
            books = await asyncio.wait_for(self.handle.result(), PATIENCE_S)
        except TimeoutError:
            sheets = [(one.name, one.why, one.lines) for one in self.world.register.sheets.values()]
            raise AssertionError(f"never closed: {await self.standing()}; {sheets}; {self.world.asked}") from None
        return Books.model_validate(books if isinstance(books, dict) else books.model_dump())

    async def failed_tasks(self) -> list[str]:
        """Why workflow tasks failed, over all runs: there must be none."""
        return await failed_tasks(self.handle)


class Town:
    """The server side: workers for the cases and for every institution."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.paper = PaperActivities()
        paper = self.paper
        self.case_worker = self.new_case_worker()
        self._lines = [
            Worker(client, task_queue=institution_queue(one), activities=[paper.carry_out])
            for one in lines_and_institutions(DIRECTORY.institutions)
        ]
        self._running: list[asyncio.Task[None]] = []

    def new_case_worker(self) -> Worker:
        paper = self.paper
        return Worker(
            self.client,
            task_queue=CASES_QUEUE,
            workflows=list(WORKFLOWS),
            activities=[
                *(paper.keep_record, paper.decide, paper.keep_finding),
                *(paper.read_finding, paper.keep_filing, paper.halt),
            ],
            workflow_runner=runner(),
            interceptors=list(INTERCEPTORS),
        )

    async def __aenter__(self) -> Self:
        self._running = [asyncio.create_task(one.run()) for one in (self.case_worker, *self._lines)]
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(one.shutdown() for one in (self.case_worker, *self._lines)))
        await asyncio.gather(*self._running)

    async def start(
        self, world: PaperWorld, policy: Policy | None = None, *, delay: timedelta | None = None
    ) -> RunningCase:
        """A case begins."""
        case_id = f"c-{next(_cases):016x}"
        self.paper.worlds[case_id] = world
        start = world.start(policy or quick(), case_id=case_id, received_at=datetime.now(UTC))
        handle: WorkflowHandle[Any, Any] = await self.client.start_workflow(
            "FraudCase",
            CaseRun(**start.model_dump()),
            id=case_workflow_id(case_id),
            task_queue=CASES_QUEUE,
            task_timeout=timedelta(seconds=10),
            start_delay=delay,
            result_type=Books,
        )
        return RunningCase(self.client, case_id, world, handle)


async def another_run(handle: WorkflowHandle[Any, Any], run_id: str | None) -> WorkflowExecutionDescription:
    """Wait until a workflow is in another run than this."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    while (described := await handle.describe()).run_id == run_id:
        assert asyncio.get_running_loop().time() < deadline, "no further run"
        await asyncio.sleep(0.05)
    return described


async def failed_tasks(handle: WorkflowHandle[Any, Any]) -> list[str]:
    """Why workflow tasks failed; not the one that a machine which stood still made too long: it was done again.

    Several of that kind are the workflow's own.
    """
    failures = [
        event.workflow_task_failed_event_attributes.failure.message
        async for event in handle.fetch_history_events()
        if event.HasField("workflow_task_failed_event_attributes")
    ]
    slow = [one for one in failures if TOO_SLOW in one]
    return failures if len(slow) > 1 else [one for one in failures if one not in slow]


async def until(holds: Callable[[], bool]) -> None:
    """Wait until it is so: for what a case does not say of itself."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    while not holds():
        assert asyncio.get_running_loop().time() < deadline, "never so"
        await asyncio.sleep(0.05)
