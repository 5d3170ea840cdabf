"""Our own worker process over a real register and the sandbox's doors, with an engine that may not be there yet."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable

import psycopg
import pytest

from adapters.keyring import KeyRing
from adapters.settings import PROJECT_ROOT, Settings
from adapters.temporal.addresses import database_name
from adapters.temporal.parts import temporal_binary, temporal_is_healthy
from adapters.temporal.ports import HOST
from tests.notices.conftest import given, register, sandbox, server, sql, template, world
from tests.patience import PATIENCE_S
from tests.ports import free_ports

__all__ = ["given", "register", "sandbox", "server", "sql", "template", "world"]  # as the tests of notices have them


async def until(holds: Callable[[], bool], what: str) -> None:
    ends = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < ends, what
        await asyncio.sleep(0.05)


class Process:
    """A child process, and what it has written."""

    def __init__(self, process, log):
        self.process, self.log = process, log

    @property
    def said(self):
        """Whole lines, as long as it runs: the last one may be half written."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return text[: text.rfind("\n") + 1] if self.runs else text

    @property
    def runs(self):
        return self.process.returncode is None

    async def says(self, word):
        await until(lambda: word in self.said or not self.runs, f"it never says {word}")
        assert word in self.said

    async def ended(self):
        return await asyncio.wait_for(self.process.wait(), PATIENCE_S)

    async def told_to_end(self):
        self.process.send_signal(signal.SIGTERM)
        return await self.ended()

    def events(self, name):
        """The lines of its log that are of this kind."""
        lines = [json.loads(one) for one in self.said.splitlines() if one.startswith("{")]
        return [one for one in lines if one["event"] == name]


class Surroundings:
    """What a worker of one world is told: a register, the sandbox, and a Temporal service of others."""

    def __init__(self, directory, world, postgres):
        self.directory, self.run = directory, world.run
        self.port, self.ui = free_ports(2)
        profile = directory / "temporal.toml"
        profile.write_text(
            f'[profile.theirs]\naddress = "{HOST}:{self.port}"\nnamespace = "default"\n', encoding="utf-8"
        )
        self.environ = {name: value for name, value in os.environ.items() if not name.startswith("HOLDFAST_")} | {
            "TEMPORAL_CONFIG_FILE": str(profile),
            "HOLDFAST_TEMPORAL_PROFILE": "theirs",
            "HOLDFAST_POSTGRES_URL": postgres,
            "HOLDFAST_SANDBOX_URL": world.sandbox.url,
            "HOLDFAST_STATE_DIR": str(directory / "state"),
        }
        KeyRing.load_or_make(Settings(state_dir=directory / "state"))
        self._started = []

    async def start(self, *command, **environ):
        log = self.directory / f"log-{len(self._started)}"
        with log.open("wb") as out:
            process = await asyncio.create_subprocess_exec(
                *command, stdout=out, stderr=out, cwd=PROJECT_ROOT, env=self.environ | environ
            )
        self._started.append(process)
        return Process(process, log)

    async def worker(self, *, queues="all", **environ):
        """Our worker; `environ`: settings that are otherwise."""
        return await self.start(sys.executable, "worker.py", "--run", self.run, "--queues", queues, **environ)

    async def engine(self):
        """Temporal, at the address that the profile names from the beginning on."""
        ports = ("--ip", HOST, "--port", str(self.port), "--ui-port", str(self.ui))
        server = await self.start(temporal_binary(), "server", "start-dev", "--log-level", "error", *ports)
        while not await temporal_is_healthy(f"{HOST}:{self.port}", f"http://{HOST}:{self.ui}"):
            assert server.runs, server.said
            await asyncio.sleep(0.05)
        return server

    async def clear(self):
        for process in self._started:
            if process.returncode is None:
                process.terminate()  # not killed: a worker's letters are on their way
                await asyncio.wait_for(process.wait(), PATIENCE_S)


@pytest.fixture
def url(server, template, world):
    """A database named after the world, as a worker looks for it."""
    name = database_name(world.run)
    with psycopg.connect(server.get_uri(), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield server.get_uri(name)
    with psycopg.connect(server.get_uri(), autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def surroundings(tmp_path, world, url):
    made = Surroundings(tmp_path, world, url)
    yield made
    await made.clear()
