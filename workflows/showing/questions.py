"""The sheets that wait for a decision: what each would do, who is awaited, and the very text to type."""

from domain.evidence import EvidenceKind
from domain.identifiers import account_key
from domain.money import shown
from domain.officers import ROLE_WORDS, Role
from domain.orders import AccountKind
from domain.sheets import SHEET_WORDS, Sheet, SheetKind, SheetLine, SheetState, Why, update_name
from workflows.casework.case import Case
from workflows.casework.state import SheetFile
from workflows.showing.effects import effect_line
from workflows.showing.headline import RED
from workflows.showing.survey import label
from workflows.showing.text import age, foreign, moment, row, seconds_between, table

MOST_WHOLE = 5
"""Sheets shown in full; further ones take one line each."""
MOST_OPEN = 8
"""A sheet of no more accounts lists them at once: who decides should not have to ask for them."""
MOST_LINES = 20
"""Accounts of a sheet that are listed; the rest are summed."""

MOST_DRAFTS = 8
"""Drafts named beside the first: `papers list` has all."""

WHY_WORDS: dict[Why, tuple[str, str]] = {
    Why.RIPE: ("止付后资金已查清", "stopped and traced"),
    Why.SMALL_SHARE: ("涉案占比小，只限额冻结", "small share: amount-limited only"),
    Why.SMALL_SHARE_UNDECIDED: ("涉案占比小且久未决定", "small share, undecided for long"),
    Why.FUSE_NEAR: ("止付笔数将满", "stops nearly used up"),
    Why.UI_CANCEL: ("有人在界面请求取消", "cancellation asked for in the UI"),
    Why.SECOND_LOOK: ("止付后尚无人决定", "stopped, and nobody has decided on it yet"),
    Why.SECOND_LOOK_AT_RELEASE: ("已放行，事后复核", "let go already, looked at afterwards"),
    Why.SECOND_LOOK_UNDECIDED: ("复核逾期未决", "their second look was met with silence"),
}


HOW = (
    "More Actions → Send an Update → 选该单的操作，输入一行，警号、验证码换成本人的 "
    "choose the sheet's own operation, type one line: your own number and code；提交后按 R 刷新本页 then press R"
)
SIGNED = "签名"
HOW_TO_SIGN = "须用签名 needs a signature: `starter.py sign`"


def questions(case: Case) -> str:
    """All pending sheets, oldest first."""
    pending = [(name, file) for name, file in case.state.sheets.items() if file.state is SheetState.PENDING]
    if not pending:
        return ""
    whole = [_question(case, name, file) for name, file in pending[:MOST_WHOLE]]
    more = [f"{foreign(name, 12)}　{_effect(case, file.sheet)}" for name, file in pending[MOST_WHOLE:]]
    if more:
        whole.append(f"另有 {len(more)} 张 more sheets：<br>{'<br>'.join(more[:40])}")
    return f"<h3>待决定 To decide {len(pending)}</h3>{HOW}\n" + "\n".join(whole)


def _question(case: Case, name: str, file: SheetFile) -> str:
    sheet = file.sheet
    zh, en = SHEET_WORDS[sheet.kind]
    shown_name = foreign(name, 12)
    effect = f"{_effect(case, sheet)}{effect_line(case, file)}"
    head = f"<br><h3>审批单 Sheet {shown_name}　{zh} {en}</h3>{effect}<br>{_awaited(case, file)}{_drafts(case, sheet)}"
    blocked = sheet.kind is SheetKind.FREEZE and not case.state.filing_number
    if blocked:
        head += f'<br><font color="{RED}">先登记立案，才能批准 enter the case filing first</font>'
    proof = SIGNED if sheet.needs is EvidenceKind.SIGNATURE else "验证码"
    if proof == SIGNED:
        head += f"<br>{HOW_TO_SIGN}"
    asks = [
        f"操作 operation：<b>{foreign(update_name(sheet), 60)}</b>",
        f'・批准 approve：`"警号 {proof}"`',
        f'・驳回 reject：`"警号 {proof} reject 理由"`',
    ]
    if len(sheet.lines) > 1:
        asks.append(f'・部分批准 approve in part：`"警号 {proof} except 3 7"`')
    return "\n".join([head, *asks, *_listed(case, file)])


def _effect(case: Case, sheet: Sheet) -> str:
    """What an approval would do, in one sentence."""
    count, why = len(sheet.lines), WHY_WORDS[sheet.why]
    match sheet.kind:
        case SheetKind.FREEZE:
            firms = sum(line.account.kind is AccountKind.CORPORATE for line in sheet.lines)
            limited = sum(line.limited for line in sheet.lines)
            return (
                f"<b>冻结 {count} 户，共 {shown(sheet.amount_fen)}，{sheet.term_months} 个月</b>，只冻所列金额；"
                f"其中商户/公司 {firms}、占比小 {limited}（{why[0]}）<br>"
                f"freezes accounts: {count}, sum: {shown(sheet.amount_fen)}, months: {sheet.term_months}, "
                f"no more than the sums listed; shops: {firms}, of small share (limited): {limited} ({why[1]})"
            )
        case SheetKind.RELEASE:
            return (
                f"<b>放行 {count} 户，涉案 {shown(sheet.amount_fen)}</b>（{why[0]}）<br>"
                f"lets go accounts: {count}, of the loss: {shown(sheet.amount_fen)} ({why[1]})"
            )
        case SheetKind.FUSE:
            opens, waiting = case.policy.fuse.each_yes_opens, len(case.state.fuse_waiting)
            used = sheet.stops
            return (
                f"<b>再放行 {opens} 笔止付</b>，已用 {used}，等待 {waiting} 户<br>"
                f"lets {opens} more stops leave; used {used}, accounts waiting: {waiting}"
            )
        case SheetKind.CANCEL:
            return (
                f"<b>撤销本案，停止追查</b>（{why[0]}）<br>cancels the case: nothing more is traced or held ({why[1]})"
            )
        case SheetKind.LOOK if sheet.why == Why.SECOND_LOOK_AT_RELEASE:
            return (
                f"<b>同意放行 {count} 户，涉案 {shown(sheet.amount_fen)}</b>（{why[0]}）；驳回或除外的再次止付<br>"
                f"agrees that accounts were let go: {count}, of the loss: {shown(sheet.amount_fen)} ({why[1]}); "
                "rejected or excepted ones are stopped once more"
            )
        case SheetKind.LOOK:
            return (
                f"<b>维持止付 {count} 户，涉案 {shown(sheet.amount_fen)}</b>（{why[0]}）；驳回或除外的解除止付<br>"
                f"keeps accounts stopped: {count}, of the loss: {shown(sheet.amount_fen)} ({why[1]}); "
                "rejected or excepted ones are let go"
            )


def _awaited(case: Case, file: SheetFile) -> str:
    known = {role.value: words for role, words in ROLE_WORDS.items()}
    roles = [known.get(role, (foreign(role, 30), foreign(role, 30))) for role in file.awaited]
    zh, en = "、".join(words[0] for words in roles), ", ".join(words[1] for words in roles)
    by = "、".join(foreign(officer, 20) for officer in file.decided_by) or "无 nobody"
    until = file.sheet.decide_by
    over = seconds_between(until, case.now)
    late = f' <font color="{RED}">已超时 overdue {age(over)}</font>' if over else ""
    climbs = (
        f"，已报 escalated to {ROLE_WORDS[Role.DUTY_CHIEF][0]} {ROLE_WORDS[Role.DUTY_CHIEF][1]}"
        if file.escalated
        else ""
    )
    return f"等待 awaits <b>{zh} {en}</b>，至 until {moment(until)} 北京时间 CST{late}{climbs}　已签 signed：{by}"


def _drafts(case: Case, sheet: Sheet) -> str:
    """How to read the papers that the approval issues: whoever approves the sheet approves these very words."""
    if sheet.kind is not SheetKind.FREEZE or not sheet.lines:
        return ""
    banks = [
        case.start.directory.by_id(one) or one for one in sorted({line.account.institution for line in sheet.lines})
    ]
    first, *more = [foreign(one if isinstance(one, str) else one.code, 12) for one in banks]
    name = foreign(sheet.name, 12)
    text = f"<br>审批稿 drafts：`starter.py papers get {foreign(case.start.case_number, 20)} {name}/{first} --out FILE`"
    if not more:
        return text
    others = " ".join(f"{name}/{code}" for code in more[:MOST_DRAFTS]) + (" …" if more[MOST_DRAFTS:] else "")
    return f"{text}，每家银行一份，共 {len(banks)} 份 one a bank, {len(banks)} in all：{others}"


def _listed(case: Case, file: SheetFile) -> list[str]:
    """The accounts on the sheet: the largest in rows by their numbers, which `except` names; the rest in one."""
    if not file.sheet.lines:
        return []
    ranked = sorted(file.sheet.lines, key=lambda line: -line.amount_fen)
    rows = [row("序 no", "账户 account", "级 layer", "金额 amount", "余额 balance", right=3, head=True)]
    rows += [_line(case, file, line) for line in sorted(ranked[:MOST_LINES], key=lambda line: line.no)]
    rest = ranked[MOST_LINES:]
    if rest:
        total, balance = sum(line.amount_fen for line in rest), sum(line.balance_fen for line in rest)
        rows.append(row("", f"其余 {len(rest)} 户 more", "", shown(total), shown(balance), right=3))
    # without line breaks: a summary's content is not read as markdown everywhere
    opened = " open" if len(ranked) <= MOST_OPEN else ""
    return [f"<details{opened}><summary>账户 accounts {len(ranked)}</summary>{table(rows)}</details>"]


def _line(case: Case, file: SheetFile, line: SheetLine) -> str:
    known = case.state.accounts.get(account_key(line.account.institution, line.account.number))
    bank = case.start.directory.by_id(line.account.institution)
    name = case.shown(known) if known else label(bank.code if bank else line.account.institution, line.account.number)
    under = []  # a column of their own would stand beyond the narrow panel's edge, unseen
    if line.account.kind is AccountKind.CORPORATE:
        under.append("公司 company")
    if line.limited:
        under.append("限额 limited")
    if line.no in file.excepted:
        under.append("已除外 excepted")
    return row(
        str(line.no),
        "<br>".join([foreign(name), *under]),
        str(line.layer),
        shown(line.amount_fen),
        shown(line.balance_fen),
        right=3,
    )
