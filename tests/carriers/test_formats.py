"""Intake's checks know the formats and say in words what is wrong; no account is refused for its Luhn digit."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from adapters.formats import doubts_of, mobile_digits, phone_problem
from domain.report import Report, Transfer

GOOD_PHONES = [
    "13912345678",
    "17044059130",
    "+86 139 1234 5678",
    "0510-81234567",
    "(0510) 8123 4567",
    "400-812-3123",
    "95588",
    "106901234567",
    "110",
    "+1 650 253 0000",
    "１３９１２３４５６７８",
]


@pytest.mark.parametrize("text", GOOD_PHONES)
def test_every_kind_of_number_that_calls_passes(text: str):
    assert phone_problem(text) is None


@pytest.mark.parametrize("text", ["", "abc", "12", "1391234567", "81234567", "0510", "+999123456", "1" * 40, "😀"])
def test_what_is_no_number_is_said(text: str):
    problem = phone_problem(text)
    assert problem is not None
    assert problem.zh
    assert problem.en


@given(st.text(max_size=30))
def test_no_text_upsets_a_check(text: str):
    problem = phone_problem(text)
    assert problem is None or (problem.zh and problem.en)
    assert mobile_digits(text) == "" or len(mobile_digits(text)) == 11


def test_a_telephone_number_that_looks_mistaken_is_asked_about_with_its_field():
    filed = Report.model_validate(
        {
            "kind": "clue",
            "category": "虚假贷款",
            "victim": {"name": "测试害", "phone": "1390000000"},
            "lines": [{"number": "17044059130"}, {"number": "8123"}],
        }
    )
    assert [path for path, _ in doubts_of(filed)] == ["victim.phone", "lines.1.number"]


def transfer_to(number: str) -> Transfer:
    at = datetime(2026, 11, 26, 8, tzinfo=UTC)
    return Transfer(bank="102302000018", number=number, name="测试甲", amount_fen=1, time=at)


@pytest.mark.parametrize("number", ["1103020109200012345_0001", *(f"621700647917487440{last}" for last in range(10))])
def test_no_account_is_refused_for_its_luhn_digit(number: str):
    assert transfer_to(number).number == number


@pytest.mark.parametrize("number", ["", "123", "6" * 51, "6217 0064", "帐号6217", "6217\n"])
def test_what_is_no_account_number_is_refused(number: str):
    with pytest.raises(ValidationError, match="number"):
        transfer_to(number)
