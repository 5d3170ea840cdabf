"""The gate to the register: turns of one case that come together are taken together, in one transaction.

A case's lanes meet at its row. While one transaction is under way the others wait here, in memory, and then go as
one: under load a case commits as often as before and carries more each time; at low load nothing waits.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from activities.ports import Answered, Ask, Kept, OpenedOrder, OrderBook
from domain.papers import Paper

MOST_TOGETHER = 400
"""Answers and drafts in one transaction: beyond it others would wait too long for its end."""
TURNS_AT_ONCE = 4
"""Of different cases: sixty at once would all end late, four after four end one by one, the first ones early."""


@dataclass(eq=False)
class _Turn:
    answers: Sequence[Answered]
    asks: Sequence[Ask]
    done: "asyncio.Future[tuple[list[Kept], list[OpenedOrder]]]"

    @property
    def weight(self) -> int:
        return len(self.answers) + sum(len(ask.request.drafts) for ask in self.asks)


@dataclass
class _Queue:
    waiting: list[_Turn] = field(default_factory=list)
    running: bool = False


class Gate:
    """One for each worker process; `render` turns legal documents into bytes."""

    def __init__(self, book: OrderBook, render: Callable[[Paper], bytes]) -> None:
        """A gate to this book."""
        self._book = book
        self._render = render
        self._queues: dict[str, _Queue] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(TURNS_AT_ONCE)

    async def turn(
        self, case_id: str, answers: Sequence[Answered], asks: Sequence[Ask]
    ) -> tuple[list[Kept], list[OpenedOrder]]:
        """Keep these answers, open these orders, in the order of the asks. Raises what the register raises for them."""
        done: asyncio.Future[tuple[list[Kept], list[OpenedOrder]]] = asyncio.get_running_loop().create_future()
        queue = self._queues.setdefault(case_id, _Queue())
        queue.waiting.append(_Turn(answers, asks, done))
        if not queue.running:
            queue.running = True
            task = asyncio.create_task(self._run(case_id, queue))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await done

    async def _run(self, case_id: str, queue: _Queue) -> None:
        while queue.waiting:
            turns = _first(queue.waiting)
            del queue.waiting[: len(turns)]
            try:
                await self._take(case_id, turns)
            except Exception as error:  # noqa: BLE001 - handed to those who wait for it
                if len(turns) == 1:
                    _fail(turns[0], error)
                else:
                    await self._one_by_one(case_id, turns)
        queue.running = False
        if self._queues.get(case_id) is queue:
            del self._queues[case_id]

    async def _one_by_one(self, case_id: str, turns: Sequence[_Turn]) -> None:
        """One of them cannot be taken: the others must not suffer for it."""
        for turn in turns:
            try:
                await self._take(case_id, [turn])
            except Exception as error:  # noqa: BLE001 - handed to the one who waits for it
                _fail(turn, error)

    async def _take(self, case_id: str, turns: Sequence[_Turn]) -> None:
        answers = {answer.application_id: answer for turn in turns for answer in turn.answers}
        asks = [ask for turn in turns for ask in turn.asks]
        async with self._room:
            kept, opened = await self._book.turn(case_id, list(answers.values()), asks, self._render)
        by_key = {one.application_id: one for one in kept}
        parts = iter(opened)
        for turn in turns:
            mine = [order for _ in turn.asks for order in next(parts)]
            if not turn.done.done():  # its activity may have been cancelled meanwhile
                turn.done.set_result(([by_key[answer.application_id] for answer in turn.answers], mine))


def _first(waiting: Sequence[_Turn]) -> list[_Turn]:
    """As many as go together, at least one."""
    taken, weight = [waiting[0]], waiting[0].weight
    for turn in waiting[1:]:
        weight += turn.weight
        if weight > MOST_TOGETHER:
            break
        taken.append(turn)
    return taken


def _fail(turn: _Turn, error: Exception) -> None:
    if not turn.done.done():
        turn.done.set_exception(error)
