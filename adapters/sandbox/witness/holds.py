"""The measures that stand on one account, as the book tells of them.

Only the centre's own measures hold for the witness; another authority's stop or whole freeze merely keeps the
account from paying, so that its money is not exposed.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Measure:
    """A stop or freeze in force. `amount_fen` None: the whole account. `since`: Unix time of its effect."""

    application_id: str
    kind: str
    amount_fen: int | None
    ours: bool
    since: float


@dataclass(slots=True)
class Holds:
    """All measures in force on one account, and how the last of ours ended."""

    in_force: dict[str, Measure] = field(default_factory=dict)
    let_go: bool = False
    """The last measure of ours to end was lifted or unfrozen by decision; a lapse is no decision."""

    def begin(self, measure: Measure) -> None:
        """A measure took effect."""
        self.in_force[measure.application_id] = measure

    def end(self, application_id: str, *, by_decision: bool) -> Measure | None:
        """End a measure; None if none of that name stands."""
        measure = self.in_force.pop(application_id, None)
        if measure is not None and measure.ours:
            self.let_go = by_decision
        return measure

    def covered(self, balance_fen: int) -> int:
        """Fen of the balance that our measures cover: all of it, or the sum of our limited freezes."""
        total = 0
        for measure in self.in_force.values():
            if measure.ours:
                if measure.amount_fen is None:
                    return balance_fen
                total += measure.amount_fen
        return min(total, balance_fen)

    def frozen(self) -> int:
        """Sum of all limited freezes of ours: what a payment must leave lying, while nothing stands on the whole."""
        return sum(m.amount_fen or 0 for m in self.in_force.values() if m.ours)

    @property
    def still(self) -> bool:
        """Somebody's measure stands on the whole account: it does not pay."""
        return any(measure.amount_fen is None for measure in self.in_force.values())

    @property
    def held_by_us(self) -> bool:
        """A measure of ours is in force."""
        return any(measure.ours for measure in self.in_force.values())
