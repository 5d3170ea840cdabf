"""One answer that the register refuses holds up none of the others of its batch."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from activities.exchange import Exchange
from activities.line_ports import Fetched, Letter, LetterReceipt, Reply
from activities.ports import CaseTurn, Kept, OpenedOrder
from domain.errands import BatchResult, Errand, ErrandBatch, ErrandKind
from domain.orders import AccountRef, AnswerClass, Executed, Measure
from tests.register.given import ICBC

AT = datetime(2026, 11, 26, 1, 0, tzinfo=UTC)
NOBODY: Any = None
BAD, GOOD = "6222000000000001", "6222000000000002"


class Register:
    """Has sent both orders before, and refuses any turn with the answer to one of them."""

    async def turn(self, turn: CaseTurn) -> tuple[list[Kept], list[OpenedOrder]]:
        if BAD in {one.application_id for one in turn.answers}:
            raise ValueError("a constraint holds")
        kept = [Kept(application_id=one.application_id, outcome=one.outcome) for one in turn.answers]
        drafts = [draft for ask in turn.asks for draft in ask.request.drafts]
        numbers = [draft.account.number for draft in drafts if draft.account is not None]
        return kept, [OpenedOrder(application_id=one, standing="sent", last_sent_at=AT) for one in numbers]


class Bank:
    """Has both answers ready."""

    async def fetch(self, keys: Sequence[str], *, wait_s: float, linger_s: float) -> Fetched:
        assert (wait_s, linger_s) >= (0, 0)
        return Fetched(replies=tuple(Reply(key=one, outcome=Executed(code="0000", at=AT)) for one in keys))

    async def hand_in(self, letters: Sequence[Letter]) -> list[LetterReceipt]:
        return [LetterReceipt(key=one.key, code="", answer_class=AnswerClass.OK) for one in letters]


async def carried_out(*, careful: bool) -> BatchResult:
    accounts = [AccountRef(institution=ICBC.id, number=one, name="测试甲") for one in (BAD, GOOD)]
    batch = ErrandBatch(
        case_id="c-1",
        received_at=AT,
        institutions=(ICBC,),
        errands=tuple(
            Errand(no=no, kind=ErrandKind.STOP, institution=ICBC.id, account=one) for no, one in enumerate(accounts)
        ),
        patience_s=0.3,
        linger_s=0.1,
        resend_after_s=60,
        most_rows=100,
    )
    register: Any = Register()
    bank: Any = Bank()
    return await Exchange(batch, NOBODY, register, bank, careful=careful).carry_out()


async def test_an_answer_that_cannot_be_kept_stays_unknown_and_the_others_are_taken():
    with pytest.raises(ValueError, match="constraint"):
        await carried_out(careful=False)
    bad, good = (await carried_out(careful=True)).results
    assert (bad.complete, bad.outcomes[Measure.STOP].kind) == (False, "unknown")
    assert (good.complete, good.outcomes[Measure.STOP].kind) == (True, "executed")
