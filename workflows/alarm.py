"""One timer at a time: sleep until the next deadline, handle what is due (decisions: one timer at a time).

A timer that is no longer needed is left to ring: setting and cancelling one at each awakening would fill the history.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

from temporalio import workflow


class Alarm:
    """Rings once at the earliest moment it was set for."""

    def __init__(self, ring: Callable[[], None]) -> None:
        """`ring` is called in the workflow when a timer is due."""
        self._ring = ring
        self._at: datetime | None = None
        self._task: asyncio.Task[None] | None = None

    def set(self, at: datetime | None, summary: str) -> None:
        """Ring at `at` at the latest; does nothing when a timer rings by then anyway."""
        if at is None or (self._at is not None and self._at <= at):
            return
        if self._task is not None:
            self._task.cancel()
        self._at = at
        self._task = asyncio.create_task(self._sleep(at, summary))

    async def _sleep(self, at: datetime, summary: str) -> None:
        seconds = max((at - workflow.now()).total_seconds(), 0.05)
        await workflow.sleep(seconds, summary=summary)
        self._at = None
        self._task = None
        self._ring()
