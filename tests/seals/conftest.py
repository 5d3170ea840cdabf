"""A dev server of its own for what is sealed: its key ring is a file, so that a test can rotate keys under it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest_asyncio

from adapters.keyring import KeyRing
from adapters.settings import Settings
from adapters.temporal.converting import sealed_converter
from tests.dev_servers import start_dev_server
from tests.workflows.conftest import QUICK_TICK
from tests.workflows.engine import BIN, Town
from workflows.worklist import SEARCH_ATTRIBUTES


class SealedTown(NamedTuple):
    town: Town
    settings: Settings
    """Whose key file the ring is of."""
    ring: KeyRing
    """What workers and client seal with."""
    database: Path
    """The dev server's file."""


@pytest_asyncio.fixture(scope="module")
async def sealed_town(tmp_path_factory) -> AsyncIterator[SealedTown]:
    directory = tmp_path_factory.mktemp("seals")
    settings = Settings(state_dir=directory)
    database = directory / "temporal.db"
    ring = KeyRing.load_or_make(settings)
    async with await start_dev_server(
        dev_server_existing_path=str(BIN / "temporal"),
        dev_server_database_filename=str(database),
        data_converter=sealed_converter(ring),
        search_attributes=SEARCH_ATTRIBUTES,
        dev_server_extra_args=QUICK_TICK,
    ) as env:
        async with Town(env.client) as town:
            yield SealedTown(town, settings, ring, database)
        await asyncio.sleep(0.3)
