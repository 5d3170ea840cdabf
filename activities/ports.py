"""Ports: what activities need of the outside. Adapters implement them; nothing here knows how.

Two errors separate what may have happened at an institution:

    LineError
    ├── NeverSent      nothing left us: sending later is a first sending
    └── PerhapsSent    it may have arrived and taken effect: look up or send the same bytes again
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from domain.books import BookEntry, Books
from domain.findings import FindingReport
from domain.frozen import Frozen
from domain.institutions import Institution
from domain.officers import Officer
from domain.orders import AccountRef, AnswerClass, FourElements, Measure, Order, Outcome
from domain.papers import Paper
from domain.report import Receipt, Report
from domain.sheets import Decision, Ruling, Sheet
from domain.statement import Digest, Statement


class LineError(Exception):
    """An institution's line failed; the subclass says what may have happened."""


class NeverSent(LineError):  # noqa: N818 - the two names say what the centre has to know
    """Nothing left us."""


class PerhapsSent(LineError):  # noqa: N818 - likewise
    """It may have arrived."""


# ---------------------------------------------------------------- institutions


class Letter(Frozen):
    """One order as it travels: the same order gives the same letter, byte by byte."""

    key: str
    serial: str
    message: str
    """Base64, as it stands in the POST."""
    sha256: str
    """Of the message's bytes before Base64; kept in the register and compared when sent again."""


class LetterReceipt(Frozen):
    """That a letter has arrived, or why not.

    `answer_class` maps the code: OK, DUPLICATE (arrived before), LATER, RETRY, PERMANENT.
    """

    key: str
    code: str
    answer_class: AnswerClass


class Reply(Frozen):
    """One answer, understood; or `unreadable` says in one line (nothing personal) why it is not."""

    key: str
    code: str = ""
    """The institution's own result code, also where it is no outcome yet (1100, 1300): a person may want to know."""
    outcome: Outcome | None = None
    statement: Statement | None = None
    unreadable: str = ""


class Fetched(Frozen):
    """What one long poll brought. `missing` were never accepted at this door: send them again."""

    replies: tuple[Reply, ...] = ()
    missing: tuple[str, ...] = ()
    foreign: int = 0
    """Answers with a key that was not asked for; dropped."""


class InstitutionPort(Protocol):
    """The line to one institution (bank, payment institution or carrier).

    It must not decide, retry, wait for effects or write to the register. It must keep the order of nothing, and must
    bear late, doubled, foreign and unreadable answers: foreign ones are dropped and counted, never guessed at.
    """

    def seal(self, order: Order, paper: bytes) -> Letter:
        """Build the letter. Pure: same order and paper, same bytes.

        Raises ValueError naming a field that does not fit its width.
        """
        ...

    async def hand_in(self, letters: Sequence[Letter]) -> list[LetterReceipt]:
        """One POST (more when the list is long). Raises NeverSent or PerhapsSent for the whole list."""
        ...

    async def fetch(self, keys: Sequence[str], *, wait_s: float, linger_s: float) -> Fetched:
        """Long poll for any of these answers. Raises LineError when the line fails: nothing is lost, ask again."""
        ...


class Lines(Protocol):
    """All lines of the centre."""

    def to(self, institution: Institution) -> InstitutionPort:
        """The line to one institution. Raises LookupError when none is configured."""
        ...


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
    cause: str = ""
    """Of a lift: "covered" (freezes cover all claims) or "finding" or "decision" (this case lets go).

    Of an unfreeze: "finding" or "decision".
    """


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

    async def turn(
        self, case_id: str, answers: Sequence[Answered], asks: Sequence[Ask], render: Callable[[Paper], bytes]
    ) -> tuple[list[Kept], list[list[OpenedOrder]]]:
        """Keep answers and open orders of one case at any number of institutions, in one transaction.

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


class Authority(Frozen):
    """The standing authority: signed by both duty officers for their shift."""

    authority_id: str
    handling: str
    second: str
    starts: datetime
    ends: datetime
    revoked_at: datetime | None = None
    revoked_by: str = ""


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

    async def keep_sheet(self, sheet: Sheet) -> None:
        """Keep a sheet; idempotent by case and name."""
        ...

    async def decide(self, decision: Decision) -> Ruling:
        """Check officer, role, persons and standing of the sheet; keep the decision; say what it makes of the sheet.

        Refusals are rulings, not errors.
        """
        ...

    async def keep_finding(self, finding: FindingReport) -> Ruling:
        """Check the officer (role field); keep the finding."""
        ...

    async def keep_filing(self, case_id: str, number: str, officer: str, now: datetime) -> Ruling:
        """The case filing (立案): check the officer, keep the number once; another number later is refused."""
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

    async def give_authority(self, handling: str, second: str, hours: float, now: datetime) -> Ruling:
        """Both duty officers sign the standing authority for their shift; two different persons with their roles."""
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
