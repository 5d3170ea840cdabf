"""The gate to the register: what comes together goes together, and under load in the order that saves most money."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from activities.gate import MOST_TOGETHER, TRANSACTIONS_AT_ONCE, Gate
from activities.ports import Ask, CaseTurn, Draft, OpenedOrder, OpenOrders, OrderBook
from domain.orders import AccountRef, Cause, Measure
from tests.register.given import ICBC, render

MORNING = datetime(2026, 11, 26, 1, 0, tzinfo=UTC)


def turn(case: str, *measures: Measure, minutes: float = 0, cause: str = "", pressing: bool = False) -> CaseTurn:
    """A turn of a case that was received so many minutes after the first."""
    account = AccountRef(institution=ICBC.id, number="6222000000000001", name="测试甲")
    drafts = tuple(Draft(measure=measure, account=account, cause=Cause(cause)) for measure in measures)
    request = OpenOrders(case_id=case, institution=ICBC, drafts=drafts, now=MORNING)
    asks = (Ask(request, lambda _order, _paper: ""),) if drafts else ()
    return CaseTurn(case, (), asks, MORNING + timedelta(minutes=minutes), pressing=pressing)


class SlowRegister:
    """Takes turns only when it is let, and notes which came together."""

    def __init__(self) -> None:
        self.together: list[list[str]] = []
        self.under_way: list[asyncio.Event] = []
        self.refuses: set[str] = set()

    async def turns(self, turns: Sequence[CaseTurn], _render: object):
        self.together.append([one.case_id for one in turns])
        may = asyncio.Event()
        self.under_way.append(may)
        await may.wait()
        if refused := self.refuses & {one.case_id for one in turns}:
            raise ValueError(f"{refused} cannot be taken")
        return [([], [[OpenedOrder(application_id=one.case_id, standing="new")] for _ in one.asks]) for one in turns]

    async def all_go(self) -> None:
        """Let everything end, whatever else comes of it."""
        while waiting := [one for one in self.under_way if not one.is_set()]:
            for one in waiting:
                one.set()
            await settled()


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.fixture
def register() -> SlowRegister:
    return SlowRegister()


@pytest.fixture
def gate(register: SlowRegister) -> Gate:
    return Gate(cast("OrderBook", register), render)


async def occupied(gate: Gate) -> list[asyncio.Task[Any]]:
    """As many transactions under way as there may be, so that what comes now has to wait."""
    tasks = [asyncio.create_task(gate.turn(turn(f"first-{no}", Measure.STOP))) for no in range(TRANSACTIONS_AT_ONCE)]
    await settled()
    return tasks


async def test_at_low_load_nothing_waits(gate: Gate, register: SlowRegister) -> None:
    tasks = await occupied(gate)
    assert register.together == [[f"first-{no}"] for no in range(TRANSACTIONS_AT_ONCE)]
    await register.all_go()
    await asyncio.gather(*tasks)


async def test_what_comes_meanwhile_goes_together_and_each_gets_its_own(gate: Gate, register: SlowRegister) -> None:
    tasks = await occupied(gate)
    later = [asyncio.create_task(gate.turn(turn(f"later-{no}", Measure.QUERY, Measure.STOP))) for no in range(5)]
    await settled()
    register.under_way[0].set()
    await settled()
    assert sorted(register.together[-1]) == [f"later-{no}" for no in range(5)]
    await register.all_go()
    for no, (_, opened) in enumerate(await asyncio.gather(*later)):
        assert [one.application_id for one in opened] == [f"later-{no}"]
    await asyncio.gather(*tasks)


async def test_two_transactions_never_meet_at_one_case(gate: Gate, register: SlowRegister) -> None:
    tasks = [asyncio.create_task(gate.turn(turn("same", Measure.QUERY))) for _ in range(2)]
    await settled()
    assert register.together == [["same"]]
    await register.all_go()
    await asyncio.gather(*tasks)
    assert register.together == [["same"], ["same"]]


async def test_the_older_case_goes_first_and_first_stops_before_it(gate: Gate, register: SlowRegister) -> None:
    tasks = await occupied(gate)
    full = [Measure.QUERY] * MOST_TOGETHER  # one of these fills a transaction
    waiting = [
        turn("young", *full, minutes=9),
        turn("old", *full, minutes=1),
        turn("freezes", *[Measure.FREEZE] * MOST_TOGETHER, minutes=0),
        turn("wronged", *[Measure.LIFT] * MOST_TOGETHER, minutes=9, cause="finding", pressing=True),
    ]
    # young and old have had their first stops: it is their further turns that are compared
    warm = [asyncio.create_task(gate.turn(turn(case, Measure.STOP))) for case in ("young", "old")]
    await register.all_go()
    await asyncio.gather(*warm, *tasks)
    register.together.clear()
    register.under_way.clear()
    tasks = await occupied(gate)
    late = [asyncio.create_task(gate.turn(one)) for one in waiting]
    late.append(asyncio.create_task(gate.turn(turn("new", *[Measure.STOP] * MOST_TOGETHER, minutes=10))))
    await settled()
    for _ in late:
        next(one for one in register.under_way if not one.is_set()).set()
        await settled()
    order = [cases[0] for cases in register.together[TRANSACTIONS_AT_ONCE:]]
    assert set(order[:2]) == {"wronged", "new"}
    assert order[2:] == ["old", "young", "freezes"]
    await register.all_go()
    await asyncio.gather(*late, *tasks)


async def test_one_that_cannot_be_taken_does_not_harm_those_beside_it(gate: Gate, register: SlowRegister) -> None:
    register.refuses = {"broken"}
    tasks = await occupied(gate)
    good, bad = (asyncio.create_task(gate.turn(turn(case, Measure.QUERY))) for case in ("good", "broken"))
    await settled()
    await register.all_go()
    await asyncio.gather(*tasks)
    assert (await good)[1][0].application_id == "good"
    with pytest.raises(ValueError, match="broken"):
        await bad
