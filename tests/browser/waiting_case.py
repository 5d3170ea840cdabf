"""A practice world whose cases wait for officers: nobody is played, and the money stands still."""

import asyncio
import contextlib
import json
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from temporalio.client import Client

from adapters.devices import code_of
from adapters.drill.clock import DrillClock
from adapters.drill.devices import Devices
from adapters.drill.duty import until_on_duty
from adapters.drill.practice import devices_of, furnish
from adapters.drill.reports import report_of
from adapters.drill.scenario import taken
from adapters.drill.trainer import Trainer
from adapters.intake import Intake
from adapters.keyring import KeyRing
from adapters.policy_file import load_policy
from adapters.register import Register
from adapters.register.rows import SheetRow
from adapters.settings import PROJECT_ROOT
from adapters.temporal.client import connect
from adapters.temporal.parts import shared_work
from adapters.temporal.stack import StackView
from domain.bookkeeping import Standing
from domain.evidence import STEP_SECONDS
from domain.report import Receipt
from domain.sheets import update_name
from tests.chaos.blows import until
from tests.chaos.book import Book, book_of

STANDING_STILL = 1.0
"""Scenario seconds a real second: what the fraudsters do next lies minutes ahead."""
GUESSES = ("123456", "654321", "111222", "222111", "314159", "271828")
LATELY = 30
"""Half minutes: a right code that is only late would be answered otherwise."""


@dataclass(frozen=True)
class WaitingCase:
    """One case with pending sheets, and what is needed to decide it and to judge what came of it."""

    stack: StackView
    run: str
    client: Client
    register: Register
    devices: Devices
    raw: Any
    receipt: Receipt

    @property
    def number(self) -> str:
        """As officers know the case."""
        return self.receipt.case_number

    def code(self, officer: str) -> str:
        """An unused code of this officer."""
        shown = self.devices.free_code([officer])
        assert shown is not None, f"{officer} has no code left in this half minute"
        return shown.code

    def lasting_code(self, officer: str) -> str:
        """An unused code of the coming half minute: it counts for a minute at least."""
        self.devices.used.add((officer, int(time.time()) // STEP_SECONDS))
        return self.code(officer)

    def wrong_code(self, officer: str) -> str:
        """Six digits that the officer's authenticator does not show now, nor lately."""
        secret, now = self.devices.of(officer).secret, int(time.time()) // STEP_SECONDS
        right = {code_of(secret, step) for step in range(now - LATELY, now + 4)}
        return next(guess for guess in GUESSES if guess not in right)

    async def file(self, officer: str) -> None:
        """An officer enters the case filing elsewhere."""
        handle = self.client.get_workflow_handle(self.receipt.workflow_id)
        await handle.execute_update("filing", f"A3202-2026-9 {officer} {self.code(officer)}", result_type=str)

    async def decide_unseen(self, row: SheetRow, officer: str) -> None:
        """An officer approves elsewhere, while others look at their screens."""
        handle = self.client.get_workflow_handle(self.receipt.workflow_id)
        await handle.execute_update(update_name(row.sheet), f"{officer} {self.code(officer)}", result_type=str)

    async def sheets(self) -> list[SheetRow]:
        """The sheets on record, the one with most accounts last."""
        rows = await self.register.sheets_of(self.receipt.case_id)
        return sorted(rows, key=lambda row: len(row.sheet.lines))

    async def standing(self) -> Standing:
        """Where the case stands."""
        handle = self.client.get_workflow_handle(self.receipt.workflow_id)
        standing: Standing = await handle.query("standing", result_type=Standing)
        return standing

    async def book(self) -> Book:
        """The banks' own book."""
        return await book_of(self)

    async def frozen(self) -> dict[str, int]:
        """Fen frozen by the banks' own book, by account number, of this case's sheets."""
        numbers = {account["id"]: account["number"] for account in self.raw["accounts"]}
        ours = {line.account.number for row in await self.sheets() for line in row.sheet.lines}
        freezes = {numbers[one["account"]]: one["amount_fen"] for one in (await self.book()).of("freeze")}
        return {number: fen for number, fen in freezes.items() if number in ours}

    async def until_frozen(self, row: SheetRow) -> None:
        """The sheet's very lines, to the fen, stand frozen in the book."""

        async def stands() -> bool:
            return (await self.frozen()).items() >= {
                line.account.number: line.amount_fen for line in row.sheet.lines
            }.items()

        await until(stands)


def first_case_twice() -> Any:
    """Two victims of the same ways: three layers, five accounts reached, one of them an honest shop's."""
    raw = json.loads((PROJECT_ROOT / "scenarios" / "first-case.json").read_text(encoding="utf-8"))
    twin = json.loads(json.dumps(raw).replace('"a0', '"b0').replace('"m0', '"n0').replace('"r001"', '"r002"'))
    for account in twin["accounts"]:
        account["number"] = account["number"][:6] + account["number"][:5:-1]
    for report in twin["reports"]:
        report["lines"], report["links"] = [], []
    moves = sorted(raw["moves"] + twin["moves"], key=lambda move: move["at_s"])
    return raw | {part: raw[part] + twin[part] for part in ("accounts", "reports")} | {"moves": moves}


@contextlib.asynccontextmanager
async def waiting_cases(stack: StackView, raw: Any) -> AsyncIterator[list[WaitingCase]]:
    """A world for this scenario, all its reports filed, and its cases at rest before their officers."""
    run = f"wait-{secrets.token_hex(3)}"
    async with contextlib.AsyncExitStack() as parts:
        trainer = await parts.enter_async_context(Trainer(stack.sandbox_url, run))
        await trainer.make(raw, time_scale=STANDING_STILL)
        institutions = await trainer.institutions()
        register = await furnish(stack, run, institutions)
        parts.push_async_callback(register.close)
        workers = shared_work(run)
        await asyncio.gather(*(stack.add_worker(worker) for worker in workers))
        for worker in workers:
            parts.push_async_callback(stack.stop_child, worker.child_name)
        client = await connect(stack.settings, run)
        await until_on_duty(client, institutions)
        began = await trainer.start()
        parts.push_async_callback(trainer.end)
        scenario, clock = taken(raw), DrillClock(began["t0"], began["first_s"], began["time_scale"])
        intake = Intake(register, client, load_policy(stack.settings), institutions)
        receipts = [await intake.file(report_of(scenario, report, clock)) for report in scenario.reports]
        devices = await devices_of(register, KeyRing.load(stack.settings), run)
        cases = [WaitingCase(stack, run, client, register, devices, raw, receipt) for receipt in receipts]
        for case in cases:
            await until(lambda case=case: _at_rest(case))
        yield cases


async def _at_rest(case: WaitingCase) -> bool:
    standing = await case.standing()
    return standing.quiet and bool(standing.pending) and len(standing.pending) == len(await case.sheets())
