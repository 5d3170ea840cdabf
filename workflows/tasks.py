"""Work that goes on beside the procedure, held so that it is not lost and so that its errors are not silent."""

import asyncio
from collections.abc import Callable, Coroutine


class Tasks:
    """The running side tasks of one workflow."""

    def __init__(self, wake: Callable[[], None]) -> None:
        """`wake` lets the procedure look at an error."""
        self._wake = wake
        self._running: dict[asyncio.Task[None], None] = {}
        self._error: BaseException | None = None

    def start(self, work: Coroutine[object, object, None]) -> None:
        """Let it run beside the procedure."""
        task = asyncio.create_task(work)
        self._running[task] = None
        task.add_done_callback(self._ended)

    def check(self) -> None:
        """Raise the error a side task ended with: it fails the workflow task visibly, as one in the procedure would."""
        if self._error is not None:
            raise self._error

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._error = error
            self._wake()
