"""One drill, from a scenario file to its result: `await Drill(stack, raw, run="…").play()`."""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from adapters.drill.clock import DrillClock
from adapters.drill.desk import Desk
from adapters.drill.duty import until_on_duty
from adapters.drill.errors import DrillError, UnreachableError
from adapters.drill.filing import Filing
from adapters.drill.look import Look, Watch
from adapters.drill.outcome import Played, gather
from adapters.drill.practice import devices_of, furnish
from adapters.drill.quiet import Calm, register_is_quiet
from adapters.drill.reports import check_reports
from adapters.drill.result import Result
from adapters.drill.scenario import Scenario, taken
from adapters.drill.trainer import Trainer
from adapters.drill.visits import Field
from adapters.intake import Intake
from adapters.keyring import KeyRing
from adapters.policy_file import load_policy
from adapters.register import Register
from adapters.register.engine import RegisterError
from adapters.temporal.addresses import database_name
from adapters.temporal.client import connect
from adapters.temporal.parts import shared_work
from adapters.temporal.stack import StackView, Worker
from domain.bookkeeping import Standing
from domain.institutions import Institution

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 0.25
PATIENCE_S = 120.0
"""So long a part of the stack may be out of reach: it is restarted within seconds."""
LINGER_S = 1.0
"""Quiet must last so long beyond the policy's own waiting for company before a drill ends."""
_PASSING = (RPCError, RegisterError, UnreachableError)
_ASKED_AT_ONCE = 8


@dataclass(frozen=True)
class Plan:
    """How a drill is played."""

    time_scale: float | None = None
    """Scenario seconds a real second; None: as the file says."""
    officers: bool = True
    """Whether the program plays the officers."""
    until_closed: bool = False
    """Wait, however long all is quiet, until every case is closed: people at screens are slower than money."""
    seed: int = 0
    faults: Sequence[Mapping[str, Any]] = ()
    """Set before the start (docs/wire.md, faults)."""
    workers: Sequence[Worker] = ()
    """None named: one worker process for everything."""
    book: Path | None = None
    keep: bool = False
    """Leave the workers running at the end."""
    longest_s: float = 3600.0


@dataclass(frozen=True)
class Moment:
    """Where a drill stands, for whoever watches. `at_s`: the scenario second."""

    at_s: float
    reports: int
    filed: int
    held_fen: int
    at_risk_fen: int
    waiting: int
    """Decisions, visits and young orders without an answer."""


def _unwatched(_: Moment) -> None:
    return


@dataclass
class Drill:
    """A drill. A test may look at `look`, `filing` and `worker_names` and strike the stack while it is played."""

    stack: StackView
    raw: Any
    run: str
    plan: Plan = Plan()
    watch: Callable[[Moment], None] = _unwatched
    name: str = "The scenario"
    """How the file is called in complaints."""
    look: Look | None = None
    started: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the first report has come in."""
    worker_names: list[str] = field(default_factory=list)
    _looked: asyncio.Event = field(default_factory=asyncio.Event)
    scenario: Scenario = field(init=False)
    institutions: tuple[Institution, ...] = ()
    traced_at: float | None = None
    """When the trace was complete, before the closing recheck (Unix time)."""
    trainer: Trainer = field(init=False)
    client: Client = field(init=False)
    register: Register = field(init=False)
    clock: DrillClock = field(init=False)
    filing: Filing = field(init=False)
    _desk: Desk = field(init=False)
    _field: Field = field(init=False)
    _calm: Calm = field(init=False)
    _settle_s: float = field(init=False)
    _rechecked: int | None = field(default=None, init=False)
    _told: int = field(default=0, init=False)

    async def play(self) -> Result:
        """Play it to its end.

        Raises:
            DrillError: it cannot be played (nothing was started), or not to its end.
            StackError: the stack or a worker does not start.
        """
        async with contextlib.AsyncExitStack() as parts:
            self.trainer = await parts.enter_async_context(Trainer(self.stack.sandbox_url, self.run))
            await self._make()
            parts.push_async_callback(self._end_the_world)
            self.register = await furnish(self.stack, self.run, self.institutions)
            parts.push_async_callback(self.register.close)
            await self._start_workers(parts)
            self.client = await connect(self.stack.settings, self.run)
            await until_on_duty(self.client, self.institutions)
            await self._start()
            await self._until_the_end(parts)
            seconds = time.time() - self.clock.t0
            await self.trainer.end()
            return await self._result(seconds)

    @property
    def directory(self) -> Path:
        """Where its result and its book are kept."""
        return self.stack.state.path / "runs" / self.run

    async def until(self, holds: Callable[[Look], bool], within_s: float = 60.0) -> Look:
        """Wait until a look shows something, so long after the start; for tests that strike in the middle."""
        await self.started.wait()
        async with asyncio.timeout(within_s):
            while self.look is None or not holds(self.look):
                await self._looked.wait()
        return self.look

    # ------------------------------------------------------------ before

    async def _make(self) -> None:
        await self.trainer.make(self.raw, time_scale=self.plan.time_scale, seed=self.plan.seed, name=self.name)
        try:
            self.institutions = await self.trainer.institutions()
            self.scenario = taken(self.raw)
            check_reports(self.scenario)
            if self.plan.faults:
                await self.trainer.set_faults(self.plan.faults)
        except BaseException:
            await self._end_the_world()
            raise

    async def _start_workers(self, parts: contextlib.AsyncExitStack) -> None:
        workers = self.plan.workers or shared_work(self.run)
        for worker in workers:
            self.worker_names.append(worker.child_name)
            if not self.plan.keep:
                parts.push_async_callback(self._stop_worker, worker.child_name)
        await asyncio.gather(*(self.stack.add_worker(worker) for worker in workers))

    async def _stop_worker(self, name: str) -> None:
        if name in self.stack.children:
            await self.stack.stop_child(name)

    async def _start(self) -> None:
        began = await self.trainer.start()
        self.clock = DrillClock(began["t0"], began["first_s"], began["time_scale"])
        policy = load_policy(self.stack.settings)
        self._settle_s = policy.freeze.gather_seconds + LINGER_S
        self.filing = Filing(self.scenario, self.clock, Intake(self.register, self.client, policy, self.institutions))
        decide_s = self.scenario.officers.decide_s
        devices = await devices_of(self.register, KeyRing.load(self.stack.settings), self.run)
        self._desk = Desk(self.client, devices, decide_s, self.plan.seed)
        self._field = Field(self.client, devices, self.trainer, self.scenario.holder, decide_s, self.plan.seed)
        self._calm = Calm(self.plan.officers)
        self.started.set()

    # ------------------------------------------------------------ the run

    async def _until_the_end(self, parts: contextlib.AsyncExitStack) -> None:
        watch = Watch.on(self.stack.postgres_url(database_name(self.run)))
        parts.push_async_callback(watch.close)
        filing = asyncio.create_task(self.filing.all(), name="reports")
        parts.push_async_callback(_cancelled, filing)
        began = reached = time.monotonic()
        while True:
            now = time.monotonic()
            try:
                if await self._turn(watch, now):
                    break
                reached = now
            except _PASSING as problem:
                self._calm.stirred()
                log.warning("drill_waits", error=type(problem).__name__)
                if now - reached > PATIENCE_S:
                    raise DrillError(f"The stack has not answered for {PATIENCE_S:.0f} s: {problem}") from problem
            if filing.done() and not filing.cancelled() and (failed := filing.exception()):
                raise failed
            if now - began > self.plan.longest_s:
                raise DrillError(f"The drill did not come to an end within {self.plan.longest_s:.0f} s.")
            await asyncio.sleep(max(0.0, LOOK_EVERY_S - (time.monotonic() - now)))
        await filing

    async def _turn(self, watch: Watch, now: float) -> bool:
        """Look, let the officers act, and move the clock when all is quiet. True at the end."""
        before, look = self.look, await watch.look()
        self.look = look
        self._looked.set()
        self._looked = asyncio.Event()
        if self.plan.officers:
            await self._desk.act(look, now)
            await self._field.act(now)
        else:
            await self._pass_on_findings(watch)
        visits = self._field.open + len(self._field.untold)
        self._show(look, visits)
        if self._report_due() or not register_is_quiet(look, before, played=self.plan.officers, visits=visits):
            self._calm.stirred()
            return False
        if not self._calm.judge(look, await self._standings(look), now):
            return False
        status = await self.trainer.status()
        if status["pending_answers"] > status["pending_older_60"]:
            return False
        return await self._go_on(look, now)

    async def _pass_on_findings(self, watch: Watch) -> None:
        """Where people play the officers, the witness is told what they have entered."""
        if found := await watch.findings(self._told):
            known = self.scenario.holder
            await self.trainer.tell_findings([row[1:] for row in found if row[1:3] in known])
            self._told = found[-1][0]

    async def _go_on(self, look: Look, now: float) -> bool:
        """Everything is quiet: skip the time in which nothing happens. True when there is nothing to skip to."""
        while True:
            jump = await self.trainer.jump(self.filing.next_s)
            if not jump["jumped"]:
                break
            self.clock.jumped(jump["at_s"])
            self.filing.jumped()
            if self._report_due():
                return False
        if jump["can_move"] or self.filing.next_s is not None:
            return False
        if not look.running:
            self.traced_at = self.traced_at or look.traced_at
            return True
        if self._calm.lasts(now) < self._settle_s:
            return False
        if self._rechecked == look.stops:
            return not self.plan.until_closed
        self._rechecked = look.stops
        self.traced_at = look.traced_at
        await asyncio.gather(*(self._recheck(case.workflow_id) for case in look.running))
        self._calm.stirred()
        return False

    def _report_due(self) -> bool:
        """Whether a report has come in, and is not kept yet."""
        next_s = self.filing.next_s
        return next_s is not None and self.clock.real_of(next_s) <= time.time()

    async def _recheck(self, workflow_id: str) -> None:
        """Before its end a case queries every uncovered account it attributes money to."""
        try:
            await self.client.get_workflow_handle(workflow_id).signal("recheck")
        except RPCError as problem:
            if problem.status != RPCStatusCode.NOT_FOUND:
                self._rechecked = None
                raise

    async def _standings(self, look: Look) -> dict[str, Standing]:
        gate = asyncio.Semaphore(_ASKED_AT_ONCE)
        found: dict[str, Standing] = {}

        async def ask(case_id: str, workflow_id: str) -> None:
            async with gate:
                handle = self.client.get_workflow_handle(workflow_id)
                with contextlib.suppress(RPCError):
                    found[case_id] = await handle.query("standing", result_type=Standing)

        await asyncio.gather(*(ask(case.case_id, case.workflow_id) for case in look.running))
        return found

    def _show(self, look: Look, visits: int) -> None:
        self.watch(
            Moment(
                at_s=self.clock.at(time.time()),
                reports=len(self.scenario.reports),
                filed=len(self.filing.receipts),
                held_fen=sum(case.held_fen for case in look.cases),
                at_risk_fen=sum(case.at_risk_fen for case in look.cases),
                waiting=len(look.sheets) + visits + look.young,
            )
        )

    # ------------------------------------------------------------ after

    async def _result(self, seconds: float) -> Result:
        assert self.look is not None, "a drill ends after a look"
        played = Played(
            scenario=self.scenario.scenario,
            run=self.run,
            institutions=self.institutions,
            receipts=self.filing.receipts,
            t0=self.clock.t0,
            traced_at=self.traced_at,
            trainer=self.trainer,
            register=self.register,
            client=self.client,
        )
        result = await gather(played, self.look, seconds)
        books = [self.directory / "book.ndjson", *([self.plan.book] if self.plan.book else [])]
        await self.trainer.save_book(*books)
        text = json.dumps(result.model_dump(mode="json"), ensure_ascii=False, indent=1)
        (self.directory / "result.json").write_text(text + "\n", encoding="utf-8")
        return result

    async def _end_the_world(self) -> None:
        with contextlib.suppress(DrillError, TimeoutError):
            async with asyncio.timeout(2):
                await self.trainer.end()


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
