"""The port to the register's cases: what activities need of it. Adapters implement it; nothing here knows how."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from domain.bookkeeping import Filing
from domain.books import BookEntry, Books
from domain.findings import FindingReport
from domain.papers import Paper
from domain.sheets import Decision, Ruling, Sheet


class CaseBook(Protocol):
    """The part of the register that cases go through.

    Each method is one transaction; each writes its events to the case's chain.
    """

    async def restarts(self, case_id: str) -> int:
        """How often the case was started again from here; 0 for an unknown case."""
        ...

    async def finding_on(self, case_id: str, institution: str, number: str) -> FindingReport | None:
        """The latest finding of the case on this account."""
        ...

    async def keep_sheet(self, sheet: Sheet, render: Callable[[Paper], bytes] | None = None) -> None:
        """Keep a sheet, and with `render` the drafts of its papers, whose hashes its digest then holds; idempotent."""
        ...

    async def settle_sheets(self, case_id: str, names: Sequence[str], now: datetime) -> None:
        """Look sheets and releases on which nothing is left to decide; idempotent, decided ones stay as they are."""
        ...

    async def decide(self, decision: Decision) -> Ruling:
        """Check officer, role, persons, sheet and evidence; keep the decision with its proof; say what it makes of it.

        Refusals are rulings, not errors; `refused` says why to programs.
        """
        ...

    async def keep_finding(self, finding: FindingReport) -> Ruling:
        """Check the officer (role field) and the evidence; keep the finding with its proof."""
        ...

    async def keep_filing(self, filing: Filing) -> Ruling:
        """The case filing (立案): check officer and evidence, keep the number once; another later is refused."""
        ...

    async def keep_books(
        self, case_id: str, books: Books, entries: Sequence[BookEntry], status: str, now: datetime
    ) -> None:
        """The case's books, account by account (only changed entries are sent); updates this case's claims.

        Illegal status moves raise ValueError.
        """
        ...

    async def close_case(self, case_id: str, outcome: str, now: datetime) -> None:
        """Close the case with its outcome; idempotent."""
        ...

    async def halt(self, officer: str, now: datetime) -> Ruling:
        """停手: revoke the standing authority at once."""
        ...

    async def raise_fuse(self, case_id: str, by: int, sheet: str) -> None:
        """A yes to the fuse opens more stops for this case; once for each sheet."""
        ...
