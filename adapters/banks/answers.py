"""Answers: any bytes become a reply, understood or with one line that says why not and quotes nothing."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TypeVar

from lxml import etree

from activities.line_ports import Reply
from adapters.banks.envelope import UnreadableError, only, opened, texts
from adapters.banks.outcomes import ACCOUNT_KINDS, fen, moment, outcome, sum_fen
from domain.orders import CODES, AccountKind, Measure, in_force
from domain.statement import EarlierMeasure, Row, Statement, Way

_WHOLE = re.compile(r"[0-9]{1,18}")  # longer ones fit no database's integer
_RESULT = re.compile(r"[0-9]{4}|[0-9]{6}")
_CARRIERS = {Measure.CLOSE_NUMBER, Measure.BLOCK_LINK}
_MEASURES = {code[-4:]: measure for measure, code in CODES.items() if measure not in _CARRIERS}
_WAYS = {"转账": Way.TRANSFER, "取现": Way.CASH, "消费": Way.CARD, "虚拟货币": Way.CRYPTO, "境外汇款": Way.ABROAD}
_DONE = "00"
_CREDIT = {"0": False, "1": True}
_CASH = "01"
_Part = TypeVar("_Part")


def read(key: str, message: bytes, organisation: str, at: datetime) -> Reply:
    """The reply to the order `key` in these bytes. `at`: when they reached us (UTC)."""
    try:
        return _understood(key, message, organisation, at)
    except UnreadableError as problem:
        return Reply(key=key, unreadable=str(problem))


def _understood(key: str, message: bytes, organisation: str, at: datetime) -> Reply:
    measure = _MEASURES.get(key[:4])
    if measure is None:
        raise UnreadableError("the key is none of a bank's orders")
    answer = opened(message)
    if answer.to != organisation:
        raise UnreadableError("the answer is addressed to another organisation")
    if answer.code != str(int(CODES[measure]) + 1):
        raise UnreadableError("TxCode is not that of the answer to this order")
    fields = texts(answer.body)
    if fields.get("ApplicationID") != key:
        raise UnreadableError("ApplicationID is another order's")
    code = fields.get("Result", "")
    if not _RESULT.fullmatch(code):
        raise UnreadableError("Result is not a code")
    found = outcome(measure, fields, at)
    statement = None
    if in_force(found) and measure is Measure.QUERY:
        statement = _statement(answer.body, fields)
    elif in_force(found) and measure is Measure.HOLDER:
        statement = _statement_of_holder(fields)
    return Reply(key=key, code=code, outcome=found, statement=statement)


def _statement_of_holder(fields: Mapping[str, str]) -> Statement:
    """Who holds the account, without rows: a 100304 says nothing of money."""
    return Statement(
        holder_name=fields.get("AccountName", ""),
        holder_id_type=fields.get("IDType", ""),
        holder_id_number=fields.get("IDNumber", ""),
        kind=_kind(fields, "AccountType"),
    )


def _statement(body: etree._Element, fields: Mapping[str, str]) -> Statement:
    rows: dict[int, Row] = {}
    for row in _each(body, "Transactions", "Transaction", _row):
        rows.setdefault(row.serial, row)
    return Statement(
        holder_name=fields.get("AccountName", ""),
        holder_id_type=fields.get("IDType", ""),
        holder_id_number=fields.get("IDNumber", ""),
        kind=_kind(fields, "AccountType"),
        balance_fen=_filled(fen, fields, "AccountBalance"),
        total_rows=_whole(fields, "TransactionTotal") if fields.get("TransactionTotal") else len(rows),
        rows=tuple(rows.values()),
        measures=tuple(_each(body, "Measures", "Measure", _measure)),
    )


def _each(
    body: etree._Element, group: str, name: str, read_one: Callable[[Mapping[str, str]], _Part]
) -> Iterator[_Part]:
    if body.find(group) is None:
        return
    for count, element in enumerate(only(body, group), start=1):
        if element.tag != name:
            raise UnreadableError(f"{group} holds something that is no {name}")
        try:
            yield read_one(texts(element))
        except UnreadableError as problem:
            raise UnreadableError(f"{name} {count}: {problem}") from None


def _row(fields: Mapping[str, str]) -> Row:
    sign = fields.get("BorrowingSigns")
    if sign not in _CREDIT:
        raise UnreadableError("BorrowingSigns is neither 0 nor 1")
    return Row(
        serial=_whole(fields, "TransactionSerial"),
        at=_time(fields, "TransactionTime"),
        credit=_CREDIT[sign],
        amount_fen=_filled(sum_fen, fields, "TransactionAmount"),
        balance_fen=_filled(fen, fields, "AccountBalance"),
        done=fields.get("TransactionStatus") == _DONE,
        way=_way(fields),
        opponent_institution=fields.get("OpponentBankID", ""),
        opponent_number=fields.get("OpponentAccountNumber", ""),
        opponent_name=fields.get("OpponentName", ""),
        opponent_kind=_kind(fields, "OpponentAccountType"),
        channel=fields.get("Channel", ""),
        place=fields.get("Place", ""),
        merchant=fields.get("MerchantName", ""),
        ip=fields.get("IP", ""),
        mac=fields.get("MAC", ""),
        terminal=fields.get("TerminalNumber", ""),
    )


def _measure(fields: Mapping[str, str]) -> EarlierMeasure:
    return EarlierMeasure(
        authority=fields.get("Authority", ""),
        amount_fen=fen(fields, "Amount"),
        started=moment(fields, "StartTime"),
        expires=moment(fields, "ExpireTime"),
        kind=fields.get("Kind", ""),
        application_id=fields.get("ApplicationID", ""),
    )


def _way(fields: Mapping[str, str]) -> Way:
    """Banks have words of their own beside the listed ones: then the cash mark decides, else it is a transfer."""
    usual = Way.CASH if fields.get("CashMark") == _CASH else Way.TRANSFER
    return _WAYS.get(fields.get("TransactionType", ""), usual)


def _kind(fields: Mapping[str, str], name: str) -> AccountKind:
    return ACCOUNT_KINDS.get(fields.get(name, ""), AccountKind.PERSON)


def _time(fields: Mapping[str, str], name: str) -> datetime:
    found = moment(fields, name)
    if found is None:
        raise UnreadableError(f"{name} is missing")
    return found


def _filled(amount: Callable[[Mapping[str, str], str], int | None], fields: Mapping[str, str], name: str) -> int:
    found = amount(fields, name)
    if found is None:
        raise UnreadableError(f"{name} is missing")
    return found


def _whole(fields: Mapping[str, str], name: str) -> int:
    text = fields.get(name, "")
    if not _WHOLE.fullmatch(text):
        raise UnreadableError(f"{name} is not a whole number")
    return int(text)
