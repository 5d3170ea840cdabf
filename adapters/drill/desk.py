"""The played officers at their desks: case filings and decisions, each after its time, by signal.

Nothing is remembered of what was refused: a sheet that is still pending is decided again.
"""

import asyncio
import random
from dataclasses import dataclass, field

import structlog
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from adapters.drill.look import Look, WaitingSheet
from adapters.drill.roster import HANDLING, deciders
from domain.sheets import SheetKind

log = structlog.get_logger(__name__)

AGAIN_AFTER_S = 3.0
"""A word that shows no effect after so long was refused, or lost: it is said again."""


@dataclass
class Desk:
    """Decides when which officer says what. `decide_s`: real seconds, drawn with a seed of the run's own."""

    client: Client
    decide_s: tuple[float, float]
    seed: int = 0
    _due: dict[tuple[str, str, str], float] = field(default_factory=dict)
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        """Take a seat."""
        self._random = random.Random(self.seed)  # noqa: S311 - repeatable on purpose

    async def act(self, look: Look, now: float) -> None:
        """Say what is due, in the register's present standing. `now` is a monotonic second."""
        workflow = {case.case_id: case.workflow_id for case in look.cases}
        filed = {case.case_id for case in look.cases if case.filing_number}
        due = [
            (case.workflow_id, "filing", f"练习立字-{case.case_number} {HANDLING}")
            for case in look.running
            if not case.filing_number and self._is_due((case.case_id, "filing", HANDLING), now)
        ]
        due += [
            (workflow[sheet.case_id], "decide", f"{sheet.name} {officer} {verdict_on(sheet)}")
            for sheet in look.sheets
            for officer in deciders(sheet.quorum, sheet.approved_by, sheet.requester)
            if self._is_due((sheet.case_id, sheet.name, officer), now, may=_may(sheet, filed))
        ]
        # all at once: one officer's words do not wait for another's, however busy the engine is
        await asyncio.gather(*(self._say(*words) for words in due))

    def _is_due(self, what: tuple[str, str, str], now: float, *, may: bool = True) -> bool:
        due = self._due.setdefault(what, now + self._random.uniform(*self.decide_s))
        if now < due or not may:
            return False
        self._due[what] = now + AGAIN_AFTER_S
        return True

    async def _say(self, workflow_id: str, signal: str, words: str) -> None:
        try:
            await self.client.get_workflow_handle(workflow_id).signal(signal, words)
        except RPCError as problem:
            if problem.status != RPCStatusCode.NOT_FOUND:  # a closed case needs no answer any more
                log.warning("officer_not_heard", signal=signal, error=problem.status.name)


def _may(sheet: WaitingSheet, filed: set[str]) -> bool:
    """A freeze is decided on only once the case filing stands (DOMAIN section 3)."""
    return sheet.kind is not SheetKind.FREEZE or sheet.case_id in filed


def verdict_on(sheet: WaitingSheet) -> str:
    """The played officers approve everything but to give a case up."""
    return "reject 练习：不撤案" if sheet.kind is SheetKind.CANCEL else "approve"
