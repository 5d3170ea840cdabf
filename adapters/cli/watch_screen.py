"""What fills a terminal: the head above, keys and prompt below, and between them as much as there is room for.

Everything is measured as it wraps at this width, so that nothing which an officer decides by falls off the screen.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.markup import escape
from rich.segment import Segment

from adapters.cli.inbox_words import accounts_table, detail_words, head_words
from adapters.cli.typed import hidden
from adapters.cli.watch_view import Frame, Mode, View
from adapters.cli.watch_words import head_of, kept_on_screen, listed_part, told_of
from adapters.register.awaiting import Question

_SCROLL = "↑↓ PgUp PgDn 翻看 scroll"
_KEYS = {
    Mode.LIST: "↑↓/编号 choose · Enter 打开 open · d 决定 decide · s 排序 order · b 铃 bell · q 退出 quit",
    Mode.SHEET: f"{_SCROLL} · d 决定 decide · Esc/q 返回 back",
    Mode.TYPING: "Enter 提交 say · Esc 取消 cancel",
}
_HOW = '警号 验证码 [reject 理由 | except 3 7] / "NO CODE", "NO CODE reject REASON", "NO CODE except 3 7"'
_LEAST = 5
"""Lines of the middle on the lowest screen: what it is a part of, its columns' names, one row, how many more."""
_MOST_KEPT = 5
"""Kept words on a screen; the frames of `--once` and `--json` have the others."""
_LINES_A_KEPT_WORD = 12
"""One kept word for so many lines of the screen: on a low one the list has its room before them."""

Lines = list[list[Segment]]


@dataclass(frozen=True)
class Drawn:
    """A screen, line by line. `items`: how many entries of the list, or lines of the sheet, it has room for."""

    lines: Lines
    items: int = 1

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """For Rich."""
        del console, options
        for no, line in enumerate(self.lines):
            if no:
                yield Segment.line()
            yield from line


def screen(view: View, console: Console) -> Drawn:
    """What this terminal shows now."""
    frame, height = view.frame, console.height
    if frame is None:
        return Drawn(_lines(console, "…"))
    asked = frame.questions.get(view.opened) if view.on_sheet else None
    above = _above(console, view, frame, asked)
    below = _below(console, view, frame)[-max(1, height - _LEAST) :]  # its end is the prompt and the keys
    above = above[-max(1, height - _LEAST - len(below)) :]
    room = height - len(above) - len(below)
    if asked is not None:
        middle, items = _sheet(console, view, asked, frame.watchlist.codes, room)
    elif view.on_sheet:
        middle, items = _lines(console, f"{view.opened} 已决定或已了结 is decided or settled"), 1
    else:
        middle, items = _list(console, view, frame, room)
    blank: Lines = [[] for _ in range(room - len(middle))]
    return Drawn([*above, *middle[:room], *blank, *below], items)


def _above(console: Console, view: View, frame: Frame, asked: Question | None) -> Lines:
    if view.on_sheet:
        head = head_words(asked, frame.at) if asked else []
        return _lines(console, head_of(frame, None, bell=None), *head)
    return _lines(console, head_of(frame, view.order, bell=view.bell))


def _below(console: Console, view: View, frame: Frame) -> Lines:
    """The chosen entry and kept words under a list; what was said, the prompt, and the keys."""
    parts: list[str] = []
    if not view.on_sheet:
        chosen = view.under_cursor
        parts += [told_of(chosen, frame)] if chosen else []
        parts += kept_on_screen(frame, max(1, min(_MOST_KEPT, console.height // _LINES_A_KEPT_WORD)))
    parts += [f"[yellow]{escape(one)}[/yellow]" for one in (view.said, view.note) if one]
    if view.mode is Mode.TYPING:
        parts += [f"[dim]{view.opened}  {escape(_HOW)}[/dim]", f"> {escape(hidden(view.typed))}▏"]
    scroll = f" · {_SCROLL}" if view.mode is Mode.TYPING and view.on_sheet else ""
    return _lines(console, *parts, f"[dim]{_KEYS[view.mode]}{scroll}[/dim]")


def _list(console: Console, view: View, frame: Frame, room: int) -> tuple[Lines, int]:
    """The part of the list around the choice."""
    entries, width = view.entries, console.width
    if not entries:
        return _lines(console, "无事项 Nothing has to be watched."), 1
    names = len(_lines(console, listed_part(frame, [], 0, 0, width=width)))
    rows = max(1, room - names)
    first = max(0, min(view.cursor - rows // 2, len(entries) - rows))
    part = listed_part(frame, entries[first : first + rows], first, view.cursor, width=width)
    return _lines(console, part), rows


@dataclass(frozen=True)
class _Section:
    """A part of what is told of a sheet: so many lines, and how those from one to another are written."""

    name: str
    count: int
    written: Callable[[int, int], Sequence[RenderableType]]

    def fitting(self, console: Console, first: int, room: int) -> tuple[Lines, int]:
        """As many of its lines from this one on as have room whole, at least one, and how many they are."""
        rows = max(1, min(self.count - first, room))
        while True:
            made = _lines(console, *self._position(first, rows), *self.written(first, first + rows))
            if len(made) <= room or rows == 1:
                return made, rows
            rows = max(1, min(rows - 1, rows * room // len(made)))

    def _position(self, first: int, rows: int) -> list[str]:
        if not self.name:
            return []
        of = f"第 {first + 1}–{first + rows} 行，共 {self.count} 行 lines {first + 1}–{first + rows} of {self.count}"
        return [f"[bold]{self.name}[/bold] [dim]{of}[/dim]"]


def _sheet(console: Console, view: View, asked: Question, codes: Mapping[str, str], room: int) -> tuple[Lines, int]:
    """From the line scrolled to: what the sheet would do, its accounts, the flow; and how many lines have room."""
    details, accounts, flow = detail_words(asked, codes), asked.row.sheet.lines, view.flow or ["…"]
    shown: Lines = []
    items, skipped, room = 0, view.first_line, room - 1
    for section in (
        _Section("", len(details), lambda first, end: details[first:end]),
        _Section(
            "账户 accounts", len(accounts), lambda first, end: [accounts_table(asked, codes, accounts[first:end])]
        ),
        _Section("资金流向 money flow", len(flow), lambda first, end: flow[first:end]),
    ):
        first, skipped = min(skipped, section.count), max(0, skipped - section.count)
        if first == section.count:
            continue
        made, rows = section.fitting(console, first, room - len(shown))
        if shown and len(shown) + len(made) > room:
            break
        shown, items = [*shown, *made], items + rows
        if first + rows < section.count:
            break
    more = view.lines - view.first_line - items
    if more > 0:
        return [*shown, *_lines(console, f"[bold]↓ 下面还有 {more} 行 more lines below[/bold]")], items
    return shown, items + max(0, room - len(shown))  # a page back from the end is a whole page


def _lines(console: Console, *parts: RenderableType) -> Lines:
    """As it wraps at this width, whatever the console would do with what is too long."""
    options = console.options.update(width=console.width, no_wrap=False, overflow="fold")
    return console.render_lines(Group(*parts), options.update(height=None), pad=False)
