"""(b) Ordinary cases a second beside a bare workflow of twelve activities that do nothing: in turns, round by round."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from benchmarks.figures import Figure, Spread, median, ratio, spread
from benchmarks.processes import CpuMeter
from benchmarks.world import BenchWorld

FLOORS_IN_FLIGHT = 20
CASES_IN_FLIGHT = 30  # more: a case waits two seconds for company, and for its banks, without using anything


class Load(Figure):
    """What rounds of one kind came to. `cpu_ms`: CPU milliseconds for each finished one, by process."""

    each: int
    in_flight: int
    a_second: tuple[float, ...]
    seconds: Spread
    """From start to end of a single one."""
    cpu_ms: dict[str, float]

    @property
    def median(self) -> float:
        """Finished ones a second, the median of the rounds."""
        return median(self.a_second)

    @property
    def total_cpu_ms(self) -> float:
        """Of all processes."""
        return sum(self.cpu_ms.values())


class Throughput(Figure):
    """Both."""

    case: Load
    floor: Load
    sheets: int

    @property
    def ratio(self) -> float:
        """Our rate in the floor's: more is better."""
        return ratio(self.case.median, self.floor.median)

    @property
    def cpu_ratio(self) -> float:
        """Our CPU time in the floor's: less is better, and it bears a machine that others use as well."""
        return ratio(self.case.total_cpu_ms, self.floor.total_cpu_ms)


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    rounds: int
    cases: int
    floors: int


async def throughput(world: BenchWorld, size: Size) -> Throughput:
    """Floor, cases, floor, cases … Raises TimeoutError when a case does not close."""
    floor, case = _Rounds(world, FLOORS_IN_FLIGHT), _Rounds(world, CASES_IN_FLIGHT)
    for _ in range(size.rounds):
        await floor.play(world.twelve_steps, size.floors)
        await case.play(world.case, size.cases)
    return Throughput(case=case.load(), floor=floor.load(), sheets=world.officers.sheets)


class _Rounds:
    """Rounds of one kind; a round keeps `in_flight` of them going until so many are finished."""

    def __init__(self, world: BenchWorld, in_flight: int) -> None:
        self._world = world
        self._in_flight = in_flight
        self._each = 0
        self._rates: list[float] = []
        self._seconds: list[float] = []
        self._cpu: dict[str, float] = {}

    async def play(self, one: Callable[[], Awaitable[object]], count: int) -> None:
        gate = asyncio.Semaphore(self._in_flight)

        async def single() -> None:
            async with gate:
                began = time.monotonic()
                await one()
                self._seconds.append(time.monotonic() - began)

        meter, began = CpuMeter(self._world.pids), time.monotonic()
        await asyncio.gather(*(single() for _ in range(count)))
        self._rates.append(count / (time.monotonic() - began))
        self._each = count
        for name, seconds in meter.spent().items():
            self._cpu[name] = self._cpu.get(name, 0.0) + seconds

    def load(self) -> Load:
        finished = len(self._seconds)
        return Load(
            each=self._each,
            in_flight=self._in_flight,
            a_second=tuple(self._rates),
            seconds=spread(self._seconds),
            cpu_ms={name: seconds * 1000 / finished for name, seconds in self._cpu.items()},
        )
