"""What a decision on a freeze sheet entitles, excepts or lets go, and what silence does not do."""

from domain.orders import Measure
from domain.sheets import Decision, Verdict
from tests.workflows.case_in_hand import CaseInHand
from tests.workflows.paper_policy import POLICY
from tests.workflows.paper_register import evidence_of
from tests.workflows.paper_stories import silent_upstream, two_layers
from workflows.casework import holding


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
    world, c, b = silent_upstream()
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
