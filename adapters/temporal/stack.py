"""The embedded stack: Temporal with its UI, PostgreSQL, the sandbox and worker processes, on one machine.

    async with embedded_stack(settings, workers=[Worker("main")], progress=print) as stack:
        await make_world(stack.settings, "main", SEARCH_ATTRIBUTES)
        ...

Only services that the settings do not name are started. A child that dies is started again; when we end, in whatever
way, the children end too. A second start goes on with everything that was there. `attach` finds a running stack.
"""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime

from adapters.keyring import KeyRing, KeyRingError
from adapters.settings import Settings
from adapters.temporal import addresses
from adapters.temporal.children import Child, ChildDiedError, ChildSpec, Progress, Report
from adapters.temporal.errors import StackError
from adapters.temporal.lifetime import RUNTIME_REST_S, kept
from adapters.temporal.parts import (
    Worker,
    answers,
    codec_spec,
    sandbox_spec,
    temporal_binary,
    temporal_is_healthy,
    temporal_spec,
    worker_spec,
)
from adapters.temporal.ports import HOST, choose
from adapters.temporal.postgres import STILL_LEAVING, EmbeddedPostgres, postgres_answers
from adapters.temporal.processes import end
from adapters.temporal.state import Owner, Phase, StackState, StateDir

__all__ = [
    "Progress",
    "Stack",
    "StackError",
    "StackView",
    "Worker",
    "attach",
    "embedded_stack",
    "open_stack",
]

_PORT_TRIES = 3  # another stack may take a port between our look and our child's bind
_CLASHES = ("address already in use", "can't set ip address", "bind: ", "failed assigning ephemeral port")
_STARTING_PATIENCE_S = 60.0  # how long `attach` waits for a stack that is just starting
_LEAVING_PATIENCE_S = 10.0  # for the last processes of a killed PostgreSQL
_LOOK_S = 0.2


def _silent(_: Progress) -> None:
    return


class StackView:
    """A stack that runs here, whoever started it; it can have worker processes of its own."""

    def __init__(self, settings: Settings, progress: Report = _silent) -> None:
        self.settings = settings
        self.state = StateDir(settings.state_dir)
        self.problem: StackError | None = None
        self._progress = progress
        self._children: dict[str, Child] = {}
        self._broken = asyncio.Event()

    @property
    def temporal_address(self) -> str:
        """Host and port."""
        return addresses.temporal_address(self.settings)

    @property
    def ui_url(self) -> str | None:
        """The Temporal Web UI; None where the service is somebody else's."""
        return addresses.ui_url(self.settings)

    @property
    def codec_url(self) -> str | None:
        """Where one logs in to read sealed payloads in the UI; None where the service is somebody else's."""
        return addresses.codec_url(self.settings)

    @property
    def sandbox_url(self) -> str:
        """The practice institutions."""
        return addresses.sandbox_url(self.settings)

    def postgres_url(self, database: str | None = None) -> str:
        """A database, as libpq understands it."""
        return addresses.postgres_url(self.settings, database)

    @property
    def children(self) -> dict[str, int]:
        """Name and pid of each child that runs."""
        return {name: child.pid for name, child in self._children.items() if child.pid is not None}

    def restarts(self, name: str) -> int:
        """How often a child was started again."""
        return self._children[name].restarts

    async def add_worker(self, worker: Worker) -> None:
        """Start a worker process and wait until it is ready; from then on it is kept alive.

        Raises:
            StackError: it cannot be started or is not ready in time.
        """
        await self._add(worker_spec(self.settings, worker))

    async def stop_child(self, name: str) -> None:
        """Stop one child for good."""
        await self._children.pop(name).stop()

    async def watch(self) -> None:
        """Wait for ever; each child watches itself.

        Raises:
            StackError: a child died again and again, and the stack has given up.
        """
        await self._broken.wait()
        assert self.problem is not None
        raise self.problem

    async def stop(self) -> None:
        """Stop our own children, workers first; in good order and however far the start had come."""
        for part in _in_order_of_stopping(self._children):
            await asyncio.gather(*(self._children[name].stop() for name in part), return_exceptions=True)
        self._children.clear()
        await asyncio.sleep(RUNTIME_REST_S)

    async def _add(self, spec: ChildSpec) -> None:
        if spec.name in self._children:
            raise StackError(f"{spec.name} is running already: give the other one another name.")
        child = Child(spec, self.state, self._child_report, self._give_up)
        self._children[spec.name] = child
        try:
            await child.start()
        except BaseException:
            self._children.pop(spec.name, None)
            raise

    def _child_report(self, progress: Progress) -> None:
        self._progress(progress)

    def _give_up(self, problem: StackError) -> None:
        self.problem = self.problem or problem
        self._broken.set()


class Stack(StackView):
    """The stack that this process starts and owns; only one in each state directory."""

    def __init__(self, settings: Settings, progress: Report = _silent) -> None:
        super().__init__(settings, progress)
        self._postgres = EmbeddedPostgres(settings.state_dir)
        self._ports: dict[str, int] = {}
        self._running = False
        self._locked = False

    async def start(self, progress: Report | None = None) -> None:
        """Start what the settings do not name, wait until all of it is healthy.

        Raises:
            StackError: a running second stack, a port in use, a missing binary, a key ring that cannot be used,
                a part that does not start.
        """
        if progress is not None:
            self._progress = progress
        self.state.make()
        before = self.state.take_lock()
        self._locked = True
        if before is not None:
            self._note(f"the last stack (process {before.pid}) ended without cleaning up; this one goes on from there")
        await asyncio.to_thread(self._end_orphans)
        self._make_key_ring()
        self._write("starting")
        parts = [
            part
            for named, part in (
                (self.settings.postgres_url, self._start_postgres),
                (self.settings.temporal_profile, self._start_temporal),
                (self.settings.sandbox_url, self._start_sandbox),
            )
            if named is None
        ]
        starting = [asyncio.create_task(part()) for part in parts]
        try:
            await asyncio.gather(*starting)
        except BaseException:
            for task in starting:
                task.cancel()
            await asyncio.gather(*starting, return_exceptions=True)
            raise
        self._running = True
        self._write("running")

    async def stop(self) -> None:
        """Stop everything and let go of the directory."""
        self._running = False
        await super().stop()
        if self._locked:
            self._write("stopped")
            self.state.release_lock()
            self._locked = False

    # --- the parts ---

    async def _start_postgres(self) -> None:
        await asyncio.to_thread(self._postgres.prepare)
        deadline = asyncio.get_running_loop().time() + _LEAVING_PATIENCE_S
        while True:
            try:
                return await self._add(self._postgres.spec())
            except ChildDiedError as problem:
                leaving = any(sign in problem.tail for sign in STILL_LEAVING)
                if not leaving or asyncio.get_running_loop().time() > deadline:
                    raise
            await asyncio.sleep(_LOOK_S)

    async def _start_temporal(self) -> None:
        temporal_binary()  # missing, nothing else is worth starting
        # first the endpoint: its port is told to the UI, while it finds the UI's in the state file
        await self._add_with_ports(lambda: codec_spec(self.settings, self._choose("codec")), ("codec",))
        codec = self._ports["codec"]
        await self._add_with_ports(
            lambda: temporal_spec(self.state.path, self._choose("temporal"), self._choose("ui"), codec),
            ("temporal", "ui"),
        )

    async def _start_sandbox(self) -> None:
        await self._add_with_ports(
            lambda: sandbox_spec(self.state.path, self._choose("sandbox"), self._choose("mail")), ("sandbox", "mail")
        )

    async def _add_with_ports(self, spec: Callable[[], ChildSpec], purposes: Sequence[str]) -> None:
        for attempt in range(_PORT_TRIES):
            try:
                return await self._add(spec())
            except ChildDiedError as problem:
                clash = any(sign in problem.tail.lower() for sign in _CLASHES)
                if not clash or attempt == _PORT_TRIES - 1:
                    raise
                self._note(f"{purposes[0]} found no port, or somebody took one of its; other ones are tried")
                for purpose in purposes:
                    self._ports.pop(purpose, None)
        return None

    def _choose(self, purpose: str) -> int:
        remembered = self.state.state().ports.get(purpose)
        named = {
            "temporal": self.settings.temporal_port,
            "ui": self.settings.ui_port,
            "sandbox": self.settings.sandbox_port,
            "mail": self.settings.mail_port,
            "codec": self.settings.codec_port,
        }[purpose]
        port = choose(purpose, named=named, remembered=remembered, taken=set(self._ports.values()))
        if purpose == "ui" and remembered not in {None, port} and named is None:
            self._note(f"port {remembered} is in use by another program; the UI is now at http://{HOST}:{port}")
        self._ports[purpose] = port
        return port

    def _make_key_ring(self) -> None:
        """Before children start, which load it. Payloads kept by a service of others have their ring already."""
        if self.settings.temporal_profile is not None:
            return
        try:
            KeyRing.load_or_make(self.settings)
        except KeyRingError as problem:
            raise StackError(str(problem)) from None

    def _end_orphans(self) -> None:
        for file, child in self.state.orphans():
            if child is not None:
                signals = tuple((signal.Signals(number), patience_s) for number, patience_s in child.signals)
                if not end(child.pid, child.mark, signals):
                    raise StackError(
                        f"{child.name} (process {child.pid}) of an earlier stack does not end: end it by hand."
                    )
            file.unlink(missing_ok=True)

    # --- what is remembered ---

    def _child_report(self, progress: Progress) -> None:
        if self._running and progress.phase == "ready":
            self._write("running")  # its pid is a new one
        super()._child_report(progress)

    def _write(self, phase: Phase) -> None:
        last = self.state.state()
        running = phase == "running"
        state = StackState(
            phase=phase,
            owner=None if phase == "stopped" else Owner.me(),
            since=last.since if running and last.phase == "running" else datetime.now(UTC),
            ports=last.ports | self._ports,
            pids=self.children,
            postgres_url=self.postgres_url() if running and self.settings.postgres_url is None else None,
        )
        self.state.write_state(state)

    def _note(self, text: str) -> None:
        self._progress(Progress("stack", "note", text))


@contextlib.asynccontextmanager
async def embedded_stack(
    settings: Settings, *, workers: Sequence[Worker] = (), progress: Report = _silent
) -> AsyncIterator[Stack]:
    """A running stack of our own; stopped however the block ends: also by Ctrl-C, SIGTERM or an error.

    When the stack gives up on a child, the block is cancelled and that StackError is raised in its place.

    Raises:
        StackError: see `Stack.start`.
    """
    stack = Stack(settings, progress)
    async with kept(stack):
        await stack.start()
        for worker in workers:
            await stack.add_worker(worker)
        yield stack


@contextlib.asynccontextmanager
async def open_stack(
    settings: Settings, *, workers: Sequence[Worker] = (), progress: Report = _silent, engine_may_wait: bool = False
) -> AsyncIterator[StackView]:
    """The stack that runs here, or one of our own; the workers are ours either way.

    `engine_may_wait`: a stack that runs here will do as soon as its PostgreSQL answers.

    Raises:
        StackError: see `Stack.start`.
    """
    found = await attach(settings, progress, engine_may_wait=engine_may_wait)
    if found is None:
        async with embedded_stack(settings, workers=workers, progress=progress) as stack:
            yield stack
        return
    async with kept(found):
        for worker in workers:
            await found.add_worker(worker)
        yield found


async def attach(settings: Settings, progress: Report = _silent, *, engine_may_wait: bool = False) -> StackView | None:
    """The healthy stack that another process runs in this state directory; None if there is none.

    One that is just starting is waited for. Where the settings name every service, there is nothing to find and
    nothing to start: then the view is of those.

    Raises:
        StackError: a stack runs here, and does not become healthy.
    """
    view = StackView(settings, progress)
    if not settings.embeds_anything:
        return view
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _STARTING_PATIENCE_S
    while (state := view.state.state()).owner is not None and state.owner.alive:
        if state.phase == "running" and await _is_healthy(view, postgres_alone=engine_may_wait):
            return view
        if loop.time() > deadline:
            raise StackError(
                f"The stack in {settings.state_dir} (process {state.owner.pid}) runs but does not answer: "
                "end it with Ctrl-C in its terminal and start it again."
            )
        await asyncio.sleep(_LOOK_S)
    return None


def _in_order_of_stopping(children: dict[str, Child]) -> list[list[str]]:
    last = ["sandbox", "temporal", "postgres"]
    workers = [name for name in children if name not in last]
    return [workers, ["sandbox"] if "sandbox" in children else [], [name for name in last[1:] if name in children]]


async def _is_healthy(view: StackView, *, postgres_alone: bool = False) -> bool:
    settings = view.settings
    if settings.postgres_url is None and not await postgres_answers(view.postgres_url()):
        return False
    if not postgres_alone and settings.sandbox_url is None and not await answers(f"{view.sandbox_url}/health"):
        return False
    unasked = postgres_alone or settings.temporal_profile is not None
    return unasked or await temporal_is_healthy(view.temporal_address, view.ui_url or "")
