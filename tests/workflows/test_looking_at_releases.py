"""The second look at what was let go: given by somebody else, who may have it stopped once more."""

from datetime import timedelta

from domain.findings import Finding
from domain.officers import Role
from domain.orders import Measure
from domain.policy import Policy
from domain.sheets import SheetKind, Verdict, Why
from tests.workflows.case_in_hand import CaseInHand
from tests.workflows.looked_at import names, silent, stopped_unasked
from tests.workflows.paper_policy import POLICY, with_policy
from tests.workflows.paper_world import SILENT, Home, PaperWorld
from workflows.casework import accounting
from workflows.casework.deadlines import next_deadline


def released(policy: Policy = POLICY) -> tuple[PaperWorld, Home, CaseInHand]:
    """A stopped account of small share, let go by the duty chief."""
    world = PaperWorld()
    mule = world.open("mule", opening_fen=10_000_00)
    world.defraud(mule, 1_000_00)
    case = CaseInHand(world, policy)
    case.go()
    case.later(minutes=15)
    case.decide("R-01")
    assert not mule.stopped
    return world, mule, case


def looks_at_releases(case: CaseInHand) -> list[str]:
    return [sheet.name for sheet in case.sheets(SheetKind.LOOK) if sheet.why == Why.SECOND_LOOK_AT_RELEASE]


def test_what_a_release_let_go_is_looked_at_by_somebody_else_than_who_released_it():
    _, mule, case = released()
    [name] = looks_at_releases(case)
    sheet = case.sheet(name)
    assert (names(case, name), sheet.quorum) == (["mule"], (Role.SECOND_OFFICER,))
    assert sheet.requester == "012350", "the officer who released asks, and who asks does not decide"
    case.decide(name)
    case.later(minutes=20)
    assert not mule.stopped
    assert looks_at_releases(case) == [name]


def test_a_release_names_the_sheet_that_decided_it():
    world, mule, _ = released()
    assert [(one.cause, one.sheet) for one in world.orders(Measure.LIFT, mule)] == [("decision", "R-01")]


def test_a_case_does_not_close_before_its_release_was_looked_at():
    _, mule, case = released(with_policy(verification={"first_layer": False, "small_share": False}))
    for name in [one for one in case.pending() if one not in looks_at_releases(case)]:
        case.decide(name)
    assert case.pending() == looks_at_releases(case)
    assert not case.finished()
    case.decide(case.pending()[0])
    assert case.finished()
    assert accounting.outcome(case.case, case.books()).value == "released"
    assert not mule.stopped


def test_a_release_that_the_second_look_rejects_is_stopped_once_more_and_a_person_is_told():
    world, mule, case = released()
    case.decide(looks_at_releases(case)[0], Verdict.REJECT)
    assert mule.stopped
    assert [one.sequence for one in world.orders(Measure.STOP, mule)] == [1, 2]
    assert "the second look disagrees with its release; it is stopped once more" in case.problems()
    assert case.books().held_fen == 1_000_00
    # the look was a look at the new stop too, and its release is proposed again only after the policy's time
    case.later(minutes=14)
    assert [sheet.name for sheet in case.sheets(SheetKind.RELEASE)] == ["R-01"]
    case.later(minutes=20)
    assert [sheet.why for sheet in case.sheets(SheetKind.LOOK)] == [Why.SECOND_LOOK, Why.SECOND_LOOK_AT_RELEASE]


def test_what_was_released_and_stopped_once_more_can_be_frozen():
    _, mule, case = released()
    case.decide("F-01")  # the freeze asked for before the release finds nothing to do
    case.decide(looks_at_releases(case)[0], Verdict.REJECT)
    case.gather()
    again = case.sheets()[-1]
    assert (again.name, again.amount_fen) == ("F-02", 1_000_00)
    case.decide("F-02")
    assert mule.freezes == {1: 1_000_00}
    assert not mule.stopped


def test_beyond_the_count_of_stops_a_person_is_told_that_it_cannot_be_stopped_again():
    world, mule, case = released(with_policy(stop={"times_per_account": 1}))
    case.decide(looks_at_releases(case)[0], Verdict.REJECT)
    assert not mule.stopped
    assert len(world.orders(Measure.STOP, mule)) == 1
    assert "it cannot be stopped once more; a person must see to it" in case.problems()


def test_the_look_waits_for_a_bank_that_does_not_answer_no_longer_than_for_a_stop():
    # given two accounts released on one sheet, the lift of one of them unanswered
    world, a, b, case = silent()
    world.say(Measure.LIFT, b, SILENT)
    case.decide("R-01")
    assert (a.stopped, b.stopped) == (False, True)
    assert not looks_at_releases(case)
    assert not case.finished()
    case.later(minutes=14, seconds=59)
    assert not looks_at_releases(case)
    assert next_deadline(case.case) == case.now + timedelta(seconds=1)
    case.later(seconds=1)
    [first] = looks_at_releases(case)
    assert names(case, first) == ["a"]
    world.speak(Measure.LIFT, b)
    case.later(minutes=1)
    assert [names(case, name) for name in looks_at_releases(case)] == [["a"], ["b"]]


def test_what_a_merchants_finding_lets_go_needs_no_second_look():
    _, a, b, case = stopped_unasked()
    case.find(a, Finding.MERCHANT)
    case.find(b, Finding.MERCHANT)
    case.later(hours=1)
    assert not case.sheets(SheetKind.LOOK)
