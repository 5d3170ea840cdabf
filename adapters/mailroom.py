"""The mailroom of a door: letters and polls of many batches leave together, because each HTTP request costs the same.

Letters that come while a POST is under way go along with the next one. Long polls are shared: whoever waits for an
answer waits here, and a few polls ask for everybody's keys; what one brings is handed to whoever waits for it.
"""

import asyncio
import contextlib
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field

import structlog

from activities.line_ports import Fetched, Letter, LetterReceipt, LineError, NeverSent, PerhapsSent, Reply
from adapters.letters import MOST_LETTERS, Door, Reader

log = structlog.get_logger(__name__)

POSTS_AT_ONCE = 2
"""POSTs of one door under way: a second one, so that a slow one holds nobody up."""
POLLS_AT_ONCE = 6
"""Long polls of one door under way."""
UNCLAIMED_MOST = 2_000
"""Answers kept for who comes back; one that is dropped is fetched again."""
SHORT_S = 0.05
"""Who has less time than this asks alone: a shared poll would not be back."""
POLL_S = 1.0
"""The longest one poll waits: keys that come later are taken in by the next."""


@dataclass(eq=False)
class _Waiter:
    keys: frozenset[str]
    replies: dict[str, Reply] = field(default_factory=dict)
    missing: dict[str, None] = field(default_factory=dict)
    foreign: int = 0
    failed: LineError | None = None
    news: asyncio.Event = field(default_factory=asyncio.Event)


class Mailroom:
    """One for each door and process. The same promises as the door's own (activities.line_ports.InstitutionPort)."""

    def __init__(self, door: Door) -> None:
        """`door` carries one list, or one poll."""
        self._door = door
        self._letters: list[tuple[Letter, asyncio.Future[LetterReceipt]]] = []
        self._posting = 0
        self._waiters: list[_Waiter] = []
        self._polled: dict[int, frozenset[str]] = {}
        self._polls = 0
        self._unclaimed: dict[str, Reply] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    # ------------------------------------------------------------ letters

    async def hand_in(self, letters: Sequence[Letter]) -> list[LetterReceipt]:
        """One receipt for each letter, in the same order. Raises NeverSent or PerhapsSent."""
        loop = asyncio.get_running_loop()
        mine = [(letter, loop.create_future()) for letter in letters]
        self._letters.extend(mine)
        if self._posting < POSTS_AT_ONCE:
            self._start(self._post())
        results = await asyncio.gather(*(done for _, done in mine), return_exceptions=True)
        errors = [one for one in results if isinstance(one, BaseException)]
        if errors:
            # only when nothing of it left can it be said that nothing left
            raise errors[0] if len(errors) == len(results) else PerhapsSent(str(errors[0]))
        return [one for one in results if isinstance(one, LetterReceipt)]

    async def _post(self) -> None:
        self._posting += 1
        try:
            while self._letters:
                taken, self._letters = self._letters[:MOST_LETTERS], self._letters[MOST_LETTERS:]
                try:
                    receipts = await self._door.hand_in([letter for letter, _ in taken])
                except LineError as error:
                    _fail(taken, error)
                    continue
                except BaseException as error:
                    # whatever it was, nobody may wait for ever: it may have arrived, so the same bytes leave again
                    _fail(taken, PerhapsSent(f"the line failed ({type(error).__name__})"))
                    if not isinstance(error, Exception):
                        raise
                    # and those who came meanwhile have their turn
                    log.error("post_failed", error=type(error).__name__)  # noqa: TRY400 - values
                    continue
                for (_, done), receipt in zip(taken, receipts, strict=True):
                    if not done.done():
                        done.set_result(receipt)
        finally:
            self._posting -= 1

    # ------------------------------------------------------------ answers

    async def fetch(self, keys: Sequence[str], read: Reader, *, wait_s: float, linger_s: float) -> Fetched:
        """The answers to any of these keys, as soon as one is there and `linger_s` later. Raises LineError."""
        if wait_s < SHORT_S:
            return await self._door.fetch(keys, read, wait_s=wait_s, linger_s=linger_s)
        waiter = _Waiter(frozenset(keys))
        waiter.replies = {key: self._unclaimed.pop(key) for key in keys if key in self._unclaimed}
        self._waiters.append(waiter)
        try:
            self._poll_for(read, linger_s)
            if not waiter.replies:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(waiter.news.wait(), timeout=max(wait_s, 0.001))
        finally:
            self._waiters.remove(waiter)
        if waiter.failed is not None and not waiter.replies:
            raise waiter.failed
        return Fetched(replies=tuple(waiter.replies.values()), missing=tuple(waiter.missing), foreign=waiter.foreign)

    def _poll_for(self, read: Reader, linger_s: float) -> None:
        """Start a poll for the keys that no poll asks for yet."""
        if self._polls >= POLLS_AT_ONCE:
            return
        asked = frozenset().union(*self._polled.values())
        open_keys = [key for key in self._open_keys() if key not in asked]
        if open_keys:
            self._polls += 1
            self._start(self._poll(open_keys, read, linger_s))

    def _open_keys(self) -> list[str]:
        return list({key: None for one in self._waiters for key in sorted(one.keys) if key not in one.replies})

    async def _poll(self, keys: list[str], read: Reader, linger_s: float) -> None:
        mine = self._polls_no()
        try:
            while keys:
                self._polled[mine] = frozenset(keys)
                try:
                    found = await self._door.fetch(keys, read, wait_s=POLL_S, linger_s=linger_s)
                except LineError as error:
                    self._tell_failure(keys, error)
                    return
                self._tell(found)
                del self._polled[mine]
                asked = frozenset().union(*self._polled.values())
                keys = [key for key in self._open_keys() if key not in asked]
        finally:
            self._polled.pop(mine, None)
            self._polls -= 1

    def _polls_no(self) -> int:
        return max(self._polled, default=0) + 1

    def _tell(self, found: Fetched) -> None:
        for reply in found.replies:
            waiting = [waiter for waiter in self._waiters if reply.key in waiter.keys]
            for waiter in waiting:
                waiter.replies[reply.key] = reply
                waiter.news.set()
            if not waiting:  # whoever asked is busy with another answer and comes back for this one
                self._unclaimed[reply.key] = reply
                if len(self._unclaimed) > UNCLAIMED_MOST:
                    self._unclaimed.pop(next(iter(self._unclaimed)))
        for waiter in self._waiters[:1]:  # counted once
            waiter.foreign += found.foreign
        for waiter in self._waiters:
            for key in found.missing:
                if key in waiter.keys:
                    waiter.missing[key] = None
                    waiter.news.set()

    def _tell_failure(self, keys: Sequence[str], error: LineError) -> None:
        for waiter in self._waiters:
            if not waiter.keys.isdisjoint(keys):
                waiter.failed = _same(error)
                waiter.news.set()

    def _start(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _fail(taken: Sequence[tuple[Letter, asyncio.Future[LetterReceipt]]], error: LineError) -> None:
    for _, done in taken:
        if not done.done():
            done.set_exception(_same(error))


def _same(error: LineError) -> LineError:
    """A copy for each who waits: one exception object cannot be raised in many tasks."""
    return NeverSent(str(error)) if isinstance(error, NeverSent) else PerhapsSent(str(error))
