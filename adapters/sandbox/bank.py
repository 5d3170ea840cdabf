"""The rules at the bank: what becomes of each order, decided on the account as it is at that moment.

Nothing is changed here. A ruling says the Result, the fields of the answer, and the records that become true with
it; the world writes them to its book and lets them take effect.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from adapters.sandbox import statement
from adapters.sandbox.accounts import Account, Measure
from adapters.sandbox.clock import bank_moment, bank_text
from adapters.sandbox.ledger import Ledger
from adapters.sandbox.messages import Order, yuan
from adapters.sandbox.scenario import Institution

STOP_TERM_S: Final = 48 * 3600  # rules R3: 48 hours from the moment the bank stopped the account
MOST_STOPS: Final = 2  # rules R5: an account can be stopped twice, an extension counts

DONE: Final = "0000"
PARTIAL: Final = "1200"
# The bank could not be asked, or failed in itself: the same bytes again may get another answer.
TRANSIENT: Final = frozenset({"200002", "600004", "600005", "603202", "1100", "1300", "1399"})
# What counts as answered rather than refused: done, done in part, nothing left to do.
ANSWERED: Final = frozenset({DONE, PARTIAL, "1900"})

_REMARKS: Final = {
    "0201": "no transfer of this amount into the account",
    "0202": "the amount agrees, the time does not",
    "0301": "no such account here",
    "0303": "name or kind of the account does not agree",
    "0304": "no such original order",
    "0600": "officers or legal document missing",
    "1200": "done, but for less than was asked",
    "1301": "stopped already",
    "1302": "frozen by another authority, nothing left",
    "1303": "frozen as a whole",
    "1304": "stopped too often",
    "1800": "too late: it has ended",
    "1900": "it had ended before",
}


@dataclass(slots=True)
class Ruling:
    """Result, the answer's further fields, and the records (without their times) that become true."""

    result: str
    said: dict[str, str] = field(default_factory=dict)
    records: list[dict[str, Any]] = field(default_factory=list)


class Bank:
    """One bank or payment institution."""

    def __init__(self, institution: Institution, ledger: Ledger, bank_names: dict[str, str]) -> None:
        self.institution = institution
        self._ledger = ledger
        self._names = bank_names
        self._rules: dict[str, Callable[[Order, Account, float], Ruling]] = {
            "100101": self._stop,
            "100103": self._lift,
            "100105": self._extend,
            "100201": self._freeze,
            "100203": self._lift,
            "100205": self._extend,
            "100301": self._transactions,
            "100303": self._holder,
        }

    def rule(self, order: Order, real: float) -> Ruling:
        """What becomes of an order whose moment has come. `real`: Unix time of the effect."""
        ruling = self._rule(order, real)
        ruling.said.setdefault("AccountNumber", order.fields["AccountNumber"])
        return self.complete(ruling)

    def complete(self, ruling: Ruling) -> Ruling:
        """Add what every answer of this bank carries: who says it, and the reason in words."""
        cause = "FailureCause" if ruling.result in TRANSIENT else "FeedbackRemark"
        ruling.said.setdefault(cause, _REMARKS.get(ruling.result, "" if ruling.result == DONE else "refused"))
        ruling.said["FeedbackOrgName"] = self.institution.name
        return ruling

    def _rule(self, order: Order, real: float) -> Ruling:
        if not (order.officers and order.document):
            return Ruling("0600")
        account = self._ledger.find(self.institution.id, order.fields["AccountNumber"])
        if account is None:
            return Ruling("0301")
        if order.fields.get("AccountName", "") != account.file.name:
            return Ruling("0303", {"AccountType": ""})
        return self._rules[order.code](order, account, real)

    def _record(self, kind: str, order: Order, account: Account, **more: object) -> dict[str, Any]:
        return {"kind": kind, "account": account.file.id, "application_id": order.application_id, **more}

    def _took_effect(self, kind: str, order: Order, account: Account, **more: object) -> dict[str, Any]:
        """The record of a new stop or freeze."""
        place = {"institution": self.institution.id, "number": account.file.number, "authority": "ours"}
        return self._record(kind, order, account, **more, **place)

    def _stop(self, order: Order, account: Account, real: float) -> Ruling:
        said = {
            "AccountType": statement.account_type(account.file),
            "CardNumber": account.file.number if account.file.kind == "person" else "",
            "Currency": "CNY",
            "AccountBalance": yuan(account.balance_fen),
        }
        if order.fields["AccountType"] == "01" and account.file.kind == "corporate":
            return Ruling("0303", {"AccountType": "02"})
        times = account.came_in.get(order.fen("TransferAmount"))
        if times is None:
            return Ruling("0201", said)
        if order.fields["TransferTime"] not in times:
            return Ruling("0202", said)
        standing = account.stop or account.whole_freeze
        if standing is not None:
            return Ruling("1301" if standing.kind == "stop" else "1303", said | _term(standing))
        if account.times_stopped >= MOST_STOPS:
            return Ruling("1304", said)
        expires = math.floor(real) + STOP_TERM_S
        said |= {"StartTime": bank_text(real), "ExpireTime": bank_text(expires)}
        result = PARTIAL if account.balance_fen < order.fen("TransferAmount") else DONE
        return Ruling(result, said, [self._took_effect("stop", order, account, amount_fen=None, expires=expires)])

    def _original(self, order: Order, account: Account) -> Measure | None:
        """The asker's own measure that the order names: on this account, and of the order's kind."""
        measure = self._ledger.measures.get(order.fields["OriginalApplicationID"])
        if measure is None or not measure.ours or measure.account != account.file.id:
            return None
        return measure if measure.kind == _kind(order) else None

    def _lift(self, order: Order, account: Account, real: float) -> Ruling:
        measure = self._original(order, account)
        if measure is None:
            return Ruling("0304")
        said = {"WithdrawalTime": bank_text(real)}
        if measure.ended:
            return Ruling("1900", said)
        kind = "lift" if measure.kind == "stop" else "unfreeze"
        return Ruling(DONE, said, [self._record(kind, order, account, ends=measure.application_id)])

    def _extend(self, order: Order, account: Account, _real: float) -> Ruling:
        measure = self._original(order, account)
        if measure is None:
            return Ruling("0304")
        if measure.ended:
            return Ruling("1800", _term(measure))
        expires = measure.expires + STOP_TERM_S
        if measure.kind == "freeze":
            expires = bank_moment(order.fields["ExpireTime"])
        elif account.times_stopped >= MOST_STOPS:
            return Ruling("1304", _term(measure))
        said = {"StartTime": bank_text(measure.start), "ExpireTime": bank_text(expires)}
        return Ruling(
            DONE, said, [self._record("extend", order, account, extends=measure.application_id, expires=expires)]
        )

    def _freeze(self, order: Order, account: Account, real: float) -> Ruling:
        whole = order.fields["FreezeType"] == "02"
        free = account.uncovered_fen
        asked = order.fen("Balance") if order.fields.get("Balance") else free
        executed = free if whole else min(asked, free)
        former = next((freeze for freeze in account.freezes if not freeze.ours), None)
        said = {
            "AccountType": statement.account_type(account.file),
            "Currency": "CNY",
            "AppliedBalance": yuan(asked),
            "FrozedBalance": yuan(executed),
            "AccountBalance": yuan(account.balance_fen),
            "AccountAvaiableBalance": yuan(free - executed),
        }
        if former is not None:
            covers = account.balance_fen if former.amount_fen is None else former.amount_fen
            said |= {
                "FormerApplicationDepartment": former.department,
                "FormerFrozenCurrency": "CNY",
                "FormerFrozenBalance": yuan(covers),
                "FormerFrozenExpireTime": bank_text(former.expires),
            }
            if free == 0:
                return Ruling("1302", said | _term(former, start="FreezeStartTime"))
        expires = bank_moment(order.fields["ExpireTime"])
        said |= {"FreezeStartTime": bank_text(real), "ExpireTime": bank_text(expires)}
        result = PARTIAL if executed < asked else DONE
        amount = None if whole else executed
        return Ruling(result, said, [self._took_effect("freeze", order, account, amount_fen=amount, expires=expires)])

    def _transactions(self, order: Order, account: Account, _real: float) -> Ruling:
        start, end = order.fields.get("InquiryPeriodStart", ""), order.fields.get("InquiryPeriodEnd", "")
        total, rows = statement.transactions(account, start, end, self._names)
        said = {
            "AccountType": statement.account_type(account.file),
            "AccountName": account.file.name,
            "IDType": statement.identity_type(account.file),
            "IDNumber": account.file.id_number,
            "AccountStatus": statement.status(account),
            "Currency": "CNY",
            "AccountBalance": yuan(account.balance_fen),
            "AvailableBalance": yuan(account.uncovered_fen),
            "TransactionTotal": str(total),
            "Transactions": "" if order.fields["InquiryMode"] == "01" else rows,
            "Measures": statement.measures(account, order.fields.get("ApplicationOrgName", "")),
        }
        return Ruling(DONE, said)

    def _holder(self, _order: Order, account: Account, _real: float) -> Ruling:
        said = {
            "AccountType": statement.account_type(account.file),
            "AccountName": account.file.name,
            "IDType": statement.identity_type(account.file),
            "IDNumber": account.file.id_number,
        }
        return Ruling(DONE, said | statement.made_up_holder(account.file))


def _kind(order: Order) -> str:
    return "stop" if order.code.startswith("1001") else "freeze"


def _term(measure: Measure, *, start: str = "StartTime") -> dict[str, str]:
    """Start and end of the measure that stands, as a refusal tells them."""
    return {start: bank_text(measure.start), "ExpireTime": bank_text(measure.expires)}
