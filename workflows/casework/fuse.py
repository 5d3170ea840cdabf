"""The fuse: a case asks ahead before it stops very many accounts, so that stops go on while somebody looks."""

from domain.sheets import SheetKind, SheetState, StopsUsed, Why
from workflows.casework.case import Case
from workflows.casework.paperwork import new_sheet


def may_stop(case: Case, key: str) -> bool:
    """Count one more stop; beyond what is allowed the account waits for a yes (decisions: evidence first).

    The register counts again before anything leaves; here it is only asked in time.
    """
    rules = case.policy.fuse
    if case.state.stops_allowed == 0:
        case.state.stops_allowed = rules.accounts_per_case
    if case.state.stops_asked >= rules.ask_at * case.state.stops_allowed and not _asking(case):
        new_sheet(
            case,
            SheetKind.FUSE,
            why=Why.FUSE_NEAR,
            quorum="fuse",
            stops=StopsUsed(asked=case.state.stops_asked, allowed=case.state.stops_allowed),
        )
    if case.state.stops_asked >= case.state.stops_allowed:
        if key not in case.state.fuse_waiting:
            case.state.fuse_waiting.append(key)
        return False
    case.state.stops_asked += 1
    return True


def _asking(case: Case) -> bool:
    """Somebody is asked already, or has said no: a no is not asked about again at every account."""
    return any(
        file.sheet.kind is SheetKind.FUSE and file.state in {SheetState.PENDING, SheetState.REJECTED}
        for file in case.state.sheets.values()
    )
