"""What a template may name in braces, what each kind of paper must name (rules F1), and what stands there."""

from collections.abc import Mapping
from types import MappingProxyType

from domain.clock import CST
from domain.money import capital, shown
from domain.orders import OfficerCard
from domain.papers import Paper, PaperKind
from domain.sheets import role_words

ONE_ONLY = frozenset({"户名", "账号"})
SEVERAL_ONLY = frozenset({"户数"})
_EVERY = (
    ONE_ONLY
    | SEVERAL_ONLY
    | {
        *("发文机关", "落款", "文书编号", "日期", "受文单位"),
        *("案件编号", "案件类别", "法律依据", "经办人", "协查人"),
    }
)
KNOWN = _EVERY | {"金额", "金额大写", "期限", "范围", "孳息", "批准层级"}
REQUIRED: Mapping[PaperKind, frozenset[str]] = MappingProxyType(
    {
        PaperKind.STOP: _EVERY | {"金额", "期限", "范围"},
        PaperKind.EXTEND: _EVERY | {"期限", "范围"},
        PaperKind.LIFT: _EVERY,
        PaperKind.FREEZE: _EVERY | {"金额", "期限", "范围", "孳息"},
        PaperKind.RENEW: _EVERY | {"金额", "期限", "范围", "孳息"},
        PaperKind.UNFREEZE: _EVERY | {"范围"},
        PaperKind.QUERY: _EVERY | {"范围"},
    }
)
"""Of F1: account name and number, amount, term, scope, interest; of R12: two officers and the law."""

_ACTS = "《中华人民共和国刑事诉讼法》《中华人民共和国反电信网络诈骗法》"
_ON_ISSUE = "（签发时编定）"
_IN_PARTS = "（签发时编定，超过{most}户的分份签发）"


def values_of(paper: Paper, signature: str, scope: str, interest: str) -> dict[str, str]:
    """The text of each placeholder; empty: the paper does not say it."""
    amounts = [line.amount_fen for line in paper.lines if line.amount_fen is not None]
    only = paper.lines[0] if len(paper.lines) == 1 else None
    local = paper.issued_at.astimezone(CST)
    return {
        "发文机关": paper.organ,
        "落款": signature or paper.organ,
        "文书编号": _number_on_issue(paper) if paper.draft else paper.number,
        "日期": _ON_ISSUE if paper.draft else f"{local.year}年{local.month}月{local.day}日",
        "受文单位": paper.institution_name,
        "案件编号": paper.case_number,
        "案件类别": paper.category,
        "法律依据": paper.basis or _ACTS,
        "户名": only.name if only else "",
        "账号": only.number if only else "",
        "户数": str(paper.accounts),
        "金额": shown(sum(amounts)).replace("¥", "") if amounts else "",
        "金额大写": capital(sum(amounts)) if amounts else "",
        "期限": paper.term,
        "范围": scope,
        "孳息": interest,
        "批准层级": role_words(paper.level)[0] if paper.level else "",
        "经办人": _ON_ISSUE if paper.draft else _officer(paper.handling),
        "协查人": _ON_ISSUE if paper.draft else _officer(paper.second),
    }


def _number_on_issue(paper: Paper) -> str:
    return _IN_PARTS.format(most=paper.accounts_most) if paper.accounts_most else _ON_ISSUE


def _officer(card: OfficerCard) -> str:
    return f"{card.name}　警号 {card.number}" + (f"　电话 {card.phone}" if card.phone else "")
