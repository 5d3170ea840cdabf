"""The deadlines of a case, the bank's own values first (decisions: three clocks): three clocks that are never mixed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.sheets import SheetKind, SheetState
from workflows.casework.case import Case
from workflows.casework.holding import gather_until, others_first_until
from workflows.casework.looking import next_look
from workflows.casework.pursuit import query
from workflows.casework.state import Account

LOOK_EVERY = timedelta(seconds=60)
"""A trace wakes at least so often by itself; stops last hours, so their ends are looked for no oftener."""


@dataclass(frozen=True)
class Deadline:
    """One deadline as people read it."""

    at: datetime
    zh: str
    en: str


def deadlines(case: Case) -> list[Deadline]:
    """All that is still to come or overdue, earliest first; a missing filing before the freezes that wait for it."""
    found = []
    expiries = _expiries(case)
    if expiries:
        earliest, account = min(expiries, key=lambda one: one[0])
        found.append(
            Deadline(earliest, f"最早止付到期 {case.shown(account)}", f"first stop ends {case.shown(account)}")
        )
    for name, file in case.state.sheets.items():
        if file.state is SheetState.PENDING:
            found.append(Deadline(file.sheet.decide_by, f"审批单 {name} 决定期限", f"sheet {name} to be decided"))
    if (before := filing_before_stops_end(case)) is not None:
        pending = [file.sheet for file in case.state.sheets.values() if file.state is SheetState.PENDING]
        wait = [sheet.decide_by for sheet in pending if sheet.kind is SheetKind.FREEZE]
        filing = Deadline(
            min([before, *wait]), "立案（缺立案号不能冻结）", "case filing is missing (no freeze without it)"
        )
        found.insert(0, filing)  # first of those at one moment
    return sorted(found, key=lambda one: one.at)


def filing_before_stops_end(case: Case) -> datetime | None:
    """When a missing filing is due at the latest: before the first stop ends (rules R13). None: it is not missing."""
    if case.state.filing_number or not case.start.report.transfers:
        return None
    given = case.start.received_at + timedelta(hours=case.policy.stop.term_hours)
    return min((expires for expires, _ in _expiries(case)), default=given)


def _expiries(case: Case) -> list[tuple[datetime, Account]]:
    return [
        (expires, account)
        for account in case.state.accounts.values()
        if account.stopped and (expires := getattr(account.stop, "expires", None)) is not None
    ]


def note_lapsed(case: Case) -> None:
    """A stop whose end has passed at the bank is over: its money is no longer held by it."""
    if case.lapse_look_at is not None and case.now < case.lapse_look_at:
        return
    case.lapse_look_at = case.now + LOOK_EVERY
    for key, account in case.state.accounts.items():
        if account.stop is None or not account.stopped:
            continue
        expires = getattr(account.stop, "expires", None)
        if expires is None:
            continue
        if expires > case.now:
            case.lapse_look_at = min(case.lapse_look_at, expires)
            continue
        account.stop_ended = account.lapsed = True
        case.touch(key)
        if case.ledger.attributed(key) > account.frozen_fen:
            query(case, account)  # what has left since shows only in a new statement
            case.problem(
                f"lapsed:{key}",
                f"{case.shown(account)} 止付已到期，资金可能流出",
                f"{case.shown(account)}: the stop has lapsed; money may leave",
            )


def next_deadline(case: Case) -> datetime | None:
    """When the case must wake up by itself: sheets to gather, a small share undecided, a second look, stops' ends."""
    due = [gather_until(case), others_first_until(case)]
    if (look := next_look(case)) is not None:
        due.append(look)
    due += [
        file.sheet.decide_by
        for file in case.state.sheets.values()
        if file.state is SheetState.PENDING and not file.escalated
    ]
    due += _of_accounts(case)
    later = [at for at in due if at > case.now]
    return min(later, default=None)


def _of_accounts(case: Case) -> list[datetime]:
    waited = timedelta(minutes=case.policy.hold.release_proposed_minutes)
    ripe_after = timedelta(minutes=case.policy.freeze.ripe_after_minutes)
    due = []
    for key, account in case.state.accounts.items():
        if account.stop is None or not account.stopped:
            continue
        if account.limited and account.limited_since and not account.release_proposed and not account.freeze_sequence:
            due.append(account.limited_since + waited)
        started = getattr(account.stop, "started", None)
        if started is not None and case.ledger.attributed(key) > account.sheeted_fen:
            due.append(started + ripe_after)
        expires = getattr(account.stop, "expires", None)
        if expires is not None:
            due.append(expires)
    return due
