"""The counterpart register: what a case asks it to keep, and what it rules."""

from collections.abc import Callable
from datetime import UTC, datetime

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.case_ports import CaseBook
from domain.bookkeeping import CaseRecord, Decisions, Filing, Halt, Rulings, Visit, Visited
from domain.findings import FindingReport
from domain.papers import Paper
from domain.sheets import Ruling


class RegisterActivities:
    """The register's side of a case. Each activity is idempotent: a case may ask twice."""

    def __init__(self, book: CaseBook, render: Callable[[Paper], bytes]) -> None:
        """`render` turns a legal document into its bytes."""
        self._book = book
        self._render = render

    @activity.defn(name="keep_record")
    async def keep_record(self, record: CaseRecord) -> bool:
        """Keep sheets made and settled, an opened fuse, books and status; close the case when the record says its end.

        False, and nothing is kept: this run does not speak for the case. A run made by a reset knows less than was
        done, and an older start has been followed by another; the case goes on from the register.
        """
        if record.born_as not in {"", activity.info().workflow_run_id}:
            return False
        if await self._book.restarts(record.case_id) > record.restarts:
            return False
        for sheet in record.sheets:
            await self._book.keep_sheet(sheet, self._render)
        if record.settled:
            await self._book.settle_sheets(record.case_id, record.settled, record.at)
        for sheet_name in record.fuse_raises:
            await self._book.raise_fuse(record.case_id, record.fuse_opens, sheet_name)
        if record.books is not None:
            await self._book.keep_books(record.case_id, record.books, record.entries, record.status, record.at)
        if record.outcome:
            await self._book.close_case(record.case_id, record.outcome, datetime.now(UTC))
        return True

    @activity.defn(name="decide")
    async def decide(self, decisions: Decisions) -> Rulings:
        """Rule on decisions, in their order."""
        return Rulings(rulings=tuple([await self._book.decide(one) for one in decisions.decisions]))

    @activity.defn(name="keep_finding")
    async def keep_finding(self, finding: FindingReport) -> Ruling:
        """Keep a finding of an officer entitled to it."""
        return await self._book.keep_finding(finding)

    @activity.defn(name="read_finding")
    async def read_finding(self, visit: Visit) -> Visited:
        """The latest finding kept on a visit's account. Raises NotFoundYet, to be asked again, when there is none."""
        finding = await self._book.finding_on(visit.case_id, visit.institution, visit.number)
        if finding is None:
            raise ApplicationError("no finding yet", type="NotFoundYet")
        return Visited(institution=visit.institution, number=visit.number, finding=finding)

    @activity.defn(name="keep_filing")
    async def keep_filing(self, filing: Filing) -> Ruling:
        """Keep the case filing."""
        return await self._book.keep_filing(filing)

    @activity.defn(name="halt")
    async def halt(self, halt: Halt) -> Ruling:
        """Revoke the standing authority of the whole centre, on the word of any active officer."""
        return await self._book.halt(halt.officer, halt.at)
