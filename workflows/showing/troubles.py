"""What is not as it should be: problems, orders without an answer, cut branches; and what the carriers did."""

from domain.money import shown
from workflows.casework.case import Case
from workflows.casework.state import Problem
from workflows.showing.survey import Survey
from workflows.showing.text import age, brief, foreign, moment, seconds_between

MOST_PROBLEMS = 15
MOST_UNKNOWN = 15
MOST_NUMBERS = 20
MOST_VISITS = 8

CUT_WORDS: dict[str, tuple[str, str]] = {
    "layers": ("超过最多层数", "too many layers"),
    "accounts": ("超过最多账户数", "too many accounts"),
    "least": ("金额过小", "too small a sum"),
    "window": ("超出追查时段", "outside the time window"),
    "rows": ("流水过长", "statement too long"),
    "no_line": ("无线路", "no line to the institution"),
    "cancelled": ("本案已撤销", "the case is cancelled"),
}
RESULT_WORDS: dict[str, tuple[str, str]] = {
    "sent": ("已发出", "sent"),
    "executed": ("已办理", "done"),
    "partial": ("部分办理", "done in part"),
    "refused": ("被拒", "refused"),
    "held_elsewhere": ("他处已办", "held elsewhere"),
    "unknown": ("未答复", "no answer"),
    "held_back": ("未放行", "held back"),
}


def problems(case: Case) -> str:
    """What a person must know, newest first: a flood of old ones must not hide the new."""
    found = [problem for key, problem in case.state.problems.items() if not key.startswith("unknown:")]
    if not found:
        return ""
    newest = found[::-1]
    lines = [_problem(problem) for problem in newest[:MOST_PROBLEMS]]
    if len(newest) > MOST_PROBLEMS:
        lines.append(f"另有 {len(newest) - MOST_PROBLEMS} 个 more")
    return _section(f"问题 Problems {len(found)}", lines)


def _problem(problem: Problem) -> str:
    return f"<b>{foreign(problem.zh)}</b> / {foreign(problem.en)}　{moment(problem.since)}"


def unknown_orders(case: Case) -> str:
    """Orders sent and not answered: each with its clock. Perhaps done, never counted as failed."""
    state = case.state
    if not state.unknown:
        return ""
    lines = []
    for no, since in list(state.unknown.items())[:MOST_UNKNOWN]:
        problem = state.problems.get(f"unknown:{no}")
        words = f"{foreign(problem.zh)} / {foreign(problem.en)}" if problem else "请电话核实 please call"
        lines.append(f"#{no}　{age(seconds_between(since, case.now))}　{words}")
    if len(state.unknown) > MOST_UNKNOWN:
        lines.append(f"另有 {len(state.unknown) - MOST_UNKNOWN} 笔 more")
    return _section(f"未答复的指令 Orders without an answer {len(state.unknown)}", lines)


def cut_branches(seen: Survey) -> str:
    """Where tracing stopped, by the bound that cut it."""
    counts: dict[str, int] = {}
    sums: dict[str, int] = {}
    for account in seen.accounts:
        cut = account.entry.cut
        if cut:
            counts[cut] = counts.get(cut, 0) + 1
            sums[cut] = sums.get(cut, 0) + account.entry.attributed_fen
    if not counts:
        return ""
    lines = []
    for cut, count in counts.items():
        zh, en = CUT_WORDS.get(cut, (foreign(cut, 30), foreign(cut, 30)))
        lines.append(f"{zh} {en}：{count} 户 accounts，{shown(sums[cut])}")
    return _section("未再追查 Not traced further", lines)


def carriers(case: Case) -> str:
    """What became of numbers and links. A number by its last four digits; a link is never written out."""
    if not case.state.numbers:
        return ""
    lines, links = [], dict[tuple[str, str], int]()
    for target, result in case.state.numbers.items():
        carrier, _, what = target.partition(":")
        if "://" in what:
            links[carrier, result] = links.get((carrier, result), 0) + 1
        else:
            lines.append(f"{foreign(carrier, 20)}　尾号 ending {foreign(what[-4:])}：{_result(result)}")
    if len(lines) > MOST_NUMBERS:
        lines[MOST_NUMBERS:] = [f"另有 {len(lines) - MOST_NUMBERS} 个 more"]
    lines += [
        f"{foreign(carrier, 20)}　链接 links {count}：{_result(result)}" for (carrier, result), count in links.items()
    ]
    return _section("运营商 Carriers", lines)


def visits(case: Case) -> str:
    """Whose findings are awaited, and how they are entered: without them the case does not close."""
    awaited = case.state.visits_open
    if not awaited:
        return ""
    rows = [f"verification/{ordinal}：{case.shown(case.state.accounts[key])}" for key, ordinal in awaited.items()]
    rest = f"，其余 {len(rows) - MOST_VISITS} more" if len(rows) > MOST_VISITS else ""
    how = "外勤登录，在 Relationships 打开，选结论 a field officer opens it in Relationships and chooses the finding"
    return f"<b>待查证 Findings awaited {len(rows)}</b>　{'、'.join(rows[:MOST_VISITS])}{rest}<br>{how}"


def waiting(case: Case) -> str:
    """What else is under way: stops behind the fuse, a cancellation asked for, the filing."""
    state, lines = case.state, []
    if state.fuse_waiting:
        waits = sum(case.ledger.attributed(key) for key in state.fuse_waiting)
        lines.append(f"熔断等待 behind the fuse：{len(state.fuse_waiting)} 户 accounts，{brief(waits)}")
    if state.filing_number:
        lines.append(f"立案号 case filing：{foreign(state.filing_number, 60)}")
    return _section("进行中 Under way", lines) if lines else ""


def _result(result: str) -> str:
    zh, en = RESULT_WORDS.get(result, (foreign(result, 30), ""))
    return f"{zh} {en}".strip()


def _section(head: str, lines: list[str]) -> str:
    return f"<h4>{head}</h4><ul>{''.join(f'<li>{line}</li>' for line in lines)}</ul>"
