"""What came of a drill: the register's sums beside the witness's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from temporalio.client import Client

from adapters.drill.compare import Sides, by_place_of_entries, by_place_of_witness, compare
from adapters.drill.engine import engine_cost
from adapters.drill.look import Look
from adapters.drill.result import (
    Difference,
    ReportResult,
    Result,
    Unseen,
    Witness,
    WitnessReport,
    sums_of,
    total_of,
)
from adapters.drill.trainer import Trainer
from adapters.register import Register
from adapters.register.rows import CaseRow
from domain.institutions import Institution
from domain.report import Receipt


@dataclass(frozen=True)
class Played:
    """A drill at its end. `receipts` by the reports' names; `t0`, `traced_at` (None: never): Unix time."""

    scenario: str
    run: str
    institutions: Sequence[Institution]
    receipts: Mapping[str, Receipt]
    t0: float
    traced_at: float | None
    trainer: Trainer
    register: Register
    client: Client


async def gather(drill: Played, look: Look, seconds: float) -> Result:
    """Read both books, compare them, count what it cost."""
    measures = await drill.trainer.measures()
    witness = Witness.model_validate(measures)
    rows = {row.case_id: row for row in await drill.register.list_cases(limit=len(drill.receipts) + 1)}
    reports = [
        _report(name, rows[receipt.case_id], measures["first_stops"])
        for name, receipt in sorted(drill.receipts.items())
    ]
    unseen, differences = await _compared(drill, look, reports, witness, measures)
    return Result(
        scenario=drill.scenario,
        run=drill.run,
        seconds=round(seconds, 3),
        reports=tuple(reports),
        total=total_of(reports),
        witness=witness,
        unseen=tuple(unseen),
        differences=tuple(differences),
        orders=look.orders,
        traced_seconds=None if drill.traced_at is None else round(drill.traced_at - drill.t0, 3),
        engine=await engine_cost(drill.client),
        violations=len(measures["violations"]),
    )


def _report(name: str, row: CaseRow, first_stops: Mapping[str, float]) -> ReportResult:
    return ReportResult(
        id=name,
        case_id=row.case_id,
        workflow_id=row.workflow_id,
        **sums_of(row.books),
        first_stop_ms=first_stop_ms(row, first_stops),
        layers=row.layers,
        accounts=row.accounts,
    )


def first_stop_ms(row: CaseRow, first_stops: Mapping[str, float]) -> int | None:
    """Milliseconds from receipt to the first stop order in the sandbox's book; None: no stop was ordered."""
    at = first_stops.get(row.case_number)
    return None if at is None else round((at - row.received_at.timestamp()) * 1000)


async def _compared(
    drill: Played, look: Look, reports: list[ReportResult], witness: Witness, measures: Mapping[str, Any]
) -> tuple[list[Unseen], list[Difference]]:
    silent: dict[str, int] = {}
    for one in look.unanswered:
        silent[one.institution] = silent.get(one.institution, 0) + one.young + one.old
    codes = {institution.id: institution.code for institution in drill.institutions}
    theirs = {report.id: report for report in witness.reports}
    unseen: list[Unseen] = []
    differences: list[Difference] = []
    for report in reports:
        sides = Sides(
            report=report.id,
            register=by_place_of_entries(await drill.register.entries_of(report.case_id)),
            witness=by_place_of_witness(measures["accounts"], report.id),
            register_sums=report,
            witness_sums=theirs.get(report.id, WitnessReport(id=report.id)),
            silent=silent,
        )
        not_seen, differing = compare(sides, codes)
        unseen += not_seen
        differences += differing
    return unseen, differences
