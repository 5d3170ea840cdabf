"""Why a hold ends is one of few words, written in payloads and in the register as it always was."""

import json

import pytest
from pydantic import ValidationError

from domain.errands import Errand, ErrandKind
from domain.orders import ENDS_A_HOLD, LETS_GO, Cause


def lift(**more):
    return Errand.model_validate({"no": 1, "kind": ErrandKind.LIFT, "institution": "102302000018", **more})


@pytest.mark.parametrize("word", ["", "covered", "finding", "decision"])
def test_payloads_hold_the_word_itself_in_both_directions(word):
    given = lift(cause=word)

    assert given.cause is Cause(word)
    assert json.loads(given.model_dump_json())["cause"] == word


def test_what_says_no_cause_has_none():
    assert lift().cause is Cause.NONE


def test_only_an_officers_word_lets_go_and_every_cause_ends_a_hold():
    assert {*LETS_GO} == {"finding", "decision"}
    assert {*ENDS_A_HOLD} == {*Cause} - {Cause.NONE}


def test_another_word_is_refused():
    with pytest.raises(ValidationError, match="cause"):
        lift(cause="mistake")
