"""Orders as the register would complete them, for the tests of the lines."""

import hashlib
from datetime import UTC, datetime, timedelta

from adapters.banks.requests import Centre
from domain.identifiers import application_id
from domain.orders import CODES, AccountRef, FourElements, Measure, OfficerCard, Order

CENTRE = Centre("320299000000", "无锡市反电信网络诈骗中心")
BANK = "105302000015"
NOW = datetime(2026, 11, 21, 19, 4, 5, tzinfo=UTC)  # 03:04:05 the next day in China
PAPER = b"%PDF-1.4\n" + bytes(range(256)) * 12
ACCOUNT = AccountRef(institution=BANK, number="6217006479174874408", name="测试丙0002")
EVIDENCE = FourElements(
    payer_institution="102302000011",
    payer_name="测试乙0001",
    payer_number="6222029511307277894",
    amount_fen=4_938_000,
    at=NOW - timedelta(minutes=22),
)


def order(measure: Measure, **changes: object) -> Order:
    account = changes.get("account", ACCOUNT)
    number = account.number if isinstance(account, AccountRef) else str(changes.get("target", ""))
    whole = {
        "application_id": application_id("c-1", BANK, number, CODES[measure], 1),
        "case_id": "c-1",
        "case_number": "A2026-000123",
        "category": "冒充公检法及政府机关",
        "measure": measure,
        "institution": BANK,
        "institution_name": "中国建设银行",
        "account": ACCOUNT,
        "evidence": EVIDENCE if measure is Measure.STOP else None,
        "amount_fen": 5_000_001 if measure is Measure.FREEZE else None,
        "original": "0101" + "7" * 32 if measure in _ABOUT_ANOTHER else "",
        "since": NOW - timedelta(days=3) if measure is Measure.QUERY else None,
        "until": NOW + timedelta(days=1) if measure in _WITH_END else None,
        "requested_at": NOW,
        "handling": OfficerCard(number="032001", name="张测试", phone="0510-81234567"),
        "second": OfficerCard(number="032002", name="李测试", phone="13900000002"),
        "paper": hashlib.sha256(PAPER).hexdigest(),
        "paper_number": "锡公（反诈）止付字〔2026〕000123号",
        "authority": "sa-1",
    }
    return Order.model_validate(whole | changes)


_ABOUT_ANOTHER = {Measure.LIFT, Measure.EXTEND_STOP, Measure.UNFREEZE, Measure.RENEW}
_WITH_END = {Measure.QUERY, Measure.FREEZE, Measure.RENEW}
