"""The policy file: it is valid, holds the law's numbers, and a wrong field is named."""

import re
import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

from domain.policy import Policy, policy_from_toml
from domain.sheets import SheetKind

FILE = Path(__file__).parents[2] / "domain" / "policy.toml"
TEXT = FILE.read_text(encoding="utf-8")
WHOLE = tomllib.loads(TEXT)
CAME_LATER = [
    ("authority", "second_look_ask_minutes"),
    ("authority", "second_look_together_minutes"),
    ("basis", "look"),
    ("freeze", "interest"),
]
"""Rules that cases began without: their policies do not have them."""


def fields() -> list[tuple[str, str]]:
    return [(part, name) for part, values in WHOLE.items() if isinstance(values, dict) for name in values]


def test_the_file_of_the_house_states_the_laws_numbers():
    policy = policy_from_toml(FILE.read_text(encoding="utf-8"))
    assert (policy.stop.term_hours, policy.stop.times_per_account, policy.stop.enter_within_minutes) == (48, 2, 30)
    assert (policy.freeze.term_months, policy.freeze.major_term_months) == (6, 12)
    assert (policy.trace.least_fen, policy.trace.most_accounts, policy.trace.most_layers) == (100, 5000, 12)
    assert (policy.fuse.accounts_per_case, policy.fuse.each_yes_opens, policy.fuse.ask_at) == (500, 2000, 0.8)
    assert (policy.giving_back.notice_days, policy.unknown.ask_person_after_seconds) == (30, 60)


def test_every_question_a_case_can_ask_has_a_quorum():
    policy = policy_from_toml(FILE.read_text(encoding="utf-8"))
    assert set(policy.quorum) == {*(kind.value for kind in SheetKind), "freeze_city"}
    assert all(policy.quorum.values())


@pytest.mark.parametrize(("part", "name"), [one for one in fields() if one[0] != "quorum"])
def test_a_missing_field_is_named(part, name):
    head, section = TEXT.split(f"[{part}]", 1)
    without = f"{head}[{part}]{re.sub(rf'(?m)^{name} = .*$', '', section, count=1)}"
    with pytest.raises(ValidationError) as refused:
        policy_from_toml(without)
    assert [error["loc"] for error in refused.value.errors()] == [(part, name)]


def test_a_case_that_began_before_a_rule_came_goes_on_without_it():
    began_before = {**WHOLE}
    for part, name in CAME_LATER:
        began_before[part] = {key: value for key, value in began_before[part].items() if key != name}
    policy = Policy.model_validate(began_before)
    assert policy.authority.second_look_ask_minutes is None
    assert Policy.model_validate_json(policy.model_dump_json()) == policy


@pytest.mark.parametrize(("part", "name"), [one for one in fields() if one[0] != "quorum"])
@pytest.mark.parametrize("wrong", [-1, "many"])
def test_a_wrong_field_is_named(part, name, wrong):
    with pytest.raises(ValidationError) as refused:
        Policy.model_validate({**WHOLE, part: {**WHOLE[part], name: wrong}})
    assert {error["loc"][:2] for error in refused.value.errors()} == {(part, name)}


def test_an_unknown_role_in_a_quorum_is_named():
    with pytest.raises(ValidationError) as refused:
        Policy.model_validate({**WHOLE, "quorum": {**WHOLE["quorum"], "release": ["boss"]}})
    assert refused.value.errors()[0]["loc"] == ("quorum", "release", 0)


@pytest.mark.parametrize("later", ["grounds", "login", "every_case", "sealing"])
def test_a_policy_kept_before_a_part_of_it_came_is_read_and_says_the_same(later):
    older = Policy.model_validate({part: value for part, value in WHOLE.items() if part != later})
    assert older == Policy.model_validate(WHOLE)


def test_a_policy_survives_travelling_and_cannot_be_changed():
    policy = Policy.model_validate(WHOLE)
    assert Policy.model_validate_json(policy.model_dump_json()) == policy
    with pytest.raises(ValidationError):
        policy.version = "other"  # type: ignore[misc]
