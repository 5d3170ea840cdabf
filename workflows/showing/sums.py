"""The books of the case and its accounts as tables."""

from domain.findings import FINDING_WORDS
from domain.money import shown
from workflows.showing.survey import Seen, Survey
from workflows.showing.text import row, table
from workflows.showing.troubles import CUT_WORDS

MOST_ACCOUNTS = 60
"""Rows of the text table; the picture shows fewer, the register all."""


def books(seen: Survey) -> str:
    """Where every fen of the loss is."""
    its = seen.books
    if its is None:
        return ""
    parts = (
        ("已控制", "held", its.held_fen),
        ("止付待答复", "stop pending", its.stop_pending_fen),
        ("未控制", "in motion", its.in_motion_fen),
        ("取现", "left: cash", its.left_cash_fen),
        ("消费", "left: card", its.left_card_fen),
        ("虚拟币", "left: crypto", its.left_crypto_fen),
        ("境外", "left: abroad", its.left_abroad_fen),
        ("善意商户", "left: merchant", its.left_merchant_fen),
        ("已放行", "released", its.released_fen),
        ("已返还", "returned", its.returned_fen),
    )
    rows = [row(f"{zh} {en}", shown(fen), right=1) for zh, en, fen in parts if fen]
    empty = "、".join(f"{zh} {en}" for zh, en, fen in parts if not fen)
    rows.append(row("<b>合计 = 损失 sum = loss</b>", f"<b>{shown(its.accounted_fen)}</b>", right=1))
    nothing = f"为零 nothing：{empty}" if empty else ""
    return f"<h4>账目 Books</h4>{table(rows)}{nothing}"


def accounts(seen: Survey) -> str:
    """All that the picture says, in words, for who cannot see it."""
    if not seen.accounts:
        return ""
    ranked = seen.largest
    head = ("级 layer", "账户 account", "状态 standing", "现有 here", "未控 at risk", "流走 passed on", "注 note")
    rows = [row(*head, right=3, head=True), *(_row(one) for one in ranked[:MOST_ACCOUNTS])]
    rest = ranked[MOST_ACCOUNTS:]
    if rest:
        here = sum(one.entry.attributed_fen for one in rest)
        risk = sum(one.risk_fen for one in rest)
        passed = sum(one.passed_fen for one in rest)
        rows.append(
            row("", f"其余 {len(rest)} 户 more", "", shown(here), _or_none(risk), _or_none(passed), "", right=3)
        )
    return f"<details><summary>账户表 accounts as text {len(ranked)}</summary>{table(rows)}</details>"


def _row(one: Seen) -> str:
    entry, look = one.entry, one.standing.look
    findings = {finding.value: words for finding, words in FINDING_WORDS.items()}
    notes = [*findings.get(entry.finding, ()), *CUT_WORDS.get(entry.cut, ())]
    return row(
        str(entry.layer),
        one.label,
        f"{look.mark} {look.zh} {look.en}",
        shown(entry.attributed_fen),
        _or_none(one.risk_fen),
        _or_none(one.passed_fen),
        " ".join(notes),
        right=3,
    )


def _or_none(fen: int) -> str:
    """An amount, or a dash: rows of zeros hide the sums that matter."""
    return shown(fen) if fen else "–"
