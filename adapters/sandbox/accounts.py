"""One account at a practice bank: its money, its statement, and the measures that stand on it.

Money moves only where it is free: an account under an effective stop or a whole freeze receives and does not pay,
and amount-limited freezes cover the sums they name. All amounts are fen.
"""

from dataclasses import dataclass, field
from typing import Literal

from adapters.sandbox import scenario

WhyBlocked = Literal["stopped", "frozen", "no cover"]


@dataclass(slots=True)
class Measure:
    """A stop or a freeze that took effect. `amount_fen` None: the whole account. Times are real Unix seconds.

    `ours` is the asking centre's; of another authority's measure only `department` is known.
    """

    kind: Literal["stop", "freeze"]
    application_id: str
    account: str
    amount_fen: int | None
    start: float
    expires: int
    ours: bool
    department: str
    ended: bool = False


@dataclass(slots=True, frozen=True)
class Row:
    """A line of a statement. `other` is the opponent's account, None where the money left the banks (`move.to`)."""

    move: scenario.Move
    credit: bool
    balance_fen: int
    time: str
    serial: int
    done: bool
    other: scenario.Account | None


@dataclass(slots=True)
class Account:
    """Balance, rows oldest first, and measures in the order in which they took effect (the ended ones too)."""

    file: scenario.Account
    balance_fen: int
    rows: list[Row] = field(default_factory=list)
    measures: list[Measure] = field(default_factory=list)
    times_stopped: int = 0
    # What the four elements are compared with: the times at which each amount came in.
    came_in: dict[int, set[str]] = field(default_factory=dict)

    @property
    def standing(self) -> list[Measure]:
        """The measures in effect, oldest first."""
        return [measure for measure in self.measures if not measure.ended]

    @property
    def stop(self) -> Measure | None:
        """The effective stop."""
        return next((measure for measure in self.measures if measure.kind == "stop" and not measure.ended), None)

    @property
    def whole_freeze(self) -> Measure | None:
        """The effective freeze of the whole account, if there is one."""
        return next((freeze for freeze in self.freezes if freeze.amount_fen is None), None)

    @property
    def freezes(self) -> list[Measure]:
        """The effective freezes, oldest first."""
        return [measure for measure in self.measures if measure.kind == "freeze" and not measure.ended]

    @property
    def uncovered_fen(self) -> int:
        """What no effective freeze covers. A stop covers nothing; it only keeps the account from paying."""
        covered = 0
        for freeze in self.freezes:
            if freeze.amount_fen is None:
                return 0
            covered += freeze.amount_fen
        return max(0, self.balance_fen - covered)

    def blocks(self, amount_fen: int) -> WhyBlocked | None:
        """Why a payment of this sum would not leave the account now; None: it would."""
        if self.measures:
            if self.stop is not None:
                return "stopped"
            if self.uncovered_fen < amount_fen <= self.balance_fen:
                return "frozen"
        return "no cover" if self.balance_fen < amount_fen else None
