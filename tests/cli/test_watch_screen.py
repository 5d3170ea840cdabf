"""What the live view draws: whatever the terminal's size, nothing that an officer decides by is off the screen."""

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from rich.cells import cell_len
from rich.console import Console

from adapters.cli.keyboard import keys_in
from adapters.cli.watch_screen import screen
from adapters.cli.watch_view import Frame, Mode, View, Wish
from adapters.cli.watch_words import page, value_of
from adapters.register.awaiting import Question
from adapters.register.keeping import KeptDecision
from adapters.register.rows import SheetRow
from adapters.register.watching import Watchlist
from domain.authority import Halt
from domain.effects import AccountNow, effect_of
from domain.identifiers import account_key
from domain.officers import Role
from domain.orders import AccountKind, AccountRef
from domain.sheets import Sheet, SheetKind, SheetLine, Verdict, Why
from domain.watchlist import Entry, Kind, Order

NOW = datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)
CASE = "A2026-000123"
ICBC = "102302000011"
UP, DOWN, PAGE_UP, PAGE_DOWN = "\x1b[A", "\x1b[B", "\x1b[5~", "\x1b[6~"
SIZES = [(80, 24), (80, 40), (100, 24), (120, 40), (160, 50), (60, 24)]


def question(accounts: int, name: str = "F-03") -> Question:
    """A freeze sheet; each third account a limited company, one excepted: the widest note there is."""
    lines = tuple(
        SheetLine(
            no=no,
            account=AccountRef(
                institution=ICBC,
                number=f"62220000{no:08d}",
                name="测试甲",
                kind=AccountKind.CORPORATE if no % 3 == 0 else AccountKind.PERSON,
            ),
            amount_fen=123_456_789 + no,
            balance_fen=9_876_543_210,
            layer=2,
            limited=no % 3 == 0,
        )
        for no in range(1, accounts + 1)
    )
    sheet = Sheet(
        name=name,
        case_id="c",
        kind=SheetKind.FREEZE,
        lines=lines,
        term_months=6,
        made_at=NOW,
        decide_by=NOW + timedelta(minutes=25),
        requester="012301",
        quorum=(Role.APPROVER_COUNTY, Role.SECOND_OFFICER),
        policy_version="1",
        why=Why.RIPE,
        basis="《中华人民共和国刑事诉讼法》第一百四十四条、《公安机关办理刑事案件程序规定》第二百三十七条",
    )
    stop = AccountNow(disputed_fen=5, stopped=True, stop_ends=NOW + timedelta(minutes=20))
    standing: dict[str, AccountNow] = {account_key(ICBC, line.account.number): stop for line in lines}
    row = SheetRow(
        sheet=sheet,
        case_number=CASE,
        state="pending",
        awaited=("approver_county", "second_officer"),
        decided_by=(),
        except_lines=(3,),
    )
    effect = effect_of(sheet, standing, now=NOW)
    return Question(row=row, category="虚假投资理财", filing_number="LA-1", effect=effect)


def kept(no: int, state: str, minutes: int) -> KeptDecision:
    return KeptDecision(
        word=f"w-{no}",
        case_id="c",
        case_number=f"A2026-000{no:03d}",
        workflow_id="case/c",
        officer="012302",
        verdict=Verdict.APPROVE,
        sheets=(f"A2026-000{no:03d}/F-01",),
        except_lines=(),
        reason="",
        at=NOW - timedelta(minutes=minutes),
        state=state,
        said="该单已由他人驳回，您的决定未被接受 / the sheet was rejected by another officer"
        if state == "refused"
        else "",
        settled_at=None if state == "waiting" else NOW - timedelta(minutes=minutes),
    )


def entry(no: int) -> Entry:
    return Entry(
        kind=Kind.STOP_ENDS,
        case_number=f"A2026-{no:06d}",
        at=NOW + timedelta(minutes=no),
        fen=123_456_789_000,
        fen_a_minute=2_304_567,
        accounts=tuple(f"WXRCB·{last:04d}" for last in range(9)),
    )


def looked(
    *entries: Entry, asked: Question | None = None, words: tuple[KeptDecision, ...] = (), halted: bool = False
) -> View:
    """A view after one look."""
    own: tuple[Entry, ...] = ()
    if asked is not None:
        sheet = asked.row.sheet
        accounts = tuple(f"ICBC·{no:04d}" for no in range(len(sheet.lines)))
        own = (Entry(kind=Kind.SHEET, case_number=CASE, at=NOW, sheet=sheet.name, accounts=accounts),)
    listed = Watchlist(questions=() if asked is None else (asked,), entries=(*own, *entries), codes={ICBC: "ICBC"})
    halt = Halt(officer="012304", at=NOW) if halted else None
    view = View()
    view.take(Frame("test", NOW, listed, words, halt=halt))
    return view


def drawn(view: View, width: int, height: int) -> list[str]:
    """The lines on a terminal of that size, as the command's own console draws them."""
    console = Console(
        file=io.StringIO(), force_terminal=True, width=width, height=height, highlight=False, soft_wrap=True
    )
    made = screen(view, console)
    view.lines_shown = made.items
    lines = ["".join(part.text for part in line) for line in made.lines]
    assert len(lines) <= height
    assert max(map(cell_len, lines)) <= width
    return lines


def press(view: View, text: str) -> list[Wish | None]:
    return [view.press(key) for key in keys_in(text)]


def opened(accounts: int, *, halted: bool = False) -> View:
    view = looked(asked=question(accounts), halted=halted)
    assert press(view, "\r") == [Wish.OPEN]
    view.flow = ["报案人 victim", *(f"  ICBC·{no:04d} 止stop 1,000" for no in range(30))]
    return view


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("halted", [False, True])
def test_the_prompt_and_the_answer_are_on_the_screen_however_long_the_sheet(width, height, halted):
    view = opened(40, halted=halted)
    press(view, "d012345 493021")
    text = "\n".join(drawn(view, width, height))
    for words in ("> 012345 ••••••", "Enter", f"{CASE}/F-03"):
        assert words in text
    press(view, "\r")
    view.said = "A2026-000123/F-03: Refused: 验证码错误 / the code is wrong; 3 of 5 tries are left, then it is locked"
    text = "".join("\n".join(drawn(view, width, height)).split())
    assert "验证码错误" in text
    assert "thenitislocked" in text
    assert "决定decide" in text


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_every_account_of_a_sheet_and_its_whole_flow_are_reached_by_scrolling(width, height):
    view = opened(40)
    seen: list[int] = []
    flow: list[str] = []
    for _ in range(60):
        lines = drawn(view, width, height)
        text = "".join("\n".join(lines).split())
        for words in (f"{CASE}/F-03", "accounts40,", "¥49,382,723.80", "11-2211:29", "县级审批人"):
            assert words in text, "what the sheet is about stays in sight"
        rows = [line for line in lines if "98,765,432.10" in line]
        if rows:
            first, last = int(rows[0].split()[0]), int(rows[-1].split()[0])
            assert f"第{first}–{last}行，共40行" in text
            assert f"{first}–{last}of40" in text
        seen += [int(line.split()[0]) for line in rows]
        flow += [line.strip() for line in lines if "止stop" in line]
        before = view.first_line
        press(view, PAGE_DOWN)
        assert ("more lines below" in "".join(lines)) is (view.first_line > before), "whether there is more is said"
        if view.first_line == before:
            break
    assert seen == list(range(1, 41)), "each once, none skipped"
    assert flow == [f"ICBC·{no:04d} 止stop 1,000" for no in range(30)]
    for _ in range(60):
        press(view, PAGE_UP)
        drawn(view, width, height)
    assert view.first_line == 0
    press(view, "jjk" + DOWN + UP)
    assert view.first_line == 1


def test_a_sheet_is_scrolled_while_the_decision_is_typed_and_stands_at_its_top_when_opened_anew():
    view = opened(40)
    drawn(view, 80, 24)
    page = view.lines_shown
    press(view, "d012345 " + PAGE_DOWN * 3)
    assert (view.mode, view.typed) == (Mode.TYPING, "012345 ")
    assert view.first_line == page, "no page is passed over undrawn"
    press(view, "\x1bq\r")
    assert (view.mode, view.first_line) == (Mode.SHEET, 0)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_words_of_the_last_shift_leave_room_for_the_list_and_what_needs_somebody_stands_first(width, height):
    words = (
        *(kept(no, "delivered", 600 - no) for no in range(40)),
        kept(41, "refused", 300),
        *(kept(no, "waiting", 60 - no) for no in range(42, 45)),
    )
    view = looked(*(entry(no) for no in range(30)), words=words)
    lines = drawn(view, width, height)
    text = "\n".join(lines)
    assert "A2026-000041/F-01" in text, "what was refused"
    assert "未被接受 refused" in text
    assert "q退出quit" in "".join(text.split())
    assert sum("WX" in line or "止付到期" in line for line in lines) >= 5
    shown = [no for no in range(45) if f"A2026-000{no:03d}/F-01" in text]
    assert len(shown) <= 5
    assert f"另 {44 - len(shown)} 项 more" in text
    if len(shown) == 5:
        assert shown == [39, 41, 42, 43, 44], "the newest of the delivered"


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_choice_is_on_the_screen_wherever_it_moves(width, height):
    view = looked(*(entry(no) for no in range(60)), words=(kept(70, "waiting", 3),), halted=True)
    for keys in (DOWN * 7, DOWN * 30, PAGE_DOWN, PAGE_UP, UP * 3, PAGE_DOWN * 9, "1", PAGE_DOWN):
        press(view, keys)
        chosen = view.under_cursor
        assert chosen is not None
        assert any(chosen.case_number in line for line in drawn(view, width, height))
    assert view.cursor > 1
    press(view, "\r")
    text = "".join("\n".join(drawn(view, width, height)).split())
    assert "请在此前决定该案的冻结审批单" in text, "what to do with what is no sheet"


@pytest.mark.parametrize("width", [60, 80, 99])
def test_on_a_narrow_terminal_the_chosen_entry_is_told_in_full_below_the_list(width):
    view = looked(entry(5), asked=question(40))
    text = "".join("\n".join(drawn(view, width, 24)).split())
    assert "待awaits县级审批人、协查人" in text
    assert "ICBC·0000ICBC·0001ICBC·0002…共40户accounts" in text


def test_a_frame_for_a_file_has_every_kept_word_that_was_read_and_counts_the_others():
    words = tuple(kept(no, "delivered", no) for no in range(1, 40))
    seen = looked(words=words).frame
    assert seen is not None
    frame = replace(seen, kept_more=7)
    told = page(frame, Order.DEADLINE, [])
    assert [f"A2026-000{no:03d}/F-01" in " ".join(map(str, told)) for no in range(1, 40)] == [True] * 39
    assert told[-1] == "… 另 7 项 more"
    value = value_of(frame, Order.DEADLINE, [])
    assert (len(value["kept"]), value["kept_more"]) == (39, 7)
