"""How an account stands, for people: a colour, a mark and two words. The mark serves who cannot see the colour."""

from dataclasses import dataclass
from enum import Enum

from domain.books import BookEntry


@dataclass(frozen=True)
class Look:
    """How one standing is shown. `fill` and `line` are colours; `mark` stands in the box."""

    mark: str
    zh: str
    en: str
    fill: str
    line: str


class Standing(Enum):
    """Where the greater part of an account's attributed money stands."""

    FROZEN = Look("冻", "已冻结", "frozen", "#d3e5fa", "#1453a3")
    STOPPED = Look("止", "已止付", "stopped", "#d5f0da", "#1b7a36")
    PENDING = Look("待", "待答复", "pending", "#fff0c2", "#a86a00")
    MOTION = Look("险", "未控制", "at large", "#ffd6d1", "#c01818")
    MERCHANT = Look("商", "善意商户", "merchant", "#ecdcf7", "#7a2ea0")
    RELEASED = Look("放", "已放行", "released", "#d2f0ef", "#0d7377")
    EMPTY = Look("过", "已流走", "passed on", "#ececec", "#777777")

    @property
    def look(self) -> Look:
        """Colour, mark and words."""
        return self.value


def standing_of(entry: BookEntry) -> Standing:
    """The greatest part decides; of equal parts the one at risk, so that risk is never hidden by a tie."""
    if entry.attributed_fen <= 0:
        return Standing.EMPTY
    if entry.held_fen == entry.attributed_fen:  # the ordinary case, and there are thousands
        return Standing.FROZEN if 2 * entry.frozen_fen > entry.held_fen else Standing.STOPPED
    parts = (
        (entry.in_motion_fen, Standing.MOTION),
        (entry.stop_pending_fen, Standing.PENDING),
        (entry.held_fen - entry.frozen_fen, Standing.STOPPED),
        (entry.frozen_fen, Standing.FROZEN),
        (entry.merchant_fen, Standing.MERCHANT),
        (entry.released_fen, Standing.RELEASED),
    )
    return max(parts, key=lambda part: part[0])[1]
