"""How a command runs: its settings and logs, the stack it works with, the world it means, and how it ends."""

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, NoReturn

import typer
from temporalio.client import Client

from adapters import logs, settings
from adapters.cli.failures import EXPECTED, CommandError, Exit, failure_of
from adapters.cli.voice import Voice
from adapters.keyring import KeyRing
from adapters.policy_file import load_policy
from adapters.register import Register, open_register
from adapters.settings import Settings
from adapters.temporal.addresses import database_name
from adapters.temporal.client import connect
from adapters.temporal.polling import is_polled
from adapters.temporal.stack import Progress, Stack, StackView, Worker, open_stack
from adapters.temporal.state import StateDir
from adapters.temporal.worlds import latest_run, list_worlds
from workflows.limits import CASES_QUEUE

AsJson = Annotated[bool, typer.Option("--json", help="One JSON value on stdout; complaints as JSON on stderr.")]
RunName = Annotated[str | None, typer.Option("--run", help="The world to work in; default: the latest.")]

INTERRUPTED = 130
_LOG_MODE = 0o600


@dataclass
class World:
    """An open world: everything a command needs of it."""

    run: str
    stack: StackView
    register: Register
    ring: KeyRing
    client: Client


def perform(
    voice: Voice, work: Callable[[Settings], Awaitable[int | None]], *, ctrl_c: Callable[[], int] = lambda: INTERRUPTED
) -> NoReturn:
    """Run a command to its end and leave with its exit code; Ctrl-C ends it cleanly, with the code `ctrl_c` says."""
    try:
        given = settings.load()
        with _logged_to_file(given):
            code = asyncio.run(_to_code(work(given)))
    except KeyboardInterrupt:
        voice.note("ended by Ctrl-C; nothing is left running")
        raise typer.Exit(ctrl_c()) from None
    except EXPECTED as problem:
        failure = failure_of(problem)
        voice.complain(failure)
        raise typer.Exit(int(failure.exit_code)) from None
    raise typer.Exit(code)


async def _to_code(work: Awaitable[int | None]) -> int:
    return int(await work or 0)


@contextlib.contextmanager
def _logged_to_file(given: Settings) -> Iterator[None]:
    """What happens is logged beside the stack's own logs: stdout is the answer's, stderr a person's."""
    state = StateDir(given.state_dir)
    state.make()
    root = logging.getLogger()
    before = root.handlers[:], root.level, sys.excepthook
    handle = os.open(state.logs / "starter.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, _LOG_MODE)
    with os.fdopen(handle, "w", encoding="utf-8", buffering=1) as file:
        logs.configure(given.log_level, process="starter", stream=file)
        try:
            yield
        finally:
            root.handlers[:], root.level, sys.excepthook = before


def progress(voice: Voice) -> Callable[[Progress], None]:
    """What the parts of the stack say while they start, restart and stop."""

    def say(happened: Progress) -> None:
        if happened.phase in {"ready", "died", "note"}:
            voice.note(happened.text)

    return say


def chosen_run(given: Settings, named: str | None) -> str:
    """The world a command means.

    Raises:
        CommandError: there is none of that name, or none at all.
    """
    run = named or given.run or latest_run(given)
    if run is None:
        raise CommandError(
            Exit.NOT_FOUND, "There is no world yet: make one with `make demo`, `starter.py drill FILE` or `make up`."
        )
    known = [world.run for world in list_worlds(given)]
    if given.postgres_url is None and run not in known:
        raise CommandError(
            Exit.NOT_FOUND, f"There is no world {run}: known are {', '.join(known[-8:]) or 'none yet'} (--run)."
        )
    return run


@contextlib.asynccontextmanager
async def open_world(
    given: Settings, voice: Voice, named: str | None, *, engine_may_wait: bool = False
) -> AsyncIterator[World]:
    """The world a command means, in the stack that runs here or in one of our own for as long as it takes.

    `engine_may_wait`: for a command whose answer is the register's, also while Temporal is out of reach.
    """
    run = chosen_run(given, named)
    ring = KeyRing.load_or_make(given)
    async with open_stack(given, progress=progress(voice), engine_may_wait=engine_may_wait) as stack:
        register = await open_register(stack.postgres_url(database_name(run)), load_policy(given), ring)
        try:
            yield World(run, stack, register, ring, await connect(given, run, lazy=engine_may_wait))
        finally:
            await register.close()


async def ensure_worker(world: World, voice: Voice) -> None:
    """Somebody must answer: where no worker polls the cases of this world, one works as long as the command takes."""
    if not isinstance(world.stack, Stack) and await is_polled(world.client, CASES_QUEUE):
        return
    voice.note(f"no worker serves {world.run}: one works for as long as this takes")
    await world.stack.add_worker(Worker(world.run, name=f"worker-{world.run}-{os.getpid()}"))
