"""The result of a drill, as its JSON shows it; amounts in fen."""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict

from domain.books import Books

_WAYS = ("cash", "card", "crypto", "abroad", "merchant")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Left(_Part):
    """Where money went that is out of reach."""

    cash: int = 0
    card: int = 0
    crypto: int = 0
    abroad: int = 0
    merchant: int = 0

    @property
    def all_fen(self) -> int:
        """The sum of all ways."""
        return self.cash + self.card + self.crypto + self.abroad + self.merchant


class Sums(_Part):
    """Where every fen of a loss is: the parts add up to it exactly."""

    loss_fen: int = 0
    held_fen: int = 0
    stop_pending_fen: int = 0
    in_motion_fen: int = 0
    left: Left = Left()
    released_fen: int = 0
    returned_fen: int = 0

    @property
    def accounted_fen(self) -> int:
        """The sum of all parts."""
        return (
            self.held_fen
            + self.stop_pending_fen
            + self.in_motion_fen
            + self.left.all_fen
            + self.released_fen
            + self.returned_fen
        )

    def parts(self) -> dict[str, int]:
        """Each part by its name, as `held_fen` or `left.cash`."""
        ways = {f"left.{way}": getattr(self.left, way) for way in _WAYS}
        return {**self.model_dump(include={*_AMOUNTS}), **ways}


_AMOUNTS = ("loss_fen", "held_fen", "stop_pending_fen", "in_motion_fen", "released_fen", "returned_fen")


def sums_of(books: Books) -> dict[str, Any]:
    """The sums of a case's books in the result's form."""
    left = Left(**{way: getattr(books, f"left_{way}_fen") for way in _WAYS})
    return {**{name: getattr(books, name) for name in _AMOUNTS}, "left": left}


def total_of(rows: Iterable[Sums]) -> Sums:
    """The sum of several."""
    rows = list(rows)
    return Sums(
        **{name: sum(getattr(row, name) for row in rows) for name in _AMOUNTS},
        left=Left(**{way: sum(getattr(row.left, way) for row in rows) for way in _WAYS}),
    )


class ReportResult(Sums):
    """One report, from the centre's register. `first_stop_ms`: from receipt to the first stop at an institution."""

    id: str
    case_id: str
    workflow_id: str
    first_stop_ms: int | None = None
    layers: int = 0
    accounts: int = 0


class WitnessReport(Sums):
    """One report, from the sandbox's book."""

    id: str
    holdable_fen: int = 0
    reachable_fen: int = 0
    exposed_min: float = 0.0
    pursuer_exposed_min: float = 0.0


class FalseHold(_Part):
    """Other people's money held, in yuan-minutes."""

    merchant: float = 0.0
    mule: float = 0.0


class Pursuer(_Part):
    """What a perfect pursuer would have needed and held."""

    seconds: float = 0.0
    held_fen: int = 0
    accounts: int = 0


class Witness(_Part):
    """The sandbox's measures."""

    reports: tuple[WitnessReport, ...] = ()
    merchant_stops: int = 0
    false_hold: FalseHold = FalseHold()
    merchant_hold_after_finding_min: float = 0.0
    pursuer: Pursuer = Pursuer()
    traced_seconds: float = 0.0

    @property
    def reachable_fen(self) -> int:
        """Of all reports."""
        return sum(report.reachable_fen for report in self.reports)


class Unseen(_Part):
    """Money at an institution that did not answer, as each side sees it: where the centre cannot know."""

    report: str
    institution: str
    account: str
    """Bank and last four."""
    unanswered_orders: int
    centre: dict[str, int] = {}
    witness: dict[str, int] = {}


class Difference(_Part):
    """Register and witness disagree on what an institution has answered: an error."""

    report: str
    where: str
    """An account (bank and last four), or a part of the sums."""
    centre: dict[str, int] = {}
    witness: dict[str, int] = {}


class Engine(_Part):
    """What the drill cost the engine: events and activities of every workflow, batches to institutions."""

    events: int = 0
    activities: int = 0
    batches: int = 0


class Result(_Part):
    """The whole. `seconds`: real, from the first report to the end."""

    scenario: str
    run: str
    seconds: float
    reports: tuple[ReportResult, ...]
    total: Sums
    witness: Witness
    unseen: tuple[Unseen, ...] = ()
    differences: tuple[Difference, ...] = ()
    orders: int = 0
    traced_seconds: float | None = None
    """Real seconds from the first report to the last answered stop or query, the closing recheck left out."""
    engine: Engine = Engine()
    violations: int = 0

    @property
    def sound(self) -> bool:
        """Register and witness agree, every part adds up, nothing was violated."""
        rows: tuple[Sums, ...] = (*self.reports, *self.witness.reports)
        return not self.differences and not self.violations and all(row.accounted_fen == row.loss_fen for row in rows)
