"""Sheets: what officers are asked to decide, fixed when made, and what they decided."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Self

from pydantic import model_validator

from domain.evidence import Evidence, EvidenceKind
from domain.frozen import Frozen
from domain.money import shown
from domain.officers import ROLE_WORDS, Role
from domain.orders import AccountRef


class SheetKind(StrEnum):
    """What a sheet asks for."""

    FREEZE = "freeze"
    RELEASE = "release"
    FUSE = "fuse"
    CANCEL = "cancel"
    LOOK = "look"


LETTERS: dict[SheetKind, str] = {
    SheetKind.FREEZE: "F",
    SheetKind.RELEASE: "R",
    SheetKind.FUSE: "U",
    SheetKind.CANCEL: "C",
    SheetKind.LOOK: "L",
}
SHEET_WORDS: dict[SheetKind, tuple[str, str]] = {
    SheetKind.FREEZE: ("冻结", "freeze"),
    SheetKind.RELEASE: ("解除止付", "release"),
    SheetKind.FUSE: ("继续止付", "let stops go on"),
    SheetKind.CANCEL: ("撤销案件", "cancel the case"),
    SheetKind.LOOK: ("复核止付", "second look at stops"),
}
DECIDE_WORDS: dict[SheetKind, str] = {
    SheetKind.FREEZE: "批准冻结",
    SheetKind.RELEASE: "批准解除止付",
    SheetKind.FUSE: "批准继续止付",
    SheetKind.CANCEL: "批准撤案",
    SheetKind.LOOK: "复核",
}
"""What the update of a pending sheet is called; its number follows."""


class Why(StrEnum):
    """Why the procedure made a sheet: words of our own, never text of others, since every officer reads it."""

    RIPE = "ripe"
    SMALL_SHARE = "small_share"
    SMALL_SHARE_UNDECIDED = "small_share_undecided"
    FUSE_NEAR = "fuse_near"
    UI_CANCEL = "ui_cancel"
    SECOND_LOOK = "second_look"
    """stops that left under the standing authority, and no decision has looked at since"""
    SECOND_LOOK_AT_RELEASE = "second_look_at_release"
    """what a release let go"""
    SECOND_LOOK_UNDECIDED = "second_look_undecided"
    """a release is proposed because its stops' second look was met with silence"""


WHYS: dict[SheetKind, frozenset[Why]] = {
    SheetKind.FREEZE: frozenset({Why.RIPE, Why.SMALL_SHARE}),
    SheetKind.RELEASE: frozenset({Why.SMALL_SHARE_UNDECIDED, Why.SECOND_LOOK_UNDECIDED}),
    SheetKind.FUSE: frozenset({Why.FUSE_NEAR}),
    SheetKind.CANCEL: frozenset({Why.UI_CANCEL}),
    SheetKind.LOOK: frozenset({Why.SECOND_LOOK, Why.SECOND_LOOK_AT_RELEASE}),
}
"""What a sheet of each kind can be made for."""


class SheetState(StrEnum):
    """Where a sheet stands. Silence is none of these: an undecided sheet stays pending and climbs.

    Settled: another sheet's decision, or the end of the stops themselves, left nothing on it to decide.
    """

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    SETTLED = "settled"


STATE_WORDS = {
    SheetState.PENDING: "待决",
    SheetState.APPROVED: "已批准",
    SheetState.REJECTED: "已驳回",
    SheetState.SETTLED: "已由其他决定了结",
}


class Verdict(StrEnum):
    """What an officer says."""

    APPROVE = "approve"
    REJECT = "reject"


class SheetLine(Frozen):
    """One account on a sheet. Amounts in fen; `limited`: only this sum is to be held, its share is small."""

    no: int
    account: AccountRef
    amount_fen: int
    balance_fen: int
    layer: int
    limited: bool = False

    @property
    def said(self) -> list[object]:
        """All that the line says, for the sheet's digest."""
        of = self.account
        whom = [of.institution, of.number, of.name, of.kind.value]
        return [self.no, *whom, self.amount_fen, self.balance_fen, self.layer, self.limited]


class StopsUsed(Frozen):
    """How much of a case's fuse was used when its sheet was made, in stops."""

    asked: int
    allowed: int

    def __str__(self) -> str:
        """Like 16/20."""
        return f"{self.asked}/{self.allowed}"


class Sheet(Frozen):
    """One question to officers, fixed when made. `digest` covers everything the answer entitles and was shown for it.

    `basis`: the law it rests on; `needs`: what evidence its decisions must bring; `documents`: SHA-256 of papers;
    `stops`: of a fuse sheet only. Raises ValidationError for a reason that no sheet of its kind can have.
    """

    name: str
    case_id: str
    kind: SheetKind
    lines: tuple[SheetLine, ...] = ()
    term_months: int = 0
    made_at: datetime
    decide_by: datetime
    requester: str
    quorum: tuple[Role, ...]
    policy_version: str
    why: Why
    stops: StopsUsed | None = None
    basis: str = ""
    needs: EvidenceKind = EvidenceKind.TOTP
    documents: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _has_a_reason_of_its_kind(self) -> Self:
        if self.why not in WHYS[self.kind]:
            raise ValueError(f"a {self.kind.value} sheet is not made for {self.why.value}")
        if (self.stops is not None) != (self.kind is SheetKind.FUSE):
            raise ValueError("a fuse sheet, and no other, says how many stops were used")
        return self

    @property
    def amount_fen(self) -> int:
        """The sum of its lines."""
        return sum(line.amount_fen for line in self.lines)

    @property
    def digest(self) -> str:
        """SHA-256 over all of it: case, measure, accounts, amounts, term, basis, documents, quorum, policy version.

        What the officer reads is made of these fields, so the kept sheet is also what was shown for the decision.
        """
        content = {
            "case": self.case_id,
            "name": self.name,
            "kind": self.kind.value,
            "term_months": self.term_months,
            "basis": self.basis,
            "documents": self.documents,
            "needs": self.needs.value,
            "requester": self.requester,
            "quorum": self.quorum,
            "policy": self.policy_version,
            "why": self.why.value,
            "stops": str(self.stops) if self.stops is not None else "",
            "made_at": self.made_at.timestamp(),
            "decide_by": self.decide_by.timestamp(),
            "lines": [line.said for line in self.lines],
        }
        return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def lets_go(sheet: Sheet, state: SheetState, excepted: Collection[int]) -> tuple[SheetLine, ...]:
    """The lines whose accounts a decided sheet lets go, all measures of the case on them.

    An approved release: all but its excepted lines. A rejected freeze, or a rejected look at stops: all. An approved
    look at stops: its excepted lines. A look at a release comes after the fact, and never lets anything go.
    """
    looks = sheet.kind is SheetKind.LOOK and sheet.why == Why.SECOND_LOOK
    if state is SheetState.REJECTED and (looks or sheet.kind is SheetKind.FREEZE):
        return sheet.lines
    if state is SheetState.APPROVED and (looks or sheet.kind is SheetKind.RELEASE):
        return tuple(line for line in sheet.lines if (line.no in excepted) is looks)
    return ()


class Decision(Frozen):
    """One officer's word on one sheet of a case. The register verifies the evidence and keeps its proof, not the code.

    `sheets`: the full names of all sheets that this evidence was given for, this one among them; empty: this one only.
    """

    case_id: str
    sheet: str
    officer: str
    verdict: Verdict
    except_lines: tuple[int, ...] = ()
    reason: str = ""
    evidence: Evidence | None = None
    sheets: tuple[str, ...] = ()
    via: str = "signal"
    at: datetime


class Ruling(Frozen):
    """What the register made of a decision. Refusals come with words an officer understands.

    `refused`: why, as a code that does not change ("used_code", "wrong_code", "locked", …); empty: accepted.
    """

    accepted: bool
    sheet: str
    state: SheetState = SheetState.PENDING
    awaited: tuple[Role, ...] = ()
    decided_by: tuple[str, ...] = ()
    except_lines: tuple[int, ...] = ()
    refused: str = ""
    zh: str = ""
    en: str = ""


def still_awaited(quorum: Sequence[Role], decided: Sequence[tuple[str, tuple[Role, ...]]]) -> tuple[Role, ...]:
    """The roles of the quorum that no decision fills yet, each officer filling one role only.

    `decided` are the approving officers in order, each with the roles held. As many roles are filled as can be: an
    officer of two roles makes room for one of a single role, whoever came first.
    """
    filled: dict[int, str] = {}
    held = dict(decided)
    for officer in held:
        _seat(officer, quorum, held, filled, set())
    return tuple(role for no, role in enumerate(quorum) if no not in filled)


def fills_a_role(
    quorum: Sequence[Role], approved: Sequence[tuple[str, tuple[Role, ...]]], officer: str, roles: tuple[Role, ...]
) -> bool:
    """Whether this officer's approval would fill a role that those who approved leave open."""
    return len(still_awaited(quorum, [*approved, (officer, roles)])) < len(still_awaited(quorum, approved))


def _seat(
    officer: str,
    quorum: Sequence[Role],
    held: Mapping[str, Sequence[Role]],
    filled: dict[int, str],
    tried: set[int],
) -> bool:
    """Give the officer a seat of the quorum, moving others to further seats they may fill; false when there is none."""
    for no, role in enumerate(quorum):
        if no in tried or role not in held[officer]:
            continue
        tried.add(no)
        if no not in filled or _seat(filled[no], quorum, held, filled, tried):
            filled[no] = officer
            return True
    return False


def role_words(roles: Sequence[Role]) -> tuple[str, str]:
    """The roles in Chinese and English, for people."""
    return ("、".join(ROLE_WORDS[role][0] for role in roles), ", ".join(ROLE_WORDS[role][1] for role in roles))


def update_name(sheet: Sheet) -> str:
    """How a pending sheet's own update is called; nothing personal in it, since names are plain."""
    parts = [f"{DECIDE_WORDS[sheet.kind]} {sheet.name}"]
    if sheet.lines:
        parts += [f"{len(sheet.lines)}个账户", shown(sheet.amount_fen)]
    return " · ".join(parts)
