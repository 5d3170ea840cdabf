"""The life of a case: status and outcome are two fields, and a table says which moves are allowed."""

from enum import StrEnum


class Status(StrEnum):
    """Where a case stands."""

    RECEIVED = "received"
    TRACING = "tracing"
    DECIDING = "deciding"
    HOLDING = "holding"
    CLOSED = "closed"


class CaseOutcome(StrEnum):
    """How it ended; OPEN until it has."""

    OPEN = "open"
    HELD = "held"
    PARTLY_HELD = "partly_held"
    LOST = "lost"
    RELEASED = "released"
    NO_LOSS = "no_loss"
    CANCELLED = "cancelled"


MOVES: dict[Status, frozenset[Status]] = {
    Status.RECEIVED: frozenset({Status.TRACING, Status.DECIDING, Status.HOLDING, Status.CLOSED}),
    Status.TRACING: frozenset({Status.DECIDING, Status.HOLDING, Status.CLOSED}),
    Status.DECIDING: frozenset({Status.TRACING, Status.HOLDING, Status.CLOSED}),
    Status.HOLDING: frozenset({Status.TRACING, Status.DECIDING, Status.CLOSED}),
    Status.CLOSED: frozenset(),
}

STATUS_WORDS: dict[Status, tuple[str, str]] = {
    Status.RECEIVED: ("已接警", "received"),
    Status.TRACING: ("追查止付中", "tracing"),
    Status.DECIDING: ("待审批", "awaiting decision"),
    Status.HOLDING: ("已控制", "holding"),
    Status.CLOSED: ("已结案", "closed"),
}


AWAITING_FINDINGS = ("待查证", "awaiting findings")
"""Words for DECIDING where no sheet is pending: what is awaited then is what officers find at holders'."""


def move(now: Status, to: Status) -> Status:
    """The new status. Raises ValueError for a move the table does not allow; staying is always allowed."""
    if now is not to and to not in MOVES[now]:
        msg = f"a case cannot move from {now} to {to}"
        raise ValueError(msg)
    return to
