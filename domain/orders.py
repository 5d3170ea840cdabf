"""Orders to institutions, and what came of them.

An order has an outcome, not an exception: executed, partial, refused, held elsewhere, held back (never sent) or
unknown (sent, no answer). Unknown is not failed: it has a clock, and is asked about with the same bytes.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from domain.frozen import Frozen


class Cause(StrEnum):
    """Why a hold ends; a freeze bears that of the lift which follows it."""

    NONE = ""
    """it does not"""
    COVERED = "covered"
    """executed freezes cover every claim on the account: the stop they replace is lifted"""
    FINDING = "finding"
    DECISION = "decision"


LETS_GO = frozenset({Cause.FINDING, Cause.DECISION})
"""A case lets go of an account: somebody is wronged each minute longer."""
ENDS_A_HOLD = LETS_GO | {Cause.COVERED}


class Measure(StrEnum):
    """What can be asked of an institution."""

    STOP = "stop"
    LIFT = "lift"
    EXTEND_STOP = "extend_stop"
    FREEZE = "freeze"
    UNFREEZE = "unfreeze"
    RENEW = "renew"
    QUERY = "query"
    HOLDER = "holder"
    CLOSE_NUMBER = "close_number"
    BLOCK_LINK = "block_link"


CODES: dict[Measure, str] = {
    Measure.STOP: "100101",
    Measure.LIFT: "100103",
    Measure.EXTEND_STOP: "100105",
    Measure.FREEZE: "100201",
    Measure.UNFREEZE: "100203",
    Measure.RENEW: "100205",
    Measure.QUERY: "100301",
    Measure.HOLDER: "100303",
    # carriers have no public codes: these are our own, in the same form
    Measure.CLOSE_NUMBER: "900101",
    Measure.BLOCK_LINK: "900103",
}


class AccountKind(StrEnum):
    """Person or company; `01` and `02` on the wire."""

    PERSON = "person"
    CORPORATE = "corporate"


class AccountRef(Frozen):
    """One account as it is named to its bank."""

    institution: str
    number: str
    name: str
    kind: AccountKind = AccountKind.PERSON


class FourElements(Frozen):
    """The transfer that entitles a stop (rules R2): the largest into the account, payer from the statement before."""

    payer_institution: str
    payer_name: str
    payer_number: str
    amount_fen: int
    at: datetime


class OfficerCard(Frozen):
    """An officer as printed on an order."""

    number: str
    name: str
    phone: str = ""


class Order(Frozen):
    """One order, complete: whatever builds its message from this builds the same bytes.

    `requested_at` is set once, when the order is first written to the register. `paper` is the SHA-256 (hex) of
    the legal document attached. Amounts in fen, moments in UTC.
    """

    application_id: str
    case_id: str
    case_number: str
    category: str
    measure: Measure
    institution: str
    institution_name: str
    account: AccountRef | None = None
    target: str = ""
    evidence: FourElements | None = None
    amount_fen: int | None = None
    original: str = ""
    since: datetime | None = None
    until: datetime | None = None
    requested_at: datetime
    handling: OfficerCard
    second: OfficerCard
    paper: str = ""
    paper_number: str = ""
    authority: str = ""
    """What entitles it: the standing authority's id, or the sheet's."""


class AnswerClass(StrEnum):
    """What an answer code means for us (rules section 5, the table of codes)."""

    OK = "ok"
    PARTIAL = "partial"
    HELD = "held"
    PERSON = "person"
    PERMANENT = "permanent"
    RETRY = "retry"
    LATER = "later"
    DUPLICATE = "duplicate"
    TOO_LATE = "too_late"
    OTHER_CHANNEL = "other_channel"


class _Answered(Frozen):
    code: str
    """The institution's own result code."""
    at: datetime
    """When the answer reached us (UTC)."""
    started: datetime | None = None
    """The institution's own start of the measure."""
    expires: datetime | None = None
    """The institution's own end of the measure: timers run on this."""
    amount_fen: int | None = None
    """Executed amount of a freeze."""
    balance_fen: int | None = None
    """Balance of the account as the answer states it."""
    remark: str = ""


class Executed(_Answered):
    """Done at the bank."""

    kind: Literal["executed"] = "executed"
    shared: bool = False
    """True when another case's measure already does it (the hold is shared)."""


class Partial(_Answered):
    """Done in part: stopped with a short balance, or frozen for less than was asked."""

    kind: Literal["partial"] = "partial"


class Refused(_Answered):
    """An answer, not a fault: never retried as it is."""

    kind: Literal["refused"] = "refused"
    answer_class: AnswerClass = AnswerClass.PERSON
    account_kind: AccountKind | None = None
    """The bank's own word on what the account is (0303)."""


class HeldElsewhere(_Answered):
    """Another authority's measure stands there (1301 to 1303)."""

    kind: Literal["held_elsewhere"] = "held_elsewhere"
    authority: str = ""


class Unknown(Frozen):
    """Sent, perhaps executed, no answer yet. Never treated as failed."""

    kind: Literal["unknown"] = "unknown"
    since: datetime


class HeldBack(Frozen):
    """Never sent, because the register did not entitle it."""

    kind: Literal["held_back"] = "held_back"
    reason: Literal[
        "halted",
        "no_authority",
        "fuse_case",
        "fuse_minute",
        "not_decided",
        "words_unreadable",
        "other_claims",
        "nothing_to_end",
    ]


Outcome = Annotated[Executed | Partial | Refused | HeldElsewhere | Unknown | HeldBack, Field(discriminator="kind")]


def is_final(outcome: Outcome | None) -> bool:
    """Whether nothing more is to be expected of this order."""
    return outcome is not None and outcome.kind not in {"unknown", "held_back"}


def in_force(outcome: Outcome | None) -> bool:
    """Whether the measure stands at the institution because of this order."""
    return outcome is not None and outcome.kind in {"executed", "partial"}
