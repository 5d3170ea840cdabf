"""Whether engine and worker are there, asked without making anybody wait for the answer."""

import asyncio
from dataclasses import dataclass

from temporalio.client import Client
from temporalio.service import RPCError

from adapters.temporal.polling import is_polled
from workflows.limits import CASES_QUEUE

ANSWER_WITHIN_S = 2.0
"""A healthy engine answers in milliseconds; a person at a terminal does not wait longer to be told that it is gone."""


@dataclass(frozen=True)
class EngineStanding:
    """What can be asked of a case now. `worker`: one has polled the cases' queue within the last minute."""

    engine: bool
    worker: bool

    @property
    def words(self) -> str:
        """In Chinese and English, for the head of a page."""
        if not self.engine:
            return "引擎不通 engine down · 工作进程未知 worker unknown · 以下取自登记簿 from the register"
        if not self.worker:
            return "引擎正常 engine up · 无工作进程 worker down · 以下取自登记簿 from the register"
        return "引擎正常 engine up · 工作进程正常 worker up"


DOWN = EngineStanding(engine=False, worker=False)


async def engine_standing(client: Client) -> EngineStanding:
    """One question to the engine; whoever does not answer in time is down."""
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            return EngineStanding(engine=True, worker=await is_polled(client, CASES_QUEUE))
    except (RPCError, RuntimeError, TimeoutError, OSError):  # RuntimeError: a first connection that fails
        return DOWN
