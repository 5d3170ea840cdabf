"""From stopped to frozen: when an account is ripe, what a sheet holds, and what a decision entitles."""

from datetime import timedelta

import pytest

from domain.findings import Finding
from domain.orders import AccountKind, HeldBack, Measure, Partial
from domain.sheets import Decision, SheetKind, Verdict
from domain.statement import Way
from tests.workflows.case_in_hand import CaseInHand
from tests.workflows.paper_world import (
    POLICY,
    SILENT,
    T0,
    TERM,
    Home,
    PaperWorld,
    evidence_of,
    held_back,
    refused,
    with_policy,
)
from workflows.casework import holding, pursuit
from workflows.casework.case import Case
from workflows.casework.deadlines import deadlines, next_deadline
from workflows.casework.state import CaseState


def two_layers() -> tuple[PaperWorld, Home, Home]:
    world = PaperWorld()
    a, b = world.open("a", "ICBC"), world.open("b", "ABC")
    world.defraud(a, 1_000_00)
    world.pay(a, b, 600_00)
    return world, a, b


def amounts(case: CaseInHand, name: str) -> dict[str, int]:
    return {line.account.name: line.amount_fen for line in case.sheet(name).lines}


# ---------------------------------------------------------------- ripe, sheet, freeze


def test_ripe_accounts_wait_a_moment_for_company_and_then_share_one_sheet():
    world, _, _ = two_layers()
    case = CaseInHand(world)
    case.go()
    assert not case.sheets()
    case.gather()
    assert amounts(case, "F-01") == {"a": 400_00, "b": 600_00}


def test_an_approved_sheet_freezes_its_amounts_and_the_stop_is_lifted_once_the_freeze_is_executed():
    world, a, b = two_layers()
    case = CaseInHand(world)
    case.go()
    case.gather()
    case.decide("F-01")
    assert (a.freezes, b.freezes) == ({1: 400_00}, {1: 600_00})
    assert not a.stopped
    assert not b.stopped
    assert case.books().held_fen == 1_000_00


def test_a_freeze_the_bank_refuses_leaves_the_stop_standing_and_asks_a_person():
    world, a, _ = two_layers()
    world.say(Measure.FREEZE, a, refused("1400"))
    case = CaseInHand(world)
    case.go()
    case.gather()
    case.decide("F-01")
    assert a.stopped
    assert "freeze not executed (1400)" in case.problems()
    assert case.books().held_fen == 1_000_00


def test_a_freeze_executed_in_part_holds_what_the_bank_says_and_the_rest_stays_stopped():
    world, a, _ = two_layers()
    world.say(Measure.FREEZE, a, Partial(code="1200", at=T0, amount_fen=150_00))
    case = CaseInHand(world)
    case.go()
    case.gather()
    case.decide("F-01")
    assert case.entry(a).frozen_fen == 150_00
    assert a.stopped
    assert case.books().held_fen == 1_000_00


def test_an_account_whose_inflow_is_still_outstanding_upstream_is_not_ripe_until_ten_minutes_after_its_stop():
    # given b, stopped with its statement in, and c upstream of b whose statement does not come
    world = PaperWorld()
    c, b = world.open("c", "CCB"), world.open("b", "ABC")
    world.defraud(b, 600_00)
    world.defraud(c, 1_000_00)
    world.pay(c, b, 300_00)
    world.say(Measure.QUERY, c, SILENT)
    case = CaseInHand(world)
    case.go()
    case.later(minutes=5)
    case.later(minutes=4, seconds=59)
    assert not case.sheets(), "more may still turn out to be the report's"
    # when ten minutes have passed since the stop
    case.later(seconds=1)
    case.gather()
    case.later(seconds=POLICY.freeze.gather_most_seconds)
    # then it goes on a sheet all the same, and so does the silent account's known money
    assert amounts(case, "F-01") == {"b": 600_00, "c": 1_000_00}


def test_a_sheet_is_fixed_when_made_and_later_growth_goes_on_a_further_sheet_for_the_difference():
    world = PaperWorld()
    c, b = world.open("c", "CCB"), world.open("b", "ABC")
    world.defraud(b, 600_00)
    world.defraud(c, 1_000_00)
    world.pay(c, b, 300_00)
    world.say(Measure.QUERY, c, SILENT)
    case = CaseInHand(world)
    case.go()
    case.later(minutes=10)
    case.later(seconds=POLICY.freeze.gather_most_seconds)
    first = case.sheet("F-01")
    digest = first.digest
    # when the upstream statement arrives
    world.speak(Measure.QUERY, c)
    case.later(minutes=1)
    case.gather()
    # then the first sheet is what it was, and a second one asks for what is new
    assert case.sheet("F-01").digest == digest
    assert amounts(case, "F-02") == {"b": 300_00}
    # and both together hold what is the report's in b, nothing twice
    case.decide("F-01")
    case.decide("F-02")
    assert b.freezes == {1: 600_00, 2: 300_00}


def test_more_money_in_an_account_whose_freeze_had_ended_its_stop_is_stopped_again_at_once_and_frozen_too():
    world = PaperWorld()
    a, b, c = world.open("a"), world.open("b", "ABC"), world.open("c", "CCB")
    world.defraud(a, 1_000_00)
    world.defraud(b, 500_00)
    world.say(Measure.STOP, a, SILENT)
    case = CaseInHand(world)
    case.go()
    case.later(seconds=POLICY.freeze.gather_most_seconds)
    case.decide("F-01")
    assert (b.stopped, b.freezes) == (False, {1: 500_00})
    # when the money of the silent bank's account turns up in it
    world.pay(a, b, 1_000_00)
    world.pay(b, c, 300_00)
    world.speak(Measure.STOP, a)
    case.later(seconds=5)
    # then it cannot leave any more, what had left is followed, and the difference goes on a sheet
    assert b.stopped
    assert c.stopped
    case.gather()
    assert amounts(case, "F-02") == {"b": 700_00, "c": 300_00}
    case.decide("F-02")
    assert case.books().held_fen == 1_500_00


def test_many_ripe_accounts_are_spread_over_sheets_of_the_policys_length():
    world = PaperWorld()
    root = world.open("root")
    world.defraud(root, 70_00)
    for no in range(7):
        world.pay(root, world.open(f"m{no}"), 10_00)
    case = CaseInHand(world, with_policy(freeze={"lines_per_sheet": 3}))
    case.go()
    case.gather()
    assert [len(sheet.lines) for sheet in case.sheets()] == [3, 3, 1]


def test_above_the_city_sum_the_city_level_approves_as_well():
    for loss, quorum in ((POLICY.freeze.city_above_fen, "freeze"), (POLICY.freeze.city_above_fen + 1, "freeze_city")):
        world = PaperWorld()
        world.defraud(world.open("a"), loss)
        case = CaseInHand(world)
        case.go()
        case.gather()
        assert case.sheets()[0].quorum == POLICY.quorum[quorum]


def test_where_nothing_is_attributed_no_freeze_is_asked_for():
    world, a, b = two_layers()
    world.pay(a, b, 400_00)
    case = CaseInHand(world)
    case.go()
    case.gather()
    assert amounts(case, "F-01") == {"b": 1_000_00}
    assert a.stopped, "its stop lapses by itself"


# ---------------------------------------------------------------- small share


def small_share_mule() -> tuple[PaperWorld, Home, CaseInHand]:
    """A person with 10,000 yuan of his own, stopped whole for 1,000 stolen ones."""
    world = PaperWorld()
    mule = world.open("a", opening_fen=10_000_00)
    world.defraud(mule, 1_000_00)
    return world, mule, CaseInHand(world)


def test_a_stopped_account_of_small_share_gets_its_limited_freeze_sheet_at_once():
    _, mule, case = small_share_mule()
    case.go()
    assert mule.stopped
    [sheet] = case.sheets()
    assert (sheet.why, sheet.amount_fen, sheet.lines[0].limited) == ("small_share", 1_000_00, True)
    # and once executed, its owner has the rest back
    case.decide(sheet.name)
    assert (mule.stopped, mule.freezes) == (False, {1: 1_000_00})


def test_undecided_for_fifteen_minutes_its_release_is_proposed_to_the_duty_chief_once():
    _, mule, case = small_share_mule()
    case.go()
    case.later(minutes=14, seconds=59)
    assert not case.sheets(SheetKind.RELEASE)
    assert next_deadline(case.case) == case.now + timedelta(seconds=1)
    case.later(seconds=1)
    case.later(hours=1)
    [release] = case.sheets(SheetKind.RELEASE)
    assert release.quorum == POLICY.quorum["release"]
    # and a yes lets the account go
    case.decide(release.name)
    assert not mule.stopped
    assert case.books().released_fen == 1_000_00


def test_no_release_is_proposed_once_the_limited_freeze_is_decided_even_if_the_bank_is_slow():
    world, mule, case = small_share_mule()
    world.say(Measure.FREEZE, mule, SILENT)
    case.go()
    case.decide("F-01")
    case.later(minutes=20)
    assert not case.sheets(SheetKind.RELEASE)


def test_a_freeze_approved_after_the_release_was_finds_nothing_to_do():
    world, _, case = small_share_mule()
    case.go()
    case.later(minutes=15)
    case.decide("R-01")
    case.decide("F-01")
    assert not world.orders(Measure.FREEZE)
    assert case.books().released_fen == 1_000_00


def test_a_company_found_to_be_a_mule_is_still_held_when_more_turns_out_to_be_the_reports():
    # given a company of small share whose limited freeze stands, found to be a mule's
    world = PaperWorld()
    firm = world.open("firm", "ABC", kind=AccountKind.CORPORATE, opening_fen=9_000_00)
    slow = world.open("slow", "CCB")
    world.defraud(firm, 1_000_00)
    world.defraud(slow, 2_000_00)
    world.pay(slow, firm, 2_000_00)
    world.say(Measure.QUERY, slow, SILENT)
    case = CaseInHand(world)
    case.go()
    case.decide("F-01")
    case.find(firm, Finding.MULE)
    # when a payer's statement shows that more of its balance is the report's
    world.speak(Measure.QUERY, slow)
    case.later(seconds=5)
    # then the difference is asked for too
    assert case.sheets()[-1].lines[0].account.name == "firm"
    assert case.sheets()[-1].amount_fen == 2_000_00


# ---------------------------------------------------------------- decisions


def test_a_decision_whose_ruling_was_lost_takes_effect_when_somebody_is_refused_for_it():
    # given a sheet that the register has approved, and the case was never told
    world, a, _ = two_layers()
    case = CaseInHand(world)
    case.go()
    case.gather()
    decision = Decision(case_id=case.case.start.case_id, sheet="F-01", officer="", verdict=Verdict.APPROVE, at=case.now)
    said = [decision.model_copy(update={"officer": one, "evidence": evidence_of(one)}) for one in ("012345", "012302")]
    assert all(world.register.decide(one).accepted for one in said)
    # when another officer is told that it is decided already
    ruling = world.register.decide(said[0].model_copy(update={"officer": "012346"}))
    assert not ruling.accepted
    holding.apply_ruling(case.case, ruling)
    case.go()
    # then the freeze leaves
    assert a.freezes == {1: 400_00}


def test_lines_excepted_from_an_approval_are_not_frozen():
    world, a, b = two_layers()
    case = CaseInHand(world)
    case.go()
    case.gather()
    excepted = next(line.no for line in case.sheet("F-01").lines if line.account.name == "a")
    case.decide("F-01", but=(excepted,))
    assert (a.freezes, b.freezes) == ({}, {1: 600_00})
    assert a.stopped, "it was not let go either: its stop runs to its end"


def test_a_rejection_lets_go_of_every_account_on_the_sheet():
    world, a, b = two_layers()
    case = CaseInHand(world)
    case.go()
    case.gather()
    case.decide("F-01", Verdict.REJECT)
    assert not a.stopped
    assert not b.stopped
    assert case.books().released_fen == 1_000_00
    assert [one.cause for one in world.orders(Measure.LIFT)] == ["decision", "decision"]


def test_a_rejected_difference_does_not_undo_the_freeze_approved_before():
    world = PaperWorld()
    c, b = world.open("c", "CCB"), world.open("b", "ABC")
    world.defraud(b, 600_00)
    world.defraud(c, 1_000_00)
    world.pay(c, b, 300_00)
    world.say(Measure.QUERY, c, SILENT)
    case = CaseInHand(world)
    case.go()
    case.later(minutes=10)
    case.later(seconds=POLICY.freeze.gather_most_seconds)
    case.decide("F-01")
    world.speak(Measure.QUERY, c)
    case.later(minutes=1)
    case.gather()
    case.decide("F-02", Verdict.REJECT)
    assert b.freezes == {1: 600_00}


def test_silence_is_no_decision_the_sheet_climbs_and_stays_pending():
    world, _, _ = two_layers()
    case = CaseInHand(world)
    case.go()
    case.gather()
    case.later(minutes=POLICY.hold.decide_within_minutes)
    assert "past its deadline: the duty chief" in case.problems()
    assert "F-01" in case.pending()
    case.later(hours=5)
    assert "F-01" in case.pending()
    # and a late decision counts like any other, and takes the complaint away
    case.decide("F-01")
    assert case.books().held_fen == 1_000_00
    assert "past its deadline" not in case.problems()


# ---------------------------------------------------------------- findings


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


# ---------------------------------------------------------------- ends


def test_a_stop_whose_end_has_passed_is_noticed_and_its_money_is_no_longer_counted_as_held():
    world, _, _ = two_layers()
    case = CaseInHand(world)
    case.go()
    case.later(seconds=TERM.total_seconds() - 1)
    assert case.books().held_fen == 1_000_00
    case.later(seconds=1)
    assert case.books().held_fen == 0
    assert "the stop has lapsed; money may leave" in case.problems()


def test_what_left_after_a_stop_lapsed_is_seen_and_followed():
    world, a, _ = two_layers()
    c = world.open("c", "CCB")
    case = CaseInHand(world)
    case.go()
    a.stopped = False  # the bank lifts it in its own time
    world.pay(a, c, 400_00)
    case.later(hours=48)
    assert c.stopped
    assert case.entry(c).held_fen == 400_00


def test_a_case_closes_when_every_fen_is_frozen_released_left_or_lapsed_and_not_before():
    world, a, b = two_layers()
    world.pay(b, Way.CASH, 100_00)
    case = CaseInHand(world)
    case.go()
    case.gather()
    case.find(a, Finding.MULE)
    assert not case.finished(), "a sheet is undecided"
    case.decide("F-01", but=(1,))
    assert not case.finished(), "an account is stopped and not frozen"
    case.later(hours=48)
    assert case.finished()


def test_a_case_does_not_close_while_a_finding_is_out():
    world, a, _ = two_layers()
    case = CaseInHand(world)
    case.go()
    case.gather()
    case.decide("F-01")
    assert not case.finished()
    case.find(a, Finding.MULE)
    assert case.finished()


def test_the_missing_filing_is_the_first_deadline_and_runs_to_the_banks_own_end():
    world, _, _ = two_layers()
    case = CaseInHand(world)
    case.go()
    case.gather()
    first = deadlines(case.case)[0]
    assert "filing" in first.en
    assert first.at == T0 + TERM
    case.case.state.filing_number = "A3202"
    assert "filing" not in " ".join(one.en for one in deadlines(case.case))
    assert deadlines(case.case)[0].at == case.sheets()[0].decide_by


def test_a_case_taken_up_from_its_state_says_the_same_of_every_fen():
    """Whose money was paid while a freeze stood depends on what the ledger had been told: a next run must know it."""
    # given an account frozen in part, then paid from, then frozen again, and one whose freeze was ended
    world = PaperWorld()
    a, b, shop = world.open("a"), world.open("b", "ABC"), world.open("shop", "CCB")
    world.defraud(a, 1_000_00)
    world.defraud(shop, 500_00)
    case = CaseInHand(world)
    case.go()
    case.gather()
    case.decide("F-01")
    case.case.ledger.cover(a.key, -600_00)
    case.account(a).covers = case.case.ledger.covers(a.key)
    case.account(a).freezes[0] = case.account(a).freezes[0].model_copy(update={"amount_fen": 400_00})
    a.freezes[1] = 400_00
    assert world.pay(a, b, 600_00)
    case.find(shop, Finding.MERCHANT)
    world.pay(shop, b, 500_00)
    pursuit.recheck(case.case)
    for home in (a, shop):
        pursuit.query(case.case, case.account(home))
    case.go()
    before = {home.key: case.case.ledger.attributed(home.key) for home in world.homes.values()}
    # when the next run takes it up from what the state says, through its own serialised form
    state = CaseState.model_validate_json(case.case.state.model_dump_json())
    after = Case(case.case.start, state, case.now)
    # then nothing has moved
    assert {home.key: after.ledger.attributed(home.key) for home in world.homes.values()} == before
    assert after.ledger.left() == case.case.ledger.left()
    assert before[a.key] == 400_00
