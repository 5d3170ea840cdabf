"""Following the money: whom the case stops and asks, in which order, and what ends a branch."""

from datetime import timedelta
from itertools import pairwise

import pytest

from domain.identifiers import application_id
from domain.orders import CODES, AccountKind, Measure
from domain.report import Line
from domain.sheets import SheetKind, Verdict, Why
from domain.statement import FreezeSeen, Way
from tests.workflows.case_in_hand import CaseInHand
from tests.workflows.paper_policy import with_policy
from tests.workflows.paper_world import SILENT, PaperWorld, held_back, refused
from workflows.casework import pursuit


def test_every_reported_account_is_stopped_at_once_before_any_statement_is_read():
    # given a victim who paid into two accounts at two banks, of which one is slow to answer queries
    world = PaperWorld()
    first, second = world.open("a", "ICBC"), world.open("b", "ABC")
    world.defraud(first, 300_00)
    world.defraud(second, 700_00)
    # when the case begins
    case = CaseInHand(world)
    # then both stops are on their way in the very first step
    assert {(one.kind.value, one.institution) for one in case.case.errands} == {
        ("pursue", first.institution),
        ("pursue", second.institution),
    }


def test_a_first_stop_names_the_largest_of_several_transfers():
    world = PaperWorld()
    mule = world.open("a")
    for amount in (100_00, 900_00, 400_00):
        world.defraud(mule, amount)
    case = CaseInHand(world)
    assert case.account(mule).evidence.amount_fen == 900_00
    assert len(case.case.errands) == 1


def test_numbers_are_closed_and_links_blocked_at_the_carrier_with_the_stops():
    world = PaperWorld()
    world.defraud(world.open("a"), 100_00)
    start = world.start(lines=(Line(number="17044059130", carrier="CA"),), links=("http://scam.example/x",))
    world.start = lambda *_args, **_more: start  # type: ignore[method-assign]
    CaseInHand(world).go()
    assert [one.target for one in world.orders(Measure.CLOSE_NUMBER)] == ["17044059130"]
    assert [one.target for one in world.orders(Measure.BLOCK_LINK)] == ["http://scam.example/x"]


def test_a_number_without_a_known_carrier_is_put_to_a_person_with_its_tail_only():
    world = PaperWorld()
    world.defraud(world.open("a"), 100_00)
    start = world.start(lines=(Line(number="17044059130", carrier="MVNO-9"),))
    world.start = lambda *_args, **_more: start  # type: ignore[method-assign]
    case = CaseInHand(world)
    case.go()
    assert "9130" in case.problems()
    assert "17044059130" not in case.problems()


def test_the_money_is_followed_layer_by_layer_to_where_it_lies():
    # given 1,000 yuan that went a -> b -> c, of which 200 left as cash at b
    world = PaperWorld()
    a, b, c = world.open("a", "ICBC"), world.open("b", "ABC"), world.open("c", "CCB")
    world.defraud(a, 1_000_00)
    world.pay(a, b, 1_000_00)
    world.pay(b, Way.CASH, 200_00)
    world.pay(b, c, 800_00)
    # when it is traced
    case = CaseInHand(world)
    case.go()
    # then all three are stopped, and the books know where every fen is
    assert [one.stopped for one in (a, b, c)] == [True, True, True]
    assert [case.account(one).layer for one in (a, b, c)] == [1, 2, 3]
    books = case.books()
    assert (books.held_fen, books.left_cash_fen, books.at_risk_fen) == (800_00, 200_00, 0)


def test_payments_that_carry_none_of_the_reports_money_are_not_followed():
    world = PaperWorld()
    mule, shop = world.open("a", opening_fen=500_00), world.open("shop", "ABC")
    world.pay(mule, shop, 300_00)
    world.defraud(mule, 1_000_00)
    world.pay(mule, shop, 200_00)  # the oldest money first: still the mule's own
    case = CaseInHand(world)
    case.go()
    assert not case.knows(shop)


@pytest.mark.parametrize(("by", "ours_left"), [("another case", 500_00), ("this case", 1_000_00)])
def test_what_a_statement_shows_frozen_for_another_case_is_not_taken_for_ours(by: str, ours_left: int):
    # given 500 yuan in the account before the report's 1,000, and a payment of 500 after a freeze of 500 began
    world = PaperWorld()
    mule = world.open("a", opening_fen=500_00)
    world.defraud(mule, 1_000_00)
    world.pay(mule, Way.CASH, 500_00)
    own = application_id(world.start().case_id, mule.institution, mule.number, CODES[Measure.FREEZE], 1)
    frozen = FreezeSeen(
        application_id=own if by == "this case" else "0201" + "7" * 32, amount_fen=500_00, started=mule.rows[-1].at
    )
    told = world.digest
    world.digest = lambda home: told(home).model_copy(update={"freezes": (frozen,)})  # type: ignore[method-assign]
    # when the case reads it, having asked for one freeze itself
    case = CaseInHand(world)
    case.account(mule).freeze_sequence = 1
    case.go()
    # then the older money stood still only if it was frozen for somebody else
    assert case.entry(mule).attributed_fen == ours_left


def test_a_company_is_queried_first_and_held_whole_only_where_most_of_its_balance_is_the_reports():
    world = PaperWorld()
    full = world.open("c1", "ABC", kind=AccountKind.CORPORATE)
    world.defraud(full, 1_000_00)
    case = CaseInHand(world)
    case.go()
    # the query came before the stop
    assert [one.measure for one in world.asked if one.target == full.key][:2] == [Measure.QUERY, Measure.STOP]
    assert full.stopped


def test_a_company_of_small_share_is_never_stopped_but_its_limited_freeze_is_asked_for_at_once():
    # given a shop with 100,000 yuan of its own, into which 1,000 stolen yuan were paid
    world = PaperWorld()
    shop = world.open("shop", "ABC", kind=AccountKind.CORPORATE, opening_fen=100_000_00)
    world.defraud(shop, 1_000_00)
    case = CaseInHand(world)
    case.go()
    # then no stop left, and a sheet for just these 1,000 yuan is there without any waiting
    assert not world.orders(Measure.STOP)
    [sheet] = case.sheets()
    assert [(line.amount_fen, line.limited) for line in sheet.lines] == [(1_000_00, True)]


def test_0303_with_account_type_02_turns_a_person_into_a_company_and_asks_no_person_for_help():
    # given an account reported as a person's that is a company's
    world = PaperWorld()
    firm = world.open("firm", "ABC", kind=AccountKind.CORPORATE)
    world.defraud(firm, 1_000_00)
    world._transfers[0] = world._transfers[0].model_copy(update={"account_kind": AccountKind.PERSON})
    case = CaseInHand(world)
    # when the bank refuses the stop with 0303, and its statement takes a while longer
    world.say(Measure.QUERY, firm, SILENT)
    case.go()
    case.later(seconds=5)
    assert case.books().held_fen == 0
    world.speak(Measure.QUERY, firm)
    case.later(seconds=5)
    # then it is treated as a company: queried, and stopped as one, since all of its money is the report's
    assert case.account(firm).ref.kind is AccountKind.CORPORATE
    assert firm.stopped
    assert "refused" not in case.problems()


def test_a_refused_stop_asks_a_person_for_the_four_elements_and_its_money_stays_at_risk():
    world = PaperWorld()
    mule = world.open("a")
    world.defraud(mule, 1_000_00)
    world.say(Measure.STOP, mule, refused("0201"))
    case = CaseInHand(world)
    case.go()
    assert "four elements" in case.problems()
    assert case.books().in_motion_fen == 1_000_00
    assert len(world.orders(Measure.STOP)) == 1, "a mismatch is an answer: it is never sent again as it is"


def test_a_stop_without_an_answer_is_pending_and_never_counted_as_failed_or_as_held():
    world = PaperWorld()
    mule = world.open("a")
    world.defraud(mule, 1_000_00)
    world.say(Measure.STOP, mule, SILENT)
    case = CaseInHand(world)
    case.go()
    for _ in range(5):
        case.later(minutes=10)
    books = case.books()
    assert (books.stop_pending_fen, books.held_fen, books.in_motion_fen) == (1_000_00, 0, 0)
    assert not case.finished()
    # every further asking was the same order
    assert {one.sequence for one in world.orders(Measure.STOP)} == {1}
    # and when the bank speaks after all, the stop holds
    world.speak(Measure.STOP, mule)
    case.later(minutes=1)
    assert case.books().held_fen == 1_000_00


def test_an_order_the_register_holds_back_stays_to_be_sent():
    world = PaperWorld()
    mule = world.open("a")
    world.defraud(mule, 1_000_00)
    world.say(Measure.STOP, mule, held_back("halted"))
    case = CaseInHand(world)
    case.go()
    assert case.held_back()
    assert not world.asked, "nothing left"
    assert case.books().in_motion_fen == 1_000_00
    world.speak(Measure.STOP, mule)
    case.later(seconds=30)
    assert mule.stopped


def chain(length: int, policy_change: dict[str, object]) -> tuple[PaperWorld, CaseInHand]:
    world = PaperWorld()
    homes = [world.open(f"m{no}", ("ICBC", "ABC", "CCB")[no % 3]) for no in range(length)]
    world.defraud(homes[0], 1_000_00)
    for one, following in pairwise(homes):
        world.pay(one, following, 1_000_00)
    return world, CaseInHand(world, with_policy(trace=policy_change))


@pytest.mark.parametrize(
    ("bound", "change", "reached"),
    [("layers", {"most_layers": 3}, 3), ("accounts", {"most_accounts": 4}, 4)],
)
def test_each_bound_of_tracing_cuts_where_it_says_and_names_itself(bound, change, reached):
    world, case = chain(6, change)
    case.go()
    accounts = list(case.case.state.accounts.values())
    assert [one.cut for one in accounts] == [""] * reached + [bound]
    assert len(world.orders(Measure.STOP)) == reached
    assert case.entry(list(world.homes.values())[reached + 1]).cut == bound


def test_what_is_too_little_to_follow_is_cut_as_least_and_taken_up_when_more_arrives():
    world = PaperWorld()
    mule, other, third = world.open("a"), world.open("b", "ABC"), world.open("c", "CCB")
    world.defraud(mule, 1_000_00)
    world.defraud(third, 500_00)
    world.pay(mule, other, 99)
    world.say(Measure.QUERY, third, SILENT)
    case = CaseInHand(world)
    world.pay(third, other, 500_00)
    case.go()
    assert case.account(other).cut == "least"
    assert not other.stopped
    # when the statement of another payer shows more of the report's money going there
    world.speak(Measure.QUERY, third)
    case.later(seconds=1)
    assert case.account(other).cut == ""
    assert other.stopped


def test_what_left_after_the_window_is_cut_as_window():
    world = PaperWorld()
    mule, late = world.open("a"), world.open("b", "ABC")
    world.defraud(mule, 1_000_00)
    world._at += timedelta(hours=73)
    world.pay(mule, late, 1_000_00)
    case = CaseInHand(world)
    case.go()
    assert case.account(late).cut == "window"


def test_an_account_at_an_institution_without_a_line_is_put_to_a_person():
    world = PaperWorld()
    mule, far = world.open("a"), world.open("b", "999999999999")
    world.defraud(mule, 1_000_00)
    world.pay(mule, far, 1_000_00)
    case = CaseInHand(world)
    case.go()
    assert case.account(far).cut == "no_line"
    assert "no line to institution 999999999999" in case.problems()
    assert case.books().in_motion_fen == 1_000_00


def test_a_reported_transfer_the_statement_does_not_show_is_put_to_a_person():
    world = PaperWorld()
    mule = world.open("a", opening_fen=70_00)
    world.defraud(mule, 1_000_00)
    mule.rows.clear()
    case = CaseInHand(world)
    case.go()
    assert "does not show the reported transfer" in case.problems()


def fan(width: int) -> PaperWorld:
    world = PaperWorld()
    root = world.open("root")
    world.defraud(root, width * 10_00)
    for no in range(width):
        world.pay(root, world.open(f"m{no}", ("ICBC", "ABC", "CCB")[no % 3]), 10_00)
    return world


FUSE = with_policy(fuse={"accounts_per_case": 20, "each_yes_opens": 100})


def test_the_fuse_asks_at_eighty_percent_while_stops_go_on_and_beyond_it_nothing_leaves_without_a_yes():
    # given a fuse of 20 and a case of 31 accounts
    world = fan(30)
    case = CaseInHand(world, FUSE)
    # when it is traced
    case.go()
    # then the duty chief was asked at the sixteenth, and exactly twenty stops left
    [sheet] = case.sheets(SheetKind.FUSE)
    assert (sheet.why, str(sheet.stops)) == (Why.FUSE_NEAR, "16/20")
    assert len(world.orders(Measure.STOP)) == 20
    assert len(case.case.state.fuse_waiting) == 11
    # and a yes lets the others leave at once
    case.decide(sheet.name)
    assert len(world.orders(Measure.STOP)) == 31
    assert case.case.fuse_raises == [sheet.name]
    assert case.books().held_fen == 300_00


def test_a_no_to_the_fuse_lets_nothing_further_leave():
    world = fan(30)
    case = CaseInHand(world, FUSE)
    case.go()
    case.decide("U-01", Verdict.REJECT)
    case.later(hours=1)
    assert len(world.orders(Measure.STOP)) == 20


def test_a_cancelled_case_asks_no_further_bank_but_its_books_still_add_up():
    # given a case that is cancelled while a statement is still out
    world = PaperWorld()
    a, b = world.open("a"), world.open("b", "ABC")
    world.defraud(a, 1_000_00)
    world.pay(a, b, 600_00)
    world.say(Measure.QUERY, a, SILENT)
    case = CaseInHand(world)
    case.go()
    case.case.state.cancelled = True
    # when the statement arrives after all
    world.speak(Measure.QUERY, a)
    case.later(seconds=1)
    # then nobody is stopped because of it, and no fen is lost sight of
    assert not b.stopped
    assert case.account(b).cut == "cancelled"
    assert case.books().in_motion_fen == 600_00


def test_a_recheck_queries_every_uncovered_account_again_and_no_other():
    world = PaperWorld()
    held, loose = world.open("a"), world.open("b", "ABC")
    world.defraud(held, 1_000_00)
    world.defraud(loose, 500_00)
    world.say(Measure.STOP, loose, refused("0201"))
    case = CaseInHand(world)
    case.go()
    before = len(world.orders(Measure.QUERY, held)), len(world.orders(Measure.QUERY, loose))
    pursuit.recheck(case.case)
    case.go()
    assert (len(world.orders(Measure.QUERY, held)), len(world.orders(Measure.QUERY, loose))) == (
        before[0],
        before[1] + 1,
    )
