"""What officers type, understood or answered in words.

Total: any input gives a value or a complaint, never an error; what was a complaint already stays that one. What is
understood can be kept: no control characters, no broken surrogates, no number that no sheet can have.
"""

import re
from collections.abc import Sequence
from typing import Any

from domain.evidence import Evidence, KeptWord, Signature, Totp
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
    """A decision as typed. `sheets` are short names ("F-03", of this case) or full ones ("A2026-000123/F-03").

    `except_lines` only where one sheet is named: numbers of lines mean nothing on several.
    """

    sheets: tuple[str, ...]
    officer: str
    evidence: Evidence
    verdict: Verdict
    except_lines: tuple[int, ...] = ()
    reason: str = ""


class FindingWords(Frozen):
    """A finding as typed."""

    officer: str
    evidence: Evidence
    finding: Finding
    remark: str = ""


class FilingWords(Frozen):
    """A case filing as typed."""

    number: str
    officer: str
    evidence: Evidence


class HaltWords(Frozen):
    """A halt as typed: who, and nothing more."""

    officer: str


_OFFICER = re.compile(r"^[0-9]{4,12}$")
_SHEET = re.compile(r"^(A[0-9]{4}-[0-9]{6,9}/)?[A-Z]-[0-9]{2,5}$")
_CODE = re.compile(r"^[0-9]{6}$")
_SIGNATURE = re.compile(r"^([A-Za-z0-9_-]{86})={0,2}$")
_KEPT = re.compile(r"^w-[0-9a-f]{16}$")
_BETWEEN_SHEETS = re.compile(r"[,，、]")
MOST_SHEETS = 60
"""One word decides at most so many."""
_LONGEST_INPUT = 2_000
_LONGEST_TEXT = 500
"""Of a reason or a remark; what is beyond is cut."""
_LONGEST_LINE_NO = 5
"""Digits: as many as a sheet can ever have lines."""
_FILING_WORDS = 3
LONGEST_FILING_NUMBER = 60
"""Characters; the longest in use are under 40."""
_FILING_NUMBER = re.compile(rf"^.{{3,{LONGEST_FILING_NUMBER}}}$")
_VERDICTS = {
    "approve": Verdict.APPROVE,
    "批准": Verdict.APPROVE,
    "同意": Verdict.APPROVE,
    "reject": Verdict.REJECT,
    "驳回": Verdict.REJECT,
    "不同意": Verdict.REJECT,
}
_EXCEPT = frozenset({"except", "除外"})
_FINDINGS = {
    **{finding.value: finding for finding in Finding},
    "涉案人": Finding.MULE,
    "同为被害人": Finding.VICTIM,
    "善意商户": Finding.MERCHANT,
    "未找到": Finding.NOT_FOUND,
}

SAY_DECISION = Complaint(
    zh='看不懂这个决定。请输入："F-01 警号 验证码"（批准），或 "F-01 警号 验证码 reject 理由"，'
    '或 "F-01 警号 验证码 except 3 7"',
    en='not a decision. Type "F-01 <officer number> <code>" to approve, or "... <code> reject <reason>", '
    'or "... <code> except 3 7"',
)
SAY_DECISION_HERE = Complaint(
    zh='看不懂这个决定。请输入："警号 验证码"（批准），或 "警号 验证码 reject 理由"，或 "警号 验证码 except 3 7"',
    en='not a decision. Type "<officer number> <code>" to approve, or "... <code> reject <reason>", '
    'or "... <code> except 3 7"',
)
SAY_CODE = Complaint(
    zh='缺少验证码：警号之后请输入手机验证器上的六位验证码，或签名，例如 "F-01 警号 493021"',
    en="the code is missing: after your number type the six digits of your authenticator, or your signature, "
    'for example "F-01 <officer number> 493021"',
)
SAY_FINDING = Complaint(
    zh='看不懂这个查证结果。请输入："警号 验证码 mule|victim|merchant|not_found 说明"',
    en='not a finding. Type "<officer number> <code> mule|victim|merchant|not_found <remark>"',
)
SAY_FINDING_HERE = Complaint(
    zh='看不懂这个查证结果。请输入："警号 验证码"，说明可写在后面，例如 "警号 验证码 本人承认出租银行卡"',
    en='not a finding. Type "<officer number> <code>", and after it a remark if there is one',
)
CONTRADICTS_ITSELF = Complaint(
    zh="所选操作与所填结论不一致，未登记：请核对后重选操作",
    en="the operation says one finding and the text another; nothing was entered: choose again",
)
SAY_HALT = Complaint(
    zh='看不懂。停手只需输入本人警号："警号"',
    en='not a halt. To halt type your officer number and nothing more: "<officer number>"',
)
SAY_HALT_ALONE = Complaint(
    zh="这是停手，不是审批，未执行：要停手请只输入警号；要审批请改选该单的操作",
    en="this is the halt, no sheet, and nothing was done: to halt type your number alone; to decide choose the sheet's",
)
SAY_FILING = Complaint(
    zh='看不懂这个立案登记。请输入："立案号 警号 验证码"',
    en='not a case filing. Type "<filing number> <officer number> <code>"',
)


def evidence_word(text: str) -> Evidence | None:
    """A code of six digits, or a signature of 64 bytes in base64url; None: neither."""
    if _CODE.match(text) and text.isascii():
        return Totp(code=text)
    signed = _SIGNATURE.match(text)
    return Signature(value=signed[1]) if signed else None


def decision_words(given: object, sheet: str = "") -> DecisionWords | Complaint:
    """A decision: a string "F-01 012345 493021 [approve | reject reason | except 3 7]", or an object.

    `sheet`: the one that is decided here; the string is then without it ("012345 493021"). As an object:
    {sheet or sheets, officer, code or signature, verdict, except, reason}. Without a verdict it is approved.
    A word that the register has kept comes as such an object with `kept` in place of its evidence.
    """
    complaint = SAY_DECISION_HERE if sheet else SAY_DECISION
    if isinstance(given, Complaint):
        return given
    if isinstance(given, str):
        if len(given) > _LONGEST_INPUT:
            return complaint
        words = _readable(given).split()
        named = [sheet] if sheet else _named(words)
        heard = _decision_from_words(named, words)
    elif isinstance(given, dict):
        heard = _decision_from_fields([sheet] if sheet else _named_in(given), given)
    else:
        return complaint
    return heard if heard is not None else complaint


def _named(words: list[str]) -> list[str]:
    """The sheets at the beginning, taken off the words."""
    named: list[str] = []
    while words:
        parts = [part.upper() for part in _BETWEEN_SHEETS.split(words[0]) if part]
        if not parts or not all(_SHEET.match(part) for part in parts):
            break
        named += parts
        words.pop(0)
    return named


def _named_in(given: dict[Any, Any]) -> list[str]:
    several = given.get("sheets")
    if isinstance(several, list | tuple):
        return [_readable(one).upper() if isinstance(one, str) else "" for one in several]
    return _named(_text(given, "sheet").split()) if "sheet" in given else []


def _decision_from_words(named: Sequence[str], words: Sequence[str]) -> DecisionWords | Complaint | None:
    if not words or not _OFFICER.match(words[0]):
        return None
    rest = list(words[2:])
    evidence = evidence_word(words[1]) if len(words) > 1 else None
    if evidence is None:
        return SAY_CODE if named else None
    verdict = Verdict.APPROVE
    if rest and rest[0].lower() in _VERDICTS:
        verdict = _VERDICTS[rest.pop(0).lower()]
    elif rest and rest[0].lower() not in _EXCEPT:
        return None
    excepted: list[int] = []
    if rest and rest[0].lower() in _EXCEPT:
        rest = rest[1:]
        while rest and rest[0].isascii() and rest[0].isdigit():
            excepted.append(int(rest.pop(0)[: _LONGEST_LINE_NO + 1]))
        if not excepted:
            return None
    return _decision(named, words[0], evidence, verdict, excepted, " ".join(rest))


def _decision_from_fields(named: Sequence[str], given: dict[Any, Any]) -> DecisionWords | Complaint | None:
    officer, said = _text(given, "officer"), _text(given, "verdict").lower()
    verdict = _VERDICTS.get(said) if said or "verdict" in given else Verdict.APPROVE
    excepted = given.get("except", given.get("except_lines", ()))
    if verdict is None or not isinstance(excepted, list | tuple) or not _OFFICER.match(officer):
        return None
    kept = _text(given, "kept")
    evidence = KeptWord(word=kept) if _KEPT.match(kept) else _evidence_in(given)
    if evidence is None:
        return SAY_CODE if named else None
    return _decision(named, officer, evidence, verdict, excepted, _text(given, "reason"))


def _decision(
    named: Sequence[str],
    officer: str,
    evidence: Evidence,
    verdict: Verdict,
    excepted: Sequence[Any],
    reason: str,
) -> DecisionWords | None:
    sheets = tuple(dict.fromkeys(named))
    if not sheets or len(sheets) > MOST_SHEETS or not all(_SHEET.match(one) for one in sheets):
        return None
    if not all(_is_line_no(no) for no in excepted) or (excepted and len(sheets) > 1):
        return None
    return DecisionWords(
        sheets=sheets,
        officer=officer,
        evidence=evidence,
        verdict=verdict,
        except_lines=tuple(excepted),
        reason=reason[:_LONGEST_TEXT],
    )


def finding_words(given: object, here: Finding | None = None) -> FindingWords | Complaint:
    """A finding from "012370 493021 merchant 说明" or {officer, code or signature, finding, remark}.

    `here`: the finding that is said where this was typed; the text is then without it ("012370 493021 说明"), and one
    that names another finding contradicts itself.
    """
    if isinstance(given, Complaint):
        return given
    if here is not None:
        return _finding_here(given, here)
    if isinstance(given, str):
        officer, _, rest = _readable(given).partition(" ")
        code, _, rest = rest.strip().partition(" ")
        word, _, remark = rest.strip().partition(" ")
        evidence = evidence_word(code)
    elif isinstance(given, dict):
        officer, word, remark = _text(given, "officer"), _text(given, "finding"), _text(given, "remark")
        evidence = _evidence_in(given)
    else:
        return SAY_FINDING
    finding = _FINDINGS.get(word.lower())
    if finding is None or evidence is None or not _OFFICER.match(officer):
        return SAY_FINDING
    return FindingWords(officer=officer, evidence=evidence, finding=finding, remark=remark.strip()[:_LONGEST_TEXT])


def _finding_here(given: object, here: Finding) -> FindingWords | Complaint:
    if isinstance(given, dict):
        officer, remark, evidence = _text(given, "officer"), _text(given, "remark"), _evidence_in(given)
        said = _text(given, "finding")
    elif isinstance(given, str):
        officer, _, rest = _readable(given).partition(" ")
        code, _, remark = rest.strip().partition(" ")
        evidence = evidence_word(code)
        said, _, after = remark.strip().partition(" ")
        if said.lower() in _FINDINGS:
            remark = after
        else:
            said = ""
    else:
        return SAY_FINDING_HERE
    if evidence is None or not _OFFICER.match(officer):
        return SAY_FINDING_HERE
    if said and _FINDINGS.get(said.lower()) is not here:
        return CONTRADICTS_ITSELF
    return FindingWords(officer=officer, evidence=evidence, finding=here, remark=remark.strip()[:_LONGEST_TEXT])


def halt_words(given: object) -> HaltWords | Complaint:
    """A halt from "012350", "012350 理由" or {officer}.

    With a code it is refused: who types one has meant to approve a sheet, and its operation stands next to the halt.
    """
    if isinstance(given, Complaint):
        return given
    officer, evidence = "", None
    if isinstance(given, str):
        officer, _, rest = _readable(given[:_LONGEST_INPUT]).partition(" ")
        evidence = evidence_word(rest.strip().partition(" ")[0])
    elif isinstance(given, dict):
        officer, evidence = _text(given, "officer"), _evidence_in(given)
    if not _OFFICER.match(officer):
        return SAY_HALT
    return HaltWords(officer=officer) if evidence is None else SAY_HALT_ALONE


def filing_words(given: object) -> FilingWords | Complaint:
    """A case filing from "A3202… 012345 493021" or {number, officer, code or signature}."""
    if isinstance(given, Complaint):
        return given
    if isinstance(given, str):
        parts = _readable(given).split()
        number, officer, code = parts if len(parts) == _FILING_WORDS else ("", "", "")
        evidence = evidence_word(code)
    elif isinstance(given, dict):
        number, officer, evidence = _text(given, "number"), _text(given, "officer"), _evidence_in(given)
    else:
        return SAY_FILING
    if not _FILING_NUMBER.match(number) or not _OFFICER.match(officer) or evidence is None:
        return SAY_FILING
    return FilingWords(number=number, officer=officer, evidence=evidence)


def _evidence_in(given: dict[Any, Any]) -> Evidence | None:
    return evidence_word(_text(given, "code") or _text(given, "signature"))


def _text(given: dict[Any, Any], key: str) -> str:
    value = given.get(key, "")
    return _readable(value) if isinstance(value, str) else ""


def _readable(text: str) -> str:
    """What people can see of it: the register keeps no NUL and no half of a surrogate pair."""
    return "".join(sign if sign.isprintable() else " " for sign in text).strip()


def _is_line_no(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**_LONGEST_LINE_NO
