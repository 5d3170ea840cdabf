"""What a case knows: one serialisable object, carried whole into the next run when a history grows long."""

from datetime import datetime

from pydantic import BaseModel

from domain.attribution import Cover
from domain.case import CaseOutcome, Status
from domain.findings import Finding
from domain.frozen import Frozen
from domain.orders import AccountRef, Cause, FourElements, Outcome, in_force
from domain.sheets import Sheet, SheetState
from domain.statement import Digest

LIFT_SEQUENCE_BASE = 1000
"""Lifts that let go are numbered by their stop, beyond those that follow freezes: each stop has its own lift."""


class FreezeHeld(Frozen):
    """One executed freeze of this case: its sequence names it when it is to end."""

    sequence: int
    amount_fen: int


class Account(BaseModel):
    """One involved account, from the moment the case hears of it."""

    ref: AccountRef
    layer: int
    met_at: datetime
    evidence: FourElements
    query_first: bool = False
    """A company is queried before it is stopped."""
    stop_asked: bool = False
    stop: Outcome | None = None
    stop_sequence: int = 0
    stop_ended: bool = False
    """The stop was lifted, or has lapsed."""
    lapsed: bool = False
    """The stop came to its own end: what it held is settled as lapsed."""
    stop_for_others: bool = False
    """Frozen for this case, while the stop stands on for other cases' claims."""
    queries: int = 0
    query_out: bool = False
    query_refused: bool = False
    digest: Digest | None = None
    sheeted_fen: int = 0
    """On sheets, decided or not: only the difference goes on a further one."""
    freezes: list[FreezeHeld] = []
    freeze_sequence: int = 0
    covers: list[Cover] = []
    """Its freezes and their ends as the ledger has them: whose money was paid in between depends on them."""
    limited: bool = False
    """Of small share: only an amount-limited freeze, asked for at once."""
    limited_since: datetime | None = None
    release_proposed: bool = False
    letting_go: bool = False
    let_go: bool = False
    let_go_cause: Cause = Cause.NONE
    """Why: finding or decision; what ends late ends for the same cause."""
    let_go_sheet: str = ""
    """The sheet decided so; empty: a finding, which has none."""
    looked_stop: int = 0
    """The last of its stops that a decision has looked at: a stop after it is open."""
    look_asked: int = 0
    """The last of its stops that went on a look sheet."""
    released_on: str = ""
    """The release sheet that lets it go, until a second look at that is asked for."""
    finding: Finding | None = None
    visit: int = 0
    """The ordinal of its on-site verification; 0: none."""
    cut: str = ""
    """Which bound of tracing ends the branch here."""

    @property
    def stopped(self) -> bool:
        """An effective stop stands on it."""
        return in_force(self.stop) and not self.stop_ended

    @property
    def frozen_fen(self) -> int:
        """What this case's executed freezes hold."""
        return sum(freeze.amount_fen for freeze in self.freezes) if self.freezes else 0

    @property
    def settled(self) -> bool:
        """Nothing more is awaited from its bank: stopped or not to be stopped, and its statement is in."""
        return self.digest is not None and not self.query_out


class SheetFile(BaseModel):
    """One sheet and what became of it."""

    sheet: Sheet
    state: SheetState = SheetState.PENDING
    awaited: list[str] = []
    decided_by: list[str] = []
    excepted: list[int] = []
    escalated: bool = False
    kept: bool = False
    decided_at: datetime | None = None
    look_due: bool = False
    """Of an approved release: a second look at what it let go has still to be asked for."""
    settling: bool = False
    """Settled, and the register has still to be told."""


class Problem(Frozen):
    """Something a person must know; in both languages, with nothing personal in it."""

    zh: str
    en: str
    since: datetime


class CaseState(BaseModel):
    """All of it. Dictionaries keep the order of arrival: the workflow may iterate over them."""

    status: Status = Status.RECEIVED
    outcome: CaseOutcome = CaseOutcome.OPEN
    begun: bool = False
    accounts: dict[str, Account] = {}
    numbers: dict[str, str] = {}
    """Reported numbers and links: what came of the carriers' orders."""
    errand_no: int = 0
    sheets: dict[str, SheetFile] = {}
    sheet_count: dict[str, int] = {}
    visits: int = 0
    visits_open: dict[str, int] = {}
    filing_number: str = ""
    problems: dict[str, Problem] = {}
    unknown: dict[int, datetime] = {}
    """Errands whose order is sent and unanswered, since when."""
    asked_person: list[int] = []
    stops_allowed: int = 0
    stops_asked: int = 0
    fuse_waiting: list[str] = []
    quiet_since: datetime | None = None
    """The trace has been quiet since; None while it goes on."""
    gathering_since: datetime | None = None
    """Ripe accounts have waited for company since."""
    cancel_asked: bool = False
    cancelled: bool = False
    batches: int = 0
