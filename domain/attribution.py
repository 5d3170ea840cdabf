"""Whose money left: FIFO by serial, exact to the fen (rules section 10).

An account is a queue of lots. A payment takes the oldest lots first and carries their pieces, in order, into the
next account. The victim's own transfers start this report's lots; opening balances and everybody else's money
belong to nobody here. Lots covered by an executed freeze stand still: the oldest attributed lots first, up to the
frozen sum. Of what other cases have frozen this one knows the sum only: their oldest money, among what is not its own.

The ledger is fed with statements in any order; each is worked in where it stands, and only accounts whose inflows
changed are worked again. Serials ascend in the order of effect, so this ends.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from domain.frozen import Frozen
from domain.identifiers import account_key
from domain.statement import Digest, Passage, Way

_EXITS = (Way.CASH, Way.CARD, Way.CRYPTO, Way.ABROAD)


class Piece(NamedTuple):
    """Part of a lot: so much, and whether it is this report's."""

    amount: int
    mine: bool


class Seed(Frozen):
    """One transfer of the victim as reported: the start of this report's money in the payee's account."""

    account: str
    amount_fen: int
    at: datetime
    payer_number: str = ""


class Outflow(NamedTuple):
    """A payment out of an account that carries this report's money."""

    source: str
    passage: Passage
    mine_fen: int


class Cover(NamedTuple):
    """An executed freeze: covers so much of the attributed lots for every payment with a later serial.

    `at` is the bank's own start of it: a payment before that was not covered, even where its row came to light later.
    """

    after_serial: int
    amount_fen: int
    at: datetime | None = None

    def stands_for(self, passage: Passage) -> bool:
        """Whether it stood when this payment was made."""
        return self.after_serial < passage.serial and (self.at is None or self.at <= passage.at)


@dataclass(slots=True)
class _Book:
    """One account's rows and what was worked out of them."""

    digest: Digest | None = None
    serials: frozenset[int] = frozenset()
    seeds: list[Seed] = field(default_factory=list)
    heard: dict[int, Passage] = field(default_factory=dict)
    """Inflows known from the payers' statements, by serial."""
    inflow: dict[int, tuple[Piece, ...]] = field(default_factory=dict)
    """Composition of inflows that come from accounts of this ledger."""
    outflow: dict[int, tuple[Piece, ...]] = field(default_factory=dict)
    covers: list[Cover] = field(default_factory=list)
    mine_fen: int = 0
    """This report's part of what lies in the account."""
    carrying: tuple["Outflow", ...] = ()
    """Payments out that carry this report's money."""
    seeds_unmatched: int = 0


class Ledger:
    """The attribution of one report over all accounts known so far."""

    def __init__(self) -> None:
        """An empty ledger."""
        self._books: dict[str, _Book] = {}
        self._paid: dict[str, dict[str, None]] = {}
        """Who is known to have paid whom, from either side's statement."""
        self._left = dict.fromkeys(_EXITS, 0)
        self._changed: dict[str, None] = {}

    # ------------------------------------------------------------ feeding

    def seed(self, seeds: Iterable[Seed]) -> None:
        """Start this report's lots."""
        touched: dict[str, None] = {}
        for one in seeds:
            self._book(one.account).seeds.append(one)
            touched[one.account] = None
        self._work(touched)

    def take_in(self, account: str, digest: Digest) -> None:
        """Take in an account's statement; a longer one later replaces it. Afterwards all attribution is up to date."""
        book = self._book(account)
        book.digest = digest
        book.serials = frozenset(passage.serial for passage in digest.passages)
        for passage in digest.passages:
            if passage.way is not Way.TRANSFER:
                continue
            other = account_key(passage.institution, passage.number)
            if passage.credit:
                self._paid.setdefault(other, {})[account] = None
            else:
                self._paid.setdefault(account, {})[other] = None
                self._book(other).heard[passage.serial] = passage
        self._work({account: None})

    def cover(self, account: str, amount_fen: int, at: datetime | None = None) -> None:
        """An executed freeze stands on the account from now on, after every row known."""
        book = self._book(account)
        known = [*book.serials, *book.heard]
        book.covers.append(Cover(max(known, default=0), amount_fen, at))
        self._work({account: None})

    def covers(self, account: str) -> list[Cover]:
        """What was said of freezes on the account so far: with it a next ledger attributes every payment the same."""
        book = self._books.get(account)
        return list(book.covers) if book else []

    def cover_as_before(self, account: str, covers: Iterable[Cover]) -> None:
        """Take up the covers another ledger of the same case had."""
        self._book(account).covers = list(covers)
        self._work({account: None})

    def uncover(self, account: str) -> None:
        """The freezes on the account have ended. What was paid before stays as it was paid."""
        book = self._book(account)
        known = [*book.serials, *book.heard]
        standing = sum(cover.amount_fen for cover in book.covers)
        if standing:
            book.covers.append(Cover(max(known, default=0), -standing))
        self._work({account: None})

    # ------------------------------------------------------------ asking

    def attributed(self, account: str) -> int:
        """This report's fen that sit in the account now, as far as is known."""
        book = self._books.get(account)
        return book.mine_fen if book else 0

    def changed(self) -> list[str]:
        """The accounts whose attribution changed since this was last asked, in the order of the changes."""
        changed, self._changed = self._changed, {}
        return list(changed)

    def unmatched_seeds(self, account: str) -> int:
        """How many reported transfers the account's statement does not show."""
        book = self._books.get(account)
        return book.seeds_unmatched if book else 0

    def outflows(self, account: str) -> tuple[Outflow, ...]:
        """The payments out of the account that carry this report's money, in the order of effect."""
        book = self._books.get(account)
        return book.carrying if book else ()

    def left(self) -> dict[Way, int]:
        """This report's fen that left the banks, by way."""
        return dict(self._left)

    def accounts(self) -> list[str]:
        """Every account of the ledger that carries or carried this report's money, in the order met."""
        return [key for key, book in self._books.items() if self._touches(book)]

    def settled_after(self, outstanding: Iterable[str]) -> set[str]:
        """The accounts whose attribution may still grow, given those whose own statements are outstanding.

        An account is among them when known rows lead to it from an outstanding one.
        """
        reached: set[str] = set()
        queue = deque(outstanding)
        while queue:
            key = queue.popleft()
            for target in self._paid.get(key, ()):
                if target not in reached:
                    reached.add(target)
                    queue.append(target)
        return reached

    # ------------------------------------------------------------ working

    def _book(self, account: str) -> _Book:
        return self._books.setdefault(account, _Book())

    @staticmethod
    def _touches(book: _Book) -> bool:
        return bool(book.seeds) or any(piece.mine for pieces in book.inflow.values() for piece in pieces)

    def _work(self, touched: dict[str, None]) -> None:
        queue = deque(touched)
        waiting = dict(touched)
        while queue:
            account = queue.popleft()
            waiting.pop(account, None)
            for target in self._work_one(account):
                if target not in waiting:
                    waiting[target] = None
                    queue.append(target)

    def _work_one(self, account: str) -> list[str]:
        """Replay one account; returns the accounts whose inflow changed by it."""
        book = self._books[account]
        lots: deque[Piece] = deque()
        out: dict[int, tuple[Piece, ...]] = {}
        if book.digest is not None and book.digest.opening_fen > 0:
            lots.append(Piece(book.digest.opening_fen, mine=False))
        seeds_at, early, book.seeds_unmatched = _place_seeds(book)
        for seed in early:
            _push(lots, (Piece(seed.amount_fen, mine=True),))
        for passage, credit in _in_order(book):
            if credit:
                if passage.serial in seeds_at:
                    for one in seeds_at[passage.serial]:
                        _push(lots, one)
                else:
                    _push(lots, book.inflow.get(passage.serial) or (Piece(passage.amount_fen, mine=False),))
            else:
                standing = sum(cover.amount_fen for cover in book.covers if cover.stands_for(passage))
                out[passage.serial] = _take(lots, passage.amount_fen, max(standing, 0), _for_others(book, passage))
        changed = self._hand_on(book, out)
        book.outflow = out
        book.mine_fen = sum(piece.amount for piece in lots if piece.mine)
        self._carry(account, book)
        self._changed[account] = None
        return changed

    def _carry(self, account: str, book: _Book) -> None:
        """Note which payments carry this report's money, and what of it left the banks."""
        carrying = []
        for passage in book.digest.passages if book.digest is not None else ():
            if not passage.credit:
                mine = sum(piece.amount for piece in book.outflow[passage.serial] if piece.mine)
                if mine:
                    carrying.append(Outflow(account, passage, mine))
        for sign, outflows in ((-1, book.carrying), (1, carrying)):
            for outflow in outflows:
                if outflow.passage.way in self._left:
                    self._left[outflow.passage.way] += sign * outflow.mine_fen
        book.carrying = tuple(carrying)

    def _hand_on(self, book: _Book, out: dict[int, tuple[Piece, ...]]) -> list[str]:
        changed: dict[str, None] = {}
        if book.digest is None:
            return []
        for passage in book.digest.passages:
            if passage.credit or passage.way is not Way.TRANSFER:
                continue
            pieces = out[passage.serial]
            if book.outflow.get(passage.serial) == pieces:
                continue
            target = account_key(passage.institution, passage.number)
            self._book(target).inflow[passage.serial] = pieces
            changed[target] = None
        return list(changed)


def _in_order(book: _Book) -> list[tuple[Passage, bool]]:
    """All rows of an account in the order of effect: its own statement's, and inflows heard of from payers."""
    own = book.digest.passages if book.digest is not None else ()
    rows = [(passage, passage.credit) for passage in own]
    rows += [(passage, True) for serial, passage in book.heard.items() if serial not in book.serials]
    return sorted(rows, key=lambda row: row[0].serial)


def _place_seeds(book: _Book) -> tuple[dict[int, list[tuple[Piece, ...]]], list[Seed], int]:
    """Find the reported transfers among the account's credits.

    By amount, time and payer; else by amount and payer; else by amount and time.
    Returns pieces by serial, the seeds no credit was found for (they start the queue), and how many a statement
    that is in does not show.
    """
    placed: dict[int, list[tuple[Piece, ...]]] = {}
    unplaced: list[Seed] = []
    came_in = [passage for passage, credit in _in_order(book) if credit]
    for seed in book.seeds:
        same = [p for p in came_in if p.amount_fen == seed.amount_fen and p.serial not in placed]
        paid_by = [p for p in same if not seed.payer_number or p.number == seed.payer_number]
        best = (
            [p for p in paid_by if p.at == seed.at]
            or (paid_by if seed.payer_number else [])
            or [p for p in same if p.at == seed.at]
        )
        if best:
            placed[best[0].serial] = [(Piece(seed.amount_fen, mine=True),)]
        else:
            unplaced.append(seed)
    return placed, unplaced, len(unplaced) if book.digest is not None else 0


def _for_others(book: _Book, passage: Passage) -> int:
    """What stood frozen for other cases when this payment was made, as far as the account's statement shows."""
    freezes = book.digest.freezes if book.digest is not None else ()
    return sum(one.amount_fen for one in freezes if one.started is not None and one.started <= passage.at)


def _push(lots: deque[Piece], pieces: Sequence[Piece]) -> None:
    for piece in pieces:
        if piece.amount <= 0:
            continue
        if lots and lots[-1].mine == piece.mine:
            lots[-1] = Piece(lots[-1].amount + piece.amount, piece.mine)
        else:
            lots.append(piece)


def _take(lots: deque[Piece], amount: int, covered: int, for_others: int = 0) -> tuple[Piece, ...]:
    """Take the oldest uncovered lots; what the queue does not hold (rows before the period) is nobody's."""
    taken: deque[Piece] = deque()
    kept: list[Piece] = []
    rest = amount
    while rest > 0 and lots:
        piece = lots.popleft()
        still = min(piece.amount, covered if piece.mine else for_others)
        if piece.mine:
            covered -= still
        else:
            for_others -= still
        if still:
            kept.append(Piece(still, piece.mine))
        free = piece.amount - still
        part = min(free, rest)
        if part:
            _push(taken, (Piece(part, piece.mine),))
            rest -= part
        if free > part:
            lots.appendleft(Piece(free - part, piece.mine))
    for piece in reversed(kept):
        if lots and lots[0].mine == piece.mine:
            lots[0] = Piece(lots[0].amount + piece.amount, piece.mine)
        else:
            lots.appendleft(piece)
    if rest > 0:
        _push(taken, (Piece(rest, mine=False),))
    return tuple(taken)
