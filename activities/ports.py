"""The port to the register's book of orders: what activities need of it. Adapters implement it; nothing here knows how.

Cases are in case_ports.py, institutions in line_ports.py, notices in notice_ports.py.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from domain.frozen import Frozen
from domain.institutions import Institution
from domain.orders import AccountRef, Cause, FourElements, Measure, Order, Outcome
from domain.papers import Paper
from domain.statement import Digest, Statement


class Draft(Frozen):
    """An order as a case wants it, before the register entitles and completes it."""

    measure: Measure
    account: AccountRef | None = None
    target: str = ""
    """For carriers: the number or link."""
    evidence: FourElements | None = None
    amount_fen: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    sequence: int = 1
    sheet: str = ""
    """The sheet that entitles a freeze, or lets go; empty: the standing authority or a finding does."""
    cause: Cause = Cause.NONE
    """Of a lift, one of `ENDS_A_HOLD`; of an unfreeze, one of `LETS_GO`."""


class OpenOrders(Frozen):
    """Ask the register to entitle and write orders of one case to one institution."""

    case_id: str
    institution: Institution
    drafts: tuple[Draft, ...]
    now: datetime


class OpenedOrder(Frozen):
    """One draft's standing, in the order asked.

    new       written now, to be handed in for the first time
    sent      written before (by this activity's earlier attempt or another case): fetch its answer, send again if it
              stays out
    answered  its outcome is here
    held_back not entitled: outcome is HeldBack
    """

    application_id: str
    standing: str
    order: Order | None = None
    outcome: Outcome | None = None
    digest: Digest | None = None
    last_sent_at: datetime | None = None
    joined: bool = False
    """True: another case's order does it; never send it from here."""


class Answered(Frozen):
    """One answer to be kept."""

    application_id: str
    outcome: Outcome
    statement: Statement | None = None


class Ask(NamedTuple):
    """Orders that one institution is asked for in a turn, and how their letters are sealed.

    `seal` gives the SHA-256 of the letter's bytes before the order is kept, so that what leaves is what is on record;
    it returns "" for an order that fits no letter (the caller makes that a person's task).
    """

    request: OpenOrders
    seal: Callable[[Order, bytes], str]


class CaseTurn(NamedTuple):
    """What one case has to say to the register at one moment: answers to keep, then orders to open."""

    case_id: str
    answers: tuple[Answered, ...]
    asks: tuple[Ask, ...]
    received_at: datetime
    """When the case's report was received: under load the older case goes first, so that cases end one by one."""
    pressing: bool = False
    """Something is let go: somebody is wronged each minute longer."""

    @property
    def weight(self) -> int:
        """Answers and drafts in it."""
        return len(self.answers) + sum(len(ask.request.drafts) for ask in self.asks)

    @property
    def pursues(self) -> bool:
        """Whether it stops or queries accounts."""
        return any(draft.measure in {Measure.STOP, Measure.QUERY} for ask in self.asks for draft in ask.request.drafts)

    @property
    def can_wait(self) -> bool:
        """Whether it only freezes what is stopped already, or ends stops that freezes have taken the place of."""
        drafts = [draft for ask in self.asks for draft in ask.request.drafts]
        return bool(drafts) and all(draft.measure in {Measure.FREEZE, Measure.LIFT} for draft in drafts)


class Kept(Frozen):
    """The answer as the register keeps it: the first one stands, a later different one is recorded and ignored."""

    application_id: str
    outcome: Outcome
    digest: Digest | None = None


class OrderBook(Protocol):
    """The part of the register that orders go through. Each method is one transaction of its own."""

    async def turns(
        self, turns: Sequence[CaseTurn], render: Callable[[Paper], bytes]
    ) -> list[tuple[list[Kept], list[list[OpenedOrder]]]]:
        """Keep answers and open orders of any cases at any institutions, in one transaction; one result for each turn.

        Answers first: outcomes, clocks, measures, holds and statement rows; idempotent. Then each draft is entitled,
        claimed and written. Standing authority, halt, fuse and decisions are read in this very transaction
        (decisions: evidence first).

        stop     needs a standing authority in force; counts against the fuse; an account that another case of ours has
                 stopped (or is stopping) is joined, not stopped again
        query    an account under our stop whose complete statement from after the stop is kept needs no new query
        freeze   needs an approved sheet holding this very account and amount
        lift     cause covered: only when executed freezes cover every claim of every case on the account;
                 cause finding or decision: releases this case's claim, and only when no other case's claim remains
        """
        ...

    async def paper(self, sha256: str) -> bytes:
        """A stored document. Raises LookupError."""
        ...

    async def note_sealed(self, sealed: Sequence[tuple[str, str]]) -> None:
        """Keep the message digests (application_id, sha256) of letters about to leave.

        Raises ValueError when one differs from before.
        """
        ...

    async def note_sent_again(self, application_ids: Sequence[str], now: datetime) -> list[str]:
        """The same bytes are about to leave once more. Returns those that may: a halt holds back all that coerces."""
        ...
