"""Visits to holders: each a child workflow that a person can open and answer."""

from collections.abc import Callable
from datetime import timedelta

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ActivityError, ChildWorkflowError, WorkflowAlreadyStartedError

with workflow.unsafe.imports_passed_through():
    from domain.bookkeeping import Visit, Visited
    from domain.identifiers import account_key, verification_workflow_id
    from workflows.casework import holding, visits
    from workflows.casework.case import Case
    from workflows.casework.state import Account
    from workflows.limits import CASES_QUEUE, FINDING, VISIT_AGAIN_MOST
    from workflows.tasks import Tasks
    from workflows.verification import VerificationWorkflow


class Fieldwork:
    """The on-site verifications of one case."""

    def __init__(self, case: Case, tasks: Tasks, wake: Callable[[], None]) -> None:
        """`wake` lets the procedure go on when a finding is in."""
        self._case = case
        self._tasks = tasks
        self._wake = wake
        self._found: list[Visited] = []

    @property
    def busy(self) -> bool:
        """A finding waits to be worked in."""
        return bool(self._found)

    def resume(self) -> None:
        """Follow the visits that were sent out before this run: their answers went elsewhere."""
        for key in self._case.state.visits_open:
            self._tasks.start(self._visit(self._case.state.accounts[key]))

    def send_out(self) -> None:
        """Officers to the holders the policy names."""
        visits.send_out(self._case)
        due, self._case.visits = self._case.visits, []
        for account in due:
            self._tasks.start(self._visit(account))

    def take_in(self) -> None:
        """Findings into effect."""
        found, self._found = self._found, []
        for visited in found:
            key = account_key(visited.institution, visited.number)
            self._case.state.visits_open.pop(key, None)
            holding.take_finding(self._case, key, visited.finding.finding)

    async def _visit(self, account: Account) -> None:
        case_id, institution = self._case.start.case_id, self._case.start.directory.by_id(account.ref.institution)
        visit = Visit(
            case_id=case_id,
            case_number=self._case.start.case_number,
            ordinal=account.visit,
            institution=account.ref.institution,
            institution_code=institution.code if institution else account.ref.institution,
            number=account.ref.number,
            name=account.ref.name,
            why=visits.in_words(self._case, account_key(account.ref.institution, account.ref.number), account),
            sealing=self._case.policy.sealing,
        )
        pause = FINDING.worth
        while True:
            try:
                visited = await workflow.execute_child_workflow(
                    VerificationWorkflow.run,
                    visit,
                    id=verification_workflow_id(case_id, account.visit),
                    task_queue=CASES_QUEUE,
                    memo={"institution": visit.institution, "number": visit.number},
                    static_summary=f"落地查证 {self._case.shown(account)} / on-site verification",
                    parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                    # a visit that was answered is not made again, whoever asks
                    id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
                )
            except (ChildWorkflowError, WorkflowAlreadyStartedError):
                # terminated, or open since before this run: what is found goes to the register, and is not asked again
                found = await self._found_meanwhile(visit, pause)
                pause = min(pause * 2, VISIT_AGAIN_MOST)
                if found is None:
                    continue
                visited = found
            self._found.append(visited)
            self._wake()
            return

    async def _found_meanwhile(self, visit: Visit, within: timedelta) -> Visited | None:
        """What the register keeps of the visit, within this time."""
        try:
            found: Visited = await workflow.execute_activity(
                "read_finding",
                visit,
                result_type=Visited,
                task_queue=CASES_QUEUE,
                start_to_close_timeout=FINDING.one_try,
                schedule_to_close_timeout=within,
                retry_policy=FINDING.retry,
                summary="等待已派出的查证 / await the visit sent out before",
            )
        except ActivityError:
            return None
        return found
