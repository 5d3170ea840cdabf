"""The standing authority as two duty officers sign it: who, how long, which bounds (decisions: evidence first)."""

from datetime import datetime

from domain.evidence import Binding, Purpose, Signatory, binding_of
from domain.frozen import Frozen


class AuthorityWord(Frozen):
    """What both duty officers sign. `hours` of the shift; bounds of the tracing it covers; `at` in UTC."""

    handling: Signatory
    second: Signatory
    hours: float
    layers: int
    accounts: int
    at: datetime

    @property
    def content(self) -> tuple[str, ...]:
        """Line by line, the same for both."""
        return (
            f"handling {self.handling.officer}",
            f"second {self.second.officer}",
            f"hours {self.hours:g}",
            f"layers {self.layers}",
            f"accounts {self.accounts}",
        )

    def binding(self, officer: str) -> Binding:
        """What this officer's evidence is bound to."""
        return binding_of(Purpose.AUTHORITY, officer, *self.content)


class Halt(Frozen):
    """A halt that stands: who said it first, and from when nothing leaves (UTC)."""

    officer: str
    at: datetime


def authority_claims(
    authority_id: str, starts: datetime, ends: datetime, content: tuple[str, ...] | list[str]
) -> tuple[str, ...]:
    """What each of the two proofs claims: this authority, this term, this content."""
    return (f"authority {authority_id}", f"starts {starts.timestamp():.6f}", f"ends {ends.timestamp():.6f}", *content)
