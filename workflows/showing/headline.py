"""The head of the page: which case, how much, how much is safe, and what must happen first."""

from datetime import datetime

from domain.case import AWAITING_FINDINGS, STATUS_WORDS, CaseOutcome, Status
from domain.money import shown
from domain.operations import FILE_HERE, HALT_HERE
from domain.sheets import SheetState
from workflows.casework.case import Case
from workflows.casework.deadlines import deadlines
from workflows.showing.survey import Survey
from workflows.showing.text import age, foreign, moment, moment_to_second, seconds_between

OUTCOME_WORDS: dict[CaseOutcome, tuple[str, str]] = {
    CaseOutcome.OPEN: ("未了结", "open"),
    CaseOutcome.HELD: ("全部控制", "all held"),
    CaseOutcome.PARTLY_HELD: ("部分控制", "partly held"),
    CaseOutcome.LOST: ("资金流失", "lost"),
    CaseOutcome.RELEASED: ("已放行", "released"),
    CaseOutcome.NO_LOSS: ("无损失", "no loss"),
    CaseOutcome.CANCELLED: ("已撤销", "cancelled"),
}
RED = "#d92d20"
"""Read on light and on dark pages."""


def headline(case: Case, seen: Survey) -> str:
    """Case number, stage, kind of fraud; then loss, held and at risk, large."""
    state = case.state
    zh, en = _stage(case, seen)
    head = f"<h2>{foreign(case.start.case_number)}　{zh} {en}</h2>"
    category, as_of = foreign(case.start.report.category, 60), moment_to_second(case.now)
    under = f"{category}　{len(state.accounts)} 户 accounts　截至 as of {as_of} 北京时间 CST"
    return f"{head}{under}{_sums(seen)}"


def _stage(case: Case, seen: Survey) -> tuple[str, str]:
    """Where the case stands, in words that never calm: nothing is called held while money can still leave."""
    state, books = case.state, seen.books
    zh, en = STATUS_WORDS[state.status]
    if state.status is Status.CLOSED:
        ends_zh, ends_en = OUTCOME_WORDS[state.outcome]
        return f"{zh}：{ends_zh}", f"{en}: {ends_en}"
    if state.status is Status.DECIDING and not any(one.state is SheetState.PENDING for one in state.sheets.values()):
        return AWAITING_FINDINGS
    if state.status is Status.HOLDING and books is not None and books.at_risk_fen:
        return ("部分控制", "partly held") if books.held_fen else ("未能控制", "not held")
    return zh, en


def _sums(seen: Survey) -> str:
    if seen.books is None:
        words = "账目不平，请立即通知管理员 the books do not add up: tell the administrator now"
        return f'<h3><font color="{RED}">{words}</font></h3>'
    books = seen.books
    share = f"（{books.held_fen * 100 // books.loss_fen}%）" if books.loss_fen else ""
    risk = shown(books.at_risk_fen)
    if books.at_risk_fen:
        risk = f'<font color="{RED}">{risk}</font>'
    cells = (
        ("损失 loss", shown(books.loss_fen)),
        (f"已控制 held {share}", shown(books.held_fen)),
        ("仍可流出 at risk", risk),
    )
    row = "".join(f'<td width="33%" height="52">{words}<h3>{amount}</h3></td>' for words, amount in cells)
    return f'<table width="100%"><tr>{row}</tr></table>'


def first_deadline(case: Case) -> str:
    """What must happen first, by when; then the text that enters a missing case filing."""
    due = deadlines(case)
    if not due:
        return ""
    first, later = due[0], due[1:3]
    head = f"<h3>首要期限 First deadline：{_when(case, first.at)} 北京时间 CST</h3>"
    lines = [f"<b>{foreign(first.zh)} / {foreign(first.en)}</b>"]
    lines += [f"其后 then：{_when(case, one.at)}　{foreign(one.zh)} / {foreign(one.en)}" for one in later]
    text = head + "<br>".join(lines)
    if case.state.filing_number or not case.start.report.transfers:
        return text
    how = "More Actions → Send an Update → 操作 operation"
    return f'{text}\n立案登记 to file：{how}：<b>{FILE_HERE}</b>，输入 type：`"立案号 警号 验证码"`'


def how_to_halt(case: Case) -> str:
    """The one word that stops the whole centre, where an eye in a hurry finds it; a closed case hears nothing more."""
    if case.state.status is Status.CLOSED:
        return ""
    return f'全中心停手 to halt the whole centre：操作 operation：<b>{HALT_HERE}</b>，输入 type：`"警号"`'


def _when(case: Case, at: datetime) -> str:
    over = seconds_between(at, case.now)
    late = f' <font color="{RED}">已超时 overdue {age(over)}</font>' if over else ""
    return f"{moment(at)}{late}"
