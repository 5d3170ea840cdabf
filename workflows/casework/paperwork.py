"""Making sheets: fixed when made, named, with a deadline and the quorum the policy asks for."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.identifiers import sheet_name
from domain.sheets import LETTERS, Sheet, SheetKind, SheetLine, StopsUsed, Why
from workflows.casework.case import Case
from workflows.casework.state import SheetFile

CENTRE = "centre"
"""The requester of sheets that the procedure itself makes: no officer, so any officer entitled may decide."""


def new_sheet(  # noqa: PLR0913 - each of them says something else of the sheet
    case: Case,
    kind: SheetKind,
    *,
    why: Why,
    quorum: str,
    lines: Sequence[SheetLine] = (),
    term_months: int = 0,
    stops: StopsUsed | None = None,
    decide_by: datetime | None = None,
    requester: str = CENTRE,
) -> Sheet:
    """Make a sheet, put it among the pending ones and into the tray of sheets to keep.

    `decide_by`: UTC; None: the policy's time from now. `requester`: an officer who therefore does not decide it.
    """
    lines = tuple(lines)
    count = case.state.sheet_count.get(kind.value, 0) + 1
    case.state.sheet_count[kind.value] = count
    sheet = Sheet(
        name=sheet_name(LETTERS[kind], count),
        case_id=case.start.case_id,
        kind=kind,
        lines=lines,
        term_months=term_months,
        made_at=case.now,
        decide_by=decide_by or case.now + timedelta(minutes=case.policy.hold.decide_within_minutes),
        requester=requester,
        quorum=case.policy.quorum[quorum],
        policy_version=case.policy.version,
        why=why,
        stops=stops,
        basis=case.policy.basis.of(kind.value),
        needs=case.policy.evidence.needed(sum(line.amount_fen for line in lines), term_months),
    )
    case.state.sheets[sheet.name] = SheetFile(sheet=sheet, awaited=[role.value for role in sheet.quorum])
    case.sheets.append(sheet)
    return sheet
