"""Statements: what a bank says moved through an account."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from domain.frozen import Frozen
from domain.orders import AccountKind

POLICE_FREEZE = "0002"
"""Kind of an earlier measure, as statements have it."""


class Way(StrEnum):
    """Where a row's money went or came from."""

    TRANSFER = "transfer"
    CASH = "cash"
    CARD = "card"
    CRYPTO = "crypto"
    ABROAD = "abroad"


class Row(Frozen):
    """One row of a statement, whole, as the register keeps it. `serial` orders all rows of all banks: FIFO by it."""

    serial: int
    at: datetime
    credit: bool
    amount_fen: int
    balance_fen: int
    done: bool = True
    """False: status 01, a failed row that moves no money."""
    way: Way = Way.TRANSFER
    opponent_institution: str = ""
    opponent_number: str = ""
    opponent_name: str = ""
    opponent_kind: AccountKind = AccountKind.PERSON
    channel: str = ""
    place: str = ""
    merchant: str = ""
    ip: str = ""
    mac: str = ""
    terminal: str = ""


class EarlierMeasure(Frozen):
    """A measure that stood on the account when it was queried."""

    authority: str
    amount_fen: int | None
    started: datetime | None
    expires: datetime | None
    kind: str
    application_id: str = ""


class Statement(Frozen):
    """One answer to a query, or several pages of it put together; rows oldest first, unique by serial."""

    holder_name: str = ""
    holder_id_type: str = ""
    holder_id_number: str = ""
    kind: AccountKind = AccountKind.PERSON
    balance_fen: int = 0
    total_rows: int = 0
    rows: tuple[Row, ...] = ()
    measures: tuple[EarlierMeasure, ...] = ()


class FreezeSeen(Frozen):
    """An amount-limited freeze of this centre's that a statement shows standing; `started` by the bank's clock, UTC."""

    application_id: str
    amount_fen: int
    started: datetime | None


class Passage(Frozen):
    """A done row as the case workflow needs it: short, because a case holds thousands."""

    serial: int
    at: datetime
    credit: bool
    amount_fen: int
    way: Way = Way.TRANSFER
    institution: str = ""
    number: str = ""
    name: str = ""
    kind: AccountKind = AccountKind.PERSON


class Digest(Frozen):
    """What the workflow learns of a statement: opening balance before the first passage, and the done passages."""

    opening_fen: int
    balance_fen: int
    kind: AccountKind
    passages: tuple[Passage, ...]
    more: bool = False
    """The bank has more rows of the period than this answer holds: the next page is due."""
    freezes: tuple[FreezeSeen, ...] = ()
    """This centre's, of whatever case."""


def digest(statement: Statement) -> Digest:
    """The done rows in order of effect, and the balance before them.

    Conservation by the bank's own figures: opening + credits - debits = the balance after the last row.
    """
    done = sorted((row for row in statement.rows if row.done), key=lambda row: row.serial)
    if done:
        first = done[0]
        opening = first.balance_fen - first.amount_fen if first.credit else first.balance_fen + first.amount_fen
    else:
        opening = statement.balance_fen
    return Digest(
        opening_fen=opening,
        balance_fen=done[-1].balance_fen if done else statement.balance_fen,
        kind=statement.kind,
        passages=tuple(
            Passage(
                serial=row.serial,
                at=row.at,
                credit=row.credit,
                amount_fen=row.amount_fen,
                way=row.way,
                institution=row.opponent_institution,
                number=row.opponent_number,
                name=row.opponent_name,
                kind=row.opponent_kind,
            )
            for row in done
        ),
        more=statement.total_rows > len(statement.rows),
        freezes=freezes_seen(statement.measures),
    )


def freezes_seen(measures: Iterable[EarlierMeasure]) -> tuple[FreezeSeen, ...]:
    """This centre's freezes among the measures of a statement: to whom else asks, a bank names no application id."""
    return tuple(
        FreezeSeen(application_id=one.application_id, amount_fen=one.amount_fen, started=one.started)
        for one in measures
        if one.kind == POLICE_FREEZE and one.application_id and one.amount_fen
    )
