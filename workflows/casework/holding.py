"""From stopped to frozen, or let go: ripe accounts onto sheets, approved sheets to the banks, findings into effect."""

from datetime import datetime, timedelta

from domain.clock import months_later
from domain.errands import Errand, ErrandKind, ErrandResult
from domain.findings import Finding
from domain.identifiers import account_key
from domain.money import shown
from domain.orders import LETS_GO, Cause, Measure, Outcome, in_force
from domain.sheets import Ruling, SheetKind, SheetLine, SheetState, Why, lets_go
from workflows.casework import looking
from workflows.casework.case import Case
from workflows.casework.paperwork import new_sheet
from workflows.casework.pursuit import pursue, small_share
from workflows.casework.state import LIFT_SEQUENCE_BASE, Account, FreezeHeld, SheetFile


def hold(case: Case, *, tracing: bool) -> None:
    """Make the sheets that are due. `tracing`: stops and queries are still on their way, so company may come."""
    if case.state.cancelled:
        return
    _limit_small_shares(case)
    _gather_ripe(case, tracing=tracing)
    _propose_releases(case)


def holdable_fen(case: Case, key: str, account: Account) -> int:
    """What may still go on a sheet: attributed here and not on one yet (rules section 10)."""
    if account.finding is Finding.MERCHANT or account.letting_go or account.let_go:
        return 0
    attributed = case.ledger.attributed(key)
    # attribution never exceeds the queue of lots, and the queue never exceeds what the bank's own rows add up to
    return max(0, attributed - account.sheeted_fen)


def _line(case: Case, key: str, account: Account, no: int) -> SheetLine:
    amount = holdable_fen(case, key, account)
    account.sheeted_fen += amount
    return SheetLine(
        no=no,
        account=account.ref,
        amount_fen=amount,
        balance_fen=account.digest.balance_fen if account.digest else 0,
        layer=account.layer,
        limited=account.limited,
    )


def _limit_small_shares(case: Case) -> None:
    """An account of small share is not held whole: its amount-limited freeze is asked for at once."""
    due = []
    for key in case.touched:
        account = case.state.accounts.get(key)
        if account is None or account.digest is None or account.query_out:
            continue
        if holdable_fen(case, key, account) < case.policy.trace.least_fen or not small_share(case, key, account):
            continue
        if not account.limited:
            account.limited = True
            account.limited_since = case.now
        due.append((key, account))
    _freeze_sheet(case, due, why=Why.SMALL_SHARE)


def _gather_ripe(case: Case, *, tracing: bool) -> None:
    """Ripe accounts wait for company, then share a sheet, so that one decision freezes forty."""
    if tracing:
        case.state.quiet_since = None
        case.state.gathering_since = case.state.gathering_since or case.now
    else:
        case.state.quiet_since = case.state.quiet_since or case.now
    if case.now < gather_until(case):
        return
    case.state.gathering_since = case.now
    ripe = [(key, account) for key, account in _ripe(case) if holdable_fen(case, key, account) > 0]
    for start in range(0, len(ripe), case.policy.freeze.lines_per_sheet):
        _freeze_sheet(case, ripe[start : start + case.policy.freeze.lines_per_sheet], why=Why.RIPE)


def gathering(case: Case) -> bool:
    """Whether ripe accounts wait just now for a sheet that will be made in a moment."""
    if case.state.quiet_since is None or case.state.cancelled or case.now >= gather_until(case):
        return False
    return any(account.stopped and holdable_fen(case, key, account) > 0 for key, account in case.state.accounts.items())


def gather_until(case: Case) -> datetime:
    """When the waiting for company ends: a moment after the trace fell quiet, or after the most it may take."""
    rules, state = case.policy.freeze, case.state
    if state.quiet_since is not None:
        return max(state.quiet_since + timedelta(seconds=rules.gather_seconds), others_first_until(case))
    return (state.gathering_since or case.now) + timedelta(seconds=rules.gather_most_seconds)


def others_first_until(case: Case) -> datetime:
    """How long a case that is quiet lets others go first: the longer, the longer answers take at present.

    Slow answers mean that many cases are on the move: money that is stopped can wait, money that is not cannot.
    """
    rules = case.policy.freeze
    pause = min(rules.gather_answers * case.line_takes_s, rules.gather_most_seconds)
    return (case.state.quiet_since or case.now) + timedelta(seconds=pause)


def _ripe(case: Case) -> list[tuple[str, Account]]:
    """Stopped, statement complete, no attributed inflow outstanding upstream; or so many minutes after the stop."""
    outstanding = [
        key
        for key, account in case.state.accounts.items()
        if not account.settled and not account.cut and not account.query_refused
    ]
    growing = case.ledger.settled_after(outstanding) if outstanding else set()
    waited = timedelta(minutes=case.policy.freeze.ripe_after_minutes)
    found = []
    for key, account in case.state.accounts.items():
        if not account.stopped and not account.freezes:  # a frozen account's stop is lifted, and more may turn up in it
            continue
        started = getattr(account.stop, "started", None) or case.now
        if (account.settled and key not in growing) or case.now - started >= waited:
            found.append((key, account))
    return found


def _freeze_sheet(case: Case, due: list[tuple[str, Account]], *, why: Why) -> None:
    lines = [_line(case, key, account, no) for no, (key, account) in enumerate(due, start=1)]
    if not lines:
        return
    total = sum(line.amount_fen for line in lines)
    major = total > case.policy.freeze.city_above_fen
    new_sheet(
        case,
        SheetKind.FREEZE,
        lines=lines,
        why=why,
        quorum="freeze_city" if major else "freeze",
        term_months=case.policy.freeze.term_months,
    )


def _propose_releases(case: Case) -> None:
    """A stopped account of small share, undecided for too long: its release is proposed to the duty chief."""
    waited = timedelta(minutes=case.policy.hold.release_proposed_minutes)
    due: list[SheetLine] = []
    for key, account in case.state.accounts.items():
        if (
            account.limited
            and account.stopped
            and not account.freeze_sequence
            and not account.release_proposed
            and not account.letting_go
            and account.limited_since is not None
            and case.now - account.limited_since >= waited
        ):
            account.release_proposed = True
            due.append(
                SheetLine(
                    no=len(due) + 1,
                    account=account.ref,
                    amount_fen=case.ledger.attributed(key),
                    balance_fen=account.digest.balance_fen if account.digest else 0,
                    layer=account.layer,
                    limited=True,
                )
            )
    if due:
        new_sheet(case, SheetKind.RELEASE, lines=due, why=Why.SMALL_SHARE_UNDECIDED, quorum="release")


def escalate(case: Case) -> None:
    """A sheet's deadline has passed without a decision: silence is not no, it climbs to the duty chief."""
    for name, file in case.state.sheets.items():
        if file.state is SheetState.PENDING and not file.escalated and file.sheet.decide_by <= case.now:
            file.escalated = True
            case.problem(
                f"silence:{name}",
                f"审批单 {name} 超过决定期限，请值班长处理",
                f"sheet {name} is past its deadline: the duty chief must see to it",
            )


# ------------------------------------------------------------------ decisions


def apply_ruling(case: Case, ruling: Ruling) -> None:
    """What the register made of a decision, put into effect when it completes the sheet.

    Refused because the sheet is decided already: that decision takes effect, where its own ruling was lost on the way.
    """
    file = case.state.sheets.get(ruling.sheet)
    if file is None or file.state is not SheetState.PENDING:
        return
    if not ruling.accepted and ruling.state not in {SheetState.APPROVED, SheetState.REJECTED}:
        return
    file.awaited = [role.value for role in ruling.awaited]
    file.decided_by = list(ruling.decided_by)
    file.excepted = sorted({*file.excepted, *ruling.except_lines})
    file.state = ruling.state
    if file.state is not SheetState.PENDING:
        case.solved(f"silence:{ruling.sheet}")
        if file.sheet.kind is SheetKind.CANCEL:
            case.state.cancel_asked = False
            case.solved("cancel")
    if ruling.state is SheetState.APPROVED:
        _carry_out(case, file)
    if ruling.state is not SheetState.PENDING:
        let_lines_go(case, file)
        looking.take_decision(case, file)


def let_lines_go(case: Case, file: SheetFile) -> None:
    """What a decided sheet lets go is let go, unless another decision holds it."""
    for line in lets_go(file.sheet, file.state, file.excepted):
        account = case.state.accounts.get(account_key(line.account.institution, line.account.number))
        if account is None or looking.stands_by_another_word(file.sheet, account):
            continue
        let_go(case, account, cause=Cause.DECISION, sheet=file.sheet.name)
        if file.sheet.kind is SheetKind.RELEASE:
            account.released_on = file.sheet.name


def _carry_out(case: Case, file: SheetFile) -> None:
    match file.sheet.kind:
        case SheetKind.FREEZE:
            for line in file.sheet.lines:
                if line.no not in file.excepted:
                    _freeze(case, file, line)
        case SheetKind.FUSE:
            case.state.stops_allowed += case.policy.fuse.each_yes_opens
            case.fuse_raises.append(file.sheet.name)
            waiting, case.state.fuse_waiting = case.state.fuse_waiting, []
            for key in waiting:
                pursue(case, key, case.state.accounts[key])
        case SheetKind.CANCEL:
            case.state.cancelled = True
        case SheetKind.RELEASE | SheetKind.LOOK:
            pass  # what they let go, let_lines_go does


def _freeze(case: Case, file: SheetFile, line: SheetLine) -> None:
    account = case.state.accounts[account_key(line.account.institution, line.account.number)]
    if account.finding is Finding.MERCHANT or account.letting_go:
        return
    account.freeze_sequence += 1
    case.errand(
        ErrandKind.FREEZE,
        account,
        amount_fen=line.amount_fen,
        sequence=account.freeze_sequence,
        sheet=file.sheet.name,
        cause=Cause.COVERED,
        until=months_later(case.now, file.sheet.term_months),
    )


def take_measure(case: Case, errand: Errand, result: ErrandResult) -> None:
    """What a bank answered about a freeze, a lift or an unfreeze."""
    if errand.account is None:
        return
    key = account_key(errand.account.institution, errand.account.number)
    account = case.state.accounts[key]
    case.touch(key)
    _note_refused_ends(case, key, account, result)
    if (freeze := result.outcomes.get(Measure.FREEZE)) is not None:
        _take_freeze(case, key, account, errand, freeze)
    if (lift := result.outcomes.get(Measure.LIFT)) is not None and _stop_is_over(lift, errand):
        account.stop_ended = True
        account.stop_for_others = lift.kind == "held_back" and lift.reason == "other_claims"
        account.let_go = account.let_go or errand.cause in LETS_GO
    if (unfreeze := result.outcomes.get(Measure.UNFREEZE)) is not None and _freeze_is_over(unfreeze):
        account.freezes = [freeze for freeze in account.freezes if freeze.sequence != errand.sequence]
        if not account.freezes:
            case.ledger.uncover(key)
            account.covers = case.ledger.covers(key)
            account.let_go = True


def _stop_is_over(lift: Outcome, errand: Errand) -> bool:
    """Whether the stop is no longer this case's.

    After the freeze it may stand on for other cases' claims; they lift it without telling us, so from here on only
    the freeze counts, and more money arriving is stopped again (or joined to the stop that still stands).
    """
    if lift.kind == "held_back":
        return lift.reason == "nothing_to_end" or (lift.reason == "other_claims" and errand.kind is ErrandKind.FREEZE)
    return in_force(lift)


def _freeze_is_over(unfreeze: Outcome) -> bool:
    """Whether the freeze stands no more: ended now, or by itself before."""
    return in_force(unfreeze) or (unfreeze.kind == "held_back" and unfreeze.reason == "nothing_to_end")


def _note_refused_ends(case: Case, key: str, account: Account, result: ErrandResult) -> None:
    """A bank that does not end a measure goes on holding somebody's money: a person must know."""
    for measure in (Measure.LIFT, Measure.UNFREEZE):
        end = result.outcomes.get(measure)
        if end is not None and end.kind in {"refused", "held_elsewhere"}:
            case.problem(
                f"{measure}:{key}",
                f"{case.shown(account)} 解除未执行（{end.code}），账户仍被控制，请人工处理",
                f"{case.shown(account)}: not let go by its bank ({end.code}), it is still held; a person must act",
            )
        elif end is not None and in_force(end):
            case.solved(f"{measure}:{key}")


def _take_freeze(case: Case, key: str, account: Account, errand: Errand, freeze: Outcome) -> None:
    if any(held.sequence == errand.sequence for held in account.freezes):
        return
    if in_force(freeze) and freeze.kind in {"executed", "partial"}:
        executed = freeze.amount_fen if freeze.amount_fen is not None else (errand.amount_fen or 0)
        held = FreezeHeld(sequence=errand.sequence, amount_fen=executed)
        account.freezes.append(held)
        case.ledger.cover(key, executed, freeze.started)
        account.covers = case.ledger.covers(key)
        case.solved(f"freeze:{key}")
        if executed < (errand.amount_fen or 0):
            asked, done = shown(errand.amount_fen or 0), shown(executed)
            case.problem(
                f"freeze:{key}",
                f"{case.shown(account)} 只冻结了 {done}（申请 {asked}）：余额不足或已被先行冻结，请人工核对",
                f"{case.shown(account)}: only {done} of {asked} frozen: short balance or earlier freezes; please check",
            )
        if account.letting_go:
            _unfreeze(case, account, held)
    elif freeze.kind in {"refused", "held_elsewhere"}:
        case.problem(
            f"freeze:{key}",
            f"{case.shown(account)} 冻结未执行（{freeze.code}），请人工处理",
            f"{case.shown(account)}: freeze not executed ({freeze.code}); a person must act",
        )


# ------------------------------------------------------------------ findings and letting go


def take_finding(case: Case, key: str, finding: Finding) -> None:
    """A finding moves the account: an honest merchant is let go at once, all others stay held."""
    account = case.state.accounts.get(key)
    if account is None:
        return
    case.touch(key)
    account.finding = finding
    if finding is Finding.MERCHANT:
        let_go(case, account, cause=Cause.FINDING)


def let_go(case: Case, account: Account, *, cause: Cause, sheet: str = "") -> None:
    """End every measure of this case on the account. What is still on its way ends when it arrives.

    `sheet`: of a decision, which its papers then name.
    """
    if account.letting_go:
        return
    account.letting_go, account.let_go_cause, account.let_go_sheet = True, cause, sheet
    if account.stop_asked and (not account.stop_ended or account.stop_for_others):
        sequence = LIFT_SEQUENCE_BASE + account.stop_sequence
        case.errand(ErrandKind.LIFT, account, sequence=sequence, cause=cause, sheet=sheet)
    for held in account.freezes:
        _unfreeze(case, account, held)
    if not account.stop_asked and not account.freezes:
        account.let_go = True


def _unfreeze(case: Case, account: Account, held: FreezeHeld) -> None:
    case.errand(
        ErrandKind.UNFREEZE,
        account,
        sequence=held.sequence,
        cause=account.let_go_cause,
        sheet=account.let_go_sheet,
    )
