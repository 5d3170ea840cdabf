"""Errands: what a case sends over one line in one batch, and what came back for each.

A batch leaves together and comes back as soon as some of it is answered; what is still awaited goes along with
the next batch of its lane. Every model here stays small: a batch's result travels through the engine.
"""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from domain.frozen import Frozen
from domain.institutions import Institution
from domain.orders import AccountRef, Cause, FourElements, Measure, Outcome
from domain.statement import Digest


class ErrandKind(StrEnum):
    """What is done at one account, number or link, in the order the words say."""

    PURSUE = "pursue"
    """stop, then query: the query shows what left before the stop"""
    STOP = "stop"
    QUERY = "query"
    FREEZE = "freeze"
    """freeze, then lift the stop when freezes cover every claim on the account"""
    LIFT = "lift"
    UNFREEZE = "unfreeze"
    CLOSE_NUMBER = "close_number"
    BLOCK_LINK = "block_link"


ERRAND_WORDS: dict[ErrandKind, tuple[str, str]] = {
    ErrandKind.PURSUE: ("止付并查询", "stop and query"),
    ErrandKind.STOP: ("止付", "stop"),
    ErrandKind.QUERY: ("查询", "query"),
    ErrandKind.FREEZE: ("冻结", "freeze"),
    ErrandKind.LIFT: ("解除止付", "lift stop"),
    ErrandKind.UNFREEZE: ("解冻", "unfreeze"),
    ErrandKind.CLOSE_NUMBER: ("封停号码", "close number"),
    ErrandKind.BLOCK_LINK: ("拦截链接", "block link"),
}

STEPS: dict[ErrandKind, tuple[Measure, ...]] = {
    ErrandKind.PURSUE: (Measure.STOP, Measure.QUERY),
    ErrandKind.STOP: (Measure.STOP,),
    ErrandKind.QUERY: (Measure.QUERY,),
    ErrandKind.FREEZE: (Measure.FREEZE, Measure.LIFT),
    ErrandKind.LIFT: (Measure.LIFT,),
    ErrandKind.UNFREEZE: (Measure.UNFREEZE,),
    ErrandKind.CLOSE_NUMBER: (Measure.CLOSE_NUMBER,),
    ErrandKind.BLOCK_LINK: (Measure.BLOCK_LINK,),
}


class Errand(Frozen):
    """One errand. `no` counts within the case; `sequence` numbers the orders of one kind to one account.

    `since`/`until` bound a query (UTC); `amount_fen` is what a freeze asks for; `cause` says why a hold is let go.
    """

    no: int
    kind: ErrandKind
    institution: str
    account: AccountRef | None = None
    target: str = ""
    evidence: FourElements | None = None
    amount_fen: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    sequence: int = 1
    query_sequence: int = 1
    sheet: str = ""
    cause: Cause = Cause.NONE


class ErrandBatch(Frozen):
    """One activity's input: errands to institutions that one line leads to.

    Seconds: `patience_s` bounds the whole, `linger_s` runs after the first errand is complete.
    """

    case_id: str
    received_at: datetime
    """When the case's report was received: under load the older case goes first."""
    institutions: tuple[Institution, ...]
    errands: tuple[Errand, ...]
    patience_s: float
    linger_s: float
    resend_after_s: float
    most_rows: int


class ErrandResult(Frozen):
    """What is known of one errand. `complete`: nothing more will come of it; else it goes on with the next batch."""

    no: int
    complete: bool
    outcomes: dict[Measure, Outcome] = Field(default={})
    digest: Digest | None = None
    rows_cut: bool = False
    """The statement was longer than the policy's most_rows."""


class BatchResult(Frozen):
    """One result for each errand of the batch."""

    results: tuple[ErrandResult, ...]
    orders: int = 0
    """Orders newly written by this batch."""
