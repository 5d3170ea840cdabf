"""Everything is killed with -9 in the middle of a case; a second start goes on with it to its end."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import pytest

from adapters.drill.desk import Desk
from adapters.drill.look import Watch
from adapters.drill.practice import devices_of
from adapters.drill.scenario import taken
from adapters.drill.trainer import Trainer
from adapters.drill.visits import Field
from adapters.keyring import KeyRing
from adapters.policy_file import load_policy
from adapters.register import open_register
from adapters.settings import PROJECT_ROOT, Settings
from adapters.temporal.addresses import database_name, sandbox_url
from adapters.temporal.client import connect
from adapters.temporal.errors import StackError
from adapters.temporal.parts import shared_work
from adapters.temporal.stack import embedded_stack
from adapters.temporal.state import StateDir
from tests.chaos.book import Book

pytestmark = pytest.mark.chaos
RUN = "killed"
OFFICERS_S = (0.3, 0.6)
PATIENCE_S = 240
"""For either half; the first contains the start of a whole stack."""


@pytest.fixture
def elsewhere():
    """A state directory of its own: this stack is killed whole."""
    directory = Path(tempfile.mkdtemp(prefix="hf-"))
    yield Settings(state_dir=directory / "state")
    shutil.rmtree(directory, ignore_errors=True)


def book_at(url):
    return Book(httpx.get(f"{url}/admin/worlds/{RUN}/book", trust_env=False, timeout=30).raise_for_status().text)


async def killed_in_the_middle(given, name, orders):
    """Play a drill in a process of its own, and kill it and all its children once so many orders were received."""
    playing = subprocess.Popen(
        [sys.executable, "starter.py", "drill", f"scenarios/{name}.json", "--run", RUN, "--json"],
        cwd=PROJECT_ROOT,
        env={**os.environ, **given.environ()},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    state = StateDir(given.state_dir)
    try:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                await asyncio.sleep(0.1)
                assert playing.poll() is None, "the drill ended by itself"
                with contextlib.suppress(httpx.HTTPError, StackError):  # it is just starting
                    if len(book_at(sandbox_url(given)).received()) >= orders:
                        break
    finally:
        for pid in (playing.pid, *state.state().pids.values()):
            with contextlib.suppress(ProcessLookupError):  # it may just have ended by itself
                os.kill(pid, signal.SIGKILL)
        playing.wait()


async def pursued_to_the_end(stack, raw):
    """The officers come back to work, until every case is closed."""
    scenario = taken(raw)
    client = await connect(stack.settings, RUN)
    watch = Watch.on(stack.postgres_url(database_name(RUN)))
    async with Trainer(stack.sandbox_url, RUN) as trainer, asyncio.timeout(PATIENCE_S):
        register = await open_register(stack.postgres_url(database_name(RUN)), load_policy(stack.settings))
        devices = await devices_of(register, KeyRing.load(stack.settings), RUN)
        await register.close()
        desk = Desk(client, devices, OFFICERS_S)
        visits = Field(client, devices, trainer, scenario.holder, OFFICERS_S)
        look = await watch.look()
        assert look.running, "the case was closed before the blow fell"
        while look.running:
            await desk.act(look, time.monotonic())
            await visits.act(time.monotonic())
            await asyncio.sleep(0.25)
            look = await watch.look()
        await trainer.end()
        measures = await trainer.measures()
    await watch.engine.dispose()
    return look, measures


@pytest.mark.timeout(600)  # two stacks, one after the other
@pytest.mark.parametrize(("name", "orders"), [("first-case", 6), ("xiamen-2020", 40)])
async def test_a_second_start_after_kill_9_of_everything_ends_the_case(elsewhere, scenario, name, orders):
    await killed_in_the_middle(elsewhere, name, orders)
    async with embedded_stack(elsewhere, workers=shared_work(RUN)) as stack:
        look, measures = await pursued_to_the_end(stack, scenario(name))
        book = book_at(stack.sandbox_url)
        register = await open_register(stack.postgres_url(database_name(RUN)), load_policy(stack.settings))
        (row,) = await register.list_cases(limit=10)
        faults = await register.verify_all()
        await register.close()
    assert book.doubled() == []
    assert measures["violations"] == []
    assert faults == []
    assert row.status == "closed"
    assert look.orders == len(book.received())
    (theirs,) = measures["reports"]
    assert row.books.held_fen == theirs["held_fen"]
    assert row.books.held_fen > 0
    assert row.books.loss_fen == theirs["loss_fen"]
    print(f"\n{name}: killed at {orders} orders, {look.orders} in the end, held {row.books.held_fen}")
