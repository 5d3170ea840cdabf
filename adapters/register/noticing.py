"""Notices written with their cause: a sheet's in the sheet's own transaction, those of moments by a sweep.

The sweep compares what stands with what was told, so that a notice that was missed for whatever reason is made later.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.register.bulk import Mode, Write, Writes, run
from adapters.register.part import Part
from adapters.register.refused import ENDS, NOT_ENDED, REFUSED
from adapters.register.tables import notices
from domain.identifiers import notice_id
from domain.notices import (
    CAUSE_OF_FILING,
    NoticeKind,
    NoticeRules,
    cause_of_refusals,
    cause_of_sheet,
    cause_of_sheets_deadline,
    cause_of_silence,
    cause_of_stops_end,
    causes_of_sheet,
)
from domain.officers import Role
from domain.policy import Policy
from domain.sheets import Sheet

_NEW = Write.of(notices, Mode.KEEP)
_GONE = Write.of(notices, Mode.CHANGE, "closed_at", "ring_at")
_ROLES = Write.of(notices, Mode.CHANGE, "roles")
# As acknowledged by who came last of those it was still for.
_ALL_QUIET = """
UPDATE notices n SET acknowledged_at = q.at, acknowledged_by = q.by, ring_at = NULL
FROM (
    SELECT DISTINCT ON (n.notice) n.notice, q.value ->> 'by' AS by, (q.value ->> 'at')::timestamptz AS at
    FROM notices n, jsonb_each(n.quiet) q
    WHERE n.notice = ANY(%(notices)s) AND n.ring_at IS NOT NULL AND n.quiet ?& n.roles AND q.key = ANY(n.roles)
    ORDER BY n.notice, 3 DESC, 2) q
WHERE n.notice = q.notice
"""

# An executed lift has ended what it lifts, whether the stop's own answer came or not; a refused one has not.
_UNANSWERED = f"""
    o.answered_at IS NULL AND NOT EXISTS (SELECT FROM orders e WHERE e.original = o.application_id AND {ENDS})
"""
_HELD_ON = f"(SELECT * FROM ({NOT_ENDED}) e WHERE e.expires IS NULL OR e.expires > %(now)s)"  # noqa: S608 - as above
_SILENT = f"{_UNANSWERED} AND o.written_at <= %(silent_since)s"
# Only answers end a silence: a bell whose clock is behind must not close what another has found, for good.
_STILL_SILENT = f"{_UNANSWERED} AND o.written_at <= greatest(%(silent_since)s, n.created_at)"
_UNCOVERED = "m.kind = 'stop' AND m.ended_at IS NULL AND NOT cl.released AND cl.attributed_fen > cl.frozen_fen"
_LINES = "(SELECT count(*) FROM sheet_lines l WHERE l.case_id = s.case_id AND l.sheet = s.name)"
_TOLD = "SELECT FROM notices n WHERE n.case_id = c.case_id AND n.kind ="

# All of an hour at once, as soon as the first of them is due.
_STOPS = f"""
    SELECT cl.case_id, date_trunc('hour', m.expires) AS hour, min(m.expires) AS due, count(*) AS count
    FROM measures m JOIN claims cl ON cl.account = m.account
    WHERE m.expires <= %(stops_until)s::timestamptz + interval '1 hour' AND {_UNCOVERED}
    GROUP BY cl.case_id, date_trunc('hour', m.expires) HAVING min(m.expires) <= %(stops_until)s
"""  # noqa: S608 - constants of this file
_FILINGS = """
    SELECT m.case_id, m.expires AS due FROM measures m
    WHERE m.kind = 'stop' AND m.ended_at IS NULL AND m.expires <= %(filings_until)s
    UNION ALL
    SELECT s.case_id, s.decide_by FROM sheets s WHERE s.state = 'pending' AND s.kind = 'freeze'
"""
_FOUND = f"""
SELECT 'sheet' AS kind, c.case_id, s.name AS subject, '' AS institution, s.made_at AS since, s.decide_by AS due,
    s.quorum AS roles, {_LINES} AS count, 0 AS before
FROM sheets s JOIN cases c ON c.case_id = s.case_id
WHERE s.state = 'pending' AND c.status <> 'closed' AND NOT EXISTS ({_TOLD} 'sheet' AND n.subject = s.name)
UNION ALL
SELECT 'sheet_deadline', c.case_id, s.name, '', s.made_at, s.decide_by, coalesce(
    (SELECT n.roles FROM notices n WHERE n.case_id = c.case_id AND n.kind = 'sheet' AND n.subject = s.name), s.quorum
    ), {_LINES}, 0
FROM sheets s JOIN cases c ON c.case_id = s.case_id
WHERE s.state = 'pending' AND s.decide_by <= %(sheets_until)s AND c.status <> 'closed'
    AND NOT EXISTS ({_TOLD} 'sheet_deadline' AND n.subject = s.name)
UNION ALL
SELECT 'unknown', c.case_id, i.code, i.id, min(o.written_at), NULL, NULL, count(*), 0
FROM orders o JOIN cases c ON c.case_id = o.case_id JOIN institutions i ON i.id = o.institution
WHERE {_SILENT} AND c.status <> 'closed'
    AND NOT EXISTS ({_TOLD} 'unknown' AND n.subject = i.code AND n.closed_at IS NULL)
GROUP BY c.case_id, i.code, i.id
UNION ALL
SELECT 'refused', c.case_id, i.code, i.id, max(r.answered_at), NULL, NULL, count(DISTINCT r.account), (
    SELECT count(*) FROM notices n WHERE n.case_id = c.case_id AND n.kind = 'refused' AND n.subject = i.code)
FROM ({REFUSED}) r JOIN cases c ON c.case_id = r.case_id JOIN institutions i ON i.id = r.institution
WHERE c.status <> 'closed'
GROUP BY c.case_id, i.code, i.id
HAVING NOT EXISTS ({_TOLD} 'refused' AND n.subject = i.code AND n.closed_at IS NULL
    AND (n.acknowledged_at IS NULL OR (n.created_at >= max(r.answered_at) AND n.count >= count(DISTINCT r.account))))
UNION ALL
SELECT 'not_ended', c.case_id, i.code, i.id, max(r.answered_at), NULL, NULL, count(DISTINCT r.account), (
    SELECT count(*) FROM notices n WHERE n.case_id = c.case_id AND n.kind = 'not_ended' AND n.subject = i.code)
FROM {_HELD_ON} r JOIN cases c ON c.case_id = r.case_id JOIN institutions i ON i.id = r.institution
GROUP BY c.case_id, i.code, i.id
HAVING NOT EXISTS ({_TOLD} 'not_ended' AND n.subject = i.code AND n.closed_at IS NULL
    AND (n.acknowledged_at IS NULL OR (n.created_at >= max(r.answered_at) AND n.count >= count(DISTINCT r.account))))
UNION ALL
SELECT 'stops_end', c.case_id, '', '', g.hour, g.due, NULL, g.count, (
    SELECT count(*) FROM notices n
    WHERE n.case_id = c.case_id AND n.kind = 'stops_end' AND date_trunc('hour', n.due) = g.hour)
FROM ({_STOPS}) g JOIN cases c ON c.case_id = g.case_id
WHERE c.status <> 'closed'
    AND NOT EXISTS ({_TOLD} 'stops_end' AND date_trunc('hour', n.due) = g.hour AND n.closed_at IS NULL
        AND (n.acknowledged_at IS NULL OR n.count >= g.count))
UNION ALL
SELECT 'filing', c.case_id, '', '', NULL, min(f.due), NULL, 0, 0
FROM ({_FILINGS}) f JOIN cases c ON c.case_id = f.case_id
WHERE c.filing_number = '' AND c.status <> 'closed' AND NOT EXISTS ({_TOLD} 'filing')
GROUP BY c.case_id
"""  # noqa: S608 - constants of this file

# Who acknowledged two stops and has one of them frozen has not acknowledged the next one.
_FEWER = f"""
UPDATE notices SET count = g.count FROM (
    SELECT n.notice, (
        SELECT count(*) FROM claims cl JOIN measures m ON m.account = cl.account
        WHERE cl.case_id = n.case_id AND date_trunc('hour', m.expires) = date_trunc('hour', n.due) AND {_UNCOVERED}
        ) AS count
    FROM notices n WHERE n.kind = 'stops_end' AND n.closed_at IS NULL AND n.acknowledged_at IS NOT NULL
    FOR UPDATE SKIP LOCKED) g
WHERE notices.notice = g.notice AND notices.count > g.count
"""  # noqa: S608 - constants of this file


def _over(which: str) -> str:
    return f"""
UPDATE notices SET closed_at = %(now)s, ring_at = NULL WHERE notice IN (
    SELECT n.notice FROM notices n JOIN cases c ON c.case_id = n.case_id
    WHERE n.closed_at IS NULL AND {which} AND (
        (c.status = 'closed' AND n.kind <> 'not_ended')
        OR (n.kind = 'filing' AND c.filing_number <> '')
        OR (n.kind IN ('sheet', 'sheet_deadline') AND NOT EXISTS (
            SELECT FROM sheets s WHERE s.case_id = n.case_id AND s.name = n.subject AND s.state = 'pending'))
        OR (n.kind = 'unknown' AND NOT EXISTS (
            SELECT FROM orders o JOIN institutions i ON i.id = o.institution
            WHERE o.case_id = n.case_id AND i.code = n.subject AND {_STILL_SILENT}))
        OR (n.kind = 'refused' AND NOT EXISTS (
            SELECT FROM ({REFUSED}) r JOIN institutions i ON i.id = r.institution
            WHERE r.case_id = n.case_id AND i.code = n.subject))
        OR (n.kind = 'not_ended' AND NOT EXISTS (
            SELECT FROM {_HELD_ON} r JOIN institutions i ON i.id = r.institution
            WHERE r.case_id = n.case_id AND i.code = n.subject))
        OR (n.kind = 'stops_end' AND NOT EXISTS (
            SELECT FROM claims cl JOIN measures m ON m.account = cl.account
            WHERE cl.case_id = n.case_id AND date_trunc('hour', m.expires) = date_trunc('hour', n.due)
            AND {_UNCOVERED})))
    FOR UPDATE OF n SKIP LOCKED)
"""  # noqa: S608 - constants of this file


_OVER = _over("true")
OVER_THAT_RING = _over(
    "(n.ring_at <= %(now)s OR EXISTS (SELECT FROM deliveries d WHERE d.notice = n.notice AND d.try_at IS NOT NULL))"
)
"""Closes those of them whose cause is gone that would ring or leave now: asked immediately before anything does."""


def silent_since(now: datetime, policy: Policy) -> datetime:
    """What was written before and is not answered is unknown to a person, too."""
    return now - timedelta(seconds=policy.unknown.ask_person_after_seconds)


def notice_rules(policy: Policy) -> NoticeRules:
    """The policy's rules of notices. Raises ValueError for a policy from before there were any."""
    if policy.notices is None:
        raise ValueError("this policy says nothing of notices: it is of a case that started before them")
    return policy.notices


def note_sheet(writes: Writes, sheet: Sheet) -> None:
    """The notice of a sheet that is being kept."""
    _write(
        writes,
        NoticeKind.SHEET,
        sheet.case_id,
        cause_of_sheet(sheet.name),
        subject=sheet.name,
        count=len(sheet.lines),
        roles=sheet.quorum,
        due=sheet.decide_by,
        now=sheet.made_at,
    )


def note_sheet_gone(writes: Writes, case_id: str, sheet: str, now: datetime) -> None:
    """The sheet is decided or settled: nothing more is sent about it."""
    for cause in causes_of_sheet(sheet):
        writes.add(_GONE, {"notice": notice_id(case_id, cause), "closed_at": now, "ring_at": None})


def note_roles(writes: Writes, case_id: str, sheet: str, awaited: Sequence[Role]) -> None:
    """Some of those who decide have spoken: from now on only the others are told."""
    for cause in causes_of_sheet(sheet):
        writes.add(_ROLES, {"notice": notice_id(case_id, cause), "roles": awaited})


async def acknowledge_quiet(connection: AsyncConnection, case_id: str, sheet: str) -> None:
    """Where everybody who is still awaited has acknowledged, their notice is: asked once `note_roles` is written."""
    await run(connection, _ALL_QUIET, notices=[notice_id(case_id, cause) for cause in causes_of_sheet(sheet)])


class Noticing(Part):
    """The part of the register that makes notices of what no transaction of its own brings about."""

    async def sweep_notices(self, now: datetime, policy: Policy) -> int:
        """See activities.notice_ports.NoticeBook."""
        rules = notice_rules(policy)
        until = {
            "now": now,
            "silent_since": silent_since(now, policy),
            "sheets_until": now + timedelta(minutes=rules.sheet_ahead_minutes),
            "stops_until": now + timedelta(hours=policy.freeze.before_expiry_hours),
            "filings_until": now + timedelta(hours=rules.filing_ahead_hours),
        }

        async def work(connection: AsyncConnection) -> int:
            await run(connection, _OVER, now=now, silent_since=until["silent_since"])
            await run(connection, _FEWER)
            found = (await run(connection, _FOUND, **until)).all()
            writes = Writes()
            for row in found:
                kind = NoticeKind(row.kind)
                roles = row.roles if row.roles is not None else rules.told_first(kind)
                said = {"subject": row.subject, "count": row.count, "roles": roles, "due": row.due}
                # Never before what it tells of: to a bell whose clock is behind, that would be news once acknowledged.
                at = max(now, row.since) if kind in {NoticeKind.REFUSED, NoticeKind.NOT_ENDED} else now
                _write(writes, kind, row.case_id, _cause(row), now=now, created_at=at, **said)
            await writes.flush(connection)
            return len(found)

        return await self._do(work)


def _cause(row: Any) -> str:  # noqa: ANN401 - a row of _FOUND
    match NoticeKind(row.kind):
        case NoticeKind.SHEET:
            return cause_of_sheet(row.subject)
        case NoticeKind.SHEET_DEADLINE:
            return cause_of_sheets_deadline(row.subject)
        case NoticeKind.UNKNOWN:
            return cause_of_silence(row.institution, row.since)
        case NoticeKind.STOPS_END:
            return cause_of_stops_end(row.since, row.before)
        case NoticeKind.REFUSED | NoticeKind.NOT_ENDED as kind:
            return cause_of_refusals(kind, row.institution, row.before)
        case NoticeKind.FILING:
            return CAUSE_OF_FILING


def _write(writes: Writes, kind: NoticeKind, case_id: str, cause: str, *, now: datetime, **said: object) -> None:
    fresh = {"sendings": 0, "ring_at": now, "acknowledged_at": None, "acknowledged_by": None}
    fresh |= {"quiet": {}, "closed_at": None}
    key = {"notice": notice_id(case_id, cause), "case_id": case_id, "cause": cause, "kind": kind}
    writes.add(_NEW, {**key, "created_at": now, **fresh, **said})
