"""How the inbox is written: one row a sheet, one sheet as a whole, and what became of each; JSON for programs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.markup import escape
from rich.table import Table

from adapters.cli.drafts import draft_lines, drafts_of
from adapters.cli.saying import Told, state_words
from adapters.cli.voice import amount, table, yuan
from adapters.register.awaiting import Question
from domain.clock import shown_clock
from domain.effects import effect_words, looks_like_a_shop
from domain.evidence import EvidenceKind
from domain.identifiers import full_sheet_name, masked
from domain.officers import ROLE_WORDS, Role
from domain.orders import AccountKind
from domain.sheets import SHEET_WORDS, SheetLine, Why
from workflows.showing.questions import WHY_WORDS
from workflows.showing.text import age, seconds_between

EVIDENCE_WORDS = {EvidenceKind.TOTP: ("验证码", "code"), EvidenceKind.SIGNATURE: ("签名", "signature")}


def full_name(asked: Question) -> str:
    """The name that no other case has."""
    return full_sheet_name(asked.row.case_number, asked.row.sheet.name)


def when(at: datetime, now: datetime) -> str:
    """How far off a deadline is, for people."""
    return f"overdue {age(seconds_between(at, now))}" if now >= at else f"in {age(seconds_between(now, at))}"


def listed(asked: Sequence[Question], now: datetime, title: str) -> Table:
    """One row a sheet, several short lines each, so that a narrow terminal shows all of it."""
    columns = ("审批单 sheet", "事项 asks for", "金额 yuan", "期限 decide by, CST", "待 awaits")
    made = table(title, *columns, right=("金额 yuan",))
    for one in asked:
        made.add_row(
            f"{full_name(one)}\n{escape(one.category)}",
            _lines(
                _both(SHEET_WORDS[one.row.sheet.kind]),
                _both(EVIDENCE_WORDS[one.row.sheet.needs]),
                _red("缺立案 no filing") if one.blocked else "",
            ),
            _lines(
                amount(one.effect.asked_fen),
                f"{one.effect.accounts} 户 accounts" if one.effect.accounts else "",
                f"另押 beyond {amount(one.effect.beyond_fen)}" if one.effect.beyond_fen else "",
            ),
            _due(one, now),
            _lines(*_roles(one), f"已签 signed {' '.join(one.row.decided_by)}" if one.row.decided_by else ""),
        )
    return made


def _due(asked: Question, now: datetime) -> str:
    """The deadline of the sheet, and of the first stop among its accounts: red what is over or comes first."""
    until, ends = asked.row.sheet.decide_by, asked.effect.first_stop_ends
    left = when(until, now)
    stop = "" if ends is None else f"止付至 stop {shown_clock(ends)}"
    return _lines(
        shown_clock(until),
        _red(left) if now >= until else left,
        _red(stop) if asked.effect.ends_before_deadline else stop,
    )


def whole(asked: Question, now: datetime, codes: Mapping[str, str]) -> list[str | Table]:
    """One sheet as a whole: what it would do, who decides, and every account on it."""
    lines = asked.row.sheet.lines
    words = [*head_words(asked, now), *detail_words(asked, codes)]
    return [
        "\n".join(words),
        *([accounts_table(asked, codes, lines, title="accounts")] if lines else []),
        *_to_type(asked, full_name(asked)),
    ]


def head_words(asked: Question, now: datetime) -> list[str]:
    """What stays in sight while somebody decides: which sheet, how much, until when, and whose word it needs."""
    sheet, effect = asked.row.sheet, asked.effect
    signed = " ".join(asked.row.decided_by)
    term = f", {sheet.term_months} 个月 months" if sheet.term_months else ""
    kind = _both(SHEET_WORDS[sheet.kind])
    return [
        f"[bold]{full_name(asked)}[/bold] {kind} · {asked.row.state} · {escape(asked.category)}",
        f"accounts {effect.accounts}, sum {yuan(effect.asked_fen)}{term} · {escape(_both(_why(sheet.why)))}",
        f"期限 decide by {shown_clock(sheet.decide_by)} CST ({when(sheet.decide_by, now)})",
        f"等待 awaits {', '.join(_roles(asked)) or 'nobody'} · 已签 signed {signed or 'nobody'}",
        *([_red("缺立案，先登记 enter the case filing first")] if asked.blocked else []),
    ]


def detail_words(asked: Question, codes: Mapping[str, str]) -> list[str]:
    """What waiting costs, the law it rests on, how its drafts are read, and what kind of evidence it needs."""
    sheet = asked.row.sheet
    return [
        *[words for words in effect_words(asked.effect) if words],
        f"依据 basis {escape(sheet.basis) or '–'}",
        *draft_lines(asked.row.case_number, sheet, codes),
        f"需要 needs {_both(EVIDENCE_WORDS[sheet.needs])} · 申请 requested by {escape(sheet.requester)}",
    ]


def accounts_table(asked: Question, codes: Mapping[str, str], lines: Sequence[SheetLine], *, title: str = "") -> Table:
    """These lines of the sheet, in columns as wide as all of its lines need: they stay in place from part to part."""
    made = table(title, "no", "account", "layer", "sum", "balance", "note", right=("no", "layer", "sum", "balance"))
    made.show_edge = bool(title)
    every = asked.row.sheet.lines
    made.columns[3].min_width = max((len(_cell(line.amount_fen)) for line in every), default=1)
    made.columns[4].min_width = max((len(_cell(line.balance_fen)) for line in every), default=1)
    for line in lines:
        made.add_row(
            str(line.no),
            _account(line, codes),
            str(line.layer),
            _cell(line.amount_fen),
            _cell(line.balance_fen),
            _note(asked, line),
        )
    return made


def _cell(fen: int) -> str:
    return amount(fen) or "0"


def told_table(told: Sequence[Told]) -> Table:
    """What became of each sheet."""
    made = table("", "审批单 sheet", "状态 state", "结果 said")
    for one in told:
        made.add_row(one.name, state_words(one.state), _red(escape(one.said)) if one.refused else escape(one.said))
    return made


def value_of(asked: Question, now: datetime, codes: Mapping[str, str] | None = None) -> dict[str, Any]:
    """One sheet for a program; with its lines where bank codes are given. Moments in UTC, amounts in fen."""
    sheet = asked.row.sheet
    zh, en = SHEET_WORDS[sheet.kind]
    words = effect_words(asked.effect)
    value: dict[str, Any] = {
        "sheet": full_name(asked),
        "case": asked.row.case_number,
        "category": asked.category,
        "kind": sheet.kind.value,
        "zh": zh,
        "en": en,
        "state": asked.row.state,
        "decide_by": sheet.decide_by.isoformat(),
        "seconds_left": int((sheet.decide_by - now).total_seconds()),
        "awaited": list(asked.row.awaited),
        "decided_by": list(asked.row.decided_by),
        "needs": sheet.needs.value,
        "filing_missing": not asked.filing_number,
        "blocked": asked.blocked,
        "effect": {**asked.effect.model_dump(mode="json"), "zh": words[0], "en": words[1]},
    }
    if codes is not None:
        of_sheet = {"why": sheet.why, "basis": sheet.basis, "term_months": sheet.term_months, "digest": sheet.digest}
        value["drafts"] = [name for _, name, _ in drafts_of(sheet, codes)]
        value |= {**of_sheet, "requester": sheet.requester, "except_lines": list(asked.row.except_lines)}
        value["lines"] = [
            {
                "no": line.no,
                "account": _account(line, codes),
                "layer": line.layer,
                "amount_fen": line.amount_fen,
                "balance_fen": line.balance_fen,
                "limited": line.limited,
                "corporate": line.account.kind is AccountKind.CORPORATE,
                "like_a_shop": looks_like_a_shop(line),
            }
            for line in sheet.lines
        ]
    return value


def _to_type(asked: Question, name: str) -> list[str]:
    if asked.row.state != "pending":
        return []
    if asked.row.sheet.needs is EvidenceKind.SIGNATURE:
        return [
            f"to sign: sign {name} --officer NO --key FILE, then inbox approve {name} --officer NO --code SIGNATURE"
        ]
    return [f'to type: inbox approve {name} --officer "NO CODE"']


def _account(line: SheetLine, codes: Mapping[str, str]) -> str:
    at = line.account.institution
    return masked(codes.get(at, at), line.account.number)


def _note(asked: Question, line: SheetLine) -> str:
    notes = []
    if line.account.kind is AccountKind.CORPORATE:
        notes.append("公司 company")
    if line.limited:
        notes.append("限额 limited")
    if line.no in asked.row.except_lines:
        notes.append("已除外 excepted")
    return ", ".join(notes)


def _why(why: Why) -> tuple[str, str]:
    return WHY_WORDS[why]


def _roles(asked: Question) -> list[str]:
    return [_both(ROLE_WORDS[Role(role)]) for role in asked.row.awaited]


def _lines(*parts: str) -> str:
    return "\n".join(part for part in parts if part)


def _red(words: str) -> str:
    return f"[red]{words}[/red]"


def _both(words: tuple[str, str]) -> str:
    return " ".join(word for word in words if word)
