"""What a bank tells about an account: its statement's rows, its measures, its holder.

What the scenario file does not say (address, telephone, device) is made up from the account's number: the same at
every question, and plainly synthetic (documentation addresses, locally administered MACs).
"""

import bisect
import hashlib
from typing import Final
from xml.sax.saxutils import escape

from adapters.sandbox.accounts import Account, Measure, Row
from adapters.sandbox.clock import bank_text
from adapters.sandbox.messages import yuan
from adapters.sandbox.scenario import Account as Holder

MOST_ROWS: Final = 1000
TRANSFER: Final = "转账"
_EXITS: Final = {"cash": "取现", "card": "消费", "crypto": "虚拟货币", "abroad": "境外汇款"}
_CHANNELS: Final = {"atm": "machine", "machine": "machine", "counter": "counter", "online": "online",
                    "mobile": "mobile", "telephone": "telephone"}  # fmt: skip
_KINDS: Final = {"person": "01", "corporate": "02"}
_IDENTITIES: Final = {"person": "01", "corporate": "14"}


def account_type(holder: Holder) -> str:
    """`01` person, `02` corporate."""
    return _KINDS[holder.kind]


def identity_type(holder: Holder) -> str:
    """`01` resident identity card, `14` company code."""
    return _IDENTITIES[holder.kind]


def status(account: Account) -> str:
    """The account's state in the bank's words."""
    if account.whole_freeze is not None:
        return "冻结"
    return "止付" if account.stop is not None else "正常"


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=8).digest()


def made_up_holder(holder: Holder) -> dict[str, str]:
    """Telephone, address and opening day of an account, as a practice bank has them on file."""
    grain = _digest(f"holder {holder.number}")
    return {
        "PhoneNumber": f"1390000{int.from_bytes(grain[:2], 'big') % 10_000:04d}",
        "Address": f"练习市练习路{int.from_bytes(grain[2:4], 'big') % 900 + 1}号",
        "OpenTime": f"20{grain[4] % 10 + 10}{grain[5] % 12 + 1:02d}{grain[6] % 28 + 1:02d}100000",
    }


def _device(row: Row) -> str:
    """Where the paying side's order came from; the receiving bank does not know it."""
    grain = _digest(f"device {row.move.from_}")
    channel = _CHANNELS.get(row.move.via, "counter")
    terminal = f"T{int.from_bytes(grain[:3], 'big'):08d}" if channel == "machine" else ""
    network, mac, teller = "", "", ""
    if channel in {"online", "mobile"}:
        network = f"198.51.100.{grain[3] % 254 + 1}"
        mac = "02-" + "-".join(f"{part:02X}" for part in grain[3:8])
    elif channel == "counter":
        teller = f"{grain[3]:06d}"
    place = "练习市" if channel in {"machine", "counter"} else ""
    merchant = "练习商户" if row.move.to == "card" else ""
    return (
        f"<TerminalNumber>{terminal}</TerminalNumber><Channel>{channel}</Channel>"
        f"<TransactionStatus>{'00' if row.done else '01'}</TransactionStatus><Place>{place}</Place>"
        f"<MerchantName>{merchant}</MerchantName><IP>{network}</IP><MAC>{mac}</MAC>"
        f"<TellerNumber>{teller}</TellerNumber>"
    )


def _received(row: Row) -> str:
    return (
        f"<TerminalNumber/><Channel>{_CHANNELS.get(row.move.via, 'counter')}</Channel>"
        "<TransactionStatus>00</TransactionStatus><Place/><MerchantName/><IP/><MAC/><TellerNumber/>"
    )


def _opponent(other: Holder | None, bank_names: dict[str, str]) -> str:
    if other is None:
        return (
            "<OpponentName/><OpponentAccountNumber/><OpponentBankID/><OpponentBankName/>"
            "<OpponentIDType/><OpponentIDNumber/><OpponentAccountType/>"
        )
    return (
        f"<OpponentName>{escape(other.name)}</OpponentName>"
        f"<OpponentAccountNumber>{escape(other.number)}</OpponentAccountNumber>"
        f"<OpponentBankID>{other.institution}</OpponentBankID>"
        f"<OpponentBankName>{escape(bank_names[other.institution])}</OpponentBankName>"
        f"<OpponentIDType>{identity_type(other)}</OpponentIDType>"
        f"<OpponentIDNumber>{escape(other.id_number)}</OpponentIDNumber>"
        f"<OpponentAccountType>{account_type(other)}</OpponentAccountType>"
    )


def _row(row: Row, bank_names: dict[str, str]) -> str:
    kind = _EXITS.get(row.move.to, TRANSFER)
    return (
        f"<Transaction><TransactionType>{kind}</TransactionType>"
        f"<BorrowingSigns>{int(row.credit)}</BorrowingSigns><Currency>CNY</Currency>"
        f"<TransactionAmount>{yuan(row.move.amount_fen)}</TransactionAmount>"
        f"<AccountBalance>{yuan(row.balance_fen)}</AccountBalance><TransactionTime>{row.time}</TransactionTime>"
        f"<TransactionSerial>{row.serial}</TransactionSerial>{_opponent(row.other, bank_names)}"
        f"<CashMark>{'01' if row.move.to == 'cash' else ''}</CashMark>"
        f"{_received(row) if row.credit else _device(row)}</Transaction>"
    )


def transactions(account: Account, start: str, end: str, bank_names: dict[str, str]) -> tuple[int, str]:
    """How many rows the period holds, and the oldest 1,000 of them as XML. An empty bound is open."""
    first = bisect.bisect_left(account.rows, start, key=lambda row: row.time) if start else 0
    past = bisect.bisect_right(account.rows, end, key=lambda row: row.time) if end else len(account.rows)
    rows = account.rows[first : min(past, first + MOST_ROWS)]
    return max(0, past - first), "".join(_row(row, bank_names) for row in rows)


def measures(account: Account, asker: str) -> str:
    """The standing measures as XML; the asker's own carry their ApplicationID."""
    return "".join(_measure(measure, account, asker) for measure in account.standing)


def _measure(measure: Measure, account: Account, asker: str) -> str:
    kind = "0001" if measure.kind == "stop" else ("0002" if measure.ours else "1001")
    fen = account.balance_fen if measure.amount_fen is None else measure.amount_fen
    own = measure.application_id if measure.ours else ""
    return (
        f"<Measure><Authority>{escape(asker if measure.ours else measure.department)}</Authority>"
        f"<Amount>{yuan(fen)}</Amount><StartTime>{bank_text(measure.start)}</StartTime>"
        f"<ExpireTime>{bank_text(measure.expires)}</ExpireTime><Kind>{kind}</Kind>"
        f"<ApplicationID>{own}</ApplicationID></Measure>"
    )
