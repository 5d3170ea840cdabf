"""The second look: at every stop that nobody decided on, and at every release; silence is no word.

Fifteen minutes after a stop a look is asked for, thirty minutes after it a release is proposed (policy `authority`).
"""

from datetime import timedelta

import pytest

from domain.findings import Finding
from domain.officers import Role
from domain.orders import Executed, Measure
from domain.sheets import SheetKind, SheetState, Verdict, Why
from tests.workflows.case_in_hand import CaseInHand
from tests.workflows.looked_at import UNGATHERED, WITHIN, line_of, names, silent, state_of, stopped_unasked
from tests.workflows.paper_policy import POLICY, with_policy
from tests.workflows.paper_world import SILENT, T0, PaperWorld
from workflows.casework.case import Case
from workflows.casework.deadlines import deadlines, next_deadline
from workflows.casework.looking import took_effect
from workflows.casework.state import CaseState
from workflows.showing.questions import questions

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
    assert {(one.cause, one.sheet) for one in world.orders(Measure.LIFT)} == {("decision", "L-01")}
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
