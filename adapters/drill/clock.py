"""The drill's clocks: scenario second, bank time and real time (docs/wire.md section 6)."""

import math
import time
from datetime import UTC, datetime


class DrillClock:
    """Follows the sandbox's clock. `t0` is the Unix time of the first report, at scenario second `first_s`."""

    def __init__(self, t0: float, first_s: float, time_scale: float) -> None:
        self.t0 = t0
        self.first_s = first_s
        self.time_scale = time_scale
        self._at_s, self._real = first_s, t0

    def jumped(self, at_s: float, real: float | None = None) -> None:
        """The sandbox says where it stands now."""
        self._at_s, self._real = at_s, time.time() if real is None else real

    def at(self, real: float) -> float:
        """The scenario second at a real moment."""
        return self._at_s + max(0.0, real - self._real) * self.time_scale

    def real_of(self, at_s: float) -> float:
        """The real moment at which a scenario second is reached, if nobody jumps."""
        return self._real + (at_s - self._at_s) / self.time_scale

    def bank_time(self, at_s: float) -> datetime:
        """The bank's time of a scenario second, to the second; a started second counts as that second."""
        past = at_s - self.first_s
        return datetime.fromtimestamp(math.floor(self.t0 + (past if past <= 0 else past / self.time_scale)), UTC)
