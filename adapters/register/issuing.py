"""Legal documents: one for each institution and kind among the new orders of one call, numbered, kept by SHA-256."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from activities.ports import Draft
from adapters.papers.words import digest_of
from adapters.register.bulk import Mode, Write, Writes
from adapters.register.entitlement import Entitled, Entitlement
from adapters.register.locking import LockedCase
from adapters.register.part import Rules
from adapters.register.tables import documents, papers
from domain.clock import CST
from domain.identifiers import paper_number
from domain.institutions import Institution
from domain.orders import Measure
from domain.papers import Paper, PaperKind, PaperLine
from domain.sheets import SheetKind

_DOCUMENT = Write.of(documents, Mode.KEEP)
_PAPER = Write.of(papers, Mode.ADD)
KINDS: dict[Measure, PaperKind] = {
    Measure.STOP: PaperKind.STOP,
    Measure.EXTEND_STOP: PaperKind.EXTEND,
    Measure.LIFT: PaperKind.LIFT,
    Measure.FREEZE: PaperKind.FREEZE,
    Measure.RENEW: PaperKind.RENEW,
    Measure.UNFREEZE: PaperKind.UNFREEZE,
    Measure.QUERY: PaperKind.QUERY,
    Measure.HOLDER: PaperKind.QUERY,
}
"""Carriers get no paper: their orders carry the officers only (docs/wire.md, 5)."""
_BY_SHEET = frozenset({PaperKind.FREEZE, PaperKind.RENEW})
"""What a sheet grants, for its own term."""
_LETTING_GO = frozenset({PaperKind.LIFT, PaperKind.UNFREEZE})
"""What a sheet may let go; so do findings, which have none."""


@dataclass(frozen=True)
class NewOrder:
    """A draft that is entitled and will be written in this transaction."""

    application_id: str
    draft: Draft
    entitled: Entitled
    original: str = ""
    ends_fen: int | None = None
    """What the freeze holds that it ends or prolongs; None: it is about no freeze."""


@dataclass(frozen=True)
class Issued:
    """What an order says of its paper."""

    sha256: str = ""
    number: str = ""
    document: bytes = b""


@dataclass(frozen=True)
class PaperGroup:
    """Orders that share one paper."""

    kind: PaperKind
    sheet: str
    members: Sequence[NewOrder]


@dataclass(frozen=True)
class Desk:
    """Where the papers of one case in one call are issued."""

    rules: Rules
    now: datetime
    institutions: Mapping[str, Institution]
    """By application id."""
    case: LockedCase
    entitlement: Entitlement

    @property
    def year(self) -> int:
        """Of the series, as China counts it."""
        return self.now.astimezone(CST).year

    def groups(self, new: Sequence[NewOrder]) -> list[PaperGroup]:
        """One for each institution, kind and pair of officers, and for each sheet that the orders rest on."""
        found: dict[tuple[str, PaperKind, str, str, str], list[NewOrder]] = {}
        for one in new:
            kind = KINDS.get(one.draft.measure)
            if kind is not None:
                at = self.institutions[one.application_id].id
                sheet = one.draft.sheet if kind in _BY_SHEET | _LETTING_GO else ""
                officers = (one.entitled.handling.number, one.entitled.second.number)
                found.setdefault((at, kind, sheet, *officers), []).append(one)
        return [PaperGroup(kind, sheet, members) for (_, kind, sheet, _, _), members in found.items()]

    def issue(
        self,
        groups: Sequence[PaperGroup],
        numbers: Mapping[PaperKind, Iterator[int]],
        render: Callable[[Paper], bytes],
        writes: Writes,
    ) -> dict[str, Issued]:
        """The papers of these groups, with the next numbers of their series; gives each order's by application id."""
        issued: dict[str, Issued] = {}
        for group in groups:
            ordinal = next(numbers[group.kind])
            paper = self._paper(group, ordinal)
            rendered = render(paper)
            sha256 = keep_document(rendered, writes)
            writes.add(_PAPER, self._row(group, paper, ordinal, sha256))
            given = Issued(sha256=sha256, number=paper.number, document=rendered)
            issued |= dict.fromkeys((one.application_id for one in group.members), given)
        if groups:
            self.case.chain.case_changes["papers"] = self.case.row.papers + len(groups)
        return issued

    def _row(self, group: PaperGroup, paper: Paper, ordinal: int, sha256: str) -> dict[str, object]:
        return {
            "number": paper.number,
            "kind": group.kind,
            "year": self.year,
            "ordinal": ordinal,
            "case_id": self.case.row.case_id,
            "institution": self.institutions[group.members[0].application_id].id,
            "sheet": group.sheet,
            "sha256": sha256,
            "words": digest_of(paper.words) if paper.words else None,
            "accounts": paper.accounts,
            "issued_at": paper.issued_at,
        }

    def _paper(self, group: PaperGroup, ordinal: int) -> Paper:
        first = group.members[0]
        row = self.case.row
        at = self.institutions[first.application_id]
        approved = self.entitlement.words(group.sheet) if group.kind is PaperKind.FREEZE else ""
        printed = self.rules.printed_with(group.kind, approved or self.rules.words.get(group.kind, ""))
        return Paper(
            kind=group.kind,
            number=paper_number(self.rules.organ, self.rules.series[group.kind], self.year, ordinal),
            case_number=row.case_number,
            category=row.category,
            institution_name=printed.names.get(at.id, at.name),
            organ=printed.issuer,
            lines=tuple(_line(one) for one in group.members),
            handling=first.entitled.handling,
            second=first.entitled.second,
            issued_at=self.now,
            term=self._term(group),
            basis=self._basis(group) or printed.basis,
            level=self.entitlement.quorum(group.sheet) or self.rules.level_of(group.kind),
            interest=printed.interest,
            words=printed.text,
        )

    def _basis(self, group: PaperGroup) -> str:
        """Of its own sheet; empty: the policy's, as for what a sheet of another kind lets go."""
        kind = SheetKind.FREEZE if group.kind in _BY_SHEET else SheetKind.RELEASE
        return self.entitlement.basis(group.sheet, kind)

    def _term(self, group: PaperGroup) -> str:
        if group.kind in {PaperKind.STOP, PaperKind.EXTEND}:
            return f"{self.rules.stop_term.total_seconds() / 3600:.0f}小时"
        if group.kind is PaperKind.QUERY:
            return _period([one.draft for one in group.members])
        return term_words(self.entitlement.term_months(group.sheet)) if group.kind in _BY_SHEET else ""


def keep_document(document: bytes, writes: Writes) -> str:
    """Keep a document once, by its SHA-256, which is returned."""
    sha256 = hashlib.sha256(document).hexdigest()
    writes.add(_DOCUMENT, {"sha256": sha256, "bytes": "\\x" + document.hex()})
    return sha256


def wanted_numbers(groups: Iterable[PaperGroup]) -> dict[PaperKind, int]:
    """How many numbers of each series these groups take."""
    return dict(Counter(group.kind for group in groups))


def term_words(months: int) -> str:
    """A freeze's term as printed; empty: none is granted."""
    return f"{months}个月" if months else ""


def _period(drafts: Sequence[Draft]) -> str:
    """From the earliest to the latest day that is asked for; empty where no period is."""
    begins = [one.since for one in drafts if one.since is not None]
    ends = [one.until for one in drafts if one.until is not None]
    if not begins or not ends:
        return ""
    first, last = (moment.astimezone(CST) for moment in (min(begins), max(ends)))
    return f"{first.year}年{first.month}月{first.day}日至{last.year}年{last.month}月{last.day}日"


def _line(one: NewOrder) -> PaperLine:
    account = one.draft.account
    return PaperLine(
        number=account.number if account else one.draft.target,
        name=account.name if account else "",
        amount_fen=_amount(one),
    )


def _amount(one: NewOrder) -> int | None:
    """The sum that a paper names; None: it is about the whole account. Errands bring a stop's transfer to all kinds."""
    match one.draft.measure:
        case Measure.STOP | Measure.EXTEND_STOP:
            return one.draft.evidence.amount_fen if one.draft.evidence is not None else None
        case Measure.FREEZE:
            return one.draft.amount_fen
        case Measure.UNFREEZE | Measure.RENEW:
            return one.ends_fen
        case _:
            return None
