"""Papers with practice content, to look at and to try templates with. No real person or account."""

from datetime import UTC, datetime

from adapters.settings import ORGANISATION, PAPER_ORGAN
from domain.identifiers import paper_number
from domain.officers import Role
from domain.orders import OfficerCard
from domain.papers import Paper, PaperKind, PaperLine
from domain.policy import GROUNDS

_ISSUED = datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)
_TERMS = {
    PaperKind.STOP: "48小时",
    PaperKind.EXTEND: "48小时",
    PaperKind.FREEZE: "6个月",
    PaperKind.RENEW: "6个月",
}
_AMOUNTLESS = frozenset({PaperKind.LIFT, PaperKind.QUERY})
LONGEST_CATEGORY = "类" * 200
"""As long as a report may say it (domain.report.Report)."""
_LONG_NAME = "测试某某国际贸易有限责任公司无锡分公司" * 6  # 114 of the 120 characters that a name may have


def sample(
    kind: PaperKind,
    *,
    series: str = "样",
    issuer: str = ORGANISATION,
    organ: str = PAPER_ORGAN,
    accounts: int = 1,
    long: bool = False,
    draft: bool = False,
) -> Paper:
    """A paper of practice content; `long`: with the longest names there may be."""
    approved = kind in {PaperKind.FREEZE, PaperKind.RENEW}
    ordered = kind in {PaperKind.STOP, PaperKind.EXTEND, PaperKind.QUERY}
    return Paper(
        kind=kind,
        number="" if draft else paper_number(organ, series, 2026, 123),
        case_number="A2026-000123",
        category="冒充公检法及政府机关",
        institution_name="中国建设银行股份有限公司",
        organ=issuer,
        lines=tuple(
            PaperLine(
                number=f"62170064{no * 7_919:011d}",
                name=_LONG_NAME if long else f"测试丙{no:04d}",
                amount_fen=None if kind in _AMOUNTLESS else 4_938_050 + no * 137,
            )
            for no in range(1, accounts + 1)
        ),
        handling=OfficerCard(number="032001", name="张测试", phone="0510-81234567"),
        second=OfficerCard(number="032002", name="李测试"),
        issued_at=_ISSUED,
        term=_TERMS.get(kind, ""),
        basis=GROUNDS.query if kind is not PaperKind.STOP else GROUNDS.stop,
        level=(Role.APPROVER_COUNTY, Role.SECOND_OFFICER) if approved else (GROUNDS.level if ordered else ()),
        draft=draft,
    )
