"""False hold: other people's money held, and how long a merchant stayed held after the finding.

Other people's money is what our measures cover beyond the sum attributed to reports. Durations are real: a person
waits in real minutes, however fast the scenario's clock runs.
"""

from dataclasses import dataclass

from adapters.sandbox.scenario import Scenario
from adapters.sandbox.witness.holds import Measure

_FEN_A_YUAN = 100
_SECONDS_A_MINUTE = 60


@dataclass(slots=True)
class _Meter:
    fen: int = 0
    since: float = 0.0
    fen_seconds: float = 0.0

    def read(self, real: float) -> None:
        self.fen_seconds += self.fen * max(0.0, real - self.since)
        self.since = real


class FalseHold:
    """Running sums; `real` is Unix time throughout."""

    def __init__(self, scenario: Scenario) -> None:
        self._roles = {account.id: account.role for account in scenario.accounts}
        self._meters: dict[str, _Meter] = {}
        self._found_merchant: dict[str, float] = {}
        self._longest_s = 0.0

    def note(self, account: str, covered_fen: int, attributed_fen: int, real: float) -> None:
        """From `real` on our measures cover so much of the account, and so much of it is reports' money."""
        others = max(0, covered_fen - attributed_fen)
        meter = self._meters.get(account)
        if meter is None:
            if others:
                self._meters[account] = _Meter(others, real)
        elif meter.fen != others:
            meter.read(real)
            meter.fen = others

    def found(self, account: str, finding: str, real: float) -> None:
        """The field officers' finding; the first that says merchant sets the clock, another one takes it back."""
        if finding == "merchant":
            self._found_merchant.setdefault(account, real)
        else:
            self._found_merchant.pop(account, None)

    def stood(self, account: str, measure: Measure, until: float) -> None:
        """A measure ended at `until`, or stands until now."""
        found = self._found_merchant.get(account)
        if found is not None and measure.ours:
            self._longest_s = max(self._longest_s, until - max(found, measure.since))

    def yuan_minutes(self, role: str, now: float) -> float:
        """Other people's money held in accounts of a role, up to now."""
        total = 0.0
        for account, meter in self._meters.items():
            if self._roles[account] == role:
                meter.read(now)
                total += meter.fen_seconds
        return total / _FEN_A_YUAN / _SECONDS_A_MINUTE

    @property
    def longest_after_finding_min(self) -> float:
        """The longest that one of our measures stood on a merchant's account after its finding."""
        return self._longest_s / _SECONDS_A_MINUTE
