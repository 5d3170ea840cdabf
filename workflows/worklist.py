"""The work list: search attributes that officers filter and bookmark by. Few upserts, because each costs the engine."""

from datetime import datetime

from temporalio import workflow
from temporalio.common import SearchAttributeKey

with workflow.unsafe.imports_passed_through():
    from domain.sheets import SheetState
    from workflows.casework import accounting
    from workflows.casework.case import Case
    from workflows.casework.deadlines import deadlines, filing_before_stops_end

CASE_NUMBER = SearchAttributeKey.for_keyword("CaseNumber")
STAGE = SearchAttributeKey.for_keyword("CaseStage")
PENDING_SHEET = SearchAttributeKey.for_keyword("PendingSheet")
NEXT_DEADLINE = SearchAttributeKey.for_datetime("NextDeadline")
AT_RISK_FEN = SearchAttributeKey.for_int("AtRiskFen")

SEARCH_ATTRIBUTES: tuple[SearchAttributeKey[str] | SearchAttributeKey[datetime] | SearchAttributeKey[int], ...] = (
    CASE_NUMBER,
    STAGE,
    PENDING_SHEET,
    NEXT_DEADLINE,
    AT_RISK_FEN,
)
NOTHING_PENDING = "-"


FILING_WITH_ITS_SHEETS = "2026-11 a missing filing is due with the first freeze that waits for it"


class Worklist:
    """What the work list shows of this case; upserts only what changed."""

    def __init__(self) -> None:
        """Nothing shown yet."""
        self._shown: tuple[str, str, datetime | None, int] | None = None

    def update(self, case: Case) -> None:
        """Bring the work list up to date."""
        pending = sorted(name for name, file in case.state.sheets.items() if file.state is SheetState.PENDING)
        now = (
            case.state.status.value,
            pending[0] if pending else NOTHING_PENDING,
            _deadline_shown(case),
            accounting.books(case, accounting.entries_now(case)).at_risk_fen,
        )
        if now == self._shown:
            return
        self._shown = now
        workflow.upsert_search_attributes(
            [
                STAGE.value_set(now[0]),
                PENDING_SHEET.value_set(now[1]),
                NEXT_DEADLINE.value_set(now[2]) if now[2] else NEXT_DEADLINE.value_unset(),
                AT_RISK_FEN.value_set(now[3]),
            ]
        )

    def clear(self) -> None:
        """A closed case stands on no list."""
        workflow.upsert_search_attributes(
            [
                STAGE.value_set("closed"),
                PENDING_SHEET.value_unset(),
                NEXT_DEADLINE.value_unset(),
                AT_RISK_FEN.value_unset(),
            ]
        )


def _deadline_shown(case: Case) -> datetime | None:
    """The first deadline of the case; None: there is none.

    Of a missing filing the stops' end alone in cases that showed it so before: only asked where the answer matters.
    """
    due = deadlines(case)
    first = due[0].at if due else None
    before = filing_before_stops_end(case)
    if before is None or first == before or workflow.patched(FILING_WITH_ITS_SHEETS):
        return first
    return before
