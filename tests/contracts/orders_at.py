"""Orders about one account at one bank, as the benches of the contract need them."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.identifiers import application_id
from domain.orders import CODES, AccountRef, FourElements, Measure, OfficerCard, Order

PAPER = b"%PDF-1.4 practice\n%%EOF"


@dataclass
class OrdersAt:
    """An account and the one transfer into it."""

    account: AccountRef
    inflow: FourElements
    now: datetime
    paper: bytes = PAPER

    @property
    def inflow_fen(self) -> int:
        return self.inflow.amount_fen

    def stop(self, sequence: int = 1, *, wrong_amount: bool = False) -> Order:
        named = self.inflow.model_copy(update={"amount_fen": self.inflow.amount_fen + wrong_amount})
        return self._order(Measure.STOP, sequence, evidence=named)

    def query(self) -> Order:
        return self._order(Measure.QUERY, since=self.now - timedelta(days=30), until=self.now + timedelta(days=1))

    def lift(self, stop: Order) -> Order:
        return self._order(Measure.LIFT, case_id=stop.case_id, original=stop.application_id)

    def _order(self, measure: Measure, sequence: int = 1, **more: object) -> Order:
        case_id = str(more.get("case_id", "c-contract"))
        whole = {
            "application_id": application_id(
                case_id, self.account.institution, self.account.number, CODES[measure], sequence
            ),
            "case_id": case_id,
            "case_number": "A2026-000001",
            "category": "其他",
            "measure": measure,
            "institution": self.account.institution,
            "institution_name": "练习银行",
            "account": self.account,
            "requested_at": self.now,
            "handling": OfficerCard(number="032001", name="张测试", phone="0510-81234567"),
            "second": OfficerCard(number="032002", name="李测试"),
            "paper": hashlib.sha256(self.paper).hexdigest(),
            "paper_number": "锡公（反诈）止付字〔2026〕000001号",
        }
        return Order.model_validate(whole | more)
