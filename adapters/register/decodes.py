"""The record of decodes, in the register of the world that was read."""

from collections.abc import Callable, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.http.codec.recording import Decode, UnknownNamespaceError
from adapters.register.bulk import Mode, Write, Writes, columns_of
from adapters.register.engine import in_transaction, open_engine
from adapters.register.tables_decodes import decode_log

_KEEP = Write(decode_log, Mode.ADD, ("officer", "at", "namespace", "workflow_id", "payloads", "masked"))
_CONNECTIONS = 2  # of each world: one officer's pages ask a few times at once


class DecodeLog:
    """DecodeRecord over the registers of all worlds."""

    def __init__(self, database_of: Callable[[str], str | None]) -> None:
        """`database_of`: the database of a namespace; None: there is none."""
        self._database_of = database_of
        self._engines: dict[str, AsyncEngine] = {}

    async def keep(self, decodes: Sequence[Decode]) -> None:
        """See DecodeRecord; all of them are of one namespace. Raises RegisterError when it does not answer."""
        if not decodes:
            return

        async def write(connection: AsyncConnection) -> None:
            writes = Writes()
            for one in decodes:
                writes.add(_KEEP, one.model_dump(mode="json"))
            await writes.flush(connection)

        await in_transaction(self._engine(decodes[0].namespace), write)

    async def of(self, namespace: str) -> list[Decode]:
        """Everything that was read of a namespace, in order."""

        async def read(connection: AsyncConnection) -> list[Decode]:
            rows = await connection.execute(select(decode_log).order_by(decode_log.c.id))
            return [Decode.model_validate(columns_of(row)) for row in rows]

        return await in_transaction(self._engine(namespace), read)

    async def close(self) -> None:
        """Let go of the connections."""
        for engine in self._engines.values():
            await engine.dispose()
        self._engines.clear()

    def _engine(self, namespace: str) -> AsyncEngine:
        engine = self._engines.get(namespace)
        if engine is None:
            url = self._database_of(namespace)
            if url is None:
                raise UnknownNamespaceError
            engine = self._engines[namespace] = open_engine(url, connections=_CONNECTIONS)
        return engine
