"""Legal documents: one for each kind among the new orders of one call, numbered in the case, kept by SHA-256."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from activities.ports import Draft
from adapters.register.bulk import Mode, Write, Writes
from adapters.register.entitlement import Entitled, Entitlement
from adapters.register.locking import LockedCase
from adapters.register.part import Rules
from adapters.register.tables import documents
from domain.identifiers import paper_number
from domain.institutions import Institution
from domain.orders import Measure
from domain.papers import Paper, PaperKind, PaperLine

_DOCUMENT = Write.of(documents, Mode.KEEP)
KINDS: dict[Measure, PaperKind] = {
    Measure.STOP: PaperKind.STOP,
    Measure.EXTEND_STOP: PaperKind.STOP,
    Measure.LIFT: PaperKind.LIFT,
    Measure.FREEZE: PaperKind.FREEZE,
    Measure.RENEW: PaperKind.FREEZE,
    Measure.UNFREEZE: PaperKind.UNFREEZE,
    Measure.QUERY: PaperKind.QUERY,
    Measure.HOLDER: PaperKind.QUERY,
}
"""Carriers get no paper: their orders carry the officers only (docs/wire.md, 5)."""


@dataclass(frozen=True)
class NewOrder:
    """A draft that is entitled and will be written in this transaction."""

    application_id: str
    draft: Draft
    entitled: Entitled
    original: str = ""


@dataclass(frozen=True)
class Issued:
    """What an order says of its paper."""

    sha256: str = ""
    number: str = ""
    document: bytes = b""


@dataclass(frozen=True)
class Desk:
    """Where the papers of one call are issued."""

    rules: Rules
    now: datetime
    institutions: Mapping[str, Institution]
    """By application id."""
    case: LockedCase
    entitlement: Entitlement

    def issue(self, new: Sequence[NewOrder], render: Callable[[Paper], bytes], writes: Writes) -> dict[str, Issued]:
        """One paper for each institution, kind and pair of officers; gives each order's by application id."""
        groups: dict[tuple[str, PaperKind, str, str], list[NewOrder]] = {}
        for one in new:
            if one.draft.measure in KINDS:
                officers = (one.entitled.handling.number, one.entitled.second.number)
                at = self.institutions[one.application_id].id
                groups.setdefault((at, KINDS[one.draft.measure], *officers), []).append(one)
        issued: dict[str, Issued] = {}
        ordinal = self.case.row.papers
        for (_, kind, _, _), members in groups.items():
            ordinal += 1
            paper = self._paper(kind, ordinal, members, self.now)
            rendered = render(paper)
            sha256 = hashlib.sha256(rendered).hexdigest()
            writes.add(_DOCUMENT, {"sha256": sha256, "bytes": "\\x" + rendered.hex()})
            issued |= {
                one.application_id: Issued(sha256=sha256, number=paper.number, document=rendered) for one in members
            }
        if groups:
            self.case.chain.case_changes["papers"] = ordinal
        return issued

    def _paper(self, kind: PaperKind, ordinal: int, members: Sequence[NewOrder], now: datetime) -> Paper:
        first = members[0]
        row = self.case.row
        return Paper(
            kind=kind,
            number=paper_number(self.rules.organ, self.rules.kind_words[kind], now, row.case_number, ordinal),
            case_number=row.case_number,
            category=row.category,
            institution_name=self.institutions[first.application_id].name,
            organ=self.rules.organ,
            lines=tuple(_line(one.draft) for one in members),
            handling=first.entitled.handling,
            second=first.entitled.second,
            issued_at=now,
            term=self._term(kind, first),
            basis=self.rules.basis.get(kind, ""),
            level=self.rules.level_of(kind),
        )

    def _term(self, kind: PaperKind, first: NewOrder) -> str:
        if kind is PaperKind.STOP:
            return f"{self.rules.stop_term.total_seconds() / 3600:.0f}小时"
        months = self.entitlement.term_months(first.draft.sheet)
        return f"{months}个月" if kind is PaperKind.FREEZE and months else ""


def _line(draft: Draft) -> PaperLine:
    amount = draft.amount_fen
    if amount is None and draft.evidence is not None:
        amount = draft.evidence.amount_fen
    account = draft.account
    return PaperLine(
        number=account.number if account else draft.target, name=account.name if account else "", amount_fen=amount
    )
