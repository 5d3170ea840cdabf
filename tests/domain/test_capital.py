"""Amounts in capital numerals say the same sum, and nothing can be written into them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import capital

DIGITS = {character: value for value, character in enumerate("零壹贰叁肆伍陆柒捌玖")}
UNITS = {"拾": 10, "佰": 100, "仟": 1000}


def read(said: str) -> int:
    """The number that a text in capitals says, read by the rules of reading and not of writing."""
    for word, size in (("亿", 10**8), ("万", 10**4)):
        if word in said:
            high, low = said.rsplit(word, 1)
            return read(high) * size + read(low)
    total = digit = 0
    for character in said:
        if character in DIGITS:
            digit = DIGITS[character]
        else:
            total, digit = total + digit * UNITS[character], 0
    return total + digit


def fen_of(said: str) -> int:
    found = re.fullmatch(r"人民币(?:(.+)元)?(?:零|(.)角)?(?:(.)分|整)", said)
    assert found, said
    return read(found[1] or "") * 100 + 10 * DIGITS[found[2] or "零"] + DIGITS[found[3] or "零"]


@given(st.integers(0, 10**17))
def test_what_is_written_reads_as_the_same_sum(fen: int):
    assert fen_of(capital(fen)) == fen


@given(st.integers(0, 10**17))
def test_zeros_are_said_once_and_never_stand_before_a_unit(fen: int):
    said = capital(fen)
    assert "零零" not in said
    assert fen < 100 or not re.search("零[拾佰仟万亿元角分整]", said)
    assert not re.search("[万亿]万", said)


@pytest.mark.parametrize(
    ("fen", "said"),
    [
        (0, "人民币零元整"),
        (7, "人民币柒分"),
        (10, "人民币壹角整"),
        (105, "人民币壹元零伍分"),
        (140_950, "人民币壹仟肆佰零玖元伍角整"),
        (600_714, "人民币陆仟零柒元壹角肆分"),
        (168_032, "人民币壹仟陆佰捌拾元叁角贰分"),
        (10_700_053, "人民币壹拾万柒仟元伍角叁分"),
        (4_938_000, "人民币肆万玖仟叁佰捌拾元整"),
        (10_001_000_000, "人民币壹亿零壹万元整"),
    ],
)
def test_the_forms_of_the_rules_for_bills(fen: int, said: str):
    assert capital(fen) == said


def test_nothing_below_nothing():
    with pytest.raises(ValueError, match="upwards"):
        capital(-1)
