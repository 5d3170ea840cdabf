"""Who waits for which answers. An answer wakes only those who asked for its key."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from adapters.sandbox.letters import Letter

Name = tuple[str, str]


class Waiter:
    """One long poll: `first` is set with the first of its answers, `all` when none is outstanding."""

    def __init__(self, names: set[Name]) -> None:
        self.open = names
        self.first = asyncio.Event()
        self.all = asyncio.Event()

    async def for_first(self, seconds: float) -> None:
        """Wait for the first answer, at most so long."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.first.wait(), seconds)

    async def for_all(self, seconds: float) -> None:
        """Wait for the last answer, at most so long."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.all.wait(), seconds)


class Waiters:
    """All long polls of a world, by door and key."""

    def __init__(self) -> None:
        self._by_name: dict[Name, set[Waiter]] = {}

    @contextmanager
    def waiting(self, names: Iterable[Name]) -> Iterator[Waiter]:
        """Wait for these inside."""
        waiter = Waiter(set(names))
        mine = list(waiter.open)
        for name in mine:
            self._by_name.setdefault(name, set()).add(waiter)
        try:
            yield waiter
        finally:
            for name in mine:
                others = self._by_name.get(name)
                if others is not None:
                    others.discard(waiter)
                    if not others:
                        del self._by_name[name]

    def tell(self, letter: Letter) -> None:
        """An answer may be fetched."""
        for waiter in self._by_name.get((letter.door, letter.key), ()):
            waiter.open.discard((letter.door, letter.key))
            waiter.first.set()
            if not waiter.open:
                waiter.all.set()

    def let_go(self) -> None:
        """Let everybody go, answer or not."""
        for waiters in self._by_name.values():
            for waiter in waiters:
                waiter.first.set()
                waiter.all.set()
