"""One child process: started on a leash, waited for, restarted when it dies, stopped."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from adapters.settings import PROJECT_ROOT
from adapters.temporal.errors import StackError
from adapters.temporal.processes import mark
from adapters.temporal.state import ChildRecord, Owner, StateDir

LEASH = str(Path(__file__).with_name("leash.py"))
_POLL_S = 0.05  # between two looks whether a child is ready; a start takes 0.2 s and more
_BACKOFF_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)  # before each restart in a row; after the last one the stack gives up
_STEADY_S = 30.0  # one that lived that long starts a new row
_LOG_LIMIT = 20 * 2**20  # bytes; beyond that a log becomes .1 at the next start
_TAIL = 16_000  # characters of a log that are looked at for the reason of a death
_REASONS = ("panic:", "fatal error:")  # how a Go program begins its last words; its call stack follows

Signals = tuple[tuple[signal.Signals, float], ...]
POLITE: Signals = ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))  # a worker drains for up to 5 s
Phase = Literal["starting", "ready", "died", "stopping", "stopped", "note"]


@dataclass(frozen=True)
class Progress:
    """Something that happened to a part of the stack, and a sentence that says it."""

    part: str
    phase: Phase
    text: str


Report = Callable[[Progress], None]


class ChildDiedError(StackError):
    """A child ended, or did not become ready, while it was being started; `tail` is the end of its log."""

    def __init__(self, sentence: str, tail: str) -> None:
        super().__init__(sentence)
        self.tail = tail


@dataclass(frozen=True)
class ChildSpec:
    """What to start and how to know that it works."""

    name: str
    command: tuple[str, ...]
    ready: "Callable[[Child], Awaitable[bool]]"
    ready_timeout_s: float = 60.0
    environ: Mapping[str, str] = field(default_factory=lambda: _without_keys(os.environ))
    """Only our own processes, which are told our settings, are given the keys."""
    user: str | None = None
    """The account to run as; only root can say so."""
    stop: Signals = POLITE
    leash: signal.Signals = signal.SIGKILL
    """What the kernel sends when we die."""
    before: Callable[[], None] = lambda: None
    """Called before each start: clear away what a killed predecessor left."""


def _without_keys(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name != "HOLDFAST_KEYS"}


class Child:
    """A child process and the task that watches it."""

    def __init__(self, spec: ChildSpec, state: StateDir, report: Report, give_up: Callable[[StackError], None]) -> None:
        self.spec = spec
        self.restarts = 0
        self._state = state
        self._report = report
        self._give_up = give_up
        self._owner = Owner.me()
        self._process: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[None] | None = None
        self._started = 0.0
        self._log_start = 0

    @property
    def pid(self) -> int | None:
        """Its process, while it runs."""
        return self._process.pid if self._process and self._process.returncode is None else None

    @property
    def log(self) -> Path:
        """Where its output goes."""
        return self._state.logs / f"{self.spec.name}.log"

    @property
    def started(self) -> float:
        """Unix time of the present process's start."""
        return self._started

    def said(self) -> str:
        """What the present process has written so far."""
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    async def start(self) -> None:
        """Start it, wait until it is ready, and watch it from then on.

        Raises:
            StackError: it cannot be started, ended, or was not ready in time.
        """
        self._say("starting", f"{self.spec.name} starts")
        began = time.monotonic()
        await self._launch()
        self._say("ready", f"{self.spec.name} is ready after {time.monotonic() - began:.1f} s")
        self._watch = asyncio.create_task(self._keep_alive(), name=f"watch {self.spec.name}")

    async def stop(self) -> None:
        """End it and all of its group; returns when it is gone."""
        if self._watch:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
            self._watch = None
        if self._process is not None and self._process.returncode is None:
            self._say("stopping", f"{self.spec.name} stops")
            await self._end()
            self._say("stopped", f"{self.spec.name} has stopped")
        self._state.forget(self.spec.name, self._owner)

    async def _keep_alive(self) -> None:
        in_a_row = 0
        while True:
            assert self._process is not None, "watched only once started"
            code = await self._process.wait()
            in_a_row = 0 if time.time() - self._started > _STEADY_S else in_a_row
            if in_a_row == len(_BACKOFF_S):
                self._give_up(
                    StackError(f"{self.spec.name} died {in_a_row + 1} times in a row ({_how(code)}): see {self.log}.")
                )
                return
            pause_s = _BACKOFF_S[in_a_row]
            in_a_row += 1
            self._say("died", f"{self.spec.name} died ({_how(code)}); it is started again in {pause_s} s")
            await asyncio.sleep(pause_s)
            began = time.monotonic()
            try:
                await self._launch()
            except ChildDiedError as problem:
                self._say("note", str(problem))
            except StackError as problem:
                self._give_up(problem)
                return
            else:
                self.restarts += 1
                self._say("ready", f"{self.spec.name} is ready again after {time.monotonic() - began:.1f} s")

    async def _launch(self) -> None:
        spec = self.spec
        await asyncio.to_thread(spec.before)
        with contextlib.suppress(FileNotFoundError):
            if self.log.stat().st_size > _LOG_LIMIT:
                self.log.replace(self.log.with_suffix(".log.1"))
        self._started = time.time()
        leash = (sys.executable, "-I", "-S", LEASH, str(os.getpid()), str(int(spec.leash)), spec.user or "-")
        handle = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            self._log_start = os.fstat(handle).st_size
            # the leash holds on to the thread that starts it: this is the event loop's, which lives as long as we do
            self._process = await asyncio.create_subprocess_exec(
                *leash,
                *spec.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=handle,
                stderr=handle,
                cwd=PROJECT_ROOT,
                env=dict(spec.environ),
                start_new_session=True,  # Ctrl-C in the terminal is ours to pass on
            )
        finally:
            os.close(handle)
        if (own := mark(self._process.pid)) is not None:
            signals = [(int(number), patience_s) for number, patience_s in spec.stop]
            self._state.record(
                ChildRecord(name=spec.name, pid=self._process.pid, mark=own, owner=self._owner, signals=signals)
            )
        try:
            await self._until_ready()
        except BaseException:
            await self._end()
            raise

    async def _until_ready(self) -> None:
        assert self._process is not None
        becoming = asyncio.create_task(self._becomes_ready())
        ending = asyncio.create_task(self._process.wait())
        try:
            await asyncio.wait(
                {becoming, ending}, timeout=self.spec.ready_timeout_s, return_when=asyncio.FIRST_COMPLETED
            )
            if ending.done():  # even if somebody else answered in its place
                raise self._unready(f"ended while it started ({_how(ending.result())})")
            if not becoming.done():
                raise self._unready(f"was not ready within {self.spec.ready_timeout_s:.0f} s")
            becoming.result()
        finally:
            for task in (becoming, ending):
                task.cancel()
            await asyncio.gather(becoming, ending, return_exceptions=True)

    async def _becomes_ready(self) -> None:
        while not await self.spec.ready(self):  # noqa: ASYNC110 - a process cannot set our events
            await asyncio.sleep(_POLL_S)

    def _unready(self, what: str) -> ChildDiedError:
        tail = self.said()[-_TAIL:]
        lines = [line for line in tail.splitlines() if line.strip()] or ["it wrote nothing"]
        last = next((line for line in lines if line.startswith(_REASONS)), lines[-1])
        return ChildDiedError(f"{self.spec.name} {what}: {last.strip()[:300]} (see {self.log})", tail)

    async def _end(self) -> None:
        process = self._process
        if process is None:
            return
        for number, patience_s in self.spec.stop:
            if process.returncode is not None:
                break
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), patience_s)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)  # whatever it left in its group

    def _say(self, phase: Phase, text: str) -> None:
        self._report(Progress(self.spec.name, phase, text))


def log_says(word: str) -> Callable[[Child], Awaitable[bool]]:
    """Ready when the child has written this word."""

    async def ready(child: Child) -> bool:
        return word in child.said()

    return ready


def _how(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"
