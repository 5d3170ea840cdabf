"""What a case asks the register to keep: one input model for each activity of the case book."""

from datetime import datetime

from domain.books import BookEntry, Books
from domain.evidence import Evidence
from domain.findings import FindingReport
from domain.frozen import Frozen
from domain.policy import SEAL_RULES, SealRules
from domain.sheets import Decision, Ruling, Sheet


class CaseRecord(Frozen):
    """All that is due at one moment, kept together: sheets made and settled, fuse opened, books, status, the close."""

    case_id: str
    sheets: tuple[Sheet, ...] = ()
    settled: tuple[str, ...] = ()
    """Sheets that other decisions have left nothing to decide on."""
    fuse_raises: tuple[str, ...] = ()
    fuse_opens: int = 0
    books: Books | None = None
    entries: tuple[BookEntry, ...] = ()
    status: str = ""
    outcome: str = ""
    """Not empty: the case closes with it."""
    born_as: str = ""
    """The run that the workflow's start was written for: a reset makes another run of the same start."""
    restarts: int = 0
    """Which of the case's starts speaks."""
    at: datetime


class Decisions(Frozen):
    """Decisions that came together, in the order of arrival."""

    decisions: tuple[Decision, ...]


class Rulings(Frozen):
    """One ruling for each decision, same order."""

    rulings: tuple[Ruling, ...]


class Filing(Frozen):
    """The case filing (立案) as an officer enters it."""

    case_id: str
    number: str
    officer: str
    evidence: Evidence | None = None
    at: datetime


class Halt(Frozen):
    """停手: an officer's word that nothing further leaves the centre."""

    officer: str
    at: datetime


class Visit(Frozen):
    """One on-site verification, as the field officer gets it."""

    case_id: str
    case_number: str
    ordinal: int
    institution: str
    institution_code: str
    number: str
    name: str
    why: str = ""
    """The account in Chinese and English words as the visit was sent out: layer, kind, the disputed sum in it."""
    sealing: SealRules = SEAL_RULES


class Visited(Frozen):
    """What came of a visit; goes back to the case."""

    institution: str
    number: str
    finding: FindingReport


class Standing(Frozen):
    """What a case says of itself when asked: a trainer waits until it is quiet."""

    quiet: bool
    status: str
    pending: tuple[str, ...]
    visits: int
    filing_missing: bool
    at_risk_fen: int
    in_flight: int
    waiting: int
    batches: int
    held_back: int = 0
    """Errands that leave as soon as the register lets them: halted, no authority in force, too many stops a minute."""
    problems: tuple[str, ...]
