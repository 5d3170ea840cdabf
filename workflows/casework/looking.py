"""The second look (复核): at stops that nobody has decided on, and at what a release let go.

A stop leaves under the standing authority, without a decision of its own; the lines of every decided sheet are a look
at the stops that stand then. What has none goes on a look sheet. A pending look sheet, and the release proposed when it
was met with silence, ask one question: it is settled as soon as every stop on it was decided on elsewhere, or is over.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from domain.findings import Finding
from domain.identifiers import account_key
from domain.orders import Cause, Executed, Partial
from domain.sheets import Sheet, SheetKind, SheetLine, SheetState, Why
from workflows.casework.case import Case
from workflows.casework.paperwork import CENTRE, new_sheet
from workflows.casework.pursuit import pursue
from workflows.casework.state import Account, SheetFile


def second_looks(case: Case) -> None:
    """Make the look sheets that are due, and propose releases where a look sheet was met with silence."""
    ask = case.policy.authority.second_look_ask_minutes
    if ask is None or case.state.cancelled:
        return
    _note_stops(case)
    settle(case)
    _ask_about_stops(case, timedelta(minutes=ask))
    _ask_about_releases(case, timedelta(minutes=ask))
    _propose_releases(case)


def next_look(case: Case) -> datetime | None:
    """When the case must wake up to ask for the next second look (UTC)."""
    ask = case.policy.authority.second_look_ask_minutes
    if ask is None or case.state.cancelled:
        return None
    begun = list(case.unlooked.values())
    begun += [file.decided_at for file in case.state.sheets.values() if file.look_due and file.decided_at]
    return min((at for began in begun if (at := began + timedelta(minutes=ask)) > case.now), default=None)


def awaited(case: Case) -> bool:
    """Whether a release has still to be looked at: its sheet is made when what it let go is let go."""
    return any(file.look_due for file in case.state.sheets.values())


def is_open(account: Account) -> bool:
    """A stop stands here that no decision has looked at, and nothing ends it already."""
    return account.stopped and account.looked_stop < account.stop_sequence and not account.letting_go


def took_effect(account: Account) -> datetime:
    """When the stop began to serve this case: the bank's own start (UTC).

    Not after its answer came, for clocks differ; nor before the case met the account, for a joined stop is older.
    """
    stop = account.stop
    if not isinstance(stop, Executed | Partial):
        return account.met_at
    return max(account.met_at, min(stop.started or stop.at, stop.at))


# ------------------------------------------------------------------ sheets


def _note_stops(case: Case) -> None:
    """Of the accounts something happened to: whose stop has still to go on a look sheet."""
    for key in case.touched:
        account = case.state.accounts.get(key)
        if account is not None and is_open(account) and account.look_asked < account.stop_sequence:
            case.unlooked[key] = took_effect(account)
        else:
            case.unlooked.pop(key, None)


def _ask_about_stops(case: Case, ask: timedelta) -> None:
    """One sheet for all that is due now or soon; it is to be decided in time for the earliest of them."""
    if not case.unlooked or case.now < min(case.unlooked.values()) + ask:
        return
    rules = case.policy.authority
    soon = case.now + timedelta(minutes=rules.second_look_together_minutes or 0)
    due = sorted((since, key) for key, since in case.unlooked.items() if since + ask <= soon)
    for _, key in due:
        del case.unlooked[key]
    due = [(since, key) for since, key in due if is_open(case.state.accounts[key])]
    most = case.policy.freeze.lines_per_sheet
    for start in range(0, len(due), most):
        together = due[start : start + most]
        new_sheet(
            case,
            SheetKind.LOOK,
            lines=[_line(case, key, no) for no, (_, key) in enumerate(together, start=1)],
            why=Why.SECOND_LOOK,
            quorum="look",
            decide_by=together[0][0] + timedelta(minutes=rules.second_look_minutes),
        )
    for _, key in due:
        case.state.accounts[key].look_asked = case.state.accounts[key].stop_sequence


def _line(case: Case, key: str, no: int) -> SheetLine:
    account = case.state.accounts[key]
    return SheetLine(
        no=no,
        account=account.ref,
        amount_fen=case.ledger.attributed(key),
        balance_fen=account.digest.balance_fen if account.digest else 0,
        layer=account.layer,
        limited=account.limited,
    )


def _ask_about_releases(case: Case, ask: timedelta) -> None:
    """What a release let go is looked at by somebody else than who released it, when all of it is let go.

    A bank that does not answer delays the look at the others no longer than a stop's.
    """
    for file in list(case.state.sheets.values()):
        if not file.look_due or file.decided_at is None:
            continue
        awaited_here = [(line, one) for line, one in _accounts(case, file.sheet) if one.released_on == file.sheet.name]
        over = [(line, one) for line, one in awaited_here if one.let_go or not one.stopped]
        if len(over) < len(awaited_here) and case.now < file.decided_at + ask:
            continue
        for _, account in over:
            account.released_on = ""
        file.look_due = len(over) < len(awaited_here)
        lines = [line for line, account in over if account.finding is not Finding.MERCHANT]
        if lines:
            new_sheet(
                case,
                SheetKind.LOOK,
                lines=_numbered(lines),
                why=Why.SECOND_LOOK_AT_RELEASE,
                quorum="look",
                requester=file.decided_by[-1] if file.decided_by else CENTRE,
            )


def _propose_releases(case: Case) -> None:
    """A look sheet was met with silence: the duty chief is asked whether what is still stopped is to be let go.

    Silence itself releases nothing: both sheets stay pending.
    """
    for file in list(case.state.sheets.values()):
        sheet = file.sheet
        if sheet.why != Why.SECOND_LOOK or file.state is not SheetState.PENDING or case.now < sheet.decide_by:
            continue
        asked = _on_pending_releases(case)
        left = [(line, account) for line, account in _accounts(case, sheet) if is_open(account)]
        left = [(line, account) for line, account in left if _key(line) not in asked]
        if left:
            lines = _numbered([line for line, _ in left])
            new_sheet(case, SheetKind.RELEASE, lines=lines, why=Why.SECOND_LOOK_UNDECIDED, quorum="release")
        for _, account in left:
            account.release_proposed = True


def _on_pending_releases(case: Case) -> set[str]:
    return {
        _key(line)
        for file in case.state.sheets.values()
        if file.sheet.kind is SheetKind.RELEASE and file.state is SheetState.PENDING
        for line in file.sheet.lines
    }


def _numbered(lines: list[SheetLine]) -> list[SheetLine]:
    return [line.model_copy(update={"no": no}) for no, line in enumerate(lines, start=1)]


# ------------------------------------------------------------------ decisions


def settle(case: Case) -> None:
    """Pending sheets about stops that were all decided on elsewhere, or are over: nothing is left to decide on them."""
    for name, file in case.state.sheets.items():
        if file.state is not SheetState.PENDING or file.sheet.why not in {Why.SECOND_LOOK, Why.SECOND_LOOK_UNDECIDED}:
            continue
        if not any(is_open(account) for _, account in _accounts(case, file.sheet)):
            file.state, file.settling = SheetState.SETTLED, True
            case.solved(f"silence:{name}")


def stands_by_another_word(sheet: Sheet, account: Account) -> bool:
    """Whether a decision to let this account go comes after another one that holds it, and so does not touch it."""
    if sheet.kind is SheetKind.FREEZE:
        return account.freeze_sequence > 0  # a no to a difference does not undo the yes before it
    return sheet.why in {Why.SECOND_LOOK, Why.SECOND_LOOK_UNDECIDED} and not is_open(account)


def take_decision(case: Case, file: SheetFile, *, told: bool = False) -> None:
    """What a decided sheet means for second looks, once what it lets go is being let go.

    `told`: it is only retold; the orders it led to are told by themselves.
    """
    file.decided_at = case.now
    sheet = file.sheet
    if sheet.why == Why.SECOND_LOOK_AT_RELEASE:
        for line, account in _accounts(case, sheet):
            if file.state is SheetState.REJECTED or line.no in file.excepted:
                _take_back(case, _key(line), account, told=told)
        return
    looks = case.policy.authority.second_look_ask_minutes is not None
    for line, account in _accounts(case, sheet):
        account.looked_stop = account.stop_sequence
        case.touch(_key(line))
        if looks and account.released_on == sheet.name:
            file.look_due = True
    settle(case)


def _take_back(case: Case, key: str, account: Account, *, told: bool) -> None:
    """The second look disagrees with a release: a person is told, and the account is stopped once more if it may be."""
    case.touch(key)
    mine = case.ledger.attributed(key) - account.frozen_fen
    may = (
        account.letting_go
        and account.finding is not Finding.MERCHANT
        and mine >= case.policy.trace.least_fen
        and account.stop_sequence < case.policy.stop.times_per_account
        and not case.state.cancelled
    )
    zh, en = ("已再次止付", "it is stopped once more") if may else ("不能再次止付", "it cannot be stopped once more")
    case.problem(
        f"look:{key}",
        f"{case.shown(account)} 复核不同意放行，{zh}，请人工处理",
        f"{case.shown(account)}: the second look disagrees with its release; {en}; a person must see to it",
    )
    if not may:
        return
    account.letting_go, account.let_go, account.let_go_cause, account.let_go_sheet = False, False, Cause.NONE, ""
    account.stop, account.stop_ended, account.lapsed, account.stop_for_others = None, False, False, False
    account.sheeted_fen = account.frozen_fen + _on_pending_freezes(case, key)
    account.release_proposed = False
    if account.limited:
        account.limited_since = case.now
    account.looked_stop = account.stop_sequence + 1  # the stop to come is this officer's word
    if not told:
        pursue(case, key, account)


def _on_pending_freezes(case: Case, key: str) -> int:
    return sum(
        line.amount_fen
        for file in case.state.sheets.values()
        if file.sheet.kind is SheetKind.FREEZE and file.state is SheetState.PENDING
        for line in file.sheet.lines
        if _key(line) == key
    )


# ------------------------------------------------------------------ lines


def _key(line: SheetLine) -> str:
    return account_key(line.account.institution, line.account.number)


def _accounts(case: Case, sheet: Sheet) -> Iterator[tuple[SheetLine, Account]]:
    """The lines of a sheet with their accounts, as far as the case knows them."""
    for line in sheet.lines:
        account = case.state.accounts.get(_key(line))
        if account is not None:
            yield line, account
