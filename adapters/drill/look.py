"""The register at a glance: everything a trainer watches, in one statement."""

import json
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.register.engine import open_engine, translated
from domain.evidence import EvidenceKind
from domain.findings import Finding
from domain.frozen import Frozen
from domain.officers import Role
from domain.sheets import SheetKind

OLD_S = 60
"""An order unknown for so long has been shown to a person (policy `unknown`) and holds up no drill."""


class WatchedCase(Frozen):
    """One case, as far as a trainer watches it."""

    case_id: str
    case_number: str
    workflow_id: str
    status: str
    filing_number: str
    held_fen: int
    at_risk_fen: int

    @property
    def running(self) -> bool:
        """Whether it still runs."""
        return self.status != "closed"


class WaitingSheet(Frozen):
    """A sheet that awaits decisions; `approved_by` are the officers who have approved so far."""

    case_id: str
    name: str
    kind: SheetKind
    quorum: tuple[Role, ...]
    requester: str
    approved_by: tuple[str, ...] = ()
    digest: str = ""
    needs: EvidenceKind = EvidenceKind.TOTP


class Unanswered(Frozen):
    """Orders of one case at one institution that are sent and not answered; `young` are not older than a minute."""

    case_id: str
    institution: str
    young: int
    old: int


class Look(Frozen):
    """What one look saw."""

    events: int
    """All events of all chains: when it grows, something happened."""
    orders: int
    answered: int
    stops: int
    unstarted: int
    authorised: bool = True
    """A standing authority is in force and no halt stands: what is held back may leave."""
    traced_at: float | None = None
    """Unix time of the last answered stop or query."""
    cases: tuple[WatchedCase, ...] = ()
    sheets: tuple[WaitingSheet, ...] = ()
    unanswered: tuple[Unanswered, ...] = ()

    @property
    def mark(self) -> tuple[int, ...]:
        """Differs from one look to the next when the register moved."""
        return (self.events, self.orders, self.answered, self.unstarted, len(self.cases), len(self.sheets))

    @property
    def young(self) -> int:
        """Orders that can still be answered."""
        return sum(one.young for one in self.unanswered)

    def old_of(self, case_id: str) -> int:
        """Orders of a case that are unknown and shown to a person."""
        return sum(one.old for one in self.unanswered if one.case_id == case_id)

    @property
    def running(self) -> tuple[WatchedCase, ...]:
        """Cases that are not closed."""
        return tuple(case for case in self.cases if case.running)


_LOOK = text(
    """
    SELECT json_build_object(
      'events', (SELECT coalesce(sum(event_count), 0) FROM cases),
      'orders', (SELECT count(*) FROM orders),
      'answered', (SELECT count(answered_at) FROM orders),
      'stops', (SELECT count(*) FROM orders WHERE measure = 'stop'),
      'traced_at', (SELECT extract(epoch FROM max(answered_at)) FROM orders WHERE measure IN ('stop', 'query')),
      'unstarted', (SELECT count(*) FROM outbox WHERE started_at IS NULL),
      'authorised', NOT EXISTS (SELECT FROM halts WHERE lifted_by IS NULL) AND EXISTS (
          SELECT FROM authorities WHERE revoked_at IS NULL AND starts <= now() AND ends > now()),
      'cases', (SELECT coalesce(json_agg(json_build_object(
          'case_id', case_id, 'case_number', case_number, 'workflow_id', workflow_id, 'status', status,
          'filing_number', filing_number, 'held_fen', held_fen, 'at_risk_fen', stop_pending_fen + in_motion_fen
        ) ORDER BY case_number), '[]') FROM cases),
      'sheets', (SELECT coalesce(json_agg(json_build_object(
          'case_id', s.case_id, 'name', s.name, 'kind', s.kind, 'quorum', to_json(s.quorum), 'requester', s.requester,
          'digest', s.digest, 'needs', coalesce(s.content ->> 'needs', 'totp'),
          'approved_by', (SELECT coalesce(json_agg(d.officer), '[]') FROM decisions d
                          WHERE d.case_id = s.case_id AND d.sheet = s.name AND d.verdict = 'approve')
        ) ORDER BY s.case_id, s.name), '[]') FROM sheets s WHERE s.state = 'pending'),
      'unanswered', (SELECT coalesce(json_agg(json_build_object(
          'case_id', case_id, 'institution', institution, 'young', young, 'old', old)), '[]') FROM (
            SELECT case_id, institution,
                   count(*) FILTER (WHERE written_at > now() - make_interval(secs => :old)) AS young,
                   count(*) FILTER (WHERE written_at <= now() - make_interval(secs => :old)) AS old
            FROM orders WHERE answered_at IS NULL GROUP BY case_id, institution) AS open)
    )::text
    """
)

_FINDINGS = text(
    """
    SELECT f.id, a.institution, a.number, f.finding
    FROM findings f JOIN accounts a ON a.account = f.account WHERE f.id > :after ORDER BY f.id
    """
)


@dataclass
class Watch:
    """Looks at one world's register, on one connection of its own."""

    engine: AsyncEngine

    @classmethod
    def on(cls, url: str) -> Self:
        """Over the database of this URL; it connects when first used."""
        return cls(open_engine(url, connections=1))

    async def look(self) -> Look:
        """One look.

        Raises:
            adapters.register.engine.RegisterError: not now.
        """
        try:
            async with self.engine.connect() as connection:
                seen: Any = (await connection.execute(_LOOK, {"old": OLD_S})).scalar_one()
        except DBAPIError as problem:
            raise translated(problem) from None
        return Look.model_validate(json.loads(seen))

    async def findings(self, after: int) -> list[tuple[int, str, str, Finding]]:
        """Findings that people entered since: (running number, institution, number, finding)."""
        try:
            async with self.engine.connect() as connection:
                rows = (await connection.execute(_FINDINGS, {"after": after})).all()
        except DBAPIError as problem:
            raise translated(problem) from None
        return [(row.id, row.institution, row.number, Finding(row.finding)) for row in rows]

    async def close(self) -> None:
        """Let go of the connection."""
        await self.engine.dispose()
