"""The whole house with real processes: a pending sheet is in the sandbox's book within 5 s, by every channel."""

import asyncio
import contextlib
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import httpx
import pytest

from adapters.drill.lasting import SCENARIO, make_lasting
from adapters.intake import Intake
from adapters.keyring import KeyRing
from adapters.policy_file import load_policy
from adapters.register import open_register
from adapters.settings import LASTING_RUN, PROJECT_ROOT, Settings
from adapters.temporal.addresses import database_name
from adapters.temporal.client import connect
from adapters.temporal.stack import Worker, embedded_stack
from domain.report import Report
from tests.chaos.test_canaries import found
from tests.patience import PATIENCE_S

WITHIN_S = 5.0
"""From the moment the sheet was made to the moment the last channel's letter is in the book."""
MOST_REPORTS = 3
"""A further one is filed only where the machine stood still for a second or more while the one before was told."""
STANDSTILL_S = 1.0
EXAMPLE = json.loads((PROJECT_ROOT / "docs" / "example-report.json").read_text(encoding="utf-8"))


@pytest.fixture
async def stack(monkeypatch):
    for variable in [name for name in os.environ if name.startswith("HOLDFAST_")]:
        monkeypatch.delenv(variable)
    directory = Path(tempfile.mkdtemp(prefix="hf-"))  # a socket's path must be short
    async with embedded_stack(Settings(state_dir=directory / "state")) as running:
        await make_lasting(running)
        await running.add_worker(Worker(LASTING_RUN))
        yield running
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
async def register(stack):
    policy, ring = load_policy(stack.settings), KeyRing.load(stack.settings)
    one = await open_register(stack.postgres_url(database_name(LASTING_RUN)), policy, ring)
    yield one
    await one.close()


async def book_of(stack):
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as http:
        answer = await http.get(f"{stack.sandbox_url}/admin/worlds/{LASTING_RUN}/book")
    lines = answer.raise_for_status().text.splitlines()
    return [one for one in map(json.loads, lines) if one["kind"] == "notice"]


def personal():
    """Everybody's name and numbers in this world and in the report."""
    world = json.loads(SCENARIO.read_text(encoding="utf-8"))
    canaries = {one[part] for one in world["accounts"] for part in ("name", "number", "id_number")}
    canaries |= {EXAMPLE["victim"][part] for part in ("name", "phone", "account")}
    return canaries | {one[part] for one in EXAMPLE["transfers"] for part in ("name", "number")}


async def eventually(look, least, within_s):
    """Look until there are so many."""
    async with asyncio.timeout(within_s):
        while True:
            if len(seen := await look()) >= least:
                return seen
            await asyncio.sleep(0.1)


@contextlib.asynccontextmanager
async def standstill():
    """How long this process was away at the longest while the block ran: a task that asks for 50 ms again and again."""
    gaps = [0.0]

    async def ask():
        while True:
            asked = time.monotonic()
            await asyncio.sleep(0.05)
            gaps.append(time.monotonic() - asked)

    asking = asyncio.create_task(ask())
    try:
        yield lambda: max(gaps)
    finally:
        asking.cancel()


async def told_of(stack, register, intake, report):
    """File a report; its receipt, its first sheet, the letters about that, and how long the last of them took."""
    receipt = await intake.file(report)
    (first, *_) = await eventually(lambda: register.sheets_of(receipt.case_id), 1, within_s=60)
    sheet = first.sheet

    async def about_the_sheet():
        words = (receipt.case_number, f"审批单 {sheet.name}（")
        return [one for one in await book_of(stack) if all(word in one["text"] for word in words)]

    told = await eventually(about_the_sheet, 3, within_s=60)
    return receipt, sheet, told, max(one["real"] for one in told) - sheet.made_at.timestamp()


@pytest.mark.slow
async def test_a_pending_sheet_is_with_those_it_awaits_within_five_seconds_by_every_channel_and_names_nobody(
    stack, register
):
    policy, client = load_policy(stack.settings), await connect(stack.settings, LASTING_RUN)
    intake = Intake(register, client, policy, await register.institutions())
    for no in range(1, MOST_REPORTS + 1):
        report = Report.model_validate(EXAMPLE | {"source_ref": f"example-{no}"})
        async with standstill() as longest:
            receipt, sheet, told, took = await told_of(stack, register, intake, report)
        print(f"\nin the book {took:.2f} s after the sheet was made")
        assert {one["channel"] for one in told} == {"webhook", "smtp", "sms"}
        assert [one["to"] for one in told] == [list(sheet.quorum)] * 3
        link = f"{stack.ui_url}/namespaces/{LASTING_RUN}/workflows/case%2F{receipt.case_id}"
        assert all(one["text"].endswith(link) for one in told)
        assert all("【演练】" in one["text"] for one in told)
        if took < WITHIN_S:
            break
        assert longest() >= STANDSTILL_S, "late, and not by the machine's fault"
    assert took < WITHIN_S

    async def typed(*words):
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "starter.py",
            "notice",
            *words,
            "--json",
            cwd=PROJECT_ROOT,
            env={**os.environ, **stack.settings.environ()},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await child.communicate()
        return child.returncode, json.loads(out or err)

    code, listed = await typed("list")
    mine = next(one for one in listed["notices"] if told[0]["key"] == f"{one['notice']}.1")
    assert (code, mine["kind"], mine["subject"]) == (0, "sheet", sheet.name)
    assert (await typed("ack", mine["notice"], "--officer", "999999"))[0] == 2
    assert (await typed("ack", mine["notice"], "--officer", "012302"))[0] == 0
    code, again = await typed("ack", mine["notice"], "--officer", "012302")
    assert (code, again["exit"]) == (3, 3)
    assert "acknowledged by 012302" in again["error"]
    assert (await typed("ack", mine["notice"], "--officer", "012345"))[0] == 0, "for the approvers, who are told still"
    assert (await typed("ack", "n-0000000000000000", "--officer", "012345"))[0] == 4

    everything = "\n".join(json.dumps(one, ensure_ascii=False) for one in await book_of(stack))
    logs = [file.read_text(encoding="utf-8", errors="replace") for file in stack.state.logs.iterdir()]
    assert found(personal(), "\n".join([everything, *logs])) == set()
