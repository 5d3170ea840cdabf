"""The live view as keys and looks change it, and what it says of each kind of entry; without any register."""

import io
import re
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from adapters.cli.inbox_words import when
from adapters.cli.keyboard import keys_in
from adapters.cli.typed import hidden, unquoted
from adapters.cli.watch_screen import screen
from adapters.cli.watch_view import Frame, Mode, View, Wish
from adapters.register.watching import Watchlist
from domain.clock import shown_clock
from domain.watchlist import Entry, Kind, Order
from tests.register.given import NOW

# ------------------------------------------------------------ keys


def frame(*entries: Entry) -> Frame:
    return Frame("test", NOW, Watchlist(questions=(), entries=entries, codes={}))


def entry(sheet: str, minutes: int, cost: int = 0) -> Entry:
    at = NOW + timedelta(minutes=minutes)
    return Entry(kind=Kind.SHEET, case_number="A2026-000001", at=at, fen_a_minute=cost, sheet=sheet)


def pressed(view: View, text: str) -> list[Wish | None]:
    return [view.press(key) for key in keys_in(text)]


def test_the_cursor_stays_on_its_entry_when_others_come_and_the_order_changes():
    view = View()
    view.take(frame(entry("F-01", 10), entry("F-02", 20, 900), entry("F-03", 30)))
    pressed(view, "\x1b[B")
    assert view.under_cursor is not None
    assert view.under_cursor.sheet == "F-02"
    view.take(frame(entry("F-00", 1), entry("F-01", 10), entry("F-02", 20, 900), entry("F-03", 30)))
    assert (view.cursor, view.under_cursor.sheet) == (2, "F-02")
    pressed(view, "s")
    assert (view.order, view.cursor) == (Order.COST, 0)
    pressed(view, "4")
    assert view.cursor == 3


def test_the_bell_rings_for_what_is_new_and_only_while_it_is_on():
    view = View()
    assert not view.take(frame(entry("F-01", 10))), "all is new at first"
    assert not view.take(frame(entry("F-01", 10, 77)))
    assert view.take(frame(entry("F-01", 10), entry("F-02", 10)))
    pressed(view, "b")
    assert not view.take(frame(entry("F-03", 10)))


def test_a_sheet_is_opened_decided_and_left_by_keys_and_its_code_is_covered():
    view = View()
    view.take(frame(entry("F-01", 10)))
    assert pressed(view, "\r") == [Wish.OPEN]
    assert (view.mode, view.opened) == (Mode.SHEET, "A2026-000001/F-01")
    pressed(view, "d012345 49302\x7f21 reject 不符")
    assert (view.mode, view.typed) == (Mode.TYPING, "012345 493021 reject 不符")
    assert hidden(view.typed) == "012345 •••••• reject 不符"
    assert pressed(view, "\r") == [Wish.DECIDE]
    assert view.mode is Mode.SHEET
    assert pressed(view, "d1\x1b") == [None] * 3
    assert view.typed == ""
    assert pressed(view, "qq") == [None, Wish.QUIT]


@pytest.mark.parametrize("opening", ["", '"', "“", "'", "「", " “ "])
def test_a_decision_is_understood_with_and_without_quotes_and_its_code_is_covered(opening):
    closing = {"": "", "“": "”", "「": "」"}.get(opening.strip(), opening)
    for said in ("012345 493021", "012345 493021 reject 收款人“张某”不符", "012345 493021 except 3 7"):
        assert unquoted(f"{opening}{said}{closing}") == said
        assert "493021" not in hidden(f"{opening}{said}{closing}")
    assert unquoted(f"{opening}012345 493021{closing} reject 不符") == "012345 493021 reject 不符"
    assert unquoted(opening) == ""


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.SHEET])
def test_what_is_no_sheet_says_what_it_is_and_what_to_do_and_only_until_the_cursor_moves(kind):
    view = View()
    view.take(frame(Entry(kind=kind, case_number="A2026-000001", at=NOW, measure="stop"), entry("F-01", 9)))
    assert pressed(view, "\r") == [None]
    assert view.mode is Mode.LIST
    assert "A2026-000001" in view.note
    assert "不是审批单" in view.note
    assert "no sheet" in view.note
    pressed(view, "2")
    assert view.note == ""


def test_what_was_said_of_a_sheet_goes_when_it_is_decided_and_stays_while_it_waits():
    view = View()
    waits: Any = SimpleNamespace(row=SimpleNamespace(case_number="A2026-000001", sheet=SimpleNamespace(name="F-01")))
    pending = Frame("test", NOW, Watchlist.model_construct(questions=(waits,), entries=(entry("F-01", 9),), codes={}))
    view.take(pending)
    view.said, view.said_of = "A2026-000001/F-01: 待决", "A2026-000001/F-01"
    view.take(pending)
    assert view.said
    view.take(frame())
    assert view.said == ""
    view.said = "A2026-000001/F-01: 已批准"
    view.take(frame())
    assert view.said, "who decided it last reads so"


@pytest.mark.parametrize("width", [100, 120, 160])
def test_on_a_narrow_screen_only_the_free_text_is_cut(width):
    entries = [
        Entry(
            kind=kind,
            case_number=f"A2026-0012{no:02d}",
            at=NOW + timedelta(hours=no, minutes=-65),
            fen=123_456_789_000,
            fen_a_minute=2_304_567,
            sheet="F-03" if kind is Kind.SHEET else "",
            measure="stop",
            accounts=tuple(f"ICBC·{last:04d}" for last in range(9)),
            since=NOW - timedelta(hours=2),
        )
        for no, kind in enumerate(Kind)
    ]
    view = View()
    view.take(frame(*entries))
    console = Console(width=width, height=40, record=True, file=io.StringIO(), force_terminal=True)
    console.print(screen(view, console))
    lines = console.export_text().splitlines()
    assert max(map(cell_len, lines)) <= width
    for no, one in enumerate(view.entries, 1):
        (line,) = [line for line in lines if one.case_number in line and not line.startswith("▸")]
        name = f"{one.case_number}/F-03" if one.sheet else one.case_number
        left = re.split(r"\s{2,}", line.strip())[:6]
        assert left == [str(no), name, shown_clock(one.at), when(one.at, NOW), "1,234,567,890", "23,045.67"]


# ------------------------------------------------------------ a real terminal
