"""Where the time goes: engine events, database, processes and the worker's functions.

`python -m benchmarks.profile [--cases N]`: of an ordinary case; with `--drill FILE`: of a drill.
"""

import argparse
import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import text
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from adapters import logs, settings
from adapters.drill.drill import Drill, Plan
from adapters.drill.scenario import read_file
from adapters.register.engine import open_engine
from adapters.temporal.addresses import database_name
from adapters.temporal.client import connect
from adapters.temporal.stack import StackView, Worker, embedded_stack
from benchmarks.milestones import milestones
from benchmarks.processes import CpuMeter
from benchmarks.throughput import CASES_IN_FLIGHT
from benchmarks.world import bench_world

RUN = "profile"
WARM = 10
"""Cases before anything is counted: imports and prepared statements are paid for once, not by each case."""
ALONE = 8
"""Cases whose first stop is looked at step by step, one after the other."""
_ACTIVITY = EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
_LEAST_SHARE = 0.01  # functions below are noise


@dataclass(frozen=True)
class Cost:
    """What `played` cases came to; the engine's events are those of `listed` cases."""

    played: int
    listed: int
    cpu: Mapping[str, float]
    events: Counter[str]
    executions: int
    transactions: int


async def of_cases(stack: StackView, worker: Worker, cases: int) -> Cost:
    """Play so many ordinary cases, as many at once as the benchmark does."""
    gate = asyncio.Semaphore(CASES_IN_FLIGHT)
    played = WARM + ALONE + cases
    async with bench_world(stack, RUN, played, worker) as world:

        async def single() -> None:
            async with gate:
                await world.case()

        await asyncio.gather(*(world.case() for _ in range(WARM)))
        print("a first stop at idle, each step's median:")
        for step, milliseconds in (await milestones(world, ALONE)).items():
            print(f"{milliseconds:9.1f} ms  {step}")
        before = await _transactions(stack)
        os.kill(world.pids["worker"], signal.SIGUSR1)
        meter = CpuMeter(world.pids)
        await asyncio.gather(*(single() for _ in range(cases)))
        cpu = meter.spent()
        transactions = await _transactions(stack) - before
        events, executions = await _events(world.client)
    return Cost(cases, played, cpu, events, executions, transactions)


async def of_drill(stack: StackView, worker: Worker, file: Path) -> Cost:
    """Play a drill; what its worker's start costs is counted as well."""
    drill = Drill(stack, read_file(file), run=RUN, plan=Plan(workers=[worker]), name=file.name)
    playing = asyncio.create_task(drill.play())
    started = asyncio.create_task(drill.started.wait())
    await asyncio.wait([playing, started], return_when=asyncio.FIRST_COMPLETED)
    meter = CpuMeter(stack.children)
    result = await playing
    cpu = {name: seconds for name, seconds in meter.spent().items() if seconds > 0}
    events, executions = await _events(await connect(stack.settings, RUN))
    print(f"traced in {result.witness.traced_seconds:.1f} s, a perfect pursuer {result.witness.pursuer.seconds:.1f} s")
    return Cost(1, 1, cpu, events, executions, await _transactions(stack))


def print_cost(cost: Cost) -> None:
    """Each case's share."""
    print(f"for each of {cost.played} cases: {cost.transactions / cost.played:.1f} database transactions")
    for name, seconds in sorted(cost.cpu.items(), key=lambda one: -one[1]):
        print(f"{seconds * 1000 / cost.played:9.1f} ms CPU  {name}")
    total, executions = cost.events.total() / cost.listed, cost.executions / cost.listed
    print(f"{total:9.1f} engine events in {executions:.1f} executions")
    for name, count in cost.events.most_common():
        print(f"{count / cost.listed:9.2f}  {name}")


def print_samples(found: Mapping[str, Any], played: int) -> None:
    """The worker's functions, each case's share."""
    core = found["process"] - found["python"]
    print(f"worker {_each(found['process'], played)}, of these the engine's core {_each(core, played)}")
    print(f"statements: {sum(found['texts'].values()) / played:.1f} a case")
    for what, count in sorted(found["texts"].items(), key=lambda one: -int(one[1]))[:40]:
        print(f"{count / played:9.2f}  {what}")
    for how in ("together", "alone"):
        print(f"functions, {how}:")
        for name, seconds in sorted(found[how].items(), key=lambda one: -float(one[1])):
            if seconds >= _LEAST_SHARE * found["python"]:
                print(f"{_each(seconds, played)}  {name}")


def _each(seconds: float, played: int) -> str:
    return f"{seconds * 1000 / played:9.1f} ms"


async def _transactions(stack: StackView) -> int:
    database = open_engine(stack.postgres_url(database_name(RUN)), connections=1)
    async with database.connect() as connection:
        await asyncio.sleep(1.5)  # PostgreSQL's own figures follow at this distance
        asked = text("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
        count = int((await connection.execute(asked)).scalar_one())
    await database.dispose()
    return count


async def _events(client: Client) -> tuple[Counter[str], int]:
    """Events by type, of activities by name; only of our cases and their visits."""
    found: Counter[str] = Counter()
    executions = 0
    async for one in client.list_workflows("WorkflowType IN ('FraudCase', 'OnSiteVerification')", page_size=1000):
        executions += 1
        async for event in client.get_workflow_handle(one.id, run_id=one.run_id).fetch_history_events():
            name = EventType.Name(event.event_type).removeprefix("EVENT_TYPE_").lower()
            if event.event_type == _ACTIVITY:
                name += f" {event.activity_task_scheduled_event_attributes.activity_type.name}"
            found[f"{one.workflow_type}: {name}"] += 1
    return found, executions


async def _on_a_stack_of_its_own(cases: int, drill: Path | None) -> None:
    home = Path(tempfile.mkdtemp(prefix="holdfast-bench-"))
    samples = home / "samples.json"
    worker = Worker(RUN, command=(sys.executable, "-m", "benchmarks.sampled", str(samples), "--run", RUN))
    try:
        given = settings.load().model_copy(update={"state_dir": home / "state"})
        async with embedded_stack(given) as stack:
            cost = await (of_cases(stack, worker, cases) if drill is None else of_drill(stack, worker, drill))
        print_cost(cost)
        print_samples(json.loads(samples.read_text(encoding="utf-8")), cost.played)
    finally:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile", description=__doc__)
    parser.add_argument("--cases", type=int, default=60)
    parser.add_argument("--drill", type=Path, metavar="FILE")
    asked = parser.parse_args()
    logs.configure(settings.LogLevel.WARNING, process="profile")
    asyncio.run(_on_a_stack_of_its_own(asked.cases, asked.drill))
