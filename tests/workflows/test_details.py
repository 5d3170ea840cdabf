"""What officers read: complete, harmless, and never a reason for a case to fail."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from domain.books import Books
from domain.case import CaseOutcome, Status
from domain.evidence import Totp
from domain.findings import Finding
from domain.identifiers import account_key
from domain.money import shown
from domain.operations import HALT_HERE
from domain.orders import AccountRef, HeldBack, HeldElsewhere, Outcome, Refused, Unknown
from domain.report import Line
from domain.sheets import WHYS, Sheet, SheetKind, SheetLine, StopsUsed, Why, update_name
from domain.statement import Way
from domain.words import DecisionWords, FilingWords, HaltWords, decision_words, filing_words, halt_words
from tests.tries import tries_within
from tests.workflows.builders import HOLDER, T0, case_of, done, fan, trace
from tests.workflows.pages import deciding, secrets, traced
from workflows.casework import accounting, carriers, holding
from workflows.casework.fuse import may_stop
from workflows.casework.paperwork import new_sheet
from workflows.casework.state import FreezeHeld
from workflows.details import details
from workflows.showing.effects import effect_line
from workflows.showing.headline import headline
from workflows.showing.survey import survey
from workflows.showing.text import brief, moment

TYPED = re.compile(r"`\"([^\"`]+)\"`")
"""What is offered for typing: in backticks, because elsewhere the UI turns straight quotes into curly ones."""


def test_the_head_says_which_case_how_much_and_how_much_is_at_risk():
    case = deciding()
    books = accounting.books(case, accounting.entries(case))
    head = details(case)[:1500]
    assert "A2026-000123" in head
    assert "待审批 awaiting decision" in head
    assert "虚假征信" in head
    for fen in (books.loss_fen, books.held_fen, books.at_risk_fen):
        assert shown(fen) in head


@pytest.mark.parametrize(
    ("status", "held_of_10", "words"),
    [
        (Status.HOLDING, 0, "未能控制 not held"),
        (Status.HOLDING, 4, "部分控制 partly held"),
        (Status.HOLDING, 10, "已控制 holding"),
        (Status.DECIDING, 4, "待查证 awaiting findings"),
        (Status.TRACING, 0, "追查止付中 tracing"),
    ],
)
def test_the_head_calls_nothing_held_while_money_can_still_leave(status: Status, held_of_10: int, words: str):
    case = traced(1)
    case.state.status = status
    books = Books(loss_fen=10, held_fen=held_of_10, in_motion_fen=10 - held_of_10)
    assert words in headline(case, replace(survey(case), books=books))


def test_findings_that_are_awaited_stand_with_their_accounts_above_the_picture():
    case = deciding(3)
    key, account = next(iter(case.state.accounts.items()))
    case.state.visits_open = {key: 1}
    page = details(case)
    assert f"verification/1：{case.shown(account)}" in page.split("资金流向", 1)[0]
    case.state.visits_open = {}
    assert "Findings awaited" not in details(case)


def test_a_freeze_sheet_says_how_its_drafts_are_read():
    case = deciding()
    *_, name = case.state.sheets
    page = details(case)
    sheet = case.state.sheets[name].sheet
    banks = {line.account.institution for line in sheet.lines}
    directory = case.start.directory
    first = directory.by_id(min(banks))
    assert first is not None
    others = " ".join(sorted(f"{name}/{one.code}" for bank in banks - {first.id} if (one := directory.by_id(bank))))
    assert len(banks) > 1
    assert f"`starter.py papers get A2026-000123 {name}/{first.code} --out FILE`" in page
    assert f"，每家银行一份，共 {len(banks)} 份 one a bank, {len(banks)} in all：{others}" in page
    for file in case.state.sheets.values():
        released = {"kind": SheetKind.RELEASE, "why": Why.SMALL_SHARE_UNDECIDED}
        file.sheet = file.sheet.model_copy(update=released)
    assert "papers get" not in details(case)


def test_a_closed_case_offers_no_halt():
    case = deciding()
    case.state.status, case.state.outcome = Status.CLOSED, CaseOutcome.HELD
    assert HALT_HERE not in details(case)


def test_a_missing_case_filing_is_the_first_deadline_and_says_what_to_type():
    case = deciding()
    first = details(case).split("First deadline", 1)[1].split("</b>", 1)[0]
    assert "立案" in first
    assert "北京时间 CST" in first
    assert '`"立案号 警号 验证码"`' in details(case)
    typed = "立案号 警号 验证码".replace("立案号", "A3202-1").replace("警号", "012345").replace("验证码", "493021")
    assert filing_words(typed) == FilingWords(number="A3202-1", officer="012345", evidence=Totp(code="493021"))


def test_once_filed_the_next_deadline_comes_first_and_filing_is_not_asked_for_again():
    case = deciding()
    case.state.filing_number = "A3202-1"
    page = details(case)
    assert "审批单 F-0" in page.split("First deadline", 1)[1][:200]
    assert '"立案号 警号' not in page
    assert "A3202-1" in page


def test_every_text_offered_for_typing_is_understood_once_the_officer_number_stands_in_it():
    case = deciding()
    new_sheet(case, SheetKind.CANCEL, why=Why.UI_CANCEL, quorum="cancel")
    page = details(case)
    offered = {name: page.index(update_name(file.sheet)) for name, file in case.state.sheets.items()}
    offered |= {HALT_HERE: page.index(HALT_HERE)}
    typed = [found for found in TYPED.finditer(page) if not found[1].startswith("立案号")]
    assert typed
    names = set()
    for found in typed:
        # the operation named last above the text is the one it is typed into
        sheet = max((at, name) for name, at in offered.items() if at < found.start())[1]
        text = found[1].replace("警号", "012345").replace("验证码", "493021").replace("签名", "A" * 86)
        if sheet == HALT_HERE:
            assert halt_words(text) == HaltWords(officer="012345")
            continue
        words = decision_words(text, sheet)
        assert isinstance(words, DecisionWords), text
        names |= set(words.sheets)
    assert names == set(case.state.sheets)


def test_an_example_pasted_unchanged_decides_nothing():
    for text in TYPED.findall(details(deciding())):
        assert not isinstance(decision_words(text), DecisionWords)
        assert not isinstance(filing_words(text), FilingWords)
        assert not isinstance(halt_words(text), HaltWords)


def test_a_sheet_says_what_it_would_do_and_who_is_awaited_until_when():
    case = deciding()
    file = max(case.state.sheets.values(), key=lambda one: len(one.sheet.lines))
    section = details(case).split(f"Sheet {file.sheet.name}", 1)[1].split("</details>", 1)[0]
    assert f"冻结 {len(file.sheet.lines)} 户，共 {shown(file.sheet.amount_fen)}，6 个月" in section
    assert "县级审批人、协查人" in section
    assert moment(file.sheet.decide_by) in section
    rows = section.split("</tr>")[1:-1]
    assert sum(fen_in(row) for row in rows) == file.sheet.amount_fen
    assert f"其余 {len(file.sheet.lines) - 20} 户" in section


def fen_in(row: str) -> int:
    """The first amount in a row."""
    found = re.search(r"¥([\d,]+)\.(\d\d)", row)
    return int(found[1].replace(",", "") + found[2]) if found else 0


def test_the_books_on_the_page_add_up_to_the_loss():
    case = traced(200)
    section = details(case).split("账目 Books", 1)[1].split("</table>", 1)[0]
    *parts, total = [fen_in(row) for row in section.split("</tr>")[:-1]]
    assert sum(parts) == total == case.start.report.loss_fen


def test_the_text_table_says_what_the_picture_says_and_sums_the_rest():
    case = traced(300, layers=6)
    section = details(case).split("accounts as text", 1)[1]
    rows = section.split("</tr>")[1:-1]
    assert len(rows) == 61
    assert sum(fen_in(row) for row in rows) == sum(entry.attributed_fen for entry in accounting.entries(case))


def test_cut_branches_unknown_orders_and_carriers_are_listed():
    town = fan(41)
    case = case_of(
        town, lines=[Line(number="13003156693", carrier="CARRIER-A")], links=["http://refund.example.invalid/x"]
    )
    carriers.begin(case)
    case.errands = []
    trace(case, town)
    next(iter(case.state.accounts.values())).cut = "rows"
    case.state.unknown = {7: case.now - timedelta(seconds=95)}
    page = details(case)
    assert "流水过长 statement too long：1 户" in page
    assert "#7　95 s" in page
    assert "尾号 ending 6693：已发出 sent" in page
    assert "链接 links 1" in page
    assert "refund.example" not in page


@pytest.mark.parametrize(
    ("fen", "words"),
    [
        (0, "¥0.00"),
        (17, "¥0.17"),
        (93_800, "¥938"),
        (999_999, "¥9,999"),
        (26_879_999, "¥26.8万"),
        (1_000_000_000, "¥1000万"),
        (13_299_000_000, "¥1.32亿"),
        (-17, "-¥0.17"),
    ],
)
def test_an_amount_in_a_box_is_short_and_never_more_than_there_is(fen: int, words: str):
    assert brief(fen) == words


def test_books_that_do_not_add_up_are_said_so_and_the_page_still_stands():
    case = deciding()
    case.start = case.start.model_copy(
        update={"report": case.start.report.model_copy(update={"transfers": case.start.report.transfers[:1]})}
    )
    assert "账目不平" in details(case)


def test_a_page_of_two_thousand_accounts_is_small_enough_for_the_address_it_travels_in_and_quickly_made():
    town = fan(2000, layers=7, loss_fen=500_000_000)
    case = trace(case_of(town), town)
    case.now = T0 + timedelta(minutes=1)
    holding.hold(case, tracing=False)
    for one in tries_within(1.0):  # the deadlock detector of a workflow task gives two seconds
        with one:
            page = details(case)
    print(f"{len(case.state.accounts)} accounts: {len(page.encode())} bytes")
    assert len(page.encode()) < 100_000


def test_the_same_case_gives_the_same_page():
    assert details(deciding()) == details(deciding())


REFS = st.builds(
    AccountRef,
    institution=st.sampled_from(["102302000011", "999999999999", "<b>"]),
    number=st.text("0123456789", min_size=4, max_size=25),
    name=st.just(HOLDER),
)
LINES = st.builds(
    SheetLine,
    no=st.integers(0, 99),
    account=REFS,
    amount_fen=st.integers(-5, 10**14),
    balance_fen=st.integers(-5, 10**14),
    layer=st.integers(-1, 99),
    limited=st.booleans(),
)
MOMENTS = st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31, 23), timezones=st.just(UTC))  # noqa: DTZ001 - the strategy adds the zone
OUTCOMES: st.SearchStrategy[Outcome | None] = st.one_of(
    st.none(),
    st.just(Unknown(since=T0)),
    st.just(HeldBack(reason="halted")),
    st.just(HeldElsewhere(code="1301", at=T0)),
    st.just(Refused(code="0303", at=T0)),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_whatever_the_state_a_page_is_made_and_keeps_its_secrets(data: st.DataObject):
    town = fan(data.draw(st.integers(1, 60)), layers=data.draw(st.integers(2, 14)), seed=data.draw(st.integers(0, 9)))
    answers = data.draw(st.lists(OUTCOMES, max_size=30))
    case = case_of(town)
    if data.draw(st.booleans()):
        trace(case, town, lambda errand: answers[errand.no] if errand.no < len(answers) else done(errand))
    state = case.state
    for account in state.accounts.values():
        account.layer = data.draw(st.sampled_from([account.layer, 0, 99]))
        account.cut = data.draw(st.sampled_from(["", "least", "rows", "new_bound"]))
        account.finding = data.draw(st.one_of(st.none(), st.sampled_from(Finding)))
        account.let_go = data.draw(st.booleans())
        if data.draw(st.booleans()):
            account.freezes.append(FreezeHeld(sequence=1, amount_fen=data.draw(st.integers(0, 10**9))))
    case.now = data.draw(st.one_of(st.just(T0), MOMENTS))
    for _ in range(data.draw(st.integers(0, 7))):
        kind = data.draw(st.sampled_from(SheetKind))
        sheet = (
            new_sheet(
                case,
                kind,
                lines=data.draw(st.lists(LINES, max_size=25)),
                why=data.draw(st.sampled_from(sorted(WHYS[kind]))),
                stops=StopsUsed(asked=data.draw(st.integers(0, 99)), allowed=99) if kind is SheetKind.FUSE else None,
                quorum="freeze",
            )
            if case.now.year < 9999
            else None
        )
        if sheet is not None:
            state.sheets[sheet.name].sheet = Sheet.model_validate({**dict(sheet), "decide_by": data.draw(MOMENTS)})
    listed = [line.account.number for file in state.sheets.values() for line in file.sheet.lines]
    hidden = [secret for secret in (*secrets(case), *listed) if len(secret) > 8]
    for text in data.draw(st.lists(st.text(max_size=40), max_size=20)):
        assume(not any(secret in text for secret in hidden))  # what was told is shown, an account's number or not
        case.problem(text, text, text)
        state.numbers[text] = text
    state.unknown = dict.fromkeys(data.draw(st.lists(st.integers(0, 99), max_size=20)), case.now)
    state.fuse_waiting = list(state.accounts)[:3]
    state.status = data.draw(st.sampled_from(Status))
    state.outcome = data.draw(st.sampled_from(CaseOutcome))
    page = details(case)
    assert page.encode()
    assert not [secret for secret in hidden if secret in page]


def test_the_exits_have_words_for_every_way():
    from workflows.showing.drawing import WAY_WORDS

    assert set(WAY_WORDS) == set(Way)


def test_each_sheet_says_what_waiting_for_it_costs_and_that_nothing_does_once_its_stops_are_over():
    town = fan(41)
    for one in town.holders():  # each holder has money of their own
        town.opening[one] = town.opening.get(one, 0) + 900_000
        town.balance[one] += 900_000
    case = trace(case_of(town), town)
    for at in (T0, T0 + timedelta(minutes=1)):
        case.now = at
        holding.hold(case, tracing=False)
    (file, *_) = [one for one in case.state.sheets.values() if len(one.sheet.lines) > 1]
    costs = re.compile(r"its stops also hold (¥[\d,.]+) beyond the disputed sum")
    assert (found := costs.search(effect_line(case, file)))
    keys = [account_key(line.account.institution, line.account.number) for line in file.sheet.lines]
    others = [
        line.balance_fen - case.ledger.attributed(key)
        for line, key in zip(file.sheet.lines, keys, strict=True)
        if case.state.accounts[key].stopped
    ]
    assert found[1] == shown(sum(others))
    assert effect_line(case, file) in details(case)
    case.now = T0 + timedelta(hours=49)
    assert "no stop stands" in effect_line(case, file)


def test_a_case_behind_its_fuse_says_how_many_wait():
    case = traced(41)
    case.state.stops_allowed = case.state.stops_asked = 5
    waiting = next(iter(case.state.accounts))
    assert not may_stop(case, waiting)
    assert "behind the fuse：1 户" in details(case)
    assert "再放行 2000 笔止付" in details(case)


def test_every_row_of_every_table_has_as_many_cells_as_its_head():
    for found in re.findall(r"<table border.*?</table>", details(traced(300, layers=6)) + details(deciding(60))):
        widths = {len(re.findall(r"<t[hd] ", one)) for one in found.split("</tr>")[:-1]}
        assert len(widths) == 1


def test_every_reason_of_a_sheet_has_words_in_both_languages():
    from workflows.showing.questions import WHY_WORDS

    assert set(WHY_WORDS) == set(Why)
