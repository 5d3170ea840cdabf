"""Officers and institutions, with the history of their entries."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Table, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.register.bulk import Mode, Write, Writes, columns_of, run, statement_text
from adapters.register.part import Part
from adapters.register.tables import institution_history, institutions, officer_history, officers
from domain.frozen import Frozen
from domain.institutions import Institution
from domain.officers import Officer

ROSTER_ALONE = statement_text(select(func.pg_advisory_xact_lock(7_240_003)))  # one change of the roster at a time


class _Book:
    """One table of entries and its history."""

    def __init__(self, entries: Table, history: Table, key: str, refers: str) -> None:
        self.key = key
        self.refers = refers
        self.put = Write.of(entries, Mode.PUT)
        self.history = Write(history, Mode.ADD, (refers, "at", "previous", "current"))
        self.read = statement_text(select(entries).order_by(entries.c[key]))


OFFICERS = _Book(officers, officer_history, "number", "number")
INSTITUTIONS = _Book(institutions, institution_history, "id", "institution")


async def put_entries(connection: AsyncConnection, book: _Book, entries: Sequence[Frozen]) -> None:
    """Add or change entries, with history; one change of the roster at a time."""
    await run(connection, ROSTER_ALONE)
    before = {getattr(row, book.key): columns_of(row) for row in await run(connection, book.read)}
    writes = Writes()
    now = datetime.now(UTC)
    wanted: dict[str, dict[str, Any]] = {}
    for entry in entries:
        row = entry.model_dump(mode="json")
        wanted[row[book.key]] = row
    for key, row in wanted.items():
        if before.get(key) != row:
            writes.add(book.put, row)
            writes.add(book.history, {book.refers: key, "at": now, "previous": before.get(key), "current": row})
    await writes.flush(connection)


async def _officers(connection: AsyncConnection) -> list[Officer]:
    return [Officer.model_validate(columns_of(row)) for row in await run(connection, OFFICERS.read)]


async def _institutions(connection: AsyncConnection) -> list[Institution]:
    return [Institution.model_validate(columns_of(row)) for row in await run(connection, INSTITUTIONS.read)]


class Rostering(Part):
    """The part of the register that knows officers and institutions."""

    async def officers(self) -> list[Officer]:
        """All officers, by number."""
        return await self._do(_officers)

    async def put_officers(self, officers: Sequence[Officer]) -> None:
        """Add or change, with history; an entry that is the same leaves no trace."""
        await self._do(lambda connection: put_entries(connection, OFFICERS, officers))

    async def institutions(self) -> list[Institution]:
        """All institutions, by id."""
        return await self._do(_institutions)

    async def put_institutions(self, institutions: Sequence[Institution]) -> None:
        """Add or change, with history; an entry that is the same leaves no trace."""
        await self._do(lambda connection: put_entries(connection, INSTITUTIONS, institutions))
