"""What has to be watched over all open cases, and in which order it stands: sheets, unknown outcomes, deadlines."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from domain.frozen import Frozen


class Kind(StrEnum):
    """What somebody has to see to."""

    SHEET = "sheet"
    """a pending sheet; `at`: it is to be decided"""
    UNKNOWN = "unknown"
    """an order was sent and has no answer; `at`: a person is to be asked (decisions: outcomes)"""
    REFUSED = "refused"
    """an institution refused stops or queries: money not held, or not to be followed; `at`: when it did, due at once"""
    NOT_ENDED = "not_ended"
    """an institution refused to lift or unfreeze, also of closed cases: an account is held on; `at`: when it did"""
    STOP_ENDS = "stop_ends"
    """a stop ends by itself and no freeze covers all of the case's money there (rules R7)"""
    FILING = "filing"
    """the case filing is missing (rules R13); `at`: the first stop ends, or a freeze sheet that waits for it is due"""
    LOOK = "look"
    """a stop that nobody has decided on is due for a second look"""
    VISITS = "visits"
    """nothing is left to decide, findings of on-site verifications are awaited; `at`: since when, so due at once"""


KIND_WORDS: dict[Kind, tuple[str, str]] = {
    Kind.SHEET: ("审批单", "sheet"),
    Kind.UNKNOWN: ("未答复", "no answer"),
    Kind.REFUSED: ("被拒绝", "refused"),
    Kind.NOT_ENDED: ("未解除", "still held"),
    Kind.STOP_ENDS: ("止付到期", "stop ends"),
    Kind.FILING: ("缺立案", "filing missing"),
    Kind.LOOK: ("待复核", "second look due"),
    Kind.VISITS: ("待查证", "findings awaited"),
}


class Order(StrEnum):
    """What stands first: the nearest deadline, or what costs most yuan a minute."""

    DEADLINE = "deadline"
    COST = "cost"


class Entry(Frozen):
    """One line to watch. Moments in UTC, amounts in fen; accounts as bank and last four, never more.

    `fen`: what is at stake. `fen_a_minute`: what each further minute costs: fen held beyond the disputed sum, or fen
    that leave an account no stop is known to hold. `code`: of a refusal, the institution's own. `since`: of an unknown
    order, when it was written.
    """

    kind: Kind
    case_number: str
    at: datetime
    fen: int = 0
    fen_a_minute: int = 0
    sheet: str = ""
    measure: str = ""
    code: str = ""
    accounts: tuple[str, ...] = ()
    since: datetime | None = None

    @property
    def key(self) -> tuple[str, ...]:
        """The same for the same matter from one look to the next."""
        shown = () if self.kind is Kind.FILING else self.accounts
        moment = self.at.isoformat() if self.kind is Kind.STOP_ENDS else ""
        return (self.kind.value, self.case_number, self.sheet, self.measure, moment, *shown)


_LEAVES = (28, 100 * 15)
"""Of money in a mule's account 28 % has left after 15 minutes (rules section 9): so much of it a minute."""


def leaving_a_minute(fen: int) -> int:
    """How many fen of an uncovered sum leave in the minutes after it came, each minute."""
    part, whole = _LEAVES
    return max(0, fen) * part // whole


def ordered(entries: Iterable[Entry], by: Order) -> list[Entry]:
    """The entries as they are read: by the nearest deadline, or by cost with the nearest deadline among equals.

    What is overdue stands first by its deadline, the longest overdue at the top; among equals the dearer minute.
    """
    by_deadline = sorted(entries, key=lambda one: (one.at, -one.fen_a_minute, one.key))
    if by is Order.DEADLINE:
        return by_deadline
    return sorted(by_deadline, key=lambda one: -one.fen_a_minute)
