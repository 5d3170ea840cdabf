"""One errand of a batch while it is carried out: where it stands, and what is known of it so far."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from activities.line_ports import Letter
from activities.ports import Answered
from domain.errands import Errand
from domain.orders import AnswerClass, Cause, HeldBack, Measure, Order, Outcome, Refused
from domain.statement import Digest, Passage


@dataclass
class Step:
    """One order under way."""

    application_id: str
    measure: Measure
    order: Order | None
    joined: bool
    handed_in_at: float | None
    """Monotonic moment of the last handing in by this attempt; None: never by us."""
    since: datetime
    looked_for_at: float | None = None
    """Monotonic moment until which its answer was last looked for in vain."""
    letter: Letter | None = None

    def due_again(self, resend_after_s: float) -> bool:
        """Whether its answer was looked for, in vain, so long after it was handed in.

        Its own age does not count: an answer may have come while we were busy.
        """
        if self.handed_in_at is None or self.looked_for_at is None:
            return False
        return self.looked_for_at - self.handed_in_at >= resend_after_s


@dataclass
class Run:
    """One errand under way."""

    errand: Errand
    steps: tuple[Measure, ...]
    position: int = 0
    page: int = 0
    step: Step | None = None
    outcomes: dict[Measure, Outcome] = field(default_factory=dict)
    passages: dict[int, Passage] = field(default_factory=dict)
    digest: Digest | None = None
    rows_cut: bool = False
    done: bool = False

    @property
    def measure(self) -> Measure:
        """What is due now."""
        return self.steps[self.position]

    def add_page(self, page: Digest, most_rows: int) -> bool:
        """Put a page to those before; True when another is due."""
        known = len(self.passages)
        opening = self.digest.opening_fen if self.digest is not None else page.opening_fen
        self.passages.update({passage.serial: passage for passage in page.passages})
        self.digest = Digest(
            opening_fen=opening,
            balance_fen=page.balance_fen,
            kind=page.kind,
            passages=tuple(self.passages[serial] for serial in sorted(self.passages)),
            freezes=page.freezes,
        )
        if len(self.passages) >= most_rows:
            self.rows_cut = True
            return False
        if page.more and len(self.passages) > known:
            self.page += 1
            return True
        self.rows_cut = page.more  # more of the period than one page holds at one moment: known to be incomplete
        return False


def as_it_should_be(held: HeldBack, errand: Errand) -> bool:
    """Whether an order that did not leave needs no asking again.

    After a freeze whoever freezes last lifts the stop; but who lets go must know when the account is free.
    """
    return held.reason == "nothing_to_end" or (held.reason == "other_claims" and errand.cause is Cause.COVERED)


def unfit(application_id: str, error: ValueError) -> Answered:
    """An order that does not fit the message's fields never leaves: a person corrects it, as with a bank's refusal."""
    return Answered(
        application_id=application_id,
        outcome=Refused(code="unfit", at=datetime.now(UTC), answer_class=AnswerClass.PERSON, remark=str(error)[:200]),
    )
