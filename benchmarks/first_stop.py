"""(a) From receipt to the first stop in the sandbox's book, beside one row and one letter: floor, case, floor, case."""

import asyncio
import random
from collections.abc import Mapping

from benchmarks.figures import Figure, Spread, ratio, spread
from benchmarks.world import BenchWorld
from domain.report import Receipt

IDLE_EVERY_S = 0.75  # a case is over its first stop long before the next one comes


class FirstStop(Figure):
    """Milliseconds from receipt to book. `rate`: cases, and as many floors, that came in a second."""

    rate: float
    case_ms: Spread
    floor_ms: Spread

    @property
    def ratio(self) -> float:
        """Our median in the floor's medians."""
        return ratio(self.case_ms.median, self.floor_ms.median)


async def first_stop(world: BenchWorld, pairs: int, every_s: float, seed: int = 0) -> FirstStop:
    """So many floors and cases in turn, one of them each `every_s` (at intervals that keep no step with any clock)."""
    moments = random.Random(seed)
    floors: list[asyncio.Task[tuple[str, float]]] = []
    cases: list[asyncio.Task[Receipt]] = []
    for _ in range(pairs):
        floors.append(asyncio.create_task(world.one_letter()))
        await asyncio.sleep(every_s * moments.uniform(0.6, 1.4))
        cases.append(asyncio.create_task(world.report()))
        await asyncio.sleep(every_s * moments.uniform(0.6, 1.4))
    asked = dict(await asyncio.gather(*floors))
    receipts = await asyncio.gather(*cases)
    await asyncio.gather(*(world.closed(receipt) for receipt in receipts))
    received = {one.case_number: one.received_at.timestamp() for one in receipts}
    stops = await world.first_stops()
    return FirstStop(rate=1 / (2 * every_s), case_ms=_waited(received, stops), floor_ms=_waited(asked, stops))


def _waited(since: Mapping[str, float], until: Mapping[str, float]) -> Spread:
    waited = [(until[name] - moment) * 1000 for name, moment in since.items() if name in until]
    return spread(waited, missing=len(since) - len(waited))
