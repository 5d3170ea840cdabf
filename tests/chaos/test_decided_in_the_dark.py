"""Engine and workers are dead: every deadline is still listed, and what is decided then takes effect afterwards."""

import asyncio
import contextlib
import json
import os
import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from adapters.settings import PROJECT_ROOT, Settings
from adapters.temporal.addresses import database_name
from adapters.temporal.parts import shared_work
from adapters.temporal.stack import embedded_stack
from tests.browser.waiting_case import first_case_twice, waiting_cases
from tests.chaos.blows import down, until
from tests.ports import free_ports

pytestmark = pytest.mark.chaos
HANDLING, APPROVER, SECOND = "012301002", "012345", "012302002"


@pytest.fixture(scope="module")
async def stack(nothing_from_outside):  # noqa: ARG001 - children inherit the environment
    """Its engine stays away for a minute: on ports that no other stack tries first, so that they are free again."""
    port, ui = free_ports(2)
    directory = Path(tempfile.mkdtemp(prefix="hf-"))
    async with embedded_stack(Settings(state_dir=directory / "state", temporal_port=port, ui_port=ui)) as running:
        yield running
    shutil.rmtree(directory, ignore_errors=True)


async def typed(stack, run, *words):
    """What a command answers to a program."""
    command = await asyncio.create_subprocess_exec(
        *(sys.executable, "starter.py", *words, "--run", run),
        cwd=PROJECT_ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **stack.settings.environ()},
    )
    said, complained = await command.communicate()
    assert command.returncode == 0, complained.decode() + said.decode()
    return said.decode()


async def looked(stack, run):
    return json.loads(await typed(stack, run, "inbox", "--watch", "--once", "--json"))


@contextlib.asynccontextmanager
async def darkness(stack, run):
    """Temporal and both workers of this world, killed with -9 and kept dead; the engine comes back first."""
    async with contextlib.AsyncExitStack() as blows:
        for name in (*(worker.child_name for worker in shared_work(run)), "temporal"):
            await blows.enter_async_context(down(stack, name))
        yield


async def invent(case, row, officers):
    """Somebody with the database's password writes kept decisions, without the key ring."""
    forged = {"officer": "", "kind": "totp", "step": 1, "signature": "", "binding": "b", "mark": "k1:" + "0" * 64}
    url = case.stack.postgres_url(database_name(case.run))
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as db:
        for no, officer in enumerate(officers):
            await db.execute(
                "INSERT INTO kept_decisions VALUES (%s, %s, %s, 'approve', %s, '{}', '', %s, %s, 'waiting', '', NULL)",
                [
                    f"w-{no:016x}",
                    case.receipt.case_id,
                    officer,
                    [f"{case.number}/{row.sheet.name}"],
                    json.dumps(forged | {"officer": officer}),
                    datetime.now(UTC),
                ],
            )


async def test_what_two_officers_decide_while_engine_and_worker_are_dead_is_frozen_after_the_restart(stack):
    async with waiting_cases(stack, first_case_twice()) as (case, other):
        for one in (case, other):
            await one.file(HANDLING)
        row, theirs = (await case.sheets())[-1], (await other.sheets())[-1]
        name = f"{case.number}/{row.sheet.name}"
        async with darkness(stack, case.run):
            seen = await looked(stack, case.run)
            assert (seen["engine"], seen["worker"]) == (False, False)
            sheets = {f"{one['case_number']}/{one['sheet']}" for one in seen["entries"] if one["kind"] == "sheet"}
            assert sheets == {
                f"{one.number}/{pending.sheet.name}" for one in (case, other) for pending in await one.sheets()
            }
            ends = [one for one in seen["entries"] if one["kind"] == "stop_ends"]
            assert {one["case_number"] for one in ends} == {case.number, other.number}
            assert {line.account.number[-4:] for line in row.sheet.lines if not line.limited} <= {
                account.split("·")[1] for one in ends for account in one["accounts"]
            }
            page = await typed(stack, case.run, "inbox", "--watch", "--once")
            assert "engine down" in page
            assert name in page
            by_inbox = ("inbox", "approve", name, "--officer", f"{APPROVER} {case.code(APPROVER)}", "--json")
            (said,) = json.loads(await typed(stack, case.run, *by_inbox))["sheets"]
            assert (said["accepted"], said["kept"]) == (True, True)
            by_decide = ("decide", name, "--officer", f"{SECOND} {case.code(SECOND)}", "--json")
            said = json.loads(await typed(stack, case.run, *by_decide))
            assert (said["state"], said["kept"]) == ("pending", True)
            await invent(other, theirs, (APPROVER, SECOND))
            assert await case.frozen() == {}, "nothing leaves before the engine is back"
        light = time.monotonic()
        await until(lambda: _settled(case), within_s=90)
        settled = time.monotonic() - light
        await until(lambda: _frozen(case, row), within_s=90)
        print(f"\nafter the restart: told within {settled:.1f} s, frozen within {time.monotonic() - light:.1f} s")
        now = await looked(stack, case.run)
        assert now["engine"]
        states = {(one["sheets"][0], one["officer"]): one["state"] for one in now["kept"]}
        invented = f"{other.number}/{theirs.sheet.name}"
        assert states == {(name, by): "delivered" for by in (APPROVER, SECOND)} | {
            (invented, by): "refused" for by in (APPROVER, SECOND)
        }
        assert await _frozen(case, row), "exactly those accounts, and no other"
        assert await other.frozen() == {}, "an invented word freezes nothing"
        assert (await case.book()).doubled() == []
        assert await case.register.verify_all() == []


async def _frozen(case, row):
    """The sheet's very lines, to the fen; a machine that starts three processes at once is slow."""
    return await case.frozen() == {line.account.number: line.amount_fen for line in row.sheet.lines}


async def _settled(case):
    return not await case.register.kept_waiting()
