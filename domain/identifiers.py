"""Every identifier is made here, and none of them says anything about a person.

An ApplicationID is the idempotency key of an order: it is derived from case, institution, account, kind of
message and sequence, never from a run or an attempt, so that whatever sends it again sends the same.
"""

import hashlib
import re
import secrets
from typing import NewType

CaseId = NewType("CaseId", str)
ApplicationId = NewType("ApplicationId", str)
AccountKey = NewType("AccountKey", str)

_APPLICATION_DIGITS = 32
_SERIAL_DIGITS = 28


def new_case_id() -> CaseId:
    """A random case id, e.g. "c-4f1d0c2ab97e4e55": nothing of the report is in it."""
    return CaseId(f"c-{secrets.token_hex(8)}")


def new_word_id() -> str:
    """A random id of an officer's word that is kept until the engine is back, e.g. "w-4f1d0c2ab97e4e55"."""
    return f"w-{secrets.token_hex(8)}"


def case_number(year: int, running: int) -> str:
    """The number people say, e.g. "A2026-000123"; `running` comes from the register."""
    return f"A{year}-{running:06d}"


def case_workflow_id(case_id: str) -> str:
    """One case, one workflow."""
    return f"case/{case_id}"


def verification_workflow_id(case_id: str, ordinal: int) -> str:
    """One on-site verification, one child workflow; the ordinal is the case's own count."""
    return f"case/{case_id}/verification/{ordinal}"


def account_key(institution: str, number: str) -> AccountKey:
    """How one account is named inside; never outside payloads and the register."""
    return AccountKey(f"{institution}:{number}")


def masked(code: str, number: str) -> str:
    """How an account appears where it may be read by others: bank and last four."""
    return f"{code}·{number[-4:]}"


def _digits(seed: str, count: int) -> str:
    return str(int.from_bytes(hashlib.sha256(seed.encode()).digest(), "big") % 10**count).zfill(count)


def application_id(case_id: str, institution: str, target: str, code: str, sequence: int) -> ApplicationId:
    """36 characters: last four of the message code + 32 digits (rules section 5).

    `target` is an account number, a telephone number or a link; `sequence` counts the messages of one kind
    to one target within the case (pages of a statement, a second stop).
    """
    seed = "\x1f".join((case_id, institution, target, code, str(sequence)))
    return ApplicationId(code[-4:] + _digits(seed, _APPLICATION_DIGITS))


def transmission_serial(organisation: str, application: str) -> str:
    """53 characters: organisation (12) + "_" + twelve zeros + 28 digits. One a message, the same when sent again."""
    tail = _digits(f"serial\x1f{application}", _SERIAL_DIGITS)
    return f"{organisation}_{'0' * 12}{tail}"


def sheet_name(measure_letter: str, ordinal: int) -> str:
    """How officers name a sheet: "F-03"."""
    return f"{measure_letter}-{ordinal:02d}"


_FULL_SHEET = re.compile(r"^(A[0-9]{4}-[0-9]{6,9})/([A-Z]-[0-9]{2,5})$")


def full_sheet_name(case_no: str, sheet: str) -> str:
    """A sheet's name that no other case has: "A2026-000123/F-03"; one that is full already stays as it is."""
    return sheet if "/" in sheet else f"{case_no}/{sheet}"


def parts_of_sheet(name: str) -> tuple[str, str] | None:
    """Case number and short name of a full sheet name; None when it is no such name."""
    found = _FULL_SHEET.match(name)
    return (found[1], found[2]) if found else None


def notice_id(case_id: str, cause: str) -> str:
    """One cause, one notice, e.g. "n-4f1d0c2ab97e4e55": whoever comes upon the same cause names the same notice."""
    seed = f"{case_id}\x1f{cause}"
    return f"n-{hashlib.sha256(seed.encode()).hexdigest()[:16]}"


def paper_number(organ: str, series: str, year: int, ordinal: int) -> str:
    """The number printed on a legal document, e.g. 锡公（反诈）冻财字〔2026〕000123号; the year is China's."""
    return f"{organ}{series}字〔{year}〕{ordinal:06d}号"
