"""Sheets: what officers are asked to decide, fixed when made, and what they decided."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from domain.frozen import Frozen
from domain.officers import ROLE_WORDS, Role
from domain.orders import AccountRef


class SheetKind(StrEnum):
    """What a sheet asks for."""

    FREEZE = "freeze"
    RELEASE = "release"
    FUSE = "fuse"
    CANCEL = "cancel"


LETTERS: dict[SheetKind, str] = {
    SheetKind.FREEZE: "F",
    SheetKind.RELEASE: "R",
    SheetKind.FUSE: "U",
    SheetKind.CANCEL: "C",
}
SHEET_WORDS: dict[SheetKind, tuple[str, str]] = {
    SheetKind.FREEZE: ("冻结", "freeze"),
    SheetKind.RELEASE: ("解除止付", "release"),
    SheetKind.FUSE: ("继续止付", "let stops go on"),
    SheetKind.CANCEL: ("撤销案件", "cancel the case"),
}


class SheetState(StrEnum):
    """Where a sheet stands. Silence is none of these: an undecided sheet stays pending and climbs."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


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


class Sheet(Frozen):
    """One question to officers. `digest` covers everything the answer entitles."""

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
    why: str = ""

    @property
    def amount_fen(self) -> int:
        """The sum of its lines."""
        return sum(line.amount_fen for line in self.lines)

    @property
    def digest(self) -> str:
        """SHA-256 over case, kind, accounts, amounts, term and policy version: what a decision is bound to."""
        content = {
            "case": self.case_id,
            "name": self.name,
            "kind": self.kind.value,
            "term_months": self.term_months,
            "policy": self.policy_version,
            "lines": [[line.no, line.account.institution, line.account.number, line.amount_fen] for line in self.lines],
        }
        return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


class Decision(Frozen):
    """One officer's word on one sheet. `evidence` is kept as it was given; what proves it is decided elsewhere."""

    case_id: str
    sheet: str
    officer: str
    verdict: Verdict
    except_lines: tuple[int, ...] = ()
    reason: str = ""
    evidence: str = ""
    via: str = "signal"
    at: datetime


class Ruling(Frozen):
    """What the register made of a decision. Refusals come with words an officer understands."""

    accepted: bool
    sheet: str
    state: SheetState = SheetState.PENDING
    awaited: tuple[Role, ...] = ()
    decided_by: tuple[str, ...] = ()
    except_lines: tuple[int, ...] = ()
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
