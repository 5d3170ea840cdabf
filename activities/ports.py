"""Ports: what activities need of the register. Adapters implement them; nothing here knows how.

Those to institutions are in line_ports.py.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from domain.authority import AuthorityWord
from domain.bookkeeping import Filing
from domain.books import BookEntry, Books
from domain.findings import FindingReport
from domain.frozen import Frozen
from domain.institutions import Institution
from domain.officers import Officer
from domain.orders import AccountRef, Cause, FourElements, Measure, Order, Outcome
from domain.papers import Paper
from domain.report import Receipt, Report
from domain.sheets import Decision, Ruling, Sheet
from domain.statement import Digest, Statement

# ---------------------------------------------------------------- register: orders


class Draft(Frozen):
    """An order as a case wants it, before the register entitles and completes it."""

    measure: Measure
    account: AccountRef | None = None
    target: str = ""
    """For carriers: the number or link."""
    evidence: FourElements | None = None
    amount_fen: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    sequence: int = 1
    sheet: str = ""
    """The sheet that entitles a freeze; empty: the standing authority entitles it."""
    cause: Cause = Cause.NONE
    """Of a lift, one of `ENDS_A_HOLD`; of an unfreeze, one of `LETS_GO`."""


class OpenOrders(Frozen):
    """Ask the register to entitle and write orders of one case to one institution."""

    case_id: str
    institution: Institution
    drafts: tuple[Draft, ...]
    now: datetime


class OpenedOrder(Frozen):
    """One draft's standing, in the order asked.

    new       written now, to be handed in for the first time
    sent      written before (by this activity's earlier attempt or another case): fetch its answer, send again if it
              stays out
    answered  its outcome is here
    held_back not entitled: outcome is HeldBack
    """

    application_id: str
    standing: str
    order: Order | None = None
    outcome: Outcome | None = None
    digest: Digest | None = None
    last_sent_at: datetime | None = None
    joined: bool = False
    """True: another case's order does it; never send it from here."""


class Answered(Frozen):
    """One answer to be kept."""

    application_id: str
    outcome: Outcome
    statement: Statement | None = None


class Ask(NamedTuple):
    """Orders that one institution is asked for in a turn, and how their letters are sealed.

    `seal` gives the SHA-256 of the letter's bytes before the order is kept, so that what leaves is what is on record;
    it returns "" for an order that fits no letter (the caller makes that a person's task).
    """

    request: OpenOrders
    seal: Callable[[Order, bytes], str]


class CaseTurn(NamedTuple):
    """What one case has to say to the register at one moment: answers to keep, then orders to open."""

    case_id: str
    answers: tuple[Answered, ...]
    asks: tuple[Ask, ...]
    received_at: datetime
    """When the case's report was received: under load the older case goes first, so that cases end one by one."""
    pressing: bool = False
    """Something is let go: somebody is wronged each minute longer."""

    @property
    def weight(self) -> int:
        """Answers and drafts in it."""
        return len(self.answers) + sum(len(ask.request.drafts) for ask in self.asks)

    @property
    def pursues(self) -> bool:
        """Whether it stops or queries accounts."""
        return any(draft.measure in {Measure.STOP, Measure.QUERY} for ask in self.asks for draft in ask.request.drafts)

    @property
    def can_wait(self) -> bool:
        """Whether it only freezes what is stopped already, or ends stops that freezes have taken the place of."""
        drafts = [draft for ask in self.asks for draft in ask.request.drafts]
        return bool(drafts) and all(draft.measure in {Measure.FREEZE, Measure.LIFT} for draft in drafts)


class Kept(Frozen):
    """The answer as the register keeps it: the first one stands, a later different one is recorded and ignored."""

    application_id: str
    outcome: Outcome
    digest: Digest | None = None


class OrderBook(Protocol):
    """The part of the register that orders go through. Each method is one transaction of its own."""

    async def open_orders(self, request: OpenOrders, render: Callable[[Paper], bytes]) -> list[OpenedOrder]:
        """Entitle, claim, write.

        Reads standing authority, halt, fuse and decisions in this very transaction (ARCHITECTURE 7).

        stop     needs a standing authority in force; counts against the fuse; an account that another case of ours has
                 stopped (or is stopping) is joined, not stopped again
        query    an account under our stop whose complete statement from after the stop is kept needs no new query
        freeze   needs an approved sheet holding this very account and amount
        lift     cause covered: only when executed freezes cover every claim of every case on the account;
                 cause finding or decision: releases this case's claim, and only when no other case's claim remains
        """
        ...

    async def turns(
        self, turns: Sequence[CaseTurn], render: Callable[[Paper], bytes]
    ) -> list[tuple[list[Kept], list[list[OpenedOrder]]]]:
        """Keep answers and open orders of any cases at any institutions, in one transaction; one result for each turn.

        The same as `keep_answers` followed by `open_orders` for each ask: one commit for all that came together.
        """
        ...

    async def paper(self, sha256: str) -> bytes:
        """A stored document. Raises LookupError."""
        ...

    async def note_sealed(self, sealed: Sequence[tuple[str, str]]) -> None:
        """Keep the message digests (application_id, sha256) of letters about to leave.

        Raises ValueError when one differs from before.
        """
        ...

    async def note_sent_again(self, application_ids: Sequence[str], now: datetime) -> list[str]:
        """The same bytes are about to leave once more. Returns those that may: a halt holds back all that coerces."""
        ...

    async def keep_answers(self, answers: Sequence[Answered], now: datetime) -> list[Kept]:
        """Outcomes, clocks, measures, holds and statement rows; idempotent."""
        ...


# ---------------------------------------------------------------- register: cases


class CaseRow(Frozen):
    """A case as lists show it. status and outcome are two fields."""

    case_id: str
    case_number: str
    workflow_id: str
    category: str
    status: str
    outcome: str
    loss_fen: int
    received_at: datetime
    started: bool
    filing_number: str
    layers: int
    accounts: int
    books: Books


class SheetRow(Frozen):
    """A sheet with what was decided on it."""

    sheet: Sheet
    case_number: str
    state: str
    awaited: tuple[str, ...]
    decided_by: tuple[str, ...]
    except_lines: tuple[int, ...] = ()
    """Taken out by those who approved so far."""


class Authority(Frozen):
    """The standing authority: signed by both duty officers for their shift."""

    authority_id: str
    handling: str
    second: str
    starts: datetime
    ends: datetime
    revoked_at: datetime | None = None
    revoked_by: str = ""
    proven: bool = True
    """False: given before evidence was asked for; nothing leaves under it."""


class OpenCase(Frozen):
    """A case that is open in the register and whose workflow is to be running."""

    case_id: str
    workflow_id: str
    restarts: int = 0
    """How often it was started again."""
    restarted_at: datetime | None = None


class CaseBook(Protocol):
    """The part of the register that cases go through.

    Each method is one transaction; each writes its events to the case's chain.
    """

    async def file_report(self, report: Report, now: datetime) -> Receipt:
        """Commit report, case and outbox row together; the same report again joins (DOMAIN 1, ARCHITECTURE 5)."""
        ...

    async def unstarted(self, older_than_s: float, limit: int) -> list[tuple[str, Report, Receipt]]:
        """Cases whose outbox row is still open: (case_id, report, receipt)."""
        ...

    async def note_started(self, case_id: str) -> None:
        """The workflow runs: the outbox row is closed."""
        ...

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

    async def give_authority(self, word: AuthorityWord) -> Ruling:
        """Both duty officers sign the standing authority for their shift; two persons, their roles, their evidence."""
        ...

    async def raise_fuse(self, case_id: str, by: int, sheet: str) -> None:
        """A yes to the fuse opens more stops for this case; once for each sheet."""
        ...


class Roster(Protocol):
    """Officers and institutions of the register."""

    async def officers(self) -> list[Officer]:
        """All officers."""
        ...

    async def put_officers(self, officers: Sequence[Officer]) -> None:
        """Add or change, with history."""
        ...

    async def institutions(self) -> list[Institution]:
        """All institutions."""
        ...

    async def put_institutions(self, institutions: Sequence[Institution]) -> None:
        """Add or change, with history."""
        ...
