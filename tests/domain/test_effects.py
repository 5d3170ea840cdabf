"""What a sheet would do: properties of the sums, of what stops hold beyond a report, and the words for it."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.effects import AccountNow, Effect, effect_of, effect_words
from domain.identifiers import account_key
from domain.officers import Role
from domain.orders import AccountKind, AccountRef
from domain.sheets import Sheet, SheetKind, SheetLine, Why

NOW = datetime(2026, 11, 22, 18, 40, tzinfo=UTC)
DEADLINE = NOW + timedelta(minutes=30)


def sheet_of(*lines: SheetLine) -> Sheet:
    return Sheet(
        name="F-01",
        case_id="c-1",
        kind=SheetKind.FREEZE,
        lines=lines,
        made_at=NOW,
        decide_by=DEADLINE,
        requester="centre",
        quorum=(Role.APPROVER_COUNTY,),
        policy_version="1",
        why=Why.RIPE,
    )


def line(no: int = 1, amount: int = 8_000_00, balance: int = 128_000_00, **more: object) -> SheetLine:
    account = AccountRef(institution="B", number=f"{no:04d}", name="x", kind=more.pop("kind", AccountKind.PERSON))  # type: ignore[arg-type]
    return SheetLine.model_validate(
        {"no": no, "account": account, "amount_fen": amount, "balance_fen": balance, "layer": 1, **more}
    )


def key(of: SheetLine) -> str:
    return account_key(of.account.institution, of.account.number)


FEN = st.integers(0, 10**13)
ENDS = st.one_of(st.none(), st.integers(-4_000, 4_000).map(lambda minutes: NOW + timedelta(minutes=minutes)))
NOWS = st.builds(AccountNow, disputed_fen=FEN, stopped=st.booleans(), stop_ends=ENDS)


@st.composite
def standings(draw):
    """A sheet and how some of its accounts stand."""
    lines = [
        line(no, draw(FEN), draw(FEN), limited=draw(st.booleans()), kind=draw(st.sampled_from(AccountKind)))
        for no in range(1, draw(st.integers(0, 12)) + 1)
    ]
    return sheet_of(*lines), {key(one): draw(NOWS) for one in lines if draw(st.booleans())}


@given(standings())
def test_a_sheets_effect_is_the_sum_of_its_lines_whatever_their_order(given_):
    sheet, standing = given_
    whole = effect_of(sheet, standing, now=NOW)
    single = [effect_of(sheet_of(one), standing, now=NOW) for one in reversed(sheet.lines)]
    for name in ("accounts", "asked_fen", "shops", "stopped", "beyond_fen"):
        assert getattr(whole, name) == sum(getattr(one, name) for one in single)
    assert whole.first_stop_ends == min((one.first_stop_ends for one in single if one.first_stop_ends), default=None)
    assert whole.ends_before_deadline == any(one.ends_before_deadline for one in single)


@given(standings())
def test_no_more_is_held_beyond_a_report_than_the_stopped_balances_less_what_is_asked(given_):
    sheet, standing = given_
    effect = effect_of(sheet, standing, now=NOW)
    stopped = [one for one in sheet.lines if standing.get(key(one), AccountNow()).stopped]
    assert 0 <= effect.beyond_fen <= sum(max(0, one.balance_fen - one.amount_fen) for one in stopped)
    assert effect.stopped <= len(stopped)
    assert effect.shops <= effect.accounts == len(sheet.lines)


@given(standings())
def test_without_a_stop_nobody_elses_money_is_held_and_waiting_costs_nothing(given_):
    sheet, standing = given_
    effect = effect_of(
        sheet, {one: its.model_copy(update={"stopped": False}) for one, its in standing.items()}, now=NOW
    )
    assert (effect.stopped, effect.beyond_fen, effect.first_stop_ends) == (0, 0, None)
    assert effect.waiting_costs_fen_minutes == 0


@given(standings(), st.data())
def test_an_excepted_line_has_no_effect(given_, data: st.DataObject):
    sheet, standing = given_
    excepted = {one.no for one in sheet.lines if data.draw(st.booleans())}
    kept = sheet_of(*(one for one in sheet.lines if one.no not in excepted))
    assert effect_of(sheet, standing, excepted=excepted, now=NOW) == effect_of(kept, standing, now=NOW)


@given(standings(), FEN)
def test_each_fen_that_others_have_in_a_stopped_account_counts_and_none_of_the_reports_own(given_, more: int):
    sheet, standing = given_
    richer = sheet_of(
        *(
            one.model_copy(
                update={"balance_fen": max(one.amount_fen, standing.get(key(one), AccountNow()).disputed_fen) + more}
            )
            for one in sheet.lines
        )
    )
    effect = effect_of(richer, standing, now=NOW)
    assert effect.beyond_fen == more * effect.stopped


def test_a_company_or_an_account_of_small_share_looks_like_a_shop():
    lines = (line(1, kind=AccountKind.CORPORATE), line(2, limited=True), line(3))
    assert effect_of(sheet_of(*lines), {}, now=NOW).shops == 2


def test_a_stop_that_is_over_holds_nothing_and_one_of_unknown_end_holds():
    over = {key(line()): AccountNow(stopped=True, stop_ends=NOW)}
    assert effect_of(sheet_of(line()), over, now=NOW).stopped == 0
    unknown = {key(line()): AccountNow(stopped=True)}
    effect = effect_of(sheet_of(line()), unknown, now=NOW)
    assert (effect.stopped, effect.beyond_fen, effect.first_stop_ends) == (1, 120_000_00, None)


def test_what_is_disputed_now_counts_where_a_sheet_asks_for_a_difference_only():
    standing = {key(line()): AccountNow(disputed_fen=100_000_00, stopped=True)}
    assert effect_of(sheet_of(line()), standing, now=NOW).beyond_fen == 28_000_00


def test_the_words_say_what_waiting_costs_and_whether_a_stop_ends_first():
    soon = {key(line()): AccountNow(disputed_fen=8_000_00, stopped=True, stop_ends=DEADLINE - timedelta(minutes=1))}
    zh, en = effect_words(effect_of(sheet_of(line(limited=True)), soon, now=NOW))
    assert (
        zh == "像商户 1 户；止付另押涉案款以外 ¥120,000.00，每等一分钟多押一分钟；止付 11-23 03:09 到期，早于决定期限"
    )
    assert en == (
        "accounts like shops: 1; its stops also hold ¥120,000.00 beyond the disputed sum, a minute longer for each "
        "minute of waiting; first stop ends 11-23 03:09, before the deadline"
    )
    later = {key(line()): AccountNow(stopped=True, stop_ends=DEADLINE + timedelta(hours=40))}
    assert "before the deadline" not in effect_words(effect_of(sheet_of(line()), later, now=NOW))[1]
    assert effect_words(effect_of(sheet_of(line()), {}, now=NOW)) == ("现无止付", "no stop stands")
    assert effect_words(Effect()) == ("", "")
