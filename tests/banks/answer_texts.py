"""Answers as banks write them, built here by hand: the tests do not lend the adapter its own words."""

from collections.abc import Mapping
from xml.sax.saxutils import escape

from tests.banks.orders import CENTRE


def answer(
    key: str, fields: Mapping[str, str], *, code: str | None = None, to: str = CENTRE.organisation_id, inner: str = ""
) -> bytes:
    tx_code = code or f"10{int(key[:4]) + 1:04d}"
    body = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in fields.items())
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f"<Response><Head><Mode>01</Mode><To>{to}</To><TxCode>{tx_code}</TxCode>"
        f"<TransSerialNumber>105302000015_{'0' * 12}{'4' * 28}</TransSerialNumber></Head>"
        f"<Body><ApplicationID>{key}</ApplicationID>{body}{inner}</Body></Response>"
    ).encode()


def row(serial: int, **changes: str) -> str:
    fields = {
        "TransactionType": "转账",
        "BorrowingSigns": "1",
        "Currency": "CNY",
        "TransactionAmount": "49380.00",
        "AccountBalance": "49380.05",
        "TransactionTime": "20261122024205",
        "TransactionSerial": str(serial),
        "OpponentName": "测试乙0001",
        "OpponentAccountNumber": "6222029511307277894",
        "OpponentBankID": "102302000011",
        "OpponentBankName": "中国工商银行",
        "OpponentIDType": "01",
        "OpponentIDNumber": "320299199508156208",
        "OpponentAccountType": "01",
        "CashMark": "00",
        "TerminalNumber": "T-17",
        "Channel": "mobile",
        "TransactionStatus": "00",
        "Place": "无锡",
        "MerchantName": "",
        "IP": "10.0.0.7",
        "MAC": "02:00:00:00:00:07",
        "TellerNumber": "",
    } | changes
    return (
        "<Transaction>"
        + "".join(f"<{name}>{escape(text)}</{name}>" for name, text in fields.items())
        + "</Transaction>"
    )
