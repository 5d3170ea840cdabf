"""What whoever watches reads of the register: unknown outcomes and coming deadlines over all open cases.

It serves while engine and worker are down: nothing here is asked of a workflow. What a case would do at a deadline
(make the sheet of a second look, climb) is shown as overdue until its workflow is there to do it. What an institution
does not let go is shown of closed cases, too: it holds somebody's account all the same.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, and_, exists, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.register.awaiting import Awaiting, Question
from adapters.register.refused import ENDS, NOT_ENDED, REFUSED
from adapters.register.tables import (
    accounts,
    case_accounts,
    cases,
    claims,
    decisions,
    holds,
    institutions,
    measures,
    orders,
    sheet_lines,
    sheets,
)
from domain.case import Status
from domain.frozen import Frozen
from domain.identifiers import masked
from domain.orders import Measure
from domain.policy import Policy
from domain.sheets import SheetKind, SheetState, Why
from domain.watchlist import Entry, Kind, leaving_a_minute

_OPEN = cases.c.status != Status.CLOSED.value
_LATE_S = 5.0
"""Younger orders are just being answered."""
_COERCING = frozenset({Measure.STOP, Measure.FREEZE})


class Watchlist(Frozen):
    """Everything a watch shows. `questions`: the pending sheets as the inbox has them; each is among `entries` too."""

    questions: tuple[Question, ...]
    entries: tuple[Entry, ...]
    codes: dict[str, str]
    """Short names of the institutions, by id."""


def _standing() -> Select[Any]:
    """Stops in force where a case's money is not covered by its freezes, and whether a decision has looked at them."""
    of_line = and_(
        sheet_lines.c.case_id == sheets.c.case_id,
        sheet_lines.c.sheet == sheets.c.name,
        sheet_lines.c.case_id == claims.c.case_id,
        sheet_lines.c.account == claims.c.account,
    )
    decided = and_(decisions.c.case_id == sheets.c.case_id, decisions.c.sheet == sheets.c.name)
    seen = (
        select(decisions.c.at)
        .where(decided, sheets.c.state.in_([SheetState.APPROVED, SheetState.REJECTED]))
        # The bank's clock may be ahead of ours, and its answer may name no start.
        .where(decisions.c.at >= func.least(measures.c.started, holds.c.stop_known_at))
        .correlate(sheets, measures, holds)
        .exists()
    )
    asked = and_(
        sheets.c.state == SheetState.PENDING,
        sheets.c.kind == SheetKind.LOOK,
        sheets.c.content["why"].astext == Why.SECOND_LOOK,
    )
    looked = select(sheets.c.name).where(of_line, or_(asked, seen)).correlate(claims, measures, holds).exists()
    return (
        select(
            cases.c.case_number,
            accounts.c.institution,
            accounts.c.number,
            holds.c.stop_expires,
            (claims.c.attributed_fen - claims.c.frozen_fen).label("fen"),
            func.greatest(measures.c.started, claims.c.since).label("began"),
            looked.label("looked"),
            cases.c.policy["authority"]["second_look_ask_minutes"].label("ask_minutes"),
            cases.c.policy.is_not(None).label("own_policy"),
        )
        .select_from(claims)
        .join(cases, cases.c.case_id == claims.c.case_id)
        .join(holds, holds.c.account == claims.c.account)
        .join(accounts, accounts.c.account == claims.c.account)
        .join(measures, measures.c.application_id == holds.c.stop_order)
        .where(_OPEN, claims.c.released.is_(False), claims.c.attributed_fen > claims.c.frozen_fen)
    )


def _unanswered() -> Select[Any]:
    in_books = and_(case_accounts.c.case_id == orders.c.case_id, case_accounts.c.account == orders.c.account)
    e = orders.alias("e")
    ended = exists().where(e.c.original == orders.c.application_id).where(text(ENDS))
    return (
        select(
            cases.c.case_number,
            orders.c.measure,
            orders.c.institution,
            orders.c.written_at,
            orders.c.amount_fen,
            accounts.c.number,
            func.coalesce(case_accounts.c.attributed_fen, 0).label("attributed_fen"),
            func.coalesce(case_accounts.c.stop_pending_fen, 0).label("loose_fen"),
        )
        .join(cases, cases.c.case_id == orders.c.case_id)
        .outerjoin(accounts, accounts.c.account == orders.c.account)
        .outerjoin(case_accounts, in_books)
        .where(_OPEN, orders.c.answered_at.is_(None), ~ended)
        .order_by(orders.c.written_at)
    )


_UNFILED = select(
    cases.c.case_number, cases.c.received_at, cases.c.loss_fen, cases.c.policy["stop"]["term_hours"].label("term_hours")
).where(_OPEN, cases.c.filing_number == "", cases.c.loss_fen > 0)
# Of closed cases, too.
_NOT_ENDED = text(f"""
SELECT c.case_number, r.measure, r.institution, r.code, r.answered_at, a.number, coalesce(r.amount_fen, 0) AS loose_fen
FROM ({NOT_ENDED}) r JOIN cases c ON c.case_id = r.case_id JOIN accounts a ON a.account = r.account
WHERE r.expires IS NULL OR r.expires > :now ORDER BY r.answered_at, r.account
""")  # noqa: S608 - constants of this program
_REFUSED = text(f"""
SELECT c.case_number, r.measure, r.institution, r.code, r.answered_at, a.number,
    coalesce(ca.in_motion_fen, 0) AS loose_fen
FROM ({REFUSED}) r JOIN cases c ON c.case_id = r.case_id JOIN accounts a ON a.account = r.account
LEFT JOIN case_accounts ca ON ca.case_id = r.case_id AND ca.account = r.account
WHERE c.status <> 'closed' ORDER BY r.answered_at, r.account
""")  # noqa: S608 - constants of this program
# Of an open case that decides though no sheet of its is pending, findings are what is awaited.
_VISITED = (
    select(
        cases.c.case_number,
        cases.c.held_fen,
        func.coalesce(
            select(func.max(decisions.c.at)).where(decisions.c.case_id == cases.c.case_id).scalar_subquery(),
            cases.c.received_at,
        ).label("since"),
    )
    .where(cases.c.status == Status.DECIDING.value)
    .where(
        ~select(sheets.c.name).where(sheets.c.case_id == cases.c.case_id, sheets.c.state == SheetState.PENDING).exists()
    )
)
_STANDING = _standing()
_UNANSWERED = _unanswered()
_CODES = select(institutions.c.id, institutions.c.code)


class Watching(Awaiting):
    """The part of the register that shows what has to be watched."""

    async def watchlist(self, now: datetime, policy: Policy) -> Watchlist:
        """Pending sheets, unknown outcomes and deadlines of all open cases, unordered.

        `policy`: of cases that were filed without one of their own.
        """
        questions = await self.inbox(now)

        async def work(connection: AsyncConnection) -> Watchlist:
            rows = {
                name: list((await connection.execute(wanted)).all())
                for name, wanted in (
                    ("stops", _STANDING),
                    ("unknown", _UNANSWERED.where(orders.c.written_at <= now - timedelta(seconds=_LATE_S))),
                    ("refused", _REFUSED),
                    ("not_ended", _NOT_ENDED.bindparams(now=now)),
                    ("unfiled", _UNFILED),
                    ("visited", _VISITED),
                    ("codes", _CODES),
                )
            }
            codes = {row.id: row.code for row in rows["codes"]}
            entries = [
                *map(_sheet, questions, [codes] * len(questions)),
                *_unknown(rows["unknown"], codes, policy),
                *_refused(Kind.REFUSED, rows["refused"], codes),
                *_refused(Kind.NOT_ENDED, rows["not_ended"], codes),
                *_ends(rows["stops"], codes),
                *_unfiled(rows["unfiled"], rows["stops"], questions, policy),
                *_looks(rows["stops"], codes, policy),
                *(
                    Entry(kind=Kind.VISITS, case_number=row.case_number, at=row.since, fen=row.held_fen)
                    for row in rows["visited"]
                ),
            ]
            return Watchlist(questions=tuple(questions), entries=tuple(entries), codes=codes)

        return await self._do(work)


def _sheet(asked: Question, codes: Mapping[str, str]) -> Entry:
    sheet = asked.row.sheet
    shown = tuple(_shown(codes, line.account.institution, line.account.number) for line in sheet.lines)
    return Entry(
        kind=Kind.SHEET,
        case_number=asked.row.case_number,
        at=sheet.decide_by,
        fen=asked.effect.asked_fen,
        fen_a_minute=asked.effect.waiting_costs_fen_minutes,
        sheet=sheet.name,
        measure=sheet.kind.value,
        accounts=shown,
    )


def _unknown(rows: Iterable[Row[Any]], codes: Mapping[str, str], policy: Policy) -> list[Entry]:
    """One entry an order: each is a telephone call."""
    ask = timedelta(seconds=policy.unknown.ask_person_after_seconds)
    return [
        Entry(
            kind=Kind.UNKNOWN,
            case_number=row.case_number,
            at=row.written_at + ask,
            fen=(row.amount_fen or row.attributed_fen) if row.measure in _COERCING else 0,
            fen_a_minute=leaving_a_minute(row.loose_fen) if row.measure == Measure.STOP else 0,
            measure=row.measure,
            accounts=(_shown(codes, row.institution, row.number or ""),),
            since=row.written_at,
        )
        for row in rows
    ]


def _refused(kind: Kind, rows: Iterable[Row[Any]], codes: Mapping[str, str]) -> list[Entry]:
    """One entry for what an institution refused of a case with one code: it is one telephone call."""
    together: dict[tuple[str, str, str, str], list[Row[Any]]] = defaultdict(list)
    for row in rows:
        together[row.case_number, row.institution, row.measure, row.code or ""].append(row)
    return [
        Entry(
            kind=kind,
            case_number=number,
            at=min(one.answered_at for one in refused),
            fen=sum(one.loose_fen for one in refused),
            fen_a_minute=leaving_a_minute(sum(one.loose_fen for one in refused)) if measure == Measure.STOP else 0,
            measure=measure,
            code=code,
            accounts=tuple(sorted(_shown(codes, institution, one.number) for one in refused)),
        )
        for (number, institution, measure, code), refused in together.items()
    ]


def _ends(rows: Sequence[Row[Any]], codes: Mapping[str, str]) -> list[Entry]:
    """One entry for the stops of a case that end within the same minute."""
    together: dict[tuple[str, datetime], list[Row[Any]]] = defaultdict(list)
    for row in rows:
        together[row.case_number, row.stop_expires.replace(second=0, microsecond=0)].append(row)
    return [
        _of_stops(Kind.STOP_ENDS, stops, min(one.stop_expires for one in stops), codes) for stops in together.values()
    ]


def _unfiled(
    rows: Iterable[Row[Any]], stops: Iterable[Row[Any]], questions: Iterable[Question], policy: Policy
) -> list[Entry]:
    """Due with the first freeze sheet that waits for it, and before the first stop ends."""
    ends = _firsts((row.case_number, row.stop_expires) for row in stops)
    waits = _firsts(
        (one.row.case_number, one.row.sheet.decide_by) for one in questions if one.row.sheet.kind is SheetKind.FREEZE
    )
    made = []
    for row in rows:
        term = timedelta(hours=float(policy.stop.term_hours if row.term_hours is None else row.term_hours))
        before = ends.get(row.case_number, row.received_at + term)
        at = min(before, waits.get(row.case_number, before))
        made.append(Entry(kind=Kind.FILING, case_number=row.case_number, at=at, fen=row.loss_fen))
    return made


def _firsts(moments: Iterable[tuple[str, datetime]]) -> dict[str, datetime]:
    first: dict[str, datetime] = {}
    for case_number, at in moments:
        first[case_number] = min(at, first.get(case_number, at))
    return first


def _looks(rows: Iterable[Row[Any]], codes: Mapping[str, str], policy: Policy) -> list[Entry]:
    """One entry for the stops of a case that nobody has looked at; due when the first of them is."""
    by_case: dict[str, list[tuple[datetime, Row[Any]]]] = defaultdict(list)
    for row in rows:
        ask = row.ask_minutes if row.own_policy else policy.authority.second_look_ask_minutes
        if ask is not None and row.began is not None and not row.looked:
            by_case[row.case_number].append((row.began + timedelta(minutes=float(ask)), row))
    return [
        _of_stops(Kind.LOOK, [row for _, row in stops], min(at for at, _ in stops), codes) for stops in by_case.values()
    ]


def _of_stops(kind: Kind, stops: Sequence[Row[Any]], at: datetime, codes: Mapping[str, str]) -> Entry:
    return Entry(
        kind=kind,
        case_number=stops[0].case_number,
        at=at,
        fen=sum(one.fen for one in stops),
        accounts=tuple(sorted(_shown(codes, one.institution, one.number) for one in stops)),
    )


def _shown(codes: Mapping[str, str], institution: str, number: str) -> str:
    code = codes.get(institution, institution)
    return masked(code, number) if number else code
