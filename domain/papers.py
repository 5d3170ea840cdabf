"""Legal documents, as values: what is printed on the paper that goes with an order."""

from datetime import datetime
from enum import StrEnum

from domain.frozen import Frozen
from domain.officers import Role
from domain.orders import OfficerCard


class PaperKind(StrEnum):
    """Which document. Each has a series of numbers of its own, and its text in adapters/papers/templates."""

    STOP = "stop"
    EXTEND = "extend"
    LIFT = "lift"
    FREEZE = "freeze"
    RENEW = "renew"
    UNFREEZE = "unfreeze"
    QUERY = "query"


class Scope(StrEnum):
    """How much of the accounts a paper is about (rules F5)."""

    LIMITED = "limited"
    WHOLE = "whole"
    MIXED = "mixed"
    """Some lines name an amount, the others mean the whole account."""


class PaperLine(Frozen):
    """One measure at one account in the annex."""

    number: str
    name: str
    amount_fen: int | None = None


class Paper(Frozen):
    """One numbered document for one case, institution and kind; several accounts stand in its annex.

    The same paper gives the same bytes, as long as its words (without: the templates) and the seal are the same.
    `issued_at` is UTC.
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
    interest: bool = True
    """Whether the interest goes with the money (rules F1)."""
    draft: bool = False
    """For approval: without number, officers and seal, which it gets when it is issued."""
    accounts_most: int = 0
    """Of a draft that is issued in several papers: about so many accounts each at most. 0: in one."""
    words: str = ""
    """The text it is printed with (adapters/papers/words.py); empty: the printer's own."""

    @property
    def accounts(self) -> int:
        """How many accounts it is about: two freezes of one account are two lines."""
        return len({line.number for line in self.lines})

    @property
    def scope(self) -> Scope:
        """Limited when every line names its amount, whole when none does."""
        named = [line.amount_fen is not None for line in self.lines]
        if all(named):
            return Scope.LIMITED
        return Scope.MIXED if any(named) else Scope.WHOLE


class IssuedPaper(Frozen):
    """A paper as the register lists it. `sha256`: of the document.

    `sheet`: the sheet that its orders rest on; empty: the standing authority or a finding.
    """

    number: str
    kind: PaperKind
    institution: str
    sheet: str = ""
    sha256: str
    accounts: int
    issued_at: datetime
