"""The words of each kind of document (DOMAIN section 3, F1): title, what is asked, and what a line's amount means."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from domain.papers import PaperKind


@dataclass(frozen=True, slots=True)
class Words:
    """What a kind of document says. `asks` follows the grounds; `amount` heads the annex's last column.

    `level`: how those who are named ordered it.
    """

    title: str
    asks: str
    scope: str
    amount: str
    level: str = "审批"


WORDS: Mapping[PaperKind, Words] = MappingProxyType(
    {
        PaperKind.STOP: Words(
            title="紧急止付通知书",
            asks="请你单位对下列账户立即采取紧急止付措施，止付期间该账户只收不付，并将止付结果即时反馈。",
            scope="账户全部余额，含孳息（利息）",
            amount="涉案转入金额（元）",
            level="当班授权",
        ),
        PaperKind.LIFT: Words(
            title="解除止付通知书",
            asks="请你单位对下列账户解除紧急止付措施，并将办理结果即时反馈。",
            scope="本中心此前对该账户采取的紧急止付",
            amount="金额（元）",
        ),
        PaperKind.FREEZE: Words(
            title="协助冻结财产通知书",
            asks="请你单位协助冻结下列财产，冻结期限内未经我单位书面通知不得解除，并将冻结结果即时反馈。",
            scope="以所列金额为限（未列金额者为账户全部余额），含冻结期间孳息（利息）",
            amount="冻结金额（元）",
        ),
        PaperKind.UNFREEZE: Words(
            title="协助解除冻结财产通知书",
            asks="请你单位协助解除对下列财产的冻结，并将办理结果即时反馈。",
            scope="本中心此前冻结的该账户财产及孳息（利息）",
            amount="解除冻结金额（元）",
        ),
        PaperKind.QUERY: Words(
            title="协助查询财产通知书",
            asks="请你单位协助查询下列账户的开户资料、余额、交易明细及已有的止付、冻结措施，并提供查询资料。",
            scope="账户基本信息及所列期间的全部交易明细",
            amount="金额（元）",
            level="当班授权",
        ),
    }
)
