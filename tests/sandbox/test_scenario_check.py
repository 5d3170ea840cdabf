"""A scenario file is accepted whole or refused with the path of every fault, and nothing raises."""

import copy
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.sandbox.scenario import check

SCENARIOS = Path(__file__).parents[2] / "scenarios"
FILES = sorted(SCENARIOS.glob("*.json"))
FIRST = json.loads((SCENARIOS / "first-case.json").read_text(encoding="utf-8"))
SPRINT = json.loads((SCENARIOS / "sprint-300.json").read_text(encoding="utf-8"))


def paths(raw: object) -> list[str]:
    scenario, problems = check(raw)
    assert (scenario is None) == bool(problems)
    assert all(problem.problem and problem.remedy for problem in problems)
    return [problem.path for problem in problems]


def put(raw: Any, path: Sequence[int | str], value: object) -> None:
    *way, last = path
    for step in way:
        raw = raw[step]
    raw[last] = value


def test_there_are_six_files():
    assert len(FILES) == 6


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_files_are_accepted_whole(file):
    raw = json.loads(file.read_text(encoding="utf-8"))
    scenario, problems = check(raw)
    assert problems == []
    assert scenario is not None
    assert [move.from_ for move in scenario.moves] == [move["from"] for move in raw["moves"]]
    assert scenario.first_s == raw["reports"][0]["at_s"]


@pytest.mark.parametrize("raw", [None, 3, "x", [], True, float("nan")])
def test_what_is_no_object_is_refused_as_a_whole(raw):
    assert paths(raw) == ["$"]


@pytest.mark.parametrize("field", sorted(FIRST))
def test_a_missing_field_is_named(field):
    raw = {name: value for name, value in FIRST.items() if name != field}
    assert paths(raw) == [field]


@pytest.mark.parametrize("field", ["institutions", "accounts", "lines", "links", "moves", "reports"])
def test_a_missing_field_of_a_part_is_named(field):
    for name in FIRST[field][0]:
        raw = copy.deepcopy(FIRST)
        del raw[field][0][name]
        assert paths(raw) == [f"{field}[0].{name}"]


@pytest.mark.parametrize(
    ("where", "value", "path"),
    [
        (["time_scale"], 0, "time_scale"),
        (["time_scale"], -60, "time_scale"),
        (["time_scale"], "60", "time_scale"),
        (["time_scale"], float("inf"), "time_scale"),
        (["scenario"], "", "scenario"),
        (["officers"], [], "officers"),
        (["officers", "decide_s"], [3, 1], "officers.decide_s"),
        (["officers", "decide_s"], [1], "officers.decide_s"),
        (["institutions", 0, "answer_s"], [0.3, 0.1], "institutions[0].answer_s"),
        (["institutions", 0, "answer_s"], [1, 2, 3], "institutions[0].answer_s"),
        (["institutions", 0, "answer_s", 0], -1, "institutions[0].answer_s[0]"),
        (["institutions", 0, "kind"], "shop", "institutions[0].kind"),
        (["institutions", 0, "channel"], "post", "institutions[0].channel"),
        (["institutions", 6, "channel"], "gateway", "institutions[6].channel"),
        (["institutions", 10, "channel"], "platform", "institutions[10].channel"),
        (["institutions", 9, "id"], "Z123", "institutions[9].id"),
        (["institutions", 9, "code"], "ICBC", "institutions[9].code"),
        (["institutions", 12, "id"], "CT", "institutions[12].id"),
        (["accounts", 1, "opening_fen"], -1, "accounts[1].opening_fen"),
        (["accounts", 1, "opening_fen"], 1.5, "accounts[1].opening_fen"),
        (["accounts", 1, "role"], "thief", "accounts[1].role"),
        (["accounts", 1, "kind"], "dog", "accounts[1].kind"),
        (["accounts", 1, "name"], "a\x00b", "accounts[1].name"),
        (["accounts", 1, "name"], "\ud800", "accounts[1].name"),
        (["accounts", 1, "institution"], "999999999999", "accounts[1].institution"),
        (["accounts", 1, "institution"], "CT", "accounts[1].institution"),
        (["lines", 0, "carrier"], "102302000011", "lines[0].carrier"),
        (["lines", 0, "called"], "13900007001", "lines[0].called"),
        (["links", 0, "sms"], "yes", "links[0].sms"),
        (["moves"], {}, "moves"),
        (["moves", 3], 7, "moves[3]"),
        (["moves", 3, "amount_fen"], 0, "moves[3].amount_fen"),
        (["moves", 3, "amount_fen"], -5, "moves[3].amount_fen"),
        (["moves", 3, "amount_fen"], True, "moves[3].amount_fen"),
        (["moves", 3, "amount_fen"], "100", "moves[3].amount_fen"),
        (["moves", 3, "amount_fen"], 10**30, "moves[3].amount_fen"),
        (["moves", 3, "at_s"], 100, "moves[3].at_s"),
        (["moves", 3, "at_s"], float("nan"), "moves[3].at_s"),
        (["moves", 3, "from"], "a9999", "moves[3].from"),
        (["moves", 3, "from"], "cash", "moves[3].from"),
        (["moves", 3, "to"], "a9999", "moves[3].to"),
        (["moves", 3, "to"], "gold", "moves[3].to"),
        (["moves", 3, "to"], "a0003", "moves[3].to"),
        (["moves", 3, "to"], "a0001", "moves[3].to"),
        (["reports", 0, "victim"], "a9999", "reports[0].victim"),
        (["reports", 0, "moves"], ["m99999"], "reports[0].moves[0]"),
        (["reports", 0, "moves"], ["m00001", "m00001"], "reports[0].moves[1]"),
        (["reports", 0, "moves"], ["m00001", "m00002"], "reports[0].moves[1]"),
        (["reports", 0, "moves"], "m00001", "reports[0].moves"),
        (["reports", 0, "at_s"], -1, "reports[0].at_s"),
        (["accounts", 0, "opening_fen"], 4_937_999, "moves[0].amount_fen"),
    ],
)
def test_a_wrong_value_is_refused_with_its_path(where, value, path):
    raw = copy.deepcopy(FIRST)
    put(raw, where, value)
    assert paths(raw) == [path]


@pytest.mark.parametrize("field", ["moves", "reports", "accounts", "institutions", "lines", "links"])
def test_a_name_used_twice_is_refused(field):
    raw = copy.deepcopy(SPRINT)
    raw["links"] = [{"url": "http://a.example.invalid/", "sms": False}]
    key = {"lines": "number", "links": "url"}.get(field, "id")
    raw[field].append(copy.deepcopy(raw[field][-1]))
    assert f"{field}[{len(raw[field]) - 1}].{key}" in paths(raw)


def test_one_number_twice_at_one_institution_is_refused_and_at_two_is_not():
    raw = copy.deepcopy(FIRST)
    raw["accounts"][2]["number"] = raw["accounts"][1]["number"]
    assert paths(raw) == []
    raw["accounts"][2]["institution"] = raw["accounts"][1]["institution"]
    assert paths(raw) == ["accounts[2].number"]


def test_an_account_named_like_an_exit_is_refused():
    raw = copy.deepcopy(FIRST)
    raw["accounts"][2]["id"] = "cash"
    assert paths(raw)[0] == "accounts[2].id"


def test_a_report_earlier_than_its_move_is_refused():
    raw = copy.deepcopy(FIRST)
    raw["moves"][0]["at_s"] = 10
    raw["reports"][0]["at_s"] = 9
    assert paths(raw) == ["reports[0].moves[0]"]
    raw["reports"][0]["at_s"] = 10
    assert paths(raw) == []


def test_a_move_named_by_two_reports_is_refused():
    raw = copy.deepcopy(SPRINT)
    raw["reports"][2]["moves"] = list(raw["reports"][0]["moves"])
    raw["reports"][2]["victim"] = raw["reports"][0]["victim"]
    assert paths(raw) == ["reports[2].moves[0]"]


def test_every_fault_is_told_at_once():
    raw = copy.deepcopy(FIRST)
    raw["time_scale"] = None
    raw["moves"][1]["amount_fen"] = "x"
    raw["reports"][0]["at_s"] = []
    assert paths(raw) == ["time_scale", "moves[1].amount_fen", "reports[0].at_s"]


def test_unknown_keys_are_ignored():
    raw = copy.deepcopy(FIRST)
    raw["weather"] = raw["moves"][0]["from_"] = raw["accounts"][0]["dog"] = object()
    assert paths(raw) == []


def test_an_attempt_an_unknown_number_and_an_uncovered_move_of_a_mule_are_fine():
    raw = copy.deepcopy(FIRST)
    raw["reports"][0]["moves"] = []
    raw["reports"][0]["lines"] = ["13800000000"]
    raw["moves"][3]["amount_fen"] = 10**12
    assert paths(raw) == []


def test_a_file_without_reports_starts_when_all_is_over():
    raw = copy.deepcopy(FIRST)
    raw["reports"] = []
    scenario, problems = check(raw)
    assert problems == []
    assert scenario is not None
    assert scenario.first_s == 3000
    scenario, _ = check({**raw, "moves": []})
    assert scenario is not None
    assert scenario.first_s == 0


def test_no_fault_repeats_what_stood_in_the_file():
    raw = copy.deepcopy(FIRST)
    raw["accounts"][0]["name"] = ["张三的密码"]
    raw["accounts"][1]["number"] = "六二二二"
    _, problems = check(raw)
    assert [problem.path for problem in problems] == ["accounts[0].name", "accounts[1].number"]
    assert "密码" not in repr(problems)
    assert "六二" not in repr(problems)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["cash", "a0002"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
PLACES = [
    (field, i, name)
    for field in FIRST
    for i, part in enumerate(FIRST[field] if isinstance(FIRST[field], list) else [])
    for name in part
] + [(field,) for field in FIRST]


@settings(max_examples=150)
@given(st.sampled_from(PLACES), JSON)
def test_any_value_anywhere_is_judged_and_never_raises(place, value):
    raw = copy.deepcopy(FIRST)
    put(raw, place, value)
    paths(raw)


@given(JSON)
def test_any_json_is_judged_and_never_raises(raw):
    assert paths(raw)
