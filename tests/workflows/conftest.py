"""One Temporal dev server and one set of workers for the whole folder; every case has a world of its own."""

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio

from adapters.keyring import KeyRing
from adapters.temporal.converting import sealed_converter
from tests.dev_servers import start_dev_server
from tests.workflows.engine import BIN, Town
from workflows.worklist import SEARCH_ATTRIBUTES

QUICK_TICK = ["--dynamic-config-value", "history.transferProcessorMaxPollRPS=100"]


async def serve(*more: str) -> AsyncIterator[Town]:
    async with await start_dev_server(
        dev_server_existing_path=str(BIN / "temporal"),
        data_converter=sealed_converter(KeyRing.of_one_key()),
        search_attributes=SEARCH_ATTRIBUTES,
        dev_server_extra_args=[*QUICK_TICK, *more],
    ) as env:
        async with Town(env.client) as town:
            yield town
        # leaving straight after a shutdown aborts in some runs (measured)
        await asyncio.sleep(0.3)


@pytest_asyncio.fixture(scope="session")
async def town() -> AsyncIterator[Town]:
    async for one in serve():
        yield one


@pytest_asyncio.fixture(scope="session")
async def short_history_town() -> AsyncIterator[Town]:
    """A server that suggests a new run after a few events already."""
    async for one in serve("--dynamic-config-value", "limit.historyCount.suggestContinueAsNew=30"):
        yield one
