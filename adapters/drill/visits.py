"""The played field officers: they visit the holders of open verifications and say what the scenario knows."""

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog
from temporalio.client import Client, WorkflowExecution
from temporalio.service import RPCError, RPCStatusCode

from adapters.drill.devices import Devices, Shown
from adapters.drill.errors import UnreachableError
from adapters.drill.roster import in_role
from adapters.drill.scenario import Account
from adapters.drill.trainer import Trainer
from domain.findings import Finding
from domain.officers import Role

log = structlog.get_logger(__name__)

OPEN_VISITS = "WorkflowType='OnSiteVerification' AND ExecutionStatus='Running'"
AGAIN_AFTER_S = 3.0


@dataclass
class Field:
    """Answers each visit once it has taken its time; the witness is told at the same moment."""

    client: Client
    devices: Devices
    trainer: Trainer
    holders: Mapping[tuple[str, str], Account]
    decide_s: tuple[float, float]
    seed: int = 0
    open: int = 0
    """Visits without an answer at the last look."""
    untold: list[tuple[str, str, Finding]] = field(default_factory=list)
    """Found, and the witness could not be told yet."""
    _due: dict[str, float] = field(default_factory=dict)
    _shown: dict[str, Shown] = field(default_factory=dict)
    """The code said at each visit: it is said again while it serves."""
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        """Set out."""
        self._random = random.Random(self.seed + 1)  # noqa: S311 - repeatable on purpose

    async def act(self, now: float) -> None:
        """Answer the visits that are due. `now` is a monotonic second."""
        visits = [visit async for visit in self.client.list_workflows(OPEN_VISITS, page_size=1000)]
        self.open = len(visits)
        due = [visit for visit in visits if self._is_due(visit.id, now)]
        await asyncio.gather(*(self._visit(visit) for visit in due))
        await self._tell()

    def _is_due(self, visit: str, now: float) -> bool:
        due = self._due.setdefault(visit, now + self._random.uniform(*self.decide_s))
        if now < due:
            return False
        self._due[visit] = now + AGAIN_AFTER_S
        return True

    async def _visit(self, visit: WorkflowExecution) -> None:
        place = await _place(visit)
        finding = finding_at(self.holders.get(place))
        if await self._answer(visit.id, finding) and place in self.holders:
            self.untold.append((*place, finding))

    async def _answer(self, visit: str, finding: Finding) -> bool:
        try:
            shown = self._code(visit)
            if shown is None:
                return False  # every field officer waits for the next code
            words = f"{shown.officer} {shown.code} {finding.value} 练习"
            await self.client.get_workflow_handle(visit).signal("finding", words)
        except RPCError as problem:
            if problem.status != RPCStatusCode.NOT_FOUND:
                log.warning("officer_not_heard", signal="finding", error=problem.status.name)
            return False
        return True

    def _code(self, visit: str) -> Shown | None:
        shown = self._shown.get(visit)
        if shown is None or not shown.still_serves(self.devices.clock()):
            shown = self.devices.free_code(in_role(Role.FIELD))
        if shown is not None:
            self._shown[visit] = shown
        return shown

    async def _tell(self) -> None:
        if not self.untold:
            return
        try:
            await self.trainer.tell_findings(self.untold)
        except UnreachableError:
            log.warning("witness_not_reached", findings=len(self.untold))
        else:
            self.untold = []


async def _place(visit: WorkflowExecution) -> tuple[str, str]:
    return (
        str(await visit.memo_value("institution", "", type_hint=str)),
        str(await visit.memo_value("number", "", type_hint=str)),
    )


def finding_at(account: Account | None) -> Finding:
    """What the officer finds: the role in the scenario; nobody at an account that is not in it."""
    return Finding.NOT_FOUND if account is None else Finding(account.role)
