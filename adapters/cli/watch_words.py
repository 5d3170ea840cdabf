"""How a watch is written: the head with engine and worker, one line an entry, what is kept; JSON for programs."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from rich.markup import escape
from rich.table import Table

from adapters.banks.codes import words as code_words
from adapters.cli.engine import EngineStanding
from adapters.cli.faulty import faulty_line, faulty_value
from adapters.cli.halted import halt_line, halt_value
from adapters.cli.inbox_words import when
from adapters.cli.voice import amount, table
from adapters.cli.watch_view import Frame
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
NO_REGISTER = "登记簿不通，所示为此前所见 the register does not answer: what you see is older"
_LEAVES_OUT = {"期限 due CST": 100, "元/分 /min": 88}
"""Columns that only screens of so many cells have room for."""
_ACCOUNTS_SHOWN = 3
_SHEETS_SHOWN = 3
"""Of one kept word, on a screen: it may name fifty."""
_ALL_WORDS = "starter.py inbox --watch --once"


def page(frame: Frame, order: Order, entries: Sequence[Entry]) -> list[str | Table]:
    """One look as a whole, for a file or a pipe: every entry, whatever the width."""
    said: list[str | Table] = [head_of(frame, order, bell=None)]
    said.append(_paged(frame, entries) if entries else "无事项 Nothing has to be watched.")
    return [*said, *(_kept(one, frame.at) for one in frame.kept), *_left_out(frame.kept_more, "")]


def value_of(frame: Frame, order: Order, entries: Sequence[Entry]) -> dict[str, Any]:
    """One look for a program. Moments in UTC, amounts in fen."""
    return {
        "run": frame.run,
        "at": frame.at.isoformat(),
        "engine": frame.standing.engine,
        "worker": frame.standing.worker,
        "register": True,
        "halted": halt_value(frame.halt),
        "papers_faulty": faulty_value(frame.faulty),
        "order": order.value,
        "entries": [_entry_value(one, frame) for one in entries],
        "kept_more": frame.kept_more,
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


def unseen_words(run: str, now: datetime) -> str:
    """A look that the register did not answer."""
    return f"run {run} · {shown_time(now)} CST · [red]{NO_REGISTER}[/red]"


def unseen_value(run: str, now: datetime, standing: EngineStanding) -> dict[str, Any]:
    """The same for a program: it has no entries, since none is known."""
    return {
        "run": run,
        "at": now.isoformat(),
        "engine": standing.engine,
        "worker": standing.worker,
        "register": False,
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


def head_of(frame: Frame, order: Order | None, *, bell: bool | None) -> str:
    """Which world, when, who is there, and a halt; how the list stands and whether it rings, where there is one."""
    there = frame.standing.engine and frame.standing.worker
    words = frame.standing.words if there else f"[red]{frame.standing.words}[/red]"
    rings = "" if bell is None else " · 铃开 bell on" if bell else " · 铃关 bell off"
    first = f"run {frame.run} · {shown_time(frame.at)} CST · {words}"
    said = [*halt_line(frame.halt), *faulty_line(frame.faulty)]
    return "\n".join([first, *said, *([f"{ORDER_WORDS[order]}{rings}"] if order else [])])


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


def listed_part(frame: Frame, entries: Sequence[Entry], first: int, cursor: int, *, width: int) -> Table:
    """One line an entry, for a screen. What is too long is cut at the end of the last column, and nowhere else.

    On a screen too narrow for all columns some are left out: the chosen entry is told in full beside the list.
    """
    columns: dict[str, Callable[[int, Entry], str]] = {
        "no": lambda no, _: str(no + 1),
        "案件 case": lambda _, one: _name(one),
        "期限 due CST": lambda _, one: shown_clock(one.at),
        "剩余 left": lambda _, one: _left(one, frame.at),
        "元 yuan": lambda _, one: amount(one.fen),
        "元/分 /min": lambda _, one: amount(one.fen_a_minute),
        "事项 what": lambda _, one: _what(one, frame),
    }
    for name, least in _LEAVES_OUT.items():
        if width < least:
            del columns[name]
    made = table("", *columns, right=("no", "元 yuan", "元/分 /min"))
    made.expand, made.show_edge = True, False
    for column in made.columns:
        column.no_wrap = True
    made.columns[-1].ratio, made.columns[-1].overflow = 1, "ellipsis"
    for no, one in enumerate(entries, start=first):
        made.add_row(*(cell(no, one) for cell in columns.values()), style="reverse" if no == cursor else None)
    return made


def told_of(one: Entry, frame: Frame) -> str:
    """All of an entry, whatever its line has no room for."""
    cost = f" · {amount(one.fen_a_minute)} 元/分 yuan/min" if one.fen_a_minute else ""
    return f"▸ {_name(one)} · 期限 due {shown_clock(one.at)} · {_what(one, frame)}{cost}"


def kept_on_screen(frame: Frame, most: int) -> list[str]:
    """The newest kept words, first those that were refused or wait; and how many more there are."""
    rank = {"refused": 0, "waiting": 1, "delivered": 2}
    newest = sorted(frame.kept, key=lambda one: (-rank[one.state], one.settled_at or one.at), reverse=True)
    told = [(one.state, _kept(one, frame.at, most=_SHEETS_SHOWN)) for one in newest[:most]]
    shown = [f"[yellow]{words}[/yellow]" if state == "refused" else words for state, words in told]
    return [*shown, *_left_out(len(frame.kept) - len(shown) + frame.kept_more, f": {_ALL_WORDS}")]


def _what(one: Entry, frame: Frame) -> str:
    return " · ".join(part for part in (" ".join(KIND_WORDS[one.kind]), *_detail(one, frame)) if part)


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


def _kept(one: KeptDecision, now: datetime, most: int | None = None) -> str:
    names = [full_sheet_name(one.case_number, name) for name in one.own]
    sheets = " ".join(names[:most]) + (f" … 共 {len(names)} 张 sheets" if len(names) > len(names[:most]) else "")
    said = f" · {escape(one.said)}" if one.said else ""
    ago = age(seconds_between(one.at, now))
    return f"{KEPT_WORDS[one.state]}: {one.officer} {one.verdict.value} {sheets} ({ago}){said}"


def _left_out(count: int, where: str) -> list[str]:
    return [f"… 另 {count} 项 more{where}"] if count > 0 else []
