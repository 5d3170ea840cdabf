"""The second look: at every stop that nobody decided on, and at every release; silence is no word.

Fifteen minutes after a stop a look is asked for, thirty minutes after it a release is proposed (policy `authority`).
"""

from datetime import timedelta

import pytest

from domain.findings import Finding
from domain.officers import Role
from domain.orders import Executed, Measure
from domain.policy import Policy
from domain.sheets import SheetKind, SheetState, Verdict, Why
from tests.workflows.case_in_hand import CaseInHand
from tests.workflows.paper_world import POLICY, SILENT, T0, Home, PaperWorld, with_policy
from workflows.casework import accounting
from workflows.casework.case import Case
from workflows.casework.deadlines import deadlines, next_deadline
from workflows.casework.looking import took_effect
from workflows.casework.state import CaseState
from workflows.showing.questions import questions

WITHIN = timedelta(minutes=POLICY.authority.second_look_minutes)
UNGATHERED = with_policy(freeze={"gather_seconds": 7200.0, "gather_most_seconds": 7200.0})
"""No freeze sheet is made while these tests look: stops that nobody decides on."""


def stopped_unasked(policy: Policy = UNGATHERED) -> tuple[PaperWorld, Home, Home, CaseInHand]:
    world = PaperWorld()
    a, b = world.open("a", "ICBC"), world.open("b", "ABC")
    world.defraud(a, 1_000_00)
    world.pay(a, b, 600_00)
    case = CaseInHand(world, policy)
    case.go()
    return world, a, b, case


def names(case: CaseInHand, sheet: str) -> list[str]:
    return [line.account.name for line in case.sheet(sheet).lines]


def line_of(case: CaseInHand, sheet: str, home: Home) -> int:
    return next(line.no for line in case.sheet(sheet).lines if line.account.number == home.number)


def state_of(case: CaseInHand, sheet: str) -> SheetState:
    return case.case.state.sheets[sheet].state


# ---------------------------------------------------------------- asked for in time


def test_stops_that_nobody_decided_on_go_on_one_sheet_after_fifteen_minutes_to_be_decided_within_thirty():
    _, _, _, case = stopped_unasked()
    case.later(minutes=14, seconds=59)
    assert not case.pending()
    assert next_deadline(case.case) == case.now + timedelta(seconds=1), "the case wakes up for it"
    case.later(seconds=1)
    sheet = case.sheet("L-01")
    assert (sheet.kind, sheet.why, sheet.quorum) == (SheetKind.LOOK, Why.SECOND_LOOK, (Role.SECOND_OFFICER,))
    assert sorted(names(case, "L-01")) == ["a", "b"]
    assert sheet.decide_by == T0 + WITHIN
    assert sheet.basis
    # and once asked for, it is not asked for again
    case.later(minutes=1)
    assert case.pending() == ["L-01"]


def test_looked_at_in_time_the_stops_stand_and_nobody_is_asked_again():
    _, a, b, case = stopped_unasked()
    case.later(minutes=15)
    case.decide("L-01")
    case.later(minutes=45)
    assert (a.stopped, b.stopped) == (True, True)
    assert not case.pending()
    assert [sheet.name for sheet in case.sheets(SheetKind.LOOK)] == ["L-01"]


def test_stops_that_come_due_soon_go_along_and_later_ones_on_a_sheet_of_their_own():
    world = PaperWorld()
    a, b, c = world.open("a"), world.open("b", "ABC"), world.open("c", "CCB")
    for home in (a, b, c):
        world.defraud(home, 500_00)
    case = CaseInHand(world, UNGATHERED)
    world.say(Measure.STOP, b, SILENT)
    world.say(Measure.STOP, c, SILENT)
    case.go()
    for home, after in ((b, 4), (c, 4)):
        case.case.now += timedelta(minutes=after)
        answered = Executed(code="0000", at=case.now, started=case.now, expires=case.now + timedelta(hours=48))
        world.say(Measure.STOP, home, answered)
        case.go()
    case.later(minutes=7)
    assert names(case, "L-01") == ["a", "b"]
    assert case.sheet("L-01").decide_by == T0 + WITHIN
    case.decide("L-01")
    case.later(minutes=7, seconds=59)
    assert not case.pending()
    case.later(seconds=1)
    assert names(case, "L-02") == ["c"]
    assert case.sheet("L-02").decide_by == took_effect(case.account(c)) + WITHIN


def test_the_clock_of_a_second_look_is_the_banks_but_never_before_the_case_nor_after_the_answer():
    _, a, _, case = stopped_unasked()
    account = case.account(a)
    for started, effect in ((-5, T0), (0, T0), (2, T0 + timedelta(minutes=2)), (90, T0 + timedelta(minutes=3))):
        start = T0 + timedelta(minutes=started)
        account.stop = Executed(code="0000", at=T0 + timedelta(minutes=3), started=start)
        assert took_effect(account) == effect


def test_a_case_whose_policy_knows_no_second_look_makes_none():
    began_before = with_policy(authority={"second_look_ask_minutes": None})
    _, a, _, case = stopped_unasked(began_before)
    case.later(hours=2)
    assert a.stopped
    assert not case.sheets(SheetKind.LOOK)


# ---------------------------------------------------------------- what makes it needless


@pytest.mark.parametrize("verdict", [Verdict.APPROVE, Verdict.REJECT])
def test_a_decided_freeze_is_a_look_at_its_lines(verdict):
    _, _, _, case = stopped_unasked(POLICY)
    case.gather()
    case.decide("F-01", verdict)
    case.later(hours=1)
    assert not case.sheets(SheetKind.LOOK)


def test_a_line_excepted_from_a_freeze_was_looked_at_too():
    _, a, _, case = stopped_unasked(POLICY)
    case.gather()
    case.decide("F-01", but=(line_of(case, "F-01", a),))
    case.later(hours=1)
    assert a.stopped
    assert not case.sheets(SheetKind.LOOK)


def test_a_freeze_decided_while_the_look_is_pending_settles_the_look():
    _, _, _, case = stopped_unasked(POLICY)
    case.gather()
    case.later(minutes=15)
    assert case.pending() == ["F-01", "L-01"]
    case.decide("F-01")
    assert state_of(case, "L-01") is SheetState.SETTLED
    assert not case.pending()


def test_a_look_stays_pending_while_one_of_its_stops_is_undecided():
    _, a, b, case = stopped_unasked()
    case.later(minutes=15)
    case.find(a, Finding.MERCHANT)
    assert case.pending() == ["L-01"]
    case.find(b, Finding.MERCHANT)
    assert state_of(case, "L-01") is SheetState.SETTLED


# ---------------------------------------------------------------- refused


def test_a_rejected_look_lets_go_of_all_its_stops():
    world, a, b, case = stopped_unasked()
    case.later(minutes=15)
    case.decide("L-01", Verdict.REJECT)
    assert (a.stopped, b.stopped) == (False, False)
    assert {one.cause for one in world.orders(Measure.LIFT)} == {"decision"}
    assert case.books().released_fen == 1_000_00


def test_lines_excepted_from_an_approved_look_are_let_go_and_the_others_stand():
    _, a, b, case = stopped_unasked()
    case.later(minutes=15)
    case.decide("L-01", but=(line_of(case, "L-01", b),))
    assert (a.stopped, b.stopped) == (True, False)
    assert case.books().released_fen == 600_00


def test_a_rejected_look_does_not_undo_a_freeze_approved_meanwhile():
    # given a look at two stops, of which one is frozen before the look is rejected
    world, a, b, case = stopped_unasked(with_policy(freeze={"lines_per_sheet": 1}))
    case.gather()
    case.later(minutes=15)
    looked = [name for name in case.pending() if name.startswith("L-")]
    assert len(looked) == 2, "sheets have the policy's length"
    frozen = next(sheet for sheet in case.sheets() if sheet.lines[0].account.name == "a")
    case.decide(frozen.name)
    for name in looked:
        if state_of(case, name) is SheetState.PENDING:
            case.decide(name, Verdict.REJECT)
    assert a.freezes == {1: 400_00}
    assert (b.stopped, b.freezes) == (False, {})
    assert not world.orders(Measure.UNFREEZE)


# ---------------------------------------------------------------- silence


def silent() -> tuple[PaperWorld, Home, Home, CaseInHand]:
    """The look was asked for, and nobody said anything for thirty minutes."""
    world, a, b, case = stopped_unasked()
    case.later(minutes=15)
    case.later(minutes=14, seconds=59)
    assert case.pending() == ["L-01"]
    assert next_deadline(case.case) == T0 + WITHIN
    case.later(seconds=1)
    return world, a, b, case


def test_silence_proposes_a_release_to_the_duty_chief_climbs_and_releases_nothing():
    world, a, b, case = silent()
    sheet = case.sheet("R-01")
    assert (sheet.why, sheet.quorum) == (Why.SECOND_LOOK_UNDECIDED, (Role.DUTY_CHIEF,))
    assert names(case, "R-01") == ["a", "b"]
    assert case.pending() == ["L-01", "R-01"]
    assert "sheet L-01 is past its deadline: the duty chief must see to it" in case.problems()
    assert (a.stopped, b.stopped) == (True, True)
    case.later(hours=3)
    assert [one.name for one in case.sheets(SheetKind.RELEASE)] == ["R-01"], "it is proposed once"
    assert not world.orders(Measure.LIFT)


def test_officers_see_until_when_a_look_is_awaited_and_that_it_has_climbed():
    _, _, _, case = stopped_unasked()
    case.later(minutes=15)
    assert "sheet L-01 to be decided" in [one.en for one in deadlines(case.case)]
    text = questions(case.case)
    assert "复核止付 second look at stops" in text
    assert "等待 awaits <b>协查人 second officer</b>，至 until 11-22 11:30" in text
    assert "escalated" not in text
    case.later(minutes=15)
    text = questions(case.case)
    assert "escalated to 值班长 duty chief" in text
    assert "their second look was met with silence" in text


def test_a_look_decided_late_counts_and_settles_the_proposed_release():
    _, a, b, case = silent()
    case.decide("L-01", but=(line_of(case, "L-01", b),))
    assert (a.stopped, b.stopped) == (True, False)
    assert state_of(case, "R-01") is SheetState.SETTLED
    assert "past its deadline" not in case.problems()


@pytest.mark.parametrize("verdict", [Verdict.APPROVE, Verdict.REJECT])
def test_the_duty_chiefs_word_on_the_release_settles_the_look(verdict):
    _, a, b, case = silent()
    case.decide("R-01", verdict)
    stands = verdict is Verdict.REJECT
    assert (a.stopped, b.stopped) == (stands, stands)
    assert state_of(case, "L-01") is SheetState.SETTLED
    case.later(hours=1)
    assert not [name for name in case.pending() if case.sheet(name).why in {Why.SECOND_LOOK, Why.SECOND_LOOK_UNDECIDED}]


def test_what_is_frozen_or_proposed_for_release_already_is_not_proposed_again():
    world = PaperWorld()
    a, small = world.open("a"), world.open("small", "ABC", opening_fen=10_000_00)
    world.defraud(a, 1_000_00)
    world.defraud(small, 1_000_00)
    case = CaseInHand(world)
    case.go()
    case.gather()
    case.later(minutes=15)
    assert case.sheet("R-01").why == "small_share_undecided"
    case.decide(next(sheet.name for sheet in case.sheets() if sheet.lines[0].account.name == "a"))
    case.later(minutes=15)
    assert [sheet.name for sheet in case.sheets(SheetKind.RELEASE)] == ["R-01"]


def test_a_release_of_silence_does_not_touch_what_was_frozen_after_it_was_proposed():
    # given a release proposed for two stops, and a freeze of one of them approved before it
    world, a, b, case = stopped_unasked(POLICY)
    case.gather()
    case.later(minutes=15)
    case.later(minutes=15)
    assert names(case, "R-01") == ["a", "b"]
    case.decide("F-01", but=(line_of(case, "F-01", b),))
    # then nothing is left to decide: the excepted one was looked at as well
    assert state_of(case, "R-01") is SheetState.SETTLED
    assert a.freezes == {1: 400_00}
    assert b.stopped
    assert not world.orders(Measure.UNFREEZE)


def test_a_stop_that_lapses_leaves_nothing_to_decide():
    _, _, _, case = silent()
    case.later(hours=48)
    assert {state_of(case, name) for name in ("L-01", "R-01")} == {SheetState.SETTLED}


# ---------------------------------------------------------------- after a release


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


# ---------------------------------------------------------------- taken up


def test_a_next_run_asks_for_what_is_still_to_be_asked():
    _, _, _, case = stopped_unasked()
    state = CaseState.model_validate_json(case.case.state.model_dump_json())
    case.case = Case(case.case.start, state, case.now)
    case.later(minutes=15)
    assert case.pending() == ["L-01"]
    state = CaseState.model_validate_json(case.case.state.model_dump_json())
    case.case = Case(case.case.start, state, case.now)
    case.later(minutes=5)
    assert case.pending() == ["L-01"]
