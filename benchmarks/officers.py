"""Officers who answer at once: the filing, then, as soon as a sheet is there, every decision and the finding.

They look at the register with one statement and never at the engine's lists, so that they cost next to nothing;
what they do cost is printed.
"""

import asyncio
import contextlib
from dataclasses import dataclass, field

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from adapters.drill.devices import Devices, Shown
from adapters.drill.roster import awaited_of, in_role
from adapters.drill.trainer import Trainer
from adapters.register import Register, RegisterError
from adapters.register.rows import SheetRow
from domain.findings import Finding
from domain.identifiers import case_workflow_id, verification_workflow_id
from domain.officers import Role
from domain.report import Receipt

LOOK_EVERY_S = 0.25
FILE_AFTER_S = 0.5  # nobody files a case before its first stop is out
AGAIN_AFTER_S = 5.0
"""A word without effect for so long was lost."""


@dataclass
class Officers:
    """All officers of one practice world."""

    client: Client
    register: Register
    trainer: Trainer
    devices: Devices
    sheets: int = 0
    """Sheets decided on."""
    _said: dict[tuple[str, str], float] = field(default_factory=dict)
    _filings: set[asyncio.Task[None]] = field(default_factory=set)

    def file(self, receipt: Receipt) -> None:
        """Enter the case filing of a new case, a moment later."""
        task = asyncio.create_task(self._file(receipt))
        self._filings.add(task)
        task.add_done_callback(self._filings.discard)

    async def serve(self) -> None:
        """Decide whatever is pending, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            with contextlib.suppress(RegisterError, RPCError):
                pending = await self.register.pending_sheets()
                now = loop.time()
                due = [one for one in pending if self._is_due(one, now)]
                await asyncio.gather(*(self._decide(one) for one in due))
            await asyncio.sleep(LOOK_EVERY_S)

    async def _file(self, receipt: Receipt) -> None:
        await asyncio.sleep(FILE_AFTER_S)
        shown = await self._code(Role.STOP_DESK)
        await self._say(receipt.workflow_id, "filing", f"练习立字-{receipt.case_number} {shown.officer} {shown.code}")

    def _is_due(self, row: SheetRow, now: float) -> bool:
        key = (row.sheet.case_id, row.sheet.name)
        if now - self._said.get(key, -AGAIN_AFTER_S) < AGAIN_AFTER_S:
            return False
        self._said[key] = now
        return True

    async def _decide(self, row: SheetRow) -> None:
        self.sheets += 1
        sheet = row.sheet
        await asyncio.gather(
            *(self._approve(row, role) for role in awaited_of(sheet.quorum, row.decided_by)),
            self._find(verification_workflow_id(sheet.case_id, 1)),
        )

    async def _approve(self, row: SheetRow, role: Role) -> None:
        shown = await self._code(role)
        words = f"{row.sheet.name} {shown.officer} {shown.code}"
        await self._say(case_workflow_id(row.sheet.case_id), "decide", words)

    async def _find(self, visit: str) -> None:
        shown = await self._code(Role.FIELD)
        await self._say(visit, "finding", f"{shown.officer} {shown.code} {Finding.MULE.value} 练习")

    async def _code(self, role: Role) -> Shown:
        """A code of anybody in this role; where all have said theirs, the next half minute is waited for."""
        while (shown := self.devices.free_code(in_role(role))) is None:  # noqa: ASYNC110 - a clock sets no event
            await asyncio.sleep(LOOK_EVERY_S)
        return shown

    async def _say(self, workflow_id: str, signal: str, words: str) -> None:
        try:
            await self.client.get_workflow_handle(workflow_id).signal(signal, words)
        except RPCError as problem:
            if problem.status != RPCStatusCode.NOT_FOUND:  # over already
                raise
