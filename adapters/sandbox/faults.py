"""Faults on demand: each has its own seeded dice, an institution it is for, and a number of times it may strike.

Only the dice, the counting and the spoiling live here; where a fault strikes is said where the letter, the effect
or the answer passes. How often the dice were thrown is written down, so that a restarted world throws on.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any, Final

CHANNEL_DOWN: Final = "channel_down"
CHANNELS: Final = ("webhook", "smtp", "sms")
KINDS: Final = (
    "lose_reply",
    "http_5xx",
    "http_5xx_after",
    "delay",
    "garbage",
    "duplicate_answer",
    "foreign_answer",
    "wrong_case",
    "down",
    "rate_limit",
    "refuse",
    CHANNEL_DOWN,
)


@dataclass(slots=True)
class Fault:
    """One fault. `institution`: whom it strikes, of `channel_down` the channel; None: all of them.

    `count` None: as often as the dice say. `seconds`: of a delay.
    """

    kind: str
    institution: str | None = None
    probability: float = 1.0
    seconds: float = 0.0
    count: int | None = None
    code: str = ""
    seed: int = 0
    thrown: int = 0
    struck: int = 0
    _dice: random.Random = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)  # noqa: S311 - repeatable on purpose
        for _ in range(self.thrown):
            self._dice.random()

    def strikes(self) -> bool:
        """Throw the dice."""
        if self.count is not None and self.struck >= self.count:
            return False
        self.thrown += 1
        hit = self._dice.random() < self.probability
        self.struck += hit
        return hit


class Faults:
    """The faults of a world."""

    def __init__(self, active: Iterable[Fault] = ()) -> None:
        self.active = list(active)
        self.changed = False

    def kept(self) -> list[dict[str, Any]]:
        """All of them, as the book keeps them."""
        self.changed = False
        return [{part.name: getattr(fault, part.name) for part in fields(fault) if part.init} for fault in self.active]

    def set(self, faults: Iterable[Fault]) -> None:
        """Add faults."""
        self.active.extend(faults)
        self.changed = True

    def clear(self) -> None:
        """End all faults."""
        self.active.clear()
        self.changed = True

    def strike(self, kind: str, institutions: Iterable[str]) -> Fault | None:
        """The first fault of this kind that strikes one of these institutions now."""
        if not self.active:
            return None
        named = {*institutions}
        for fault in self.active:
            if fault.kind == kind and (fault.institution is None or fault.institution in named):
                self.changed = True
                if fault.strikes():
                    return fault
        return None


def other_key(key: str) -> str:
    """A key of the same form that nobody handed in: the code kept, the digits turned round."""
    turned = key[:4] + "".join(str(9 - int(digit)) if digit.isdigit() else digit for digit in key[4:])
    return turned[:-1] + ("7" if turned[-1] != "7" else "8")


def in_anothers_name(answer: bytes, key: str) -> bytes:
    """The answer with somebody else's ApplicationID in it."""
    return answer.replace(key.encode(), other_key(key).encode())


def junk(answer: bytes) -> bytes:
    """Bytes that are no message: the answer cut short and mangled."""
    return b"\x00\xff" + answer[: len(answer) // 3][::-1]
