"""What the register shows to command line, watch and drills: cases, sheets, authority, audited papers."""

from datetime import datetime

from domain.books import Books
from domain.frozen import Frozen
from domain.papers import PaperKind
from domain.sheets import Sheet


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


class PaperFault(Frozen):
    """One thing that does not agree. `paper`: its number, empty: of an order without one; `case_number` empty: none."""

    case_number: str = ""
    paper: str = ""
    order: str = ""
    what: str


class DecidedBy(Frozen):
    """One decision on the sheet of a paper. `evidence`: what proved it; empty: from before evidence was asked for."""

    officer: str
    roles: tuple[str, ...]
    verdict: str
    evidence: str
    at: datetime


class PaperTrail(Frozen):
    """One paper with all that stands behind it. `event`: its number in the case's chain, 0: none names it.

    `authority`: the standing authority or the sheet that it rests on; `decided`: of that sheet, in order of time.
    `sheet`: of a freeze, which has papers of one sheet alone.
    """

    number: str
    kind: PaperKind
    institution: str
    sha256: str
    accounts: int
    issued_at: datetime
    event: int
    says_hash: bool
    """False: the event is from before and names the number alone."""
    orders: tuple[str, ...]
    sheet: str
    authority: str
    cause: str
    """Of what lets go: covered, finding or decision; else empty."""
    handling: str
    second: str
    decided: tuple[DecidedBy, ...]


class PaperAudit(Frozen):
    """The papers of one case, and what is wrong with them. `orders`: how many were looked at, carriers' included."""

    case_number: str
    papers: tuple[PaperTrail, ...]
    orders: int
    faults: tuple[PaperFault, ...]

    @property
    def said_less(self) -> int:
        """How many papers' events name the number alone."""
        return sum(1 for one in self.papers if one.event and not one.says_hash)

    def only(self, of: str) -> "PaperAudit | None":
        """The paper of this number, or that this order carries, with its own faults; None: there is none here."""
        papers = tuple(one for one in self.papers if of == one.number or of in one.orders)
        if not papers:
            return None
        own = {one.number for one in papers}
        faults = tuple(one for one in self.faults if one.paper in own or not (one.paper or one.order))
        return self.model_copy(update={"papers": papers, "orders": len(papers[0].orders), "faults": faults})
