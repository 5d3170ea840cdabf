"""Numbers of papers: one series for each kind and year, without gaps and without doubles.

A number is given in the transaction that keeps its paper, from a row that stays locked until the end of it: what is
rolled back has taken no number. A sequence would leave gaps. The row is the last lock taken, kind by kind in order,
after cases and holds (locking.py), so that whoever waits for it holds up nobody who has it.
"""

from collections.abc import Iterator, Mapping
from itertools import count

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.register.bulk import as_json, rows_parameter, run, statement_text
from adapters.register.tables import paper_series
from domain.papers import PaperKind


def _take() -> str:
    wanted = rows_parameter("wanted", [paper_series.c.kind, paper_series.c.year, paper_series.c.last])
    taken = insert(paper_series).from_select(["kind", "year", "last"], select(*wanted.c).order_by(wanted.c.kind))
    taken = taken.on_conflict_do_update(
        index_elements=["kind", "year"], set_={"last": paper_series.c.last + taken.excluded.last}
    )
    return statement_text(taken.returning(paper_series.c.kind, paper_series.c.last))


_TAKE = _take()


async def take_numbers(
    connection: AsyncConnection, wanted: Mapping[PaperKind, int], year: int
) -> dict[PaperKind, Iterator[int]]:
    """So many numbers of each series, in one round trip; the series are ours until the transaction ends."""
    if not wanted:
        return {}
    rows = as_json([{"kind": kind, "year": year, "last": many} for kind, many in wanted.items()])
    found = {PaperKind(row.kind): row.last for row in await run(connection, _TAKE, wanted=rows)}
    return {kind: count(found[kind] - many + 1) for kind, many in wanted.items()}
