"""What the register shows of cases, sheets and authority to those who read it: command line, watch, drills."""

from datetime import datetime

from domain.books import Books
from domain.frozen import Frozen
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
