"""Statements: their rows, each kept once, and the digest a case is given of them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from adapters.register.bulk import Mode, Write, Writes, run, statement_text
from adapters.register.tables import orders, statements, transactions
from domain.orders import AccountKind, Measure
from domain.statement import Digest, EarlierMeasure, Passage, Statement, digest, freezes_seen

_STATEMENT = Write.of(statements, Mode.KEEP)
_TRANSACTION = Write.of(transactions, Mode.KEEP)

_PASSAGES = (
    select(
        func.jsonb_agg(
            func.jsonb_build_object(
                "serial",
                transactions.c.serial,
                "at",
                transactions.c.at,
                "credit",
                transactions.c.credit,
                "amount_fen",
                transactions.c.amount_fen,
                "way",
                transactions.c.way,
                "institution",
                transactions.c.opponent_institution,
                "number",
                transactions.c.opponent_number,
                "name",
                transactions.c.opponent_name,
                "kind",
                transactions.c.opponent_kind,
            )
        )
    )
    .where(
        transactions.c.account == statements.c.account,
        transactions.c.serial == func.any(statements.c.serials),
        transactions.c.done,
    )
    .scalar_subquery()
)
_DIGESTS = statement_text(
    select(
        statements.c.application_id,
        statements.c.opening_fen,
        statements.c.balance_fen,
        statements.c.kind,
        statements.c.complete,
        statements.c.earlier_measures,
        _PASSAGES.label("passages"),
    ).where(statements.c.application_id == func.any(bindparam("ids", type_=ARRAY(Text))))
)

# What serves another query of the same account: a complete statement from after the stop in force, or a query sent
# after that stop and not answered yet. `covers`: the period asked for lies within.
_SHARED_STATEMENTS = statement_text(
    select(
        statements.c.application_id,
        statements.c.account,
        statements.c.stop_order,
        statements.c.since,
        statements.c.until,
        statements.c.taken_at,
        orders.c.outcome,
    )
    .join(orders, orders.c.application_id == statements.c.application_id)
    .where(statements.c.account == func.any(bindparam("accounts", type_=ARRAY(Text))))
    .where(statements.c.complete, statements.c.stop_order.is_not(None))
    .order_by(statements.c.taken_at.desc())
)
_SHARED_QUERIES = statement_text(
    select(
        orders.c.application_id,
        orders.c.case_id,
        orders.c.account,
        orders.c.written_at,
        cast(orders.c.content["since"].astext, TIMESTAMP(timezone=True)).label("since"),
        orders.c.last_sent_at,
    ).where(
        and_(
            orders.c.account == func.any(bindparam("accounts", type_=ARRAY(Text))),
            orders.c.measure == Measure.QUERY,
            orders.c.answered_at.is_(None),
        )
    )
)


def covers(since: datetime | None, wanted: datetime | None) -> bool:
    """Whether a period from `since` on includes one from `wanted` on. None: from the beginning."""
    return since is None or (wanted is not None and since <= wanted)


async def digests(connection: AsyncConnection, application_ids: Iterable[str]) -> dict[str, Digest]:
    """The digests of kept statements, by query."""
    ids = sorted(set(application_ids))
    if not ids:
        return {}
    return {row.application_id: _digest(row) for row in await run(connection, _DIGESTS, ids=ids)}


def _digest(row: Any) -> Digest:  # noqa: ANN401 - a database row
    passages = sorted((Passage.model_validate(one) for one in row.passages or []), key=lambda one: one.serial)
    return Digest(
        opening_fen=row.opening_fen,
        balance_fen=row.balance_fen,
        kind=AccountKind(row.kind),
        passages=tuple(passages),
        more=not row.complete,
        freezes=freezes_seen(EarlierMeasure.model_validate(one) for one in row.earlier_measures),
    )


async def shared_statements(connection: AsyncConnection, accounts: Iterable[str]) -> list[Any]:
    """Complete statements of these accounts taken under a stop, latest first."""
    return list((await run(connection, _SHARED_STATEMENTS, accounts=sorted(accounts))).all())


async def shared_queries(connection: AsyncConnection, accounts: Iterable[str]) -> list[Any]:
    """Unanswered queries of these accounts, of all cases."""
    return list((await run(connection, _SHARED_QUERIES, accounts=sorted(accounts))).all())


def keep(
    writes: Writes, statement: Statement, *, application_id: str, account: str, context: dict[str, object]
) -> Digest:
    """Add a statement and its rows to what is written. `context`: stop_order, since, until, taken_at."""
    short = digest(statement)
    serials = sorted({row.serial for row in statement.rows})
    writes.add(
        _STATEMENT,
        {
            "application_id": application_id,
            "account": account,
            **context,
            "complete": not short.more,
            "opening_fen": short.opening_fen,
            "balance_fen": short.balance_fen,
            "kind": short.kind,
            "holder": {
                "name": statement.holder_name,
                "id_type": statement.holder_id_type,
                "id_number": statement.holder_id_number,
            },
            "earlier_measures": statement.measures,
            "serials": serials,
        },
    )
    seen: set[int] = set()
    for row in statement.rows:
        if row.serial not in seen:
            seen.add(row.serial)
            writes.add(_TRANSACTION, {"account": account, **dict(row)})
    return short
