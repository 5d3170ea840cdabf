"""From stopped to frozen: when an account is ripe, what a sheet holds, and what a decision entitles."""

from datetime import timedelta

from domain.findings import Finding
from domain.orders import AccountKind, Measure, Partial
from domain.sheets import SheetKind
from tests.workflows.case_in_hand import CaseInHand, amounts
from tests.workflows.paper_policy import POLICY, with_policy
from tests.workflows.paper_stories import silent_upstream, two_layers
from tests.workflows.paper_world import SILENT, T0, Home, PaperWorld, refused
from workflows.casework.deadlines import next_deadline
from workflows.details import details

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
    assert "only ¥150.00 of ¥400.00 frozen" in case.problems()
    assert a.stopped
    assert case.books().held_fen == 1_000_00


def test_an_account_whose_inflow_is_still_outstanding_upstream_is_not_ripe_until_ten_minutes_after_its_stop():
    # given b, stopped with its statement in, and c upstream of b whose statement does not come
    world, _, _ = silent_upstream()
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
    world, c, b = silent_upstream()
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
    page = details(case.case)
    assert "只冻所列金额；其中商户/公司 0、占比小 1（" in page
    assert "no more than the sums listed; shops: 0, of small share (limited): 1 (" in page
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
