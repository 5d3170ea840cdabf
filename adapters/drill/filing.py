"""Reports come in at their real moments, through the one intake of the house."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from adapters.drill.clock import DrillClock
from adapters.drill.reports import report_of
from adapters.drill.scenario import FiledReport, Scenario
from adapters.register.engine import RegisterError
from domain.report import Receipt, Report

log = structlog.get_logger(__name__)

_AGAIN_S = 0.5


class Takes(Protocol):
    """Who takes reports in (adapters.intake.Intake)."""

    async def file(self, report: Report) -> Receipt:
        """Take one report."""
        ...


@dataclass
class Filing:
    """Files each report when the scenario's clock reaches it."""

    scenario: Scenario
    clock: DrillClock
    intake: Takes
    receipts: dict[str, Receipt] = field(default_factory=dict)
    """By the report's name in the file."""
    _jumped: asyncio.Event = field(default_factory=asyncio.Event)

    async def all(self) -> None:
        """Until every report is filed. One that takes long does not hold up the next."""
        filing: list[asyncio.Task[None]] = []
        try:
            for report in sorted(self.scenario.reports, key=lambda one: one.at_s):
                await self._until(report.at_s)
                filing.append(asyncio.create_task(self._file(report)))
            await asyncio.gather(*filing)
        finally:
            for task in filing:
                task.cancel()

    def jumped(self) -> None:
        """The clock was moved: whoever waits for it looks again."""
        self._jumped.set()

    @property
    def next_s(self) -> float | None:
        """The scenario second of the next report that is not filed; None: all are."""
        return min((one.at_s for one in self.scenario.reports if one.id not in self.receipts), default=None)

    async def _until(self, at_s: float) -> None:
        while (wait_s := self.clock.real_of(at_s) - time.time()) > 0:
            self._jumped.clear()
            try:
                await asyncio.wait_for(self._jumped.wait(), wait_s)
            except TimeoutError:
                return

    async def _file(self, report: FiledReport) -> None:
        while True:
            try:
                self.receipts[report.id] = await self.intake.file(report_of(self.scenario, report, self.clock))
            except RegisterError as problem:
                log.warning("report_not_taken", error=str(problem))
                await asyncio.sleep(_AGAIN_S)
            else:
                return
