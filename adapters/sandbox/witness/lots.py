"""Whose money lies in an account: a queue of lots, first in, first out (rules section 10).

Amounts are integer fen. A lot belongs to a report, or to nobody (openings, other people's money). Under a freeze
the covered lots stand still, the oldest attributed ones first; a payment takes the oldest of the rest.
"""

from collections import deque
from collections.abc import Iterable

Owner = str | None
"""A report's id, or None: nobody's money."""

Piece = tuple[Owner, int]
"""Money of one owner on its way: (owner, fen)."""


class BookContradictionError(Exception):
    """The records cannot be true together: a bug of the practice institutions or of the witness itself."""


class Lots:
    """The money of one account, oldest first."""

    __slots__ = ("_queue", "attributed", "balance", "of_report")

    def __init__(self, opening_fen: int) -> None:
        self._queue: deque[Piece] = deque([(None, opening_fen)] if opening_fen else [])
        self.balance = opening_fen
        self.of_report: dict[str, int] = {}
        self.attributed = 0

    def receive(self, pieces: Iterable[Piece]) -> None:
        """Append what came in; pieces keep their order. Neighbours of one owner become one lot."""
        queue = self._queue
        for owner, fen in pieces:
            if queue and queue[-1][0] == owner:
                queue[-1] = (owner, queue[-1][1] + fen)
            else:
                queue.append((owner, fen))
            self._book(owner, fen)

    def pay(self, fen: int, frozen_fen: int = 0) -> list[Piece]:
        """Take `fen` from the oldest uncovered lots.

        Raises:
            BookContradictionError: less than `fen` is free beside `frozen_fen`.
        """
        if self.balance - frozen_fen < fen:
            raise BookContradictionError(f"{fen} fen paid, {self.balance} there, {frozen_fen} of them frozen")
        ours = min(frozen_fen, self.attributed)
        others = frozen_fen - ours
        still: list[Piece] = []
        gone: list[Piece] = []
        queue, due = self._queue, fen
        while due:
            owner, lot = queue.popleft()
            covered = min(lot, others if owner is None else ours)
            if owner is None:
                others -= covered
            else:
                ours -= covered
            taken = min(lot - covered, due)
            if lot > taken:
                still.append((owner, lot - taken))
            if taken:
                due -= taken
                gone.append((owner, taken))
                self._book(owner, -taken)
        queue.extendleft(reversed(still))
        return gone

    def covered(self, frozen_fen: int) -> dict[str, int]:
        """Each report's fen that freezes of `frozen_fen` in all cover: the oldest attributed lots first."""
        if frozen_fen >= self.attributed:
            return dict(self.of_report)
        covered: dict[str, int] = {}
        for owner, lot in self._queue:
            if not frozen_fen:
                break
            if owner is not None:
                part = min(lot, frozen_fen)
                covered[owner] = covered.get(owner, 0) + part
                frozen_fen -= part
        return covered

    def counted(self) -> dict[str, int]:
        """Each report's fen, added up anew from the lots: what the running sums are checked against."""
        sums: dict[str, int] = {}
        for owner, lot in self._queue:
            if owner is not None:
                sums[owner] = sums.get(owner, 0) + lot
        return sums

    def _book(self, owner: Owner, fen: int) -> None:
        self.balance += fen
        if owner is None:
            return
        self.attributed += fen
        left = self.of_report.get(owner, 0) + fen
        if left:
            self.of_report[owner] = left
        else:
            del self.of_report[owner]
