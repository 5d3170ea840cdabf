"""The gate to the register: turns that come together are taken together, in one transaction, whatever their case.

A transaction costs its dozen statements whether it carries one order or fifty. While some are under way the turns
that come wait here, in memory, and then go as one: under load the register commits no more often than before and
carries more each time; at low load nothing waits.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from activities.ports import Answered, Ask, CaseTurn, Kept, OpenedOrder, OrderBook
from domain.papers import Paper

MOST_TOGETHER = 120
"""Answers and drafts in one transaction: beyond it others would wait too long for its end."""
TRANSACTIONS_AT_ONCE = 3
"""Of different cases; more would only share the same processors, and carry less each."""


@dataclass(eq=False)
class _Waiting:
    turn: CaseTurn
    done: "asyncio.Future[tuple[list[Kept], list[OpenedOrder]]]"

    @property
    def weight(self) -> int:
        return len(self.turn.answers) + sum(len(ask.request.drafts) for ask in self.turn.asks)


class Gate:
    """One for each worker process; `render` turns legal documents into bytes."""

    def __init__(self, book: OrderBook, render: Callable[[Paper], bytes]) -> None:
        """A gate to this book."""
        self._book = book
        self._render = render
        self._waiting: list[_Waiting] = []
        self._under_way: set[str] = set()
        self._running = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def turn(
        self, case_id: str, answers: Sequence[Answered], asks: Sequence[Ask]
    ) -> tuple[list[Kept], list[OpenedOrder]]:
        """Keep these answers, open these orders, in the order of the asks. Raises what the register raises for them."""
        done: asyncio.Future[tuple[list[Kept], list[OpenedOrder]]] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(CaseTurn(case_id, tuple(answers), tuple(asks)), done))
        self._go_on()
        return await done

    def _go_on(self) -> None:
        while self._running < TRANSACTIONS_AT_ONCE and (taken := self._next()):
            self._running += 1
            self._under_way |= {one.turn.case_id for one in taken}
            task = asyncio.create_task(self._run(taken))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _next(self) -> list[_Waiting]:
        """As many as go together, in their order; not of a case under way, which would only wait for its row."""
        taken: list[_Waiting] = []
        weight = 0
        for one in self._waiting:
            if one.turn.case_id in self._under_way:
                continue
            if taken and weight + one.weight > MOST_TOGETHER:
                break
            weight += one.weight
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
