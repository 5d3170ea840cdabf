"""What is found at a holder's, and what it does to stops and freezes."""

import pytest

from domain.findings import Finding
from domain.orders import AccountKind, HeldBack, Measure
from tests.workflows.case_in_hand import CaseInHand, amounts
from tests.workflows.paper_policy import POLICY
from tests.workflows.paper_stories import two_layers
from tests.workflows.paper_world import SILENT, PaperWorld, held_back, refused


def test_an_honest_merchants_stop_is_lifted_at_the_finding():
    world, a, _ = two_layers()
    case = CaseInHand(world)
    case.go()
    case.find(a, Finding.MERCHANT)
    assert not a.stopped
    assert case.books().left_merchant_fen == 400_00
    case.gather()
    assert amounts(case, "F-01") == {"b": 600_00}, "nothing more is asked for at the merchant's"


def test_a_stop_that_stands_on_for_other_cases_is_lifted_too_when_its_holder_is_an_honest_merchant():
    # given a frozen account whose stop another case's claim still holds
    world, a, _ = two_layers()
    world.say(Measure.LIFT, a, HeldBack(reason="other_claims"))
    case = CaseInHand(world)
    case.go()
    case.gather()
    case.decide("F-01")
    assert case.account(a).stop_for_others
    assert not world.orders(Measure.LIFT, a)
    # when the holder is found to be an honest merchant, and the other case has let go
    world.speak(Measure.LIFT, a)
    case.find(a, Finding.MERCHANT)
    # then the stop is lifted, by an order of its own
    assert [one.cause for one in world.orders(Measure.LIFT, a)] == ["finding"]
    assert not a.stopped


def test_an_honest_merchants_freezes_are_ended_each_once():
    world = PaperWorld()
    slow, shop = world.open("slow", "CCB"), world.open("shop", "ABC")
    world.defraud(shop, 600_00)
    world.defraud(slow, 300_00)
    world.pay(slow, shop, 300_00)
    world.say(Measure.QUERY, slow, SILENT)
    case = CaseInHand(world)
    case.go()
    case.later(minutes=10)
    case.later(seconds=POLICY.freeze.gather_most_seconds)
    case.decide("F-01")
    world.speak(Measure.QUERY, slow)
    case.later(minutes=1)
    case.gather()
    case.decide("F-02")
    assert len(shop.freezes) == 2
    case.find(shop, Finding.MERCHANT)
    assert shop.freezes == {}
    assert sorted(one.sequence for one in world.orders(Measure.UNFREEZE)) == [1, 2]
    assert case.books().left_merchant_fen == 900_00


@pytest.mark.parametrize("both", [False, True])
def test_a_freeze_still_on_its_way_to_an_honest_merchant_ends_when_it_arrives(both):
    # given a freeze that is sent and not answered
    world, a, b = two_layers()
    for home in (a, b) if both else (a,):
        world.say(Measure.FREEZE, home, SILENT)
    case = CaseInHand(world)
    case.go()
    case.gather()
    case.decide("F-01")
    # when the finding comes first, and the freeze is executed after all
    case.find(a, Finding.MERCHANT)
    world.speak(Measure.FREEZE, a)
    case.later(seconds=5)
    # then it does not stand
    assert a.freezes == {}
    assert not a.stopped
    assert case.books().left_merchant_fen == 400_00


def test_a_stop_held_back_until_after_the_merchants_finding_is_lifted_when_it_takes_effect():
    world, a, _ = two_layers()
    world.say(Measure.STOP, a, held_back("halted"))
    case = CaseInHand(world)
    case.go()
    case.find(a, Finding.MERCHANT)
    world.speak(Measure.STOP, a)
    case.later(minutes=1)
    assert world.orders(Measure.STOP, a)
    assert not a.stopped


@pytest.mark.parametrize("finding", [Finding.MULE, Finding.VICTIM, Finding.NOT_FOUND])
def test_every_other_finding_keeps_the_account_held(finding):
    world, a, _ = two_layers()
    case = CaseInHand(world)
    case.go()
    case.find(a, finding)
    assert a.stopped
    case.gather()
    assert amounts(case, "F-01")["a"] == 400_00


def test_the_policy_says_which_holders_are_visited_and_nobody_is_visited_twice():
    # given a first layer, a small second layer, a company, and a large sum further down
    world = PaperWorld()
    first = world.open("first")
    small, firm, large = (
        world.open("small", "ABC"),
        world.open("firm", "CCB", kind=AccountKind.CORPORATE),
        world.open("large", "ABC"),
    )
    world.defraud(first, 40_000_000)
    world.pay(first, small, 1_000_00)
    world.pay(first, firm, 1_000_00)
    world.pay(first, large, 30_000_000)
    case = CaseInHand(world)
    case.go()
    case.later(hours=1)
    assert sorted(one.ref.name for one in case.visited) == ["firm", "first", "large"]


def test_a_second_stop_held_back_until_after_the_merchants_finding_is_lifted_too():
    # given an account whose first stop its freeze has ended, and more money that is to be stopped
    world = PaperWorld()
    shop, slow = world.open("shop", "ABC"), world.open("slow", "CCB")
    world.defraud(shop, 500_00)
    world.defraud(slow, 300_00)
    world.say(Measure.QUERY, slow, SILENT)
    case = CaseInHand(world)
    case.go()
    case.later(seconds=POLICY.freeze.gather_most_seconds)
    case.decide("F-01")
    assert (shop.stopped, [one.sequence for one in world.orders(Measure.LIFT, shop)]) == (False, [1])
    # when the second stop is held back until after the holder was found to be an honest merchant
    slow.stopped = False
    world.pay(slow, shop, 300_00)
    world.say(Measure.STOP, shop, held_back("halted"))
    world.speak(Measure.QUERY, slow)
    case.later(seconds=5)
    case.find(shop, Finding.MERCHANT)
    world.speak(Measure.STOP, shop)
    case.later(minutes=1)
    # then it does not stand either
    assert [one.sequence for one in world.orders(Measure.STOP, shop)] == [1, 2]
    assert not shop.stopped
    assert shop.freezes == {}


def test_what_a_finding_lets_go_names_no_sheet():
    world, a, _ = two_layers()
    case = CaseInHand(world)
    case.go()
    case.gather()
    case.decide("F-01")
    case.find(a, Finding.MERCHANT)
    assert [(one.cause, one.sheet) for one in world.orders(Measure.UNFREEZE, a)] == [("finding", "")]


@pytest.mark.parametrize("measure", [Measure.LIFT, Measure.UNFREEZE])
def test_a_bank_that_does_not_let_go_is_told_to_a_person(measure):
    world, a, _ = two_layers()
    world.say(measure, a, refused("1399"))
    case = CaseInHand(world)
    case.go()
    case.gather()
    case.decide("F-01")
    case.find(a, Finding.MERCHANT)
    assert "not let go by its bank (1399)" in case.problems()


def test_a_freeze_that_ended_by_itself_is_not_counted_as_held_when_it_is_let_go():
    world, a, _ = two_layers()
    world.say(Measure.UNFREEZE, a, held_back("nothing_to_end"))
    case = CaseInHand(world)
    case.go()
    case.gather()
    case.decide("F-01")
    case.find(a, Finding.MERCHANT)
    assert case.entry(a).held_fen == 0
