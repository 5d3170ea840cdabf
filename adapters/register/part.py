"""What every part of the register stands on: the engine, the centre's settings for it, one transaction a method."""

import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.keyring import KeyRing
from adapters.papers.templates import Template
from adapters.papers.words import Words, text_of, words_from
from adapters.register.engine import in_transaction
from adapters.register.refusals import Refusal
from adapters.settings import ORGANISATION, PAPER_ORGAN
from domain.officers import Role
from domain.papers import PaperKind
from domain.policy import EvidenceRules, Policy
from domain.sheets import Ruling

_T = TypeVar("_T")


def _series() -> dict[PaperKind, str]:
    return {
        PaperKind.STOP: "止付",
        PaperKind.EXTEND: "续止",
        PaperKind.LIFT: "解止",
        PaperKind.FREEZE: "冻财",
        PaperKind.RENEW: "续冻财",
        PaperKind.UNFREEZE: "解冻财",
        PaperKind.QUERY: "查财",
    }


def _basis(policy: Policy) -> dict[PaperKind, str]:
    return {
        PaperKind.STOP: policy.grounds.stop,
        PaperKind.EXTEND: policy.grounds.stop,
        PaperKind.QUERY: policy.grounds.query,
        PaperKind.FREEZE: policy.basis.freeze,
        PaperKind.RENEW: policy.basis.freeze,
        PaperKind.LIFT: policy.basis.release,
        PaperKind.UNFREEZE: policy.basis.release,
    }


@dataclass(frozen=True)
class Printed:
    """What a paper says that neither its case nor its orders say. `text`: its words; empty: the printer's own."""

    issuer: str
    interest: bool
    basis: str
    text: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    """Of institutions by id, where they are fixed."""


@dataclass(frozen=True)
class Rules:
    """What the register is told of the centre; the fuse is that of cases that bring no policy."""

    stops_per_case: int
    stops_per_minute: int
    stop_term: timedelta
    """Where a bank does not say when its stop ends (rules R3)."""
    claim_patience: timedelta
    """So long a claim without books yet keeps other cases from lifting the stop."""
    longest_authority_hours: float
    evidence: EvidenceRules
    freeze_quorum: tuple[Role, ...]
    """The least that a freeze is decided by, whatever a sheet says (rules F1)."""
    basis: Mapping[PaperKind, str]
    """The law that each kind of paper names."""
    interest: bool
    """Whether freezes take the interest too (rules F1)."""
    level: tuple[Role, Role]
    """Who signs the standing authority, and so orders stops and queries: handling and second officer."""
    accounts_most: int
    """About so many accounts is a paper at most: a batch's."""
    organ: str = PAPER_ORGAN
    """The organ in a document's number."""
    issuer: str = ORGANISATION
    """Who issues documents, as printed at their head."""
    series: Mapping[PaperKind, str] = field(default_factory=_series)
    """The word in the number of each kind of document; templates may say another."""
    words: Mapping[PaperKind, str] = field(default_factory=dict)
    """What each kind is printed with (adapters/papers/words.py), once adopted; empty: whatever the printer has."""

    def level_of(self, kind: PaperKind) -> tuple[Role, ...]:
        """Who orders or approves what a paper asks; nobody is named where something is let go."""
        if kind in {PaperKind.FREEZE, PaperKind.RENEW}:
            return self.freeze_quorum
        return self.level if kind in {PaperKind.STOP, PaperKind.EXTEND, PaperKind.QUERY} else ()

    def printed_with(self, kind: PaperKind, text: str) -> Printed:
        """What papers say with these words, and by these rules where there are none. Raises WordsError."""
        if not text:
            return Printed(self.issuer, self.interest, self.basis.get(kind, ""))
        words = words_from(text)
        return Printed(words.issuer, words.interest, words.basis, text, words.names)

    def worded(self, templates: Mapping[PaperKind, Template], signature: str, issuer: str) -> dict[PaperKind, Words]:
        """The words of papers with these templates."""
        return {
            kind: Words(
                kind=kind,
                template=template,
                signature=signature,
                issuer=issuer,
                interest=self.interest,
                basis=self.basis.get(kind, ""),
            )
            for kind, template in templates.items()
        }

    def issuing(self, organ: str, words: Mapping[PaperKind, Words]) -> "Rules":
        """With the organ in the numbers of papers, and the words they are printed with, which must be on record."""
        series = {kind: one.template.series for kind, one in words.items()}
        return replace(self, organ=organ, series=series, words={kind: text_of(one) for kind, one in words.items()})

    @classmethod
    def of(cls, policy: Policy) -> "Rules":
        """What the centre's policy tells the register."""
        return cls(
            stops_per_case=policy.fuse.accounts_per_case,
            stops_per_minute=policy.fuse.stops_per_minute,
            stop_term=timedelta(hours=policy.stop.term_hours),
            claim_patience=timedelta(minutes=policy.every_case.claim_patience_minutes),
            longest_authority_hours=policy.every_case.longest_authority_hours,
            evidence=policy.evidence,
            freeze_quorum=policy.quorum["freeze"],
            basis=_basis(policy),
            level=policy.grounds.level,
            interest=policy.freeze.interest is not False,
            accounts_most=policy.lanes.batch_most,
        )


class RecentPapers:
    """The documents rendered last, by SHA-256: whoever just wrote an order needs its paper at once."""

    def __init__(self, most: int = 200) -> None:
        self._most = most  # some 10 KB with sixty accounts of persons, at most 50 KB each (docs/decisions.md)
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def put(self, document: bytes) -> None:
        """Remember one."""
        self._kept[hashlib.sha256(document).hexdigest()] = document
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def get(self, sha256: str) -> bytes | None:
        """One of them, if it is remembered."""
        return self._kept.get(sha256)


class Part:
    """One part of the register."""

    def __init__(self, engine: AsyncEngine, rules: Rules, ring: KeyRing | None = None) -> None:
        self._engine = engine
        self._rules = rules
        self._ring = ring
        self._papers = RecentPapers()

    async def _ruled(self, work: Callable[[AsyncConnection], Awaitable[Ruling]]) -> Ruling:
        """An act of officers: refused, it leaves nothing behind but its ruling."""
        try:
            return await self._do(work)
        except Refusal as refusal:
            return refusal.ruling()

    async def _do(self, work: Callable[[AsyncConnection], Awaitable[_T]]) -> _T:
        return await in_transaction(self._engine, work)
