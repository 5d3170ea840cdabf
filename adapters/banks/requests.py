"""Requests: an order becomes the body of its message, element by element in the order of docs/wire.md.

Widths are the platform's (rules section 5); where none is published, our own, wide enough for what intake takes.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from xml.sax.saxutils import escape

from adapters.banks.envelope import enclose
from domain.clock import platform_time
from domain.money import yuan_text
from domain.orders import CODES, AccountKind, AccountRef, Measure, OfficerCard, Order

Field = tuple[str, str]

WIDTHS: Mapping[str, int] = MappingProxyType(
    {
        # published
        "To": 12,
        "TransSerialNumber": 53,
        "ApplicationID": 36,
        "OriginalApplicationID": 36,
        "ApplicationType": 2,
        "EmergencyLevel": 2,
        "TransferOutBankID": 12,
        "TransferOutBankName": 150,
        "TransferOutAccountName": 100,
        "TransferOutAccountNumber": 30,
        "Currency": 3,
        "TransferAmount": 18,
        "TransferTime": 14,
        "BankID": 12,
        "BankName": 150,
        "AccountType": 2,
        "AccountName": 120,
        "AccountNumber": 50,
        "Balance": 18,
        "ApplicationOrgID": 12,
        # ours
        "CaseNumber": 60,
        "CaseType": 200,
        "ApplicationOrgName": 150,
        "IDNumber": 50,
        "Name": 120,
        "PhoneNumber": 30,
        "Filename": 200,
    }
)
_USUAL_WIDTH = 500
_EXACT = frozenset({"ApplicationID", "TransSerialNumber"})
_PADDED = frozenset({"To", "TransferOutBankID", "BankID", "ApplicationOrgID"})  # filled up with blanks on the right

_FIRST = "00"  # ApplicationType: first order, demand account in RMB
_URGENT = "02"
_CURRENCY = "CNY"
_LIMITED, _WHOLE = "01", "02"  # FreezeType
_BASIC_AND_TRANSACTIONS = "03"  # InquiryMode
_FEEDBACK_HOURS = "1"  # FeedbackLimit: the trace waits for it
_POLICE_CARD = "08"  # IDType of officers
_ACCOUNT_TYPES = {AccountKind.PERSON: "01", AccountKind.CORPORATE: "02"}
_SUBJECT_TYPES = {AccountKind.PERSON: "1", AccountKind.CORPORATE: "2"}
_REASON = "侦办电信网络新型违法犯罪案件"

_ATTACHMENT_KINDS = {
    Measure.STOP: "03",
    Measure.LIFT: "03",
    Measure.EXTEND_STOP: "03",
    Measure.FREEZE: "02",
    Measure.UNFREEZE: "02",
    Measure.RENEW: "02",
    Measure.QUERY: "05",
    Measure.HOLDER: "05",
}
_MOST_PAPER_BYTES = 1024 * 1024
# What XML 1.0 cannot carry, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Centre:
    """Who asks: the organisation of the centre as institutions know it."""

    organisation_id: str
    name: str


def message(order: Order, centre: Centre, serial: str, paper: bytes) -> bytes:
    """The whole message of an order; the same order and paper give the same bytes.

    Raises:
        ValueError: a field does not fit or is missing, named by its element; its content is not quoted.
    """
    if order.measure not in _FIELDS:
        raise ValueError(f"measure: a bank knows no {order.measure}")
    account = order.account
    if account is None:
        raise ValueError("AccountNumber: the order names no account")
    if order.institution != account.institution:
        raise ValueError("BankID: the account lives at another institution than the order goes to")
    body = "".join(_element(name, value) for name, value in _FIELDS[order.measure](order, account))
    tail = "".join(
        (
            _element("ApplicationTime", platform_time(order.requested_at)),
            _element("ApplicationOrgID", centre.organisation_id),
            _element("ApplicationOrgName", centre.name),
            _officers(order.handling, order.second),
            _attachments(order, paper),
        )
    )
    return enclose(
        to=_content("To", order.institution),
        code=CODES[order.measure],
        serial=_content("TransSerialNumber", serial),
        body=body + tail,
    )


def _content(name: str, value: str) -> str:
    width = WIDTHS.get(name, _USUAL_WIDTH)
    if len(value) > width or (name in _EXACT and len(value) != width):
        raise ValueError(f"{name}: {len(value)} characters do not fit into {width}")
    if _NOT_XML.search(value):
        raise ValueError(f"{name}: a character that a message cannot carry")
    if value and name in _PADDED:
        value = value.ljust(width)
    return escape(value, {"\r": "&#13;"})  # a bare one would arrive as a line feed


def _element(name: str, value: str) -> str:
    return f"<{name}>{_content(name, value)}</{name}>"


def _due(name: str, moment: datetime | None) -> str:
    if moment is None:
        raise ValueError(f"{name}: the order names no moment")
    return platform_time(moment)


def _due_amount(name: str, fen: int | None) -> str:
    if fen is None or fen <= 0:
        raise ValueError(f"{name}: the order names no amount above zero")
    return yuan_text(fen)


def _original(order: Order) -> Field:
    if not order.original:
        raise ValueError("OriginalApplicationID: the order does not say which measure it is about")
    return ("OriginalApplicationID", order.original)


def _case(order: Order) -> Iterator[Field]:
    yield "CaseNumber", order.case_number
    yield "CaseType", order.category
    yield "EmergencyLevel", _URGENT


def _bank(order: Order) -> Iterator[Field]:
    yield "BankID", order.institution
    yield "BankName", order.institution_name


def _named(account: AccountRef) -> Iterator[Field]:
    yield "AccountName", account.name
    yield "AccountNumber", account.number


def _reasoned(order: Order) -> Iterator[Field]:
    yield "Reason", _REASON
    yield "Remark", order.paper_number


def _stop(order: Order, account: AccountRef) -> Iterator[Field]:
    transfer = order.evidence
    if transfer is None:
        raise ValueError("TransferAmount: a stop needs the four elements of a transfer")
    yield "ApplicationID", order.application_id
    yield "ApplicationType", _FIRST
    yield "OriginalApplicationID", ""
    yield from _case(order)
    yield "TransferOutBankID", transfer.payer_institution
    yield "TransferOutBankName", ""
    yield "TransferOutAccountName", transfer.payer_name
    yield "TransferOutAccountNumber", transfer.payer_number
    yield "Currency", _CURRENCY
    yield "TransferAmount", _due_amount("TransferAmount", transfer.amount_fen)
    yield "TransferTime", platform_time(transfer.at)
    yield from _bank(order)
    yield "AccountType", _ACCOUNT_TYPES[account.kind]
    yield from _named(account)
    yield from _reasoned(order)
    yield "StartTime", platform_time(order.since or order.requested_at)
    yield "ExpireTime", platform_time(order.until) if order.until else ""  # the bank counts from its own stop (R3)


def _end(order: Order, account: AccountRef) -> Iterator[Field]:
    yield "ApplicationID", order.application_id
    yield _original(order)
    yield "CaseNumber", order.case_number
    yield from _bank(order)
    yield from _named(account)
    yield "Reason", _REASON
    yield "WithdrawalRemark", order.paper_number


def _extend(order: Order, account: AccountRef) -> Iterator[Field]:
    yield "ApplicationID", order.application_id
    yield _original(order)
    yield "CaseNumber", order.case_number
    yield from _bank(order)
    yield from _named(account)
    yield "PostponeStartTime", platform_time(order.since or order.requested_at)
    if order.measure is Measure.RENEW:
        yield "ExpireTime", _due("ExpireTime", order.until)
    else:
        yield "ExpireTime", platform_time(order.until) if order.until else ""
    yield "ExtendRemark", order.paper_number


def _freeze(order: Order, account: AccountRef) -> Iterator[Field]:
    whole = order.amount_fen is None
    yield "ApplicationID", order.application_id
    yield "ApplicationType", _FIRST
    yield "OriginalApplicationID", ""
    yield from _case(order)
    yield from _bank(order)
    yield "AccountType", _ACCOUNT_TYPES[account.kind]
    yield from _named(account)
    yield "IDType", ""  # the holder's papers are not known before 100303 or 100301 say them
    yield "IDNumber", ""
    yield "FreezeType", _WHOLE if whole else _LIMITED
    yield "Balance", "" if whole else _due_amount("Balance", order.amount_fen)
    yield "Currency", _CURRENCY
    yield "FreezeStartTime", platform_time(order.since or order.requested_at)
    yield "ExpireTime", _due("ExpireTime", order.until)
    yield from _reasoned(order)


def _transactions(order: Order, account: AccountRef) -> Iterator[Field]:
    yield "ApplicationID", order.application_id
    yield from _case(order)
    yield "SubjectType", _SUBJECT_TYPES[account.kind]
    yield from _bank(order)
    yield from _named(account)
    yield "InquiryMode", _BASIC_AND_TRANSACTIONS
    yield "InquiryPeriodStart", _due("InquiryPeriodStart", order.since)
    yield "InquiryPeriodEnd", _due("InquiryPeriodEnd", order.until)
    yield "FeedbackLimit", _FEEDBACK_HOURS
    yield from _reasoned(order)


def _holder(order: Order, account: AccountRef) -> Iterator[Field]:
    yield "ApplicationID", order.application_id
    yield from _case(order)
    yield "SubjectType", _SUBJECT_TYPES[account.kind]
    yield from _bank(order)
    yield from _named(account)
    yield from _reasoned(order)


_FIELDS: Mapping[Measure, Callable[[Order, AccountRef], Iterator[Field]]] = MappingProxyType(
    {
        Measure.STOP: _stop,
        Measure.LIFT: _end,
        Measure.EXTEND_STOP: _extend,
        Measure.FREEZE: _freeze,
        Measure.UNFREEZE: _end,
        Measure.RENEW: _extend,
        Measure.QUERY: _transactions,
        Measure.HOLDER: _holder,
    }
)


def _officers(handling: OfficerCard, second: OfficerCard) -> str:
    if not handling.number or not second.number or handling.number == second.number:
        raise ValueError("Investigator: two different officers are due (rules R12)")
    return (
        f"<Operator>{_officer(handling)}{_element('PhoneNumber', handling.phone)}</Operator>"
        f"<Investigator>{_officer(second)}</Investigator>"
    )


def _officer(card: OfficerCard) -> str:
    return _element("IDType", _POLICE_CARD) + _element("IDNumber", card.number) + _element("Name", card.name)


def _attachments(order: Order, paper: bytes) -> str:
    if not paper.startswith(b"%PDF"):
        raise ValueError("Content: the order's document is missing or no PDF (rules R12)")
    if len(paper) >= _MOST_PAPER_BYTES:
        raise ValueError("Content: the order's document has 1 MB or more")
    if order.paper and hashlib.sha256(paper).hexdigest() != order.paper:
        raise ValueError("Content: this is not the document that the order names")
    filename = _element("Filename", f"{order.paper_number or order.case_number}.pdf")
    kind = _element("Kind", _ATTACHMENT_KINDS[order.measure])
    content = base64.b64encode(paper).decode("ascii")
    return f"<Attachments><Attachment>{filename}{kind}<Content>{content}</Content></Attachment></Attachments>"
