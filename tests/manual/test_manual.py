"""The duty manual names what there is: pictures, commands and the words that operations go by."""

import pytest

from docs.manual import check
from domain.findings import FINDING_WORDS
from domain.operations import FILE_HERE, HALT_HERE


def test_the_manual_names_its_pictures_and_types_what_the_command_line_takes():
    text = check.text()
    assert [*check.of_pictures(text), *check.of_commands(text), *check.of_refusals(text)] == []


def test_the_manual_calls_operations_and_findings_as_the_ui_does():
    text = check.text()
    for words in (FILE_HERE, HALT_HERE, *(zh for zh, _ in FINDING_WORDS.values())):
        assert words in text


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("starter.py nosuch", "nosuch"),
        ("starter.py officer nosuch", "nosuch"),
        ("starter.py halt", "officer"),
        ("starter.py halt --officer 警号 --code 1", "--code"),
        ("starter.py finding A2026-000001 0024 murder --officer '1 2'", "murder"),
        ("make nothing", "no such target"),
    ],
)
def test_a_command_that_would_be_refused_is_found(line: str, why: str):
    (fault,) = check.of_commands(f"`{line}`")
    assert why in fault


def test_a_picture_that_is_missing_or_not_named_is_found():
    found = check.of_pictures("![登录](manual/no-such.png)")
    assert "picture no-such.png is named and is not there" in found
    assert "picture login.png is there and is not named" in found


def test_a_refusal_that_nobody_gives_is_found():
    assert check.of_refusals("| 红字 | 怎么办 |\n|---|---|\n| 验证码不对 · 天气不好 | 等 |\n\n") == [
        "nothing says 天气不好"
    ]


def test_a_text_without_any_command_is_no_manual():
    assert check.of_commands("看图。") == ["no command is named"]
