"""Checks of what intake is told, by a library that knows the formats (rules section 12).

Each check returns what is wrong in words, or None.
"""

import re
import unicodedata
from typing import NamedTuple

import phonenumbers

from domain.report import Report

_HOME = "CN"
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
# What fraud calls come from and the library does not count as subscribers: service lines and SMS ports.
_SERVICE = re.compile(r"(400[0-9]{7}|95[0-9]{3,6}|96[0-9]{3,6}|10690[0-9]{2,15}|12[0-9]{3}|1[0-2][0-9])")


class Problem(NamedTuple):
    """What is wrong, for people; the value itself is not quoted."""

    zh: str
    en: str


def phone_problem(text: str) -> Problem | None:
    """A mobile, landline with area code, service, SMS or international number."""
    number = _dialled(text)
    if not number:
        return Problem("电话号码为空", "the telephone number is empty")
    if _MOBILE.fullmatch(_national(number)) or _SERVICE.fullmatch(number):
        return None
    try:
        parsed = phonenumbers.parse(number, _HOME)
    except phonenumbers.NumberParseException:
        return Problem("不是电话号码", "this is no telephone number")
    if not phonenumbers.is_possible_number(parsed):
        return Problem("电话号码位数不对", "the telephone number has too few or too many digits")
    if not phonenumbers.is_valid_number(parsed):
        return Problem(
            "没有这样的电话号码（固定电话请加区号）", "no such telephone number; a landline needs its area code"
        )
    return None


def doubts_of(report: Report) -> list[tuple[str, Problem]]:
    """What a report says that looks mistaken, with the field's path. Asked about, never refused: seconds count."""
    numbers = [("victim.phone", report.victim.phone)]
    numbers += [(f"lines.{place}.number", line.number) for place, line in enumerate(report.lines)]
    return [(path, problem) for path, number in numbers if (problem := phone_problem(number)) is not None]


def mobile_digits(text: str) -> str:
    """The eleven digits of a Chinese mobile number; empty for any other number."""
    number = _national(_dialled(text))
    return number if _MOBILE.fullmatch(number) else ""


def _dialled(text: str) -> str:
    return re.sub(r"[\-().]", "", _closed_up(text))


def _closed_up(text: str) -> str:
    """As typed, without blanks and with full-width signs made plain."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


def _national(number: str) -> str:
    return re.sub(r"^(\+86|0086|86(?=1[3-9][0-9]{9}$))", "", number)
