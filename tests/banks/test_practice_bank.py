"""Every message of the platform, understood by an institution that shares nothing with us but the wire's text."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from activities.line_ports import Reply
from domain.identifiers import application_id
from domain.orders import CODES, AccountKind, AccountRef, Executed, HeldElsewhere, Measure, Order, Partial
from tests.banks.orders import PAPER, order
from tests.contracts.practice import (
    INFLOW_FEN,
    INSTITUTIONS,
    NAMES,
    NUMBERS,
    PLATFORM_BANK,
    Practice,
    practising,
)

ACCOUNT = AccountRef(institution=PLATFORM_BANK, number=NUMBERS[PLATFORM_BANK], name=NAMES[PLATFORM_BANK])


@pytest.fixture(scope="module")
async def practice(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Practice]:
    async with practising(tmp_path_factory.mktemp("practice")) as world:
        yield world


async def carried_out(practice: Practice, measure: Measure, sequence: int = 1, **more: object) -> tuple[Order, Reply]:
    key = application_id("c-9", PLATFORM_BANK, ACCOUNT.number, CODES[measure], sequence)
    stops = {"evidence": practice.inflow} if measure is Measure.STOP else {}
    asked = order(measure, **({"application_id": key, "account": ACCOUNT} | stops | more))
    port = practice.lines.to(INSTITUTIONS[PLATFORM_BANK])
    await port.hand_in([port.seal(asked, PAPER)])
    (reply,) = (await port.fetch([asked.application_id], wait_s=5.0, linger_s=0.0)).replies
    assert reply.unreadable == ""
    return asked, reply


async def test_the_life_of_a_measure_in_all_eight_messages(practice: Practice):
    end = practice.moved_at.replace(microsecond=0) + timedelta(days=180)

    stop, stopped = await carried_out(practice, Measure.STOP)
    assert isinstance(stopped.outcome, Executed)
    assert stopped.outcome.balance_fen == INFLOW_FEN

    _, again = await carried_out(practice, Measure.STOP, 2)
    assert isinstance(again.outcome, HeldElsewhere)
    assert again.outcome.expires == stopped.outcome.expires

    _, extended = await carried_out(practice, Measure.EXTEND_STOP, original=stop.application_id)
    assert isinstance(extended.outcome, Executed)
    assert stopped.outcome.expires is not None
    assert extended.outcome.expires == stopped.outcome.expires + timedelta(hours=48)

    freeze, frozen = await carried_out(practice, Measure.FREEZE, amount_fen=INFLOW_FEN - 1, until=end)
    assert isinstance(frozen.outcome, Executed)
    assert (frozen.outcome.amount_fen, frozen.outcome.expires) == (INFLOW_FEN - 1, end)

    _, rest = await carried_out(practice, Measure.FREEZE, 2, amount_fen=100, until=end)
    assert isinstance(rest.outcome, Partial)
    assert rest.outcome.amount_fen == 1

    later = end + timedelta(days=180)
    _, renewed = await carried_out(practice, Measure.RENEW, original=freeze.application_id, until=later)
    assert isinstance(renewed.outcome, Executed)
    assert renewed.outcome.expires == later

    _, listed = await carried_out(practice, Measure.QUERY)
    assert listed.statement is not None
    assert {one.application_id for one in listed.statement.measures} >= {stop.application_id, freeze.application_id}
    assert listed.statement.holder_name == ACCOUNT.name

    _, holder = await carried_out(practice, Measure.HOLDER)
    assert holder.statement is not None
    assert (holder.statement.holder_name, holder.statement.kind) == (ACCOUNT.name, AccountKind.PERSON)
    assert holder.statement.holder_id_number == "320299199508156208"

    for measure, original in ((Measure.UNFREEZE, freeze), (Measure.LIFT, stop)):
        _, ended = await carried_out(practice, measure, original=original.application_id)
        assert isinstance(ended.outcome, Executed)
        assert (ended.outcome.code, ended.outcome.started is not None) == ("0000", True)
        _, late = await carried_out(practice, measure, 2, original=original.application_id)
        assert isinstance(late.outcome, Executed)
        assert late.outcome.code == "1900"

    assert not [entry for entry in await practice.book() if entry["kind"] == "violation"]
