"""How a watch is written: the head with engine and worker, one line an entry, what is kept; JSON for programs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from adapters.banks.codes import words as code_words
from adapters.cli.faulty import faulty_line, faulty_value
from adapters.cli.halted import halt_line, halt_value
from adapters.cli.inbox_words import when, whole
from adapters.cli.typed import hidden
from adapters.cli.voice import amount, table
from adapters.cli.watch_view import Frame, Mode, View
from adapters.register.keeping import KeptDecision
from domain.clock import shown_clock, shown_time
from domain.identifiers import full_sheet_name
from domain.officers import ROLE_WORDS, Role
from domain.orders import Measure
from domain.sheets import SHEET_WORDS
from domain.watchlist import KIND_WORDS, Entry, Kind, Order
from workflows.showing.text import age, seconds_between

MEASURE_WORDS: dict[Measure, tuple[str, str]] = {
    Measure.STOP: ("止付", "stop"),
    Measure.LIFT: ("解除止付", "lift"),
    Measure.EXTEND_STOP: ("延长止付", "extend stop"),
    Measure.FREEZE: ("冻结", "freeze"),
    Measure.UNFREEZE: ("解冻", "unfreeze"),
    Measure.RENEW: ("续冻", "renew"),
    Measure.QUERY: ("查询", "query"),
    Measure.HOLDER: ("查询户主", "holder"),
    Measure.CLOSE_NUMBER: ("封停号码", "close number"),
    Measure.BLOCK_LINK: ("拦截链接", "block link"),
}
ORDER_WORDS = {Order.DEADLINE: "按期限 by deadline", Order.COST: "按每分钟金额 by yuan a minute"}
KEPT_WORDS = {"waiting": "已保存待送达 waits", "delivered": "已送达 delivered", "refused": "未被接受 refused"}
_KEYS = {
    Mode.LIST: "↑↓/编号 choose · Enter 打开 open · d 决定 decide · s 排序 order · b 铃 bell · q 退出 quit",
    Mode.SHEET: "d 决定 decide · Esc/q 返回 back",
    Mode.TYPING: "Enter 提交 say · Esc 取消 cancel",
}
_HOW = '警号 验证码 [reject 理由 | except 3 7] / "NO CODE", "NO CODE reject REASON", "NO CODE except 3 7"'
_ACCOUNTS_SHOWN = 3
_AROUND = 8
"""Lines of a screen that are not entries: head, column names, kept words, keys."""
_NARROW_LINES = 4
"""Of a halt, or of a note, on a narrow screen."""


def page(frame: Frame, order: Order, entries: Sequence[Entry]) -> list[str | Table]:
    """One look as a whole, for a file or a pipe: every entry, whatever the width."""
    said: list[str | Table] = [_head(frame, order, bell=None)]
    said.append(_paged(frame, entries) if entries else "无事项 Nothing has to be watched.")
    return [*said, *_kept(frame.kept, frame.at)]


def screen(view: View, height: int) -> RenderableType:
    """What fills a terminal of so many lines."""
    frame = view.frame
    if frame is None:
        return Text("…")
    parts: list[RenderableType] = [_head(frame, view.order, bell=view.bell)]
    asked = frame.questions.get(view.opened)
    if view.mode is Mode.LIST or (view.mode is Mode.TYPING and view.back_to is Mode.LIST):
        kept = _kept(frame.kept, frame.at)
        around = _AROUND + len(kept) + (_NARROW_LINES * (bool(frame.halt) + bool(frame.faulty) + bool(view.note)))
        entries, room = view.entries, max(3, height - around)
        first = max(0, min(view.cursor - room // 2, len(entries) - room))
        parts.append(_listed(frame, entries[first : first + room], first, view.cursor))
        parts += kept
    elif asked is None:
        parts.append(f"{view.opened} 已决定或已了结 is decided or settled")
    else:
        parts += whole(asked, frame.at, frame.watchlist.codes)[:-1]
        parts += ["[bold]资金流向 money flow[/bold]", *(view.flow or ["…"])]
    parts += [f"[yellow]{escape(one)}[/yellow]" for one in (view.said, view.note) if one]
    if view.mode is Mode.TYPING:
        parts += [f"{view.opened}  {escape(_HOW)}", f"> {escape(hidden(view.typed))}▏"]
    parts.append(f"[dim]{_KEYS[view.mode]}[/dim]")
    return Group(*parts)


def value_of(frame: Frame, order: Order, entries: Sequence[Entry]) -> dict[str, Any]:
    """One look for a program. Moments in UTC, amounts in fen."""
    return {
        "run": frame.run,
        "at": frame.at.isoformat(),
        "engine": frame.standing.engine,
        "worker": frame.standing.worker,
        "halted": halt_value(frame.halt),
        "papers_faulty": faulty_value(frame.faulty),
        "order": order.value,
        "entries": [_entry_value(one, frame) for one in entries],
        "kept": [
            {
                "officer": one.officer,
                "verdict": one.verdict.value,
                "sheets": [full_sheet_name(one.case_number, name) for name in one.own],
                "state": one.state,
                "at": one.at.isoformat(),
                "said": one.said,
            }
            for one in frame.kept
        ],
    }


def _entry_value(one: Entry, frame: Frame) -> dict[str, Any]:
    zh, en = KIND_WORDS[one.kind]
    asked = frame.questions.get(full_sheet_name(one.case_number, one.sheet)) if one.sheet else None
    return {
        **one.model_dump(mode="json"),
        "at": one.at.isoformat(),
        "since": one.since.isoformat() if one.since else None,
        "zh": zh,
        "en": en,
        "seconds_left": int((one.at - frame.at).total_seconds()),
        "awaited": list(asked.row.awaited) if asked else [],
        "blocked": asked.blocked if asked else False,
    }


def _head(frame: Frame, order: Order, *, bell: bool | None) -> str:
    there = frame.standing.engine and frame.standing.worker
    words = frame.standing.words if there else f"[red]{frame.standing.words}[/red]"
    rings = "" if bell is None else " · 铃开 bell on" if bell else " · 铃关 bell off"
    first = f"run {frame.run} · {shown_time(frame.at)} CST · {words}"
    return "\n".join([first, *halt_line(frame.halt), *faulty_line(frame.faulty), f"{ORDER_WORDS[order]}{rings}"])


def _paged(frame: Frame, entries: Sequence[Entry]) -> Table:
    """Several short lines an entry, so that a narrow page shows all of it."""
    made = table("", "case", "what", "due, CST", "at stake, yuan", right=("at stake, yuan",))
    for one in entries:
        cost = f"{amount(one.fen_a_minute)}/min" if one.fen_a_minute else ""
        made.add_row(
            _name(one),
            "\n".join([" ".join(KIND_WORDS[one.kind]), *_detail(one, frame)]),
            f"{shown_clock(one.at)}\n{_left(one, frame.at)}",
            "\n".join(part for part in (amount(one.fen), cost) if part),
        )
    return made


def _listed(frame: Frame, entries: Sequence[Entry], first: int, cursor: int) -> Table:
    """One line an entry, for a screen. What is too long is cut at the end of the last column, and nowhere else."""
    right = ("no", "元 yuan", "元/分 /min")
    made = table("", "no", "案件 case", "期限 due CST", "剩余 left", "元 yuan", "元/分 /min", "事项 what", right=right)
    made.expand = True
    for column in made.columns:
        column.no_wrap = True
    made.columns[-1].ratio, made.columns[-1].overflow = 1, "ellipsis"
    for no, one in enumerate(entries, start=first):
        made.add_row(
            str(no + 1),
            _name(one),
            shown_clock(one.at),
            _left(one, frame.at),
            amount(one.fen),
            amount(one.fen_a_minute),
            " · ".join(part for part in (" ".join(KIND_WORDS[one.kind]), *_detail(one, frame)) if part),
            style="reverse" if no == cursor else None,
        )
    return made


def _name(one: Entry) -> str:
    return full_sheet_name(one.case_number, one.sheet) if one.sheet else one.case_number


def _left(one: Entry, now: datetime) -> str:
    return f"[red]{when(one.at, now)}[/red]" if now >= one.at else when(one.at, now)


def _detail(one: Entry, frame: Frame) -> list[str]:
    asked = frame.questions.get(_name(one))
    match one.kind:
        case Kind.SHEET if asked is not None:
            awaited = "、".join(ROLE_WORDS[Role(role)][0] for role in asked.row.awaited)
            missing = ["[red]缺立案 no filing[/red]"] if asked.blocked else []
            return [" ".join(SHEET_WORDS[asked.row.sheet.kind]), *missing, f"待 awaits {awaited}", _accounts(one)]
        case Kind.UNKNOWN:
            words = " ".join(MEASURE_WORDS[Measure(one.measure)])
            return [f"{words} {_accounts(one)}", f"已等 for {age(seconds_between(one.since or one.at, frame.at))}"]
        case Kind.REFUSED | Kind.NOT_ENDED:
            words, why = " ".join(MEASURE_WORDS[Measure(one.measure)]), code_words(one.code)[0]
            return [f"{words} {_accounts(one)}", escape(f"{one.code} {why}")]
        case Kind.FILING:
            return []
        case _:
            return [_accounts(one)]


def _accounts(one: Entry) -> str:
    shown = " ".join(one.accounts[:_ACCOUNTS_SHOWN])
    more = len(one.accounts) - _ACCOUNTS_SHOWN
    return escape(f"{shown} … 共 {len(one.accounts)} 户 accounts" if more > 0 else shown)


def _kept(kept: Sequence[KeptDecision], now: datetime) -> list[str]:
    return [
        f"{KEPT_WORDS[one.state]}: {one.officer} {one.verdict.value} "
        f"{' '.join(full_sheet_name(one.case_number, name) for name in one.own)} "
        f"({age(seconds_between(one.at, now))}){' · ' + escape(one.said) if one.said else ''}"
        for one in kept
    ]
