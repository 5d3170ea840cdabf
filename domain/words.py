"""What officers type, understood or answered in words.

Total: any input gives a value or a complaint, never an error; what was a complaint already stays that one. What is
understood can be kept: no control characters, no broken surrogates, no number that no sheet can have.
"""

import re
from typing import Any

from domain.findings import Finding
from domain.frozen import Frozen
from domain.sheets import Verdict


class Complaint(Frozen):
    """Why an input was not understood, and what to type instead."""

    zh: str
    en: str

    @property
    def both(self) -> str:
        """Both languages in one line."""
        return f"{self.zh} / {self.en}"


class DecisionWords(Frozen):
    """A decision as typed."""

    sheet: str
    officer: str
    verdict: Verdict
    except_lines: tuple[int, ...] = ()
    reason: str = ""


class FindingWords(Frozen):
    """A finding as typed."""

    officer: str
    finding: Finding
    remark: str = ""


class FilingWords(Frozen):
    """A case filing as typed."""

    number: str
    officer: str


_OFFICER = re.compile(r"^[0-9]{4,12}$")
_SHEET = re.compile(r"^[A-Z]-[0-9]{2,5}$")
_LONGEST_INPUT = 2_000
_LONGEST_TEXT = 500
"""Of a reason or a remark; what is beyond is cut."""
_LONGEST_LINE_NO = 5
"""Digits: as many as a sheet can ever have lines."""
_DECISION_WORDS = 3
_FILING_WORDS = 2
_FILING_NUMBER = re.compile(r"^.{3,60}$")
_VERDICTS = {
    "approve": Verdict.APPROVE,
    "批准": Verdict.APPROVE,
    "同意": Verdict.APPROVE,
    "reject": Verdict.REJECT,
    "驳回": Verdict.REJECT,
    "不同意": Verdict.REJECT,
}
_FINDINGS = {
    **{finding.value: finding for finding in Finding},
    "涉案人": Finding.MULE,
    "同为被害人": Finding.VICTIM,
    "善意商户": Finding.MERCHANT,
    "未找到": Finding.NOT_FOUND,
}

SAY_DECISION = Complaint(
    zh='看不懂这个决定。请输入："F-01 警号 approve"，或 "F-01 警号 reject 理由"，或 "F-01 警号 approve except 3 7"',
    en='not a decision. Type "F-01 <officer number> approve", or "... reject <reason>", or "... approve except 3 7"',
)
SAY_FINDING = Complaint(
    zh='看不懂这个查证结果。请输入："警号 mule|victim|merchant|not_found 说明"',
    en='not a finding. Type "<officer number> mule|victim|merchant|not_found <remark>"',
)
SAY_FILING = Complaint(
    zh='看不懂这个立案登记。请输入："立案号 警号"',
    en='not a case filing. Type "<filing number> <officer number>"',
)


def decision_words(given: object) -> DecisionWords | Complaint:
    """A decision: a string "F-01 012345 approve except 3 7" or an object {sheet, officer, verdict, except, reason}."""
    if isinstance(given, Complaint):
        return given
    if isinstance(given, str):
        return _decision_from_text(given)
    if isinstance(given, dict):
        sheet, officer = _text(given, "sheet").upper(), _text(given, "officer")
        verdict = _VERDICTS.get(_text(given, "verdict").lower())
        excepted = given.get("except", given.get("except_lines", ()))
        if not isinstance(excepted, list | tuple) or not all(_is_line_no(no) for no in excepted):
            return SAY_DECISION
        if verdict and _SHEET.match(sheet) and _OFFICER.match(officer):
            return DecisionWords(
                sheet=sheet,
                officer=officer,
                verdict=verdict,
                except_lines=tuple(excepted),
                reason=_text(given, "reason")[:_LONGEST_TEXT],
            )
    return SAY_DECISION


def _decision_from_text(text: str) -> DecisionWords | Complaint:
    words = _readable(text).split()
    if len(words) < _DECISION_WORDS or len(text) > _LONGEST_INPUT:
        return SAY_DECISION
    sheet, officer, verdict = words[0].upper(), words[1], _VERDICTS.get(words[2].lower())
    if not _SHEET.match(sheet) or not _OFFICER.match(officer) or verdict is None:
        return SAY_DECISION
    rest = words[3:]
    excepted: list[int] = []
    if rest and rest[0].lower() in {"except", "除外"}:
        rest = rest[1:]
        while rest and rest[0].isascii() and rest[0].isdigit():
            excepted.append(int(rest.pop(0)[: _LONGEST_LINE_NO + 1]))
        if not excepted or not all(_is_line_no(no) for no in excepted):
            return SAY_DECISION
    reason = " ".join(rest)[:_LONGEST_TEXT]
    return DecisionWords(sheet=sheet, officer=officer, verdict=verdict, except_lines=tuple(excepted), reason=reason)


def finding_words(given: object) -> FindingWords | Complaint:
    """A finding from "012370 merchant 说明" or {officer, finding, remark}."""
    if isinstance(given, Complaint):
        return given
    if isinstance(given, str):
        officer, _, rest = _readable(given).partition(" ")
        word, _, remark = rest.strip().partition(" ")
    elif isinstance(given, dict):
        officer, word, remark = _text(given, "officer"), _text(given, "finding"), _text(given, "remark")
    else:
        return SAY_FINDING
    finding = _FINDINGS.get(word.lower())
    if finding is None or not _OFFICER.match(officer):
        return SAY_FINDING
    return FindingWords(officer=officer, finding=finding, remark=remark.strip()[:_LONGEST_TEXT])


def filing_words(given: object) -> FilingWords | Complaint:
    """A case filing from "A3202… 012345" or {number, officer}."""
    if isinstance(given, Complaint):
        return given
    if isinstance(given, str):
        parts = _readable(given).split()
        number, officer = (parts[0], parts[1]) if len(parts) == _FILING_WORDS else ("", "")
    elif isinstance(given, dict):
        number, officer = _text(given, "number"), _text(given, "officer")
    else:
        return SAY_FILING
    if not _FILING_NUMBER.match(number) or not _OFFICER.match(officer):
        return SAY_FILING
    return FilingWords(number=number, officer=officer)


def _text(given: dict[Any, Any], key: str) -> str:
    value = given.get(key, "")
    return _readable(value) if isinstance(value, str) else ""


def _readable(text: str) -> str:
    """What people can see of it: the register keeps no NUL and no half of a surrogate pair."""
    return "".join(sign if sign.isprintable() else " " for sign in text).strip()


def _is_line_no(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**_LONGEST_LINE_NO
