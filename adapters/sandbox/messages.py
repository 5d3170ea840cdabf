"""The banks' XML messages: an order read from a letter, an answer written to it.

Read strictly and once: what a letter says is kept as the few fields the rules at the bank need, so that the book
does not have to carry the attachments. Answers are written as text; every foreign value is escaped.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from lxml import etree

from adapters.sandbox.clock import bank_moment

SERIAL_FORM: Final = re.compile(r"[0-9A-Z]{12}_0{12}[0-9]{28}")
KEY_FORM: Final = re.compile(r"[0-9]{36}")
MONEY_FORM: Final = re.compile(r"([0-9]{1,15})\.([0-9]{2})")
LARGEST_ATTACHMENT: Final = 1024 * 1024
ORGANISATION_WIDTH: Final = 12

# The attachment due with each order; an order without an entry needs no officers and no document to be obeyed.
DOCUMENT_DUE: Final[Mapping[str, str]] = {
    "100101": "03",
    "100103": "03",
    "100201": "02",
    "100203": "02",
    "100301": "05",
    "100303": "05",
}

_ALWAYS: Final = ("ApplicationID", "CaseNumber", "AccountNumber", "ApplicationOrgID")
# Beyond _ALWAYS: without these the order cannot be understood. AccountName may be wrong, it may not be judged here.
NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "100101": ("TransferAmount", "TransferTime", "AccountType", "AccountName"),
    "100103": ("OriginalApplicationID",),
    "100105": ("OriginalApplicationID",),
    "100201": ("FreezeType", "ExpireTime"),
    "100203": ("OriginalApplicationID",),
    "100205": ("OriginalApplicationID", "ExpireTime"),
    "100301": ("InquiryMode",),
    "100303": (),
}
_TIMES: Final = ("TransferTime", "ExpireTime", "StartTime", "FreezeStartTime", "PostponeStartTime", "ApplicationTime")
_PERIOD: Final = ("InquiryPeriodStart", "InquiryPeriodEnd")
_MONEY: Final = ("TransferAmount", "Balance")
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "AccountType": ("01", "02"),
    "FreezeType": ("01", "02"),
    "InquiryMode": ("01", "02", "03", "04"),
    "SubjectType": ("1", "2"),
}

ANSWER_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    code: tuple(names.split())
    for code, names in {
        "100101": "AccountType AccountNumber CardNumber Currency AccountBalance StartTime ExpireTime FailureCause "
        "FeedbackRemark FeedbackOrgName OperatorName OperatorPhoneNumber",
        "100103": "AccountNumber WithdrawalTime FailureCause FeedbackRemark FeedbackOrgName",
        "100105": "AccountNumber StartTime ExpireTime FailureCause FeedbackRemark FeedbackOrgName",
        "100201": "AccountType AccountNumber Currency AppliedBalance FrozedBalance AccountBalance "
        "AccountAvaiableBalance FreezeStartTime ExpireTime FormerApplicationDepartment FormerFrozenCurrency "
        "FormerFrozenBalance FormerFrozenExpireTime FailureCause FeedbackRemark FeedbackOrgName",
        "100203": "AccountNumber WithdrawalTime FailureCause FeedbackRemark FeedbackOrgName",
        "100205": "AccountNumber StartTime ExpireTime FailureCause FeedbackRemark FeedbackOrgName",
        "100301": "AccountType AccountName AccountNumber IDType IDNumber AccountStatus Currency AccountBalance "
        "AvailableBalance TransactionTotal Transactions Measures FailureCause FeedbackRemark FeedbackOrgName",
        "100303": "AccountType AccountName AccountNumber IDType IDNumber PhoneNumber Address OpenTime FailureCause "
        "FeedbackRemark FeedbackOrgName",
    }.items()
}
# These two arrive as finished XML.
_LISTS: Final = frozenset({"Transactions", "Measures"})


class MalformedError(Exception):
    """A letter that cannot be read; its text goes into the receipt and names fields, never their values."""


@dataclass(slots=True, frozen=True)
class Order:
    """What a letter asks. `to`: the institution; `organisation`: who asks; `fields`: the flat elements of the Body."""

    code: str
    application_id: str
    to: str
    organisation: str
    fields: dict[str, str]
    officers: bool
    document: bool

    def fen(self, name: str) -> int:
        """A money field in fen."""
        return fen_of(self.fields[name])


def yuan(fen: int) -> str:
    """Fen as yuan text with two decimals."""
    return f"{fen // 100}.{fen % 100:02d}"


def fen_of(text: str) -> int:
    """Yuan text with exactly two decimals as fen. Raises ValueError for anything else."""
    match = MONEY_FORM.fullmatch(text)
    if match is None:
        raise ValueError("money is yuan with exactly two decimals")
    return int(match[1]) * 100 + int(match[2])


def unpack(message: str) -> bytes:
    """The bytes of a letter's message. Raises MalformedError."""
    try:
        return base64.b64decode(message, validate=True)
    except (binascii.Error, ValueError):
        raise MalformedError("message: not Base64") from None


def read_order(key: str, serial: str, message: str) -> Order:
    """Read a bank's letter. Raises MalformedError with what is wrong with it."""
    root = _parse(unpack(message))
    head, body = root.find("Head"), root.find("Body")
    if root.tag != "Response" or head is None or body is None:
        raise MalformedError("not Response > Head, Body")
    said = {str(child.tag): (child.text or "").strip() for child in head}
    fields = {str(child.tag): (child.text or "").strip() for child in body if len(child) == 0}
    code = said.get("TxCode", "")
    if said.get("Mode") != "01" or code not in NEEDED:
        raise MalformedError("Head: Mode is not 01, or TxCode is not one that an institution takes")
    if said.get("TransSerialNumber") != serial or not SERIAL_FORM.fullmatch(serial):
        raise MalformedError("TransSerialNumber: not the letter's serial, or not of its form")
    if fields.get("ApplicationID") != key or not KEY_FORM.fullmatch(key) or key[:4] != code[2:]:
        raise MalformedError("ApplicationID: not the letter's key, or not of its form")
    _examine(code, fields)
    officers, document = _authority(code, body)
    return Order(code, key, said.get("To", ""), serial[:ORGANISATION_WIDTH], fields, officers, document)


def _parse(raw: bytes) -> etree._Element:
    # A parser of its own for each message: lxml's are not to be shared, and making one costs microseconds.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        root = etree.fromstring(raw, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise MalformedError("message: not XML") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise MalformedError("message: carries a document type")
    return root


def _examine(code: str, fields: dict[str, str]) -> None:
    for name in (*_ALWAYS, *NEEDED[code]):
        if not fields.get(name):
            raise MalformedError(f"{name}: missing")
    if fields.get("FreezeType") == "01" and not fields.get("Balance"):
        raise MalformedError("Balance: missing")
    for names, read in ((_MONEY, fen_of), (_TIMES, bank_moment), (_PERIOD, _period)):
        _readable(fields, names, read)
    for name, choices in _CHOICES.items():
        if fields.get(name) and fields[name] not in choices:
            raise MalformedError(f"{name}: not one of {', '.join(choices)}")


def _readable(fields: dict[str, str], names: tuple[str, ...], read: Callable[[str], int]) -> None:
    for name in names:
        if fields.get(name):
            try:
                read(fields[name])
            except ValueError as wrong:
                raise MalformedError(f"{name}: {wrong}") from None


def _period(text: str) -> int:
    """A query's period may be as wide as one likes (99991231235959), so only its digits are looked at."""
    if not re.fullmatch(r"[0-9]{14}", text):
        raise ValueError("a time is 14 digits, yyyyMMddHHmmss")
    return int(text)


def _authority(code: str, body: etree._Element) -> tuple[bool, bool]:
    """Whether two different officers sign, and whether the document due is there (rules R12)."""
    first = (body.findtext("Operator/IDNumber") or "").strip()
    second = (body.findtext("Investigator/IDNumber") or "").strip()
    due = DOCUMENT_DUE.get(code)
    document = due is None or any(
        (attachment.findtext("Kind") or "").strip() == due and _is_pdf(attachment.findtext("Content") or "")
        for attachment in body.iterfind("Attachments/Attachment")
    )
    return due is None or bool(first and second and first != second), document


def _is_pdf(content: str) -> bool:
    try:
        raw = base64.b64decode(content)
    except (binascii.Error, ValueError):
        return False
    return raw.startswith(b"%PDF") and len(raw) <= LARGEST_ATTACHMENT


def write_answer(order: Order, result: str, said: Mapping[str, str], serial: str, *, end_time: bool) -> bytes:
    """The answer's XML. `said` holds the Body's further fields; `end_time`: this bank writes EndTime (100102)."""
    parts = [f"<ApplicationID>{order.application_id}</ApplicationID><Result>{escape(result)}</Result>"]
    for name in ANSWER_FIELDS[order.code]:
        value = said.get(name, "")
        if name in _LISTS:
            parts.append(f"<{name}>{value}</{name}>")
            continue
        tag = "EndTime" if end_time and name == "ExpireTime" and order.code == "100101" else name
        parts.append(f"<{tag}>{escape(value)}</{tag}>" if value else f"<{tag}/>")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Response><Head><Mode>01</Mode><To>{order.organisation}</To><TxCode>{int(order.code) + 1}</TxCode>"
        f"<TransSerialNumber>{serial}</TransSerialNumber></Head><Body>{''.join(parts)}</Body></Response>"
    ).encode()
