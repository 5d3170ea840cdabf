"""Legal documents, as values: what is printed on the paper that goes with an order."""

from datetime import datetime
from enum import StrEnum

from domain.frozen import Frozen
from domain.officers import Role
from domain.orders import OfficerCard


class PaperKind(StrEnum):
    """Which document: its attachment kind on the wire is the value's second name in the adapter."""

    STOP = "stop"
    LIFT = "lift"
    FREEZE = "freeze"
    UNFREEZE = "unfreeze"
    QUERY = "query"


class PaperLine(Frozen):
    """One account in the annex."""

    number: str
    name: str
    amount_fen: int | None = None


class Paper(Frozen):
    """One numbered document for one case, institution and kind; the accounts stand in its annex.

    The same paper renders to the same bytes. `issued_at` is UTC.
    """

    kind: PaperKind
    number: str
    case_number: str
    category: str
    institution_name: str
    organ: str
    lines: tuple[PaperLine, ...]
    handling: OfficerCard
    second: OfficerCard
    issued_at: datetime
    term: str = ""
    basis: str = ""
    """The law it rests on, from the policy; empty: the two acts in general."""
    level: tuple[Role, ...] = ()
    """The roles of those who ordered or approved it."""
