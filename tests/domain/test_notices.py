"""Of notices: what a policy says of each kind, and the words."""

from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.policy_file import load_policy
from adapters.settings import Settings
from domain.notice_words import words_of
from domain.notices import Notice, NoticeKind, NoticeRules
from domain.officers import Role

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def rules() -> dict[str, Any]:
    said = load_policy(Settings()).notices
    assert said is not None
    return said.model_dump(mode="json")


@pytest.mark.parametrize("later", [NoticeKind.REFUSED, NoticeKind.NOT_ENDED])
def test_a_policy_from_before_a_kind_was_told_says_of_it_what_it_says_of_silence(later):
    said = rules()
    for of_kind in ("first", "climb_after_seconds"):
        said[of_kind].pop(later.value, None)
    before = NoticeRules.model_validate(said)
    assert before.told_first(later) == (Role.STOP_DESK,)
    assert before.next_after(later, 0) == before.next_after(NoticeKind.UNKNOWN, 0)
    del said["first"]["unknown"]
    with pytest.raises(ValueError, match="says nothing of unknown"):
        NoticeRules.model_validate(said)


def test_a_policy_of_a_later_program_serves_too_and_a_kind_misspelt_is_missed():
    said = rules()
    said["first"]["weather"], said["climb_after_seconds"]["weather"] = ["stop_desk"], 5
    assert NoticeRules.model_validate(said) == NoticeRules.model_validate(rules())
    said["first"]["unknwon"] = said["first"].pop("unknown")
    with pytest.raises(ValueError, match="says nothing of unknown"):
        NoticeRules.model_validate(said)


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_every_kind_has_words_in_both_languages(kind):
    one = Notice(
        notice="n-1",
        case_id="c-1",
        case_number="A2026-000001",
        workflow_id="case/c-1",
        kind=kind,
        subject="ICBC",
        count=2,
        roles=(Role.STOP_DESK,),
        due=None,
        created_at=NOW,
        sendings=0,
    )
    zh, en = words_of(one)
    assert zh
    assert en
    if kind is NoticeKind.REFUSED:
        assert zh.startswith("ICBC 拒绝止付或查询 2 个账户")
        assert en.startswith("ICBC refused to stop or query 2 accounts")
