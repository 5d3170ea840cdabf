"""When a drill is quiet, and when it must wait."""

import pytest

from adapters.drill.quiet import Calm, register_is_quiet

SHEET = {"case_id": "c-1", "name": "F-01", "kind": "freeze", "quorum": ["approver_county"], "requester": "centre"}


def quiet(now, before, *, played=True, visits=0):
    return register_is_quiet(now, before, played=played, visits=visits)


def test_the_register_is_quiet_when_two_looks_show_the_same_and_nothing_waits(look):
    assert quiet(look(), look())


def test_a_first_look_alone_proves_nothing(look):
    assert not quiet(look(), None)


@pytest.mark.parametrize("moved", [{"events": 6}, {"orders": 4}, {"answered": 4}])
def test_a_register_that_moved_is_not_quiet(look, moved):
    assert not quiet(look(**moved), look())


def test_a_young_order_without_answer_is_waited_for_and_an_old_one_is_not(look):
    young = {"case_id": "c-1", "institution": "CT", "young": 1, "old": 0}
    old = {"case_id": "c-1", "institution": "CT", "young": 0, "old": 2}
    assert not quiet(look(unanswered=[young]), look(unanswered=[young]))
    assert quiet(look(unanswered=[old]), look(unanswered=[old]))


def test_a_case_that_is_committed_and_not_started_is_waited_for(look):
    assert not quiet(look(unstarted=1), look(unstarted=1))


def test_decisions_are_waited_for_only_where_officers_are_played(look):
    assert not quiet(look(sheets=[SHEET]), look(sheets=[SHEET]))
    assert quiet(look(sheets=[SHEET]), look(sheets=[SHEET]), played=False)
    assert not quiet(look(), look(), visits=1)


def test_all_cases_must_rest_and_the_rest_is_timed_from_its_beginning(look, standing):
    calm = Calm(played=True)
    assert calm.judge(look(), {"c-1": standing()}, now=10.0)
    assert calm.judge(look(), {"c-1": standing()}, now=13.0)
    assert calm.lasts(13.0) == 3.0
    assert not calm.judge(look(), {"c-1": standing(quiet=False)}, now=14.0)
    assert calm.lasts(15.0) == 0.0


def test_a_case_that_could_not_be_asked_is_not_at_rest(look):
    assert not Calm(played=True).judge(look(), {}, now=0.0)


@pytest.mark.parametrize("awaited", [{"pending": ("F-01",)}, {"visits": 1}, {"filing_missing": True}])
def test_what_awaits_a_played_officer_is_not_at_rest(look, standing, awaited):
    assert not Calm(played=True).judge(look(), {"c-1": standing(**awaited)}, now=0.0)
    assert Calm(played=False).judge(look(), {"c-1": standing(**awaited)}, now=0.0)


def test_a_case_that_only_asks_a_silent_bank_again_rests_once_it_has_sent_no_batch_between_two_looks(look, standing):
    calm = Calm(played=True)
    silent = look(unanswered=[{"case_id": "c-1", "institution": "CT", "young": 0, "old": 2}])
    asking = standing(quiet=False, in_flight=1)
    assert not calm.judge(silent, {"c-1": asking}, now=0.0)
    assert calm.judge(silent, {"c-1": asking}, now=0.3)
    assert not calm.judge(silent, {"c-1": standing(quiet=False, in_flight=1, batches=8)}, now=0.6)


def test_a_case_with_more_on_its_way_than_silent_orders_is_busy(look, standing):
    calm = Calm(played=True)
    silent = look(unanswered=[{"case_id": "c-1", "institution": "CT", "young": 0, "old": 1}])
    busy = standing(quiet=False, in_flight=1, waiting=3)
    assert not calm.judge(silent, {"c-1": busy}, now=0.0)
    assert not calm.judge(silent, {"c-1": busy}, now=0.3)


def test_a_closed_case_is_not_asked(look):
    closed = [{**look().cases[0].model_dump(), "status": "closed"}]
    assert Calm(played=True).judge(look(cases=closed), {}, now=0.0)


def test_what_is_held_back_is_waited_for_unless_a_halt_stands(look, standing):
    assert not Calm(played=True).judge(look(), {"c-1": standing(held_back=2)}, now=0.0)
    assert Calm(played=True).judge(look(authorised=False), {"c-1": standing(held_back=2)}, now=0.0)
