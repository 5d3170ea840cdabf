"""Scenario second, bank time, real time: the three clocks of a world and the formulas between them.

Only the fraudsters' moves and the arrival of reports are scaled; legal terms run on the real clock. A jump skips
scenario time in which nothing could happen, so the relation of scenario to real time is kept as one sum of skips;
bank time is a formula of the scenario second alone, so that a row's time never depends on when somebody jumped.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Final

CHINA: Final = timezone(timedelta(hours=8))
TEXT_FORM: Final = "%Y%m%d%H%M%S"
TEXT_WIDTH: Final = 14
FIRST_YEAR: Final = 1970  # nothing a bank is asked about is older, and Unix time begins here


def bank_text(unix: float) -> str:
    """Unix time as `yyyyMMddHHmmss` in China Standard Time; a started second counts as that second."""
    return datetime.fromtimestamp(math.floor(unix), CHINA).strftime(TEXT_FORM)


def bank_moment(text: str) -> int:
    """Unix time of a bank's time text. Raises ValueError for anything but 14 digits that are a date since 1970."""
    if len(text) != TEXT_WIDTH or not text.isascii() or not text.isdigit():
        raise ValueError("a time is 14 digits, yyyyMMddHHmmss")
    # Taken apart by hand: strptime costs ten times as much, and every order carries several times.
    year, month, day = int(text[:4]), int(text[4:6]), int(text[6:8])
    if year < FIRST_YEAR:
        raise ValueError("a time before 1970")
    return int(datetime(year, month, day, int(text[8:10]), int(text[10:12]), int(text[12:]), tzinfo=CHINA).timestamp())


@dataclass(slots=True)
class Clock:
    """The clock of one world.

    `first_s`: the scenario second of the first report. `t0`: its real moment, None until the world is started.
    `skipped_s`: scenario seconds jumped over so far. `ended_at_s`: where the clock stands once the world has ended.
    """

    first_s: float
    time_scale: float
    t0: float | None = None
    skipped_s: float = 0.0
    ended_at_s: float | None = None

    @property
    def started(self) -> float:
        """The first report's real moment. Raises ValueError before the start."""
        if self.t0 is None:
            raise ValueError("the world has not been started")
        return self.t0

    def at(self, real: float) -> float:
        """The scenario second at a real moment; where the clock stands, before the start and after the end."""
        if self.ended_at_s is not None:
            return self.ended_at_s
        if self.t0 is None:
            return self.first_s
        return self.first_s + max(0.0, real - self.t0) * self.time_scale + self.skipped_s

    def real_of(self, at_s: float) -> float:
        """The real moment at which a scenario second is reached if nobody jumps (again)."""
        if at_s <= self.first_s:
            return self.bank_time(at_s)
        return self.started + (at_s - self.first_s - self.skipped_s) / self.time_scale

    def bank_time(self, at_s: float) -> float:
        """The bank's Unix time of a scenario second, as statements and the four elements use it."""
        past = at_s - self.first_s
        return self.started + (past if past <= 0 else past / self.time_scale)

    def skip_to(self, at_s: float, real: float) -> None:
        """Let the scenario second at this real moment be `at_s`; the clock never goes back."""
        self.skipped_s += max(0.0, at_s - self.at(real))
