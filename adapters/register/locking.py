"""The order in which locks are taken, everywhere: the halt's lock, case rows by case id, holds by account.

Whoever keeps to it cannot deadlock with another who does. Row locks are "no key" locks: rows that merely refer to a
case or a hold do not wait for them.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from adapters.register.bulk import run, statement_text
from adapters.register.chain import Chain
from adapters.register.tables import cases, orders

HALT_LOCK = 7_240_001  # advisory: shared by those who write orders, alone for a halt; any fixed numbers of our own
FUSE_LOCK = 7_240_002  # advisory: alone, when the stops of the last minute come near the fuse
WORDS_LOCK = 7_240_011  # advisory: alone, while a worker that starts adopts the words of papers

_COLUMNS = tuple(one for one in cases.c if one.name not in {"report", "policy"})
_LOCK_SOME = select(*_COLUMNS).order_by(cases.c.case_id).with_for_update(key_share=True, of=cases)
_LOCK = _LOCK_SOME.where(cases.c.case_id == func.any(bindparam("cases", type_=ARRAY(Text))))
_LOCK_CASES = statement_text(_LOCK)
_OF_ORDERS = select(orders.c.case_id).where(orders.c.application_id == func.any(bindparam("ids", type_=ARRAY(Text))))
_LOCK_CASES_OF_ORDERS = statement_text(_LOCK_SOME.where(cases.c.case_id.in_(_OF_ORDERS)))
# A halt waits until every order being written is written or not, and no order is written while it revokes.
_LOCK_CASES_TO_SEND = statement_text(_LOCK.add_columns(func.pg_advisory_xact_lock_shared(HALT_LOCK)))


_LOCK_ALL = statement_text(
    select(cases.c.case_id, func.pg_advisory_xact_lock_shared(HALT_LOCK))
    .where(or_(cases.c.case_id == func.any(bindparam("cases", type_=ARRAY(Text))), cases.c.case_id.in_(_OF_ORDERS)))
    .order_by(cases.c.case_id)
    .with_for_update(key_share=True, of=cases)
)


class LockedCase:
    """A case row that is ours until the transaction ends, with the end of its chain."""

    def __init__(self, row: Row[Any]) -> None:
        self.row = row
        self.chain = Chain(case_id=row.case_id, count=row.event_count, head=row.event_head)


async def lock_cases(
    connection: AsyncConnection, case_ids: Iterable[str], *, to_send: bool = False
) -> dict[str, LockedCase]:
    """Lock these cases in order. Raises LookupError when one is unknown."""
    wanted = sorted(set(case_ids))
    rows = await run(connection, _LOCK_CASES_TO_SEND if to_send else _LOCK_CASES, cases=wanted)
    found = {row.case_id: LockedCase(row) for row in rows}
    if missing := [one for one in wanted if one not in found]:
        raise LookupError(f"the register has no case {missing[0]}")
    return found


async def lock_case(connection: AsyncConnection, case_id: str, *, to_send: bool = False) -> LockedCase:
    """Lock one case. Raises LookupError when it is unknown."""
    return (await lock_cases(connection, [case_id], to_send=to_send))[case_id]


async def lock_cases_of_orders(connection: AsyncConnection, application_ids: Iterable[str]) -> dict[str, LockedCase]:
    """Lock the cases of these orders, in order. An order never changes its case."""
    rows = await run(connection, _LOCK_CASES_OF_ORDERS, ids=sorted(application_ids))
    return {row.case_id: LockedCase(row) for row in rows}


async def lock_all(connection: AsyncConnection, case_ids: Sequence[str], application_ids: Sequence[str]) -> None:
    """Lock these cases and the cases of these orders, in order, with the halt's lock of those who write orders."""
    await run(connection, _LOCK_ALL, cases=case_ids, ids=application_ids)
