"""How a block that needs a running stack ends: in good order, whatever ends it."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Protocol

from adapters.temporal.errors import StackError

RUNTIME_REST_S = 0.3
"""Before asyncio.run is left: straight after a client's shutdown it aborts in about 4 of 10 runs (measured)."""


class Stoppable(Protocol):
    """What is stopped when the block ends."""

    problem: StackError | None

    async def watch(self) -> None:
        """Raise StackError when it has given up."""

    async def stop(self) -> None:
        """Stop it."""


@contextlib.asynccontextmanager
async def kept(stack: Stoppable) -> AsyncIterator[None]:
    """Stops the stack when the block ends; ends the block on a signal or when the stack gives up."""
    block = asyncio.current_task()
    assert block is not None, "inside a task"
    received: list[int] = []

    async def end_with_the_stack() -> None:
        with contextlib.suppress(StackError):
            await stack.watch()
        block.cancel()

    def end_on(number: int) -> None:
        received.append(number)
        block.cancel()

    guard = asyncio.create_task(end_with_the_stack(), name="stack guard")
    with _on_termination(end_on):
        try:
            try:
                yield
            finally:
                guard.cancel()
                await _to_the_end(stack.stop())
        except asyncio.CancelledError:
            if received:
                block.uncancel()
                raise SystemExit(128 + received[0]) from None
            if stack.problem is not None:
                block.uncancel()
                raise stack.problem from None
            raise


@contextlib.contextmanager
def _on_termination(act: Callable[[int], object]) -> Iterator[None]:
    """Ctrl-C is asyncio's own affair; `kill` and a closed terminal come here."""
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        for number in numbers:
            loop.add_signal_handler(number, act, int(number))
    except (ValueError, RuntimeError, NotImplementedError):  # not the main thread: signals are somebody else's affair
        yield
        return
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
            signal.signal(number, before[number])


async def _to_the_end(work: Awaitable[None]) -> None:
    """Finish this even if we are cancelled meanwhile; the cancellation is passed on afterwards."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as problem:
            cancelled = problem
    task.result()
    if cancelled is not None:
        raise cancelled
