"""`python -m benchmarks [--quick] [--only a|b|c] [--json FILE]`: the numbers, from one run on a stack of its own."""

import argparse
import asyncio
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters import logs, settings
from adapters.drill.errors import DrillError
from adapters.settings import SettingsError
from adapters.temporal.stack import StackError, StackView, embedded_stack
from benchmarks.first_stop import IDLE_EVERY_S, first_stop
from benchmarks.printing import first_stop_lines, throughput_lines, wide_lines
from benchmarks.throughput import Size, throughput
from benchmarks.wide import wide
from benchmarks.world import BenchWorld, bench_world

PARTS = ("a", "b", "c")


@dataclass(frozen=True)
class Extent:
    """How much is measured; `pairs` are floors and cases each."""

    idle_pairs: int
    load_seconds: float
    size: Size
    warm: int

    @property
    def victims(self) -> int:
        """Enough for all of it; half of 40 cases a second is more than this machine will ever do."""
        return self.warm + self.size.rounds * self.size.cases + self.idle_pairs + int(20 * self.load_seconds)


WHOLE = Extent(idle_pairs=40, load_seconds=20, size=Size(rounds=3, cases=180, floors=90), warm=10)
QUICK = Extent(idle_pairs=8, load_seconds=5, size=Size(rounds=1, cases=60, floors=30), warm=4)
CALIBRATION = Size(rounds=1, cases=60, floors=10)
"""Enough to learn what half load is, where (b) is not asked for."""


async def bench(stack: StackView, parts: Sequence[str], extent: Extent) -> dict[str, Any]:
    """Measure what is asked for and print each part as it is done; the figures by part."""
    found: dict[str, Any] = {"machine": {"cpus": os.cpu_count(), "load": os.getloadavg()}}
    if {"a", "b"} & set(parts):
        async with bench_world(stack, "bench", extent.victims + CALIBRATION.cases) as world:
            await asyncio.gather(*(world.case() for _ in range(extent.warm)), world.one_letter(), world.twelve_steps())
            if "a" in parts:
                idle = await first_stop(world, extent.idle_pairs, IDLE_EVERY_S)
                found["first_stop_idle"] = idle.model_dump() | {"ratio": idle.ratio}
                _say(first_stop_lines(idle, "idle"))
            rate = await _cases_a_second(world, parts, extent, found)
            if "a" in parts:
                every_s = 1 / rate  # a case every other time: half of what it can do
                load = await first_stop(world, max(4, int(extent.load_seconds * rate / 2)), every_s)
                found["first_stop_half_load"] = load.model_dump() | {"ratio": load.ratio}
                _say(first_stop_lines(load, "half load"))
    if "c" in parts:
        drill = await wide(stack, "bench-wide")
        found["wide"] = drill.model_dump() | {"ratio": drill.ratio}
        _say(wide_lines(drill))
    found["machine"]["load_after"] = os.getloadavg()
    return found


async def _cases_a_second(world: BenchWorld, parts: Sequence[str], extent: Extent, found: dict[str, Any]) -> float:
    load = await throughput(world, extent.size if "b" in parts else CALIBRATION)
    if "b" in parts:
        found["throughput"] = load.model_dump() | {"ratio": load.ratio, "cpu_ratio": load.cpu_ratio}
        _say(throughput_lines(load))
    return load.case.median


def _say(lines: Iterable[str]) -> None:
    print("\n".join(lines), end="\n\n", flush=True)


async def _on_a_stack_of_its_own(parts: Sequence[str], extent: Extent) -> dict[str, Any]:
    home = Path(tempfile.mkdtemp(prefix="holdfast-bench-"))
    given = settings.load().model_copy(update={"state_dir": home / "state"})
    async with embedded_stack(given) as stack:
        found = await bench(stack, parts, extent)
    shutil.rmtree(home, ignore_errors=True)  # after an error its logs are wanted
    return found


def main() -> int:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of it: whether it runs, not how fast")
    parser.add_argument("--only", choices=PARTS, help="a first stop, b cases a second, c wide-2000")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    asked = parser.parse_args()
    logs.configure(settings.LogLevel.WARNING, process="bench")
    one, five, _ = os.getloadavg()
    print(
        f"{os.cpu_count()} CPUs, load {one:.1f} (1 min) {five:.1f} (5 min); a busy machine gives provisional figures\n"
    )
    try:
        extent = QUICK if asked.quick else WHOLE
        found = asyncio.run(_on_a_stack_of_its_own([asked.only] if asked.only else PARTS, extent))
    except (StackError, SettingsError, DrillError, TimeoutError) as problem:
        where = f"{tempfile.gettempdir()}/holdfast-bench-*/state/logs"
        print(str(problem) or f"a case did not close in time: see the worker's log in {where}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    if asked.json is not None:
        asked.json.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
