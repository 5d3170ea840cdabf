"""The counterpart institution: one activity carries out a batch of errands over one line."""

import asyncio
from collections.abc import Callable

from temporalio import activity

from activities.exchange import Exchange
from activities.gate import Gate
from activities.line_ports import Lines
from activities.ports import OrderBook
from domain.errands import BatchResult, ErrandBatch
from domain.papers import Paper

FIRST_BEAT_S = 2.5
"""Until the first heartbeat: half the limit (limits.INSTITUTION). The engine writes each one down, and most batches
are back before it."""
BEAT_S = 1.0
"""Between heartbeats: well under the limit after which a killed worker's batch is given to another."""


class InstitutionActivities:
    """Holds what the exchange needs; one instance serves all institutions of a worker."""

    def __init__(self, book: OrderBook, lines: Lines, render: Callable[[Paper], bytes]) -> None:
        """`render` turns a legal document into its bytes."""
        self._book = book
        self._lines = lines
        self._gate = Gate(book, render)

    @activity.defn(name="carry_out")
    async def carry_out(self, batch: ErrandBatch) -> BatchResult:
        """Carry out a batch; per-errand outcomes, never an error for what an institution says."""
        lines = {self._lines.to(institution) for institution in batch.institutions}
        if len(lines) != 1:
            raise ValueError("a batch goes over one line, and these institutions are on several")
        careful = activity.info().attempt > 1
        exchange = Exchange(batch, self._book, self._gate, lines.pop(), careful=careful)
        beating = asyncio.create_task(_beat())
        try:
            return await exchange.carry_out()
        finally:
            beating.cancel()


async def _beat() -> None:
    await asyncio.sleep(FIRST_BEAT_S)
    while True:
        activity.heartbeat()
        await asyncio.sleep(BEAT_S)
