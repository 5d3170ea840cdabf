"""What the register recalls of one case, so that its workflow can be started again from it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, and_, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.register.locking import lock_case
from adapters.register.openings import OUTCOME
from adapters.register.part import Part
from adapters.register.reading import SHEETS, sheet_row
from adapters.register.statements import digests
from adapters.register.tables import (
    case_accounts,
    claims,
    decisions,
    events,
    findings,
    measures,
    orders,
    sheets,
    statements,
)
from domain.findings import Finding
from domain.orders import Measure, Order, is_final
from domain.recall import (
    Recalled,
    RecalledFinding,
    RecalledJoin,
    RecalledOrder,
    RecalledSheet,
    RecalledStatement,
)
from domain.sheets import SheetState
from domain.statement import Digest

_ORDERS = select(
    *(orders.c[name] for name in ("application_id", "sequence", "sheet", "cause", "content", "outcome")),
    orders.c.written_at,
    orders.c.answered_at,
    measures.c.expires,
    measures.c.ended_by,
).outerjoin(measures, measures.c.application_id == orders.c.application_id)
_DECIDED = frozenset({SheetState.APPROVED, SheetState.REJECTED})


class Recalling(Part):
    """The part of the register that tells a case what it did."""

    async def recall(self, case_id: str) -> Recalled:
        """Everything the case did, in one transaction; the case is locked meanwhile. Raises LookupError."""

        async def work(connection: AsyncConnection) -> Recalled:
            case = await lock_case(connection, case_id)
            own = await _rows(
                connection, _ORDERS.where(orders.c.case_id == case_id).order_by(orders.c.written_at, orders.c.sequence)
            )
            asked = [row.application_id for row in own if row.content["measure"] == Measure.QUERY and row.answered_at]
            read = await digests(connection, asked)
            return Recalled(
                status=case.row.status,
                filing_number=case.row.filing_number,
                layers=await _layers(connection, case_id),
                orders=tuple(_order(row, read) for row in own),
                joins=tuple(await _joins(connection, case_id)),
                statements=tuple(await _shared(connection, case_id)),
                sheets=tuple(map(_sheet, await _rows(connection, _sheets(case_id)))),
                findings=tuple(await _findings(connection, case_id)),
            )

        return await self._do(work)


async def _rows(connection: AsyncConnection, wanted: Select[Any]) -> Sequence[Row[Any]]:
    return list((await connection.execute(wanted)).all())


def _order(row: Row[Any], read: dict[str, Digest]) -> RecalledOrder:
    outcome = None if row.outcome is None else OUTCOME.validate_python(row.outcome)
    return RecalledOrder(
        order=Order.model_validate(row.content),
        sequence=row.sequence,
        sheet=row.sheet,
        cause=row.cause,
        written_at=row.written_at,
        outcome=outcome,
        answered_at=row.answered_at if is_final(outcome) else None,
        digest=read.get(row.application_id),
        expires=row.expires,
        ended_by=row.ended_by or "",
    )


async def _layers(connection: AsyncConnection, case_id: str) -> dict[str, int]:
    wanted = select(case_accounts.c.account, case_accounts.c.layer).where(case_accounts.c.case_id == case_id)
    return {row.account: row.layer for row in await _rows(connection, wanted)}


async def _joins(connection: AsyncConnection, case_id: str) -> list[RecalledJoin]:
    """Stops of other cases that this one joined: only the events of its chain say so."""
    wanted = select(events.c.at, events.c.current).where(events.c.case_id == case_id, events.c.kind == "stops_joined")
    noted = [(row.at, stop) for row in await _rows(connection, wanted) for stop in row.current.values()]
    theirs = {
        row.application_id: row
        for row in await _rows(connection, _ORDERS.where(orders.c.application_id.in_({stop for _, stop in noted})))
    }
    found = []
    for at, stop in noted:
        row = theirs[stop]
        order = Order.model_validate(row.content)
        if order.account is None or order.case_id == case_id:
            continue
        outcome = None if row.outcome is None else OUTCOME.validate_python(row.outcome)
        found.append(
            RecalledJoin(
                account=order.account,
                at=at,
                evidence=order.evidence,
                outcome=outcome,
                expires=row.expires,
                ended_by=row.ended_by or "",
            )
        )
    return found


async def _shared(connection: AsyncConnection, case_id: str) -> list[RecalledStatement]:
    """Of accounts this case claims and has not queried itself: the latest complete statement there is."""
    mine = orders.alias("mine")
    queried = (
        select(mine.c.application_id)
        .where(mine.c.case_id == case_id, mine.c.account == statements.c.account, mine.c.measure == Measure.QUERY)
        .exists()
    )
    wanted = (
        select(statements.c.account, statements.c.application_id, statements.c.taken_at)
        .ext(distinct_on(statements.c.account))
        .join(claims, and_(claims.c.account == statements.c.account, claims.c.case_id == case_id))
        .where(statements.c.complete, ~queried)
        .order_by(statements.c.account, statements.c.taken_at.desc())
    )
    rows = await _rows(connection, wanted)
    read = await digests(connection, [row.application_id for row in rows])
    return [RecalledStatement(account=row.account, at=row.taken_at, digest=read[row.application_id]) for row in rows]


def _sheets(case_id: str) -> Select[Any]:
    last = (
        select(func.max(decisions.c.at))
        .where(decisions.c.case_id == sheets.c.case_id, decisions.c.sheet == sheets.c.name)
        .scalar_subquery()
    )
    return (
        SHEETS.add_columns(sheets.c.opened_stops, sheets.c.made_at, last.label("last_at"))
        .where(sheets.c.case_id == case_id)
        .order_by(sheets.c.made_at, sheets.c.name)
    )


def _sheet(row: Row[Any]) -> RecalledSheet:
    read = sheet_row(row)
    return RecalledSheet(
        sheet=read.sheet,
        state=SheetState(read.state),
        excepted=read.except_lines,
        awaited=read.awaited,
        decided_by=read.decided_by,
        decided_at=row.last_at or row.made_at if row.state in _DECIDED else None,
        opened=row.opened_stops is not None,
    )


async def _findings(connection: AsyncConnection, case_id: str) -> list[RecalledFinding]:
    wanted = (
        select(findings.c.account, findings.c.finding, findings.c.at)
        .where(findings.c.case_id == case_id)
        .order_by(findings.c.id)
    )
    return [
        RecalledFinding(account=row.account, finding=Finding(row.finding), at=row.at)
        for row in await _rows(connection, wanted)
    ]
