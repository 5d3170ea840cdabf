"""Intake's checks know the formats and say in words what is wrong; no account is refused for its Luhn digit."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from adapters.formats import company_code_problem, doubts_of, mobile_digits, phone_problem, resident_id_problem
from domain.report import Report, Transfer


@pytest.mark.parametrize(
    "text", ["11010519491231002X", "11010519491231002x", " 110105 19491231 002X ", "320299199508156208"]
)
def test_a_right_resident_id_passes_whatever_its_region(text: str):
    assert resident_id_problem(text) is None


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "18"),
        ("1101051949123100", "18"),
        ("1101051949123100XX", "digits"),
        ("110105194913310026", "birth"),
        ("110105194912310021", "check"),
        ("甲10105194912310021", "18|digits"),
    ],
)
def test_a_wrong_resident_id_is_said(text: str, word: str):
    problem = resident_id_problem(text)
    assert problem is not None
    assert any(part in problem.en for part in word.split("|"))
    assert problem.zh
    assert text == "" or text not in problem.zh + problem.en


def test_a_right_company_code_passes_and_a_wrong_one_is_said():
    assert company_code_problem("91110000600037341L") is None
    for text, word in (("91110000600037341", "18"), ("91110000600037342L", "check"), ("9111000060003734IO", "char")):
        problem = company_code_problem(text)
        assert problem is not None
        assert word in problem.en


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


@settings(deadline=None)  # other work on the machine is no fault
@given(st.text(max_size=30))
def test_no_text_upsets_a_check(text: str):
    for check in (resident_id_problem, company_code_problem, phone_problem):
        check(text)
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
