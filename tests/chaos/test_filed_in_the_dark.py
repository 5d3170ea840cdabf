"""Temporal is down while a report is filed: it is accepted, and its case starts by itself when the server is back."""

import asyncio
import json
import os
import sys

import psycopg
import pytest

from adapters.drill.drill import Drill
from adapters.drill.lasting import make_lasting
from adapters.settings import LASTING_RUN, PROJECT_ROOT
from adapters.temporal.addresses import database_name
from adapters.temporal.stack import Worker
from tests.chaos.blows import assert_nothing_lost_nothing_doubled, down, play, until

pytestmark = pytest.mark.chaos
NOBODY = 'version = 1\n[profile.nobody]\naddress = "127.0.0.1:1"\nnamespace = "main"\n'


class FiledInTheDark(Drill):
    """Temporal is killed before the first report comes in."""

    async def _start(self):
        self.dark = down(self.stack, "temporal")
        await self.dark.__aenter__()
        await super()._start()

    async def light(self):
        """The report is accepted, nothing has started; then the server comes back."""
        await self.started.wait()
        await until(lambda: bool(self.filing.receipts))
        (receipt,) = self.filing.receipts.values()
        assert receipt.standing == "new"
        assert [case_id for case_id, _, _ in await self.register.unstarted(0, 10)] == [receipt.case_id]
        await asyncio.sleep(2)
        await self.dark.__aexit__(None, None, None)


async def test_a_report_filed_while_temporal_is_down_is_pursued_when_it_is_back(stack, scenario, drill):
    plain = drill(scenario("first-case"))
    one = FiledInTheDark(stack, plain.raw, run=plain.run)
    result = await play(one, one.light())
    await assert_nothing_lost_nothing_doubled(one, result)
    assert await one.register.unstarted(0, 10) == []
    print(f"\nfiled in the dark: {result.seconds:.0f} s, first stop after {result.reports[0].first_stop_ms} ms")


async def started(stack):
    async with await psycopg.AsyncConnection.connect(stack.postgres_url(database_name(LASTING_RUN))) as db:
        return await (await db.execute("SELECT started_at FROM outbox WHERE started_at IS NOT NULL")).fetchone()


async def test_the_command_line_takes_a_report_though_the_engine_does_not_answer(stack, tmp_path):
    await make_lasting(stack)
    (tmp_path / "temporal.toml").write_text(NOBODY, encoding="utf-8")
    typed = await asyncio.create_subprocess_exec(
        *(sys.executable, "starter.py", "report", "docs/example-report.json", "--json"),
        cwd=PROJECT_ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={
            **os.environ,
            **stack.settings.environ(),
            "TEMPORAL_CONFIG_FILE": str(tmp_path / "temporal.toml"),
            "HOLDFAST_TEMPORAL_PROFILE": "nobody",
        },
    )
    said, complained = await typed.communicate()
    assert typed.returncode == 0, complained.decode()
    assert json.loads(said)["standing"] == "new"
    assert not await started(stack)
    worker = Worker(LASTING_RUN)
    await stack.add_worker(worker)
    try:
        await until(lambda: started(stack))
    finally:
        await stack.stop_child(worker.child_name)
