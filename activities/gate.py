"""The gate to the register: turns that come together are taken together, in one transaction, whatever their case.

A transaction costs its dozen statements whether it carries one order or fifty. While some are under way the turns
that come wait here, in memory, and then go as one; at low load nothing waits. Under load the oldest case goes first:
cases that take turns would all end late, one after the other the first ones end early, and with each its money.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from activities.ports import CaseTurn, Kept, OpenedOrder, OrderBook
from domain.papers import Paper

MOST_TOGETHER = 40
"""Answers and drafts in one transaction: enough to share its cost, few enough that the order of turns matters."""
TRANSACTIONS_AT_ONCE = 3
"""Of different cases; more would only share the same processors."""
FREEZES_WAIT = timedelta(seconds=15)
"""What is stopped already can wait for its freeze so long while others' money is on the move."""
CASES_MET = 10_000
"""So many cases are remembered; the first stops of one not met before go first."""


@dataclass(eq=False)
class _Waiting:
    turn: CaseTurn
    due: datetime
    done: "asyncio.Future[tuple[list[Kept], list[OpenedOrder]]]"


class Gate:
    """One for each worker process; `render` turns legal documents into bytes."""

    def __init__(self, book: OrderBook, render: Callable[[Paper], bytes]) -> None:
        """A gate to this book."""
        self._book = book
        self._render = render
        self._waiting: list[_Waiting] = []
        self._met: OrderedDict[str, None] = OrderedDict()
        self._under_way: set[str] = set()
        self._running = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def turn(self, turn: CaseTurn) -> tuple[list[Kept], list[OpenedOrder]]:
        """Keep its answers, open its orders, in the order of its asks. Raises what the register raises for them."""
        done: asyncio.Future[tuple[list[Kept], list[OpenedOrder]]] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(turn, self._due(turn), done))
        self._go_on()
        return await done

    def _due(self, turn: CaseTurn) -> datetime:
        """Its place in the queue: the earliest goes first, and whoever waits becomes the earliest in the end."""
        if turn.pressing or self._begins(turn):
            return datetime.min.replace(tzinfo=UTC)
        return datetime.now(UTC) + FREEZES_WAIT if turn.can_wait else turn.received_at

    def _begins(self, turn: CaseTurn) -> bool:
        """Whether these are the first orders of a case to banks: what its victim named."""
        if not turn.pursues or turn.case_id in self._met:
            return False
        self._met[turn.case_id] = None
        if len(self._met) > CASES_MET:
            self._met.popitem(last=False)
        return True

    def _go_on(self) -> None:
        while self._running < TRANSACTIONS_AT_ONCE and (taken := self._next()):
            self._running += 1
            self._under_way |= {one.turn.case_id for one in taken}
            task = asyncio.create_task(self._run(taken))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _next(self) -> list[_Waiting]:
        """As many as go together, the most urgent first; not of a case under way, which would only wait for its row."""
        taken: list[_Waiting] = []
        weight = 0
        for one in sorted(self._waiting, key=lambda one: one.due):
            if one.turn.case_id in self._under_way:
                continue
            if taken and weight + one.turn.weight > MOST_TOGETHER:
                break
            weight += one.turn.weight
            taken.append(one)
        chosen = {id(one) for one in taken}
        self._waiting = [one for one in self._waiting if id(one) not in chosen]
        return taken

    async def _run(self, taken: Sequence[_Waiting]) -> None:
        try:
            try:
                await self._take(taken)
            except Exception as error:  # noqa: BLE001 - handed to those who wait for it
                if len(taken) == 1:
                    _fail(taken[0], error)
                else:
                    await self._one_by_one(taken)
        finally:
            self._running -= 1
            self._under_way -= {one.turn.case_id for one in taken}
            self._go_on()

    async def _one_by_one(self, taken: Sequence[_Waiting]) -> None:
        """One of them cannot be taken: the others must not suffer for it."""
        for one in taken:
            try:
                await self._take([one])
            except Exception as error:  # noqa: BLE001 - handed to the one who waits for it
                _fail(one, error)

    async def _take(self, taken: Sequence[_Waiting]) -> None:
        results = await self._book.turns([one.turn for one in taken], self._render)
        for one, (kept, opened) in zip(taken, results, strict=True):
            if not one.done.done():  # its activity may have been cancelled meanwhile
                one.done.set_result((kept, [order for part in opened for order in part]))


def _fail(one: _Waiting, error: Exception) -> None:
    if not one.done.done():
        one.done.set_exception(error)
