"""The world of a benchmark: many ordinary cases to report, our worker and the floor's, officers who answer at once."""

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from sqlalchemy import text
from temporalio.client import Client

from adapters.drill.clock import DrillClock
from adapters.drill.practice import devices_of, furnish
from adapters.drill.reports import report_of
from adapters.drill.scenario import Scenario, taken
from adapters.drill.trainer import Trainer
from adapters.intake import Intake
from adapters.keyring import KeyRing
from adapters.policy_file import load_policy
from adapters.register import Register
from adapters.register.engine import open_engine
from adapters.temporal.addresses import database_name
from adapters.temporal.client import connect
from adapters.temporal.stack import StackView, Worker
from benchmarks.floor import MAKE_TABLE
from benchmarks.officers import Officers
from benchmarks.ordinary import scenario
from benchmarks.steps import FLOOR_QUEUE, Note, OneLetter, TwelveSteps
from domain.report import Receipt, Report

LONGEST_S = 120.0
"""A case or a bare workflow that takes longer is counted as failed."""


@dataclass
class BenchWorld:
    """One practice world, furnished and at work. `worker` and `floor` name the two worker processes."""

    stack: StackView
    run: str
    client: Client
    register: Register
    trainer: Trainer
    intake: Intake
    officers: Officers
    reports: Iterator[Report]
    worker: str
    floor: str
    started: int = 0

    @property
    def pids(self) -> dict[str, int]:
        """Our processes by what they are."""
        names = {self.worker: "worker", self.floor: "floor's worker"}
        return {names.get(name, name): pid for name, pid in self.stack.children.items()}

    async def report(self) -> Receipt:
        """File the next report; an officer enters its filing a moment later."""
        receipt = await self.intake.file(next(self.reports))
        self.officers.file(receipt)
        return receipt

    async def case(self) -> Receipt:
        """File the next report and wait until its case is closed."""
        receipt = await self.report()
        await self.closed(receipt)
        return receipt

    async def closed(self, receipt: Receipt) -> None:
        """Wait until a case is closed. Raises TimeoutError."""
        async with asyncio.timeout(LONGEST_S):
            await self.client.get_workflow_handle(receipt.workflow_id).result()

    async def one_letter(self) -> tuple[str, float]:
        """Run the floor of a first stop; its name in the witness's book, and the Unix time it was asked for."""
        self.started += 1
        name, asked = f"FLOOR-{self.started:06d}", time.time()
        await self.client.execute_workflow(
            OneLetter.run, Note(name=name), id=f"floor/{name}", task_queue=FLOOR_QUEUE, request_eager_start=True
        )
        return name, asked

    async def twelve_steps(self) -> None:
        """Run the floor of an ordinary case."""
        self.started += 1
        name = f"steps/{self.started:06d}"
        await self.client.execute_workflow(TwelveSteps.run, Note(name=name), id=name, task_queue=FLOOR_QUEUE)

    async def first_stops(self) -> dict[str, float]:
        """When each case's first stop, and each floor's letter, stood in the sandbox's book (Unix time)."""
        measures = await self.trainer.measures()
        return {name: float(real) for name, real in measures["first_stops"].items()}


@contextlib.asynccontextmanager
async def bench_world(
    stack: StackView, run: str, victims: int, worker: Worker | None = None
) -> AsyncIterator[BenchWorld]:
    """A world of so many unreported ordinary cases; `worker`: another command for our worker process."""
    raw = scenario(victims)
    async with contextlib.AsyncExitStack() as parts:
        trainer = await parts.enter_async_context(Trainer(stack.sandbox_url, run))
        await trainer.make(raw)
        register = await furnish(stack, run, await trainer.institutions())
        parts.push_async_callback(register.close)
        await _make_floor_table(stack, run)
        worker, floor = worker or Worker(run), _floor_worker(run)
        for one in (worker, floor):
            await stack.add_worker(one)
            parts.push_async_callback(stack.stop_child, one.child_name)
        began = await trainer.start()
        parts.push_async_callback(trainer.end)
        client = await connect(stack.settings, run)
        policy = load_policy(stack.settings)
        devices = await devices_of(register, KeyRing.load(stack.settings), run)
        officers = Officers(client, register, trainer, devices)
        serving = asyncio.create_task(officers.serve())
        parts.push_async_callback(_end, serving)
        yield BenchWorld(
            stack=stack,
            run=run,
            client=client,
            register=register,
            trainer=trainer,
            intake=Intake(register, client, policy, await register.institutions()),
            officers=officers,
            reports=_reports(taken(raw), DrillClock(began["t0"], began["first_s"], began["time_scale"])),
            worker=worker.child_name,
            floor=floor.child_name,
        )


def _floor_worker(run: str) -> Worker:
    return Worker(run, name=f"floor-{run}", command=(sys.executable, "-m", "benchmarks.floor", "--run", run))


def _reports(played: Scenario, clock: DrillClock) -> Iterator[Report]:
    return (report_of(played, filed, clock) for filed in played.reports)


async def _make_floor_table(stack: StackView, run: str) -> None:
    database = open_engine(stack.postgres_url(database_name(run)), connections=1)
    async with database.begin() as connection:
        await connection.execute(text(MAKE_TABLE))
    await database.dispose()


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
