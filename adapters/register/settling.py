"""Sheets settled: other decisions, or the end of the stops themselves, left nothing on them to decide."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from adapters.register.bulk import Mode, Write, Writes, run, statement_text
from adapters.register.locking import lock_case
from adapters.register.noticing import note_sheet_gone
from adapters.register.part import Part
from adapters.register.tables import sheets
from domain.sheets import SheetKind, SheetState

_SETTLED = Write.of(sheets, Mode.CHANGE, "state")
_PENDING = statement_text(
    select(sheets.c.name).where(
        sheets.c.case_id == bindparam("case_id", type_=Text),
        sheets.c.name == func.any(bindparam("names", type_=ARRAY(Text))),
        sheets.c.state == SheetState.PENDING,
        # what a freeze, the fuse or a cancellation asks is answered by officers only
        sheets.c.kind.in_([SheetKind.LOOK, SheetKind.RELEASE]),
    )
)


class Settling(Part):
    """The part of the register that is told which sheets need no decision any more."""

    async def settle_sheets(self, case_id: str, names: Sequence[str], now: datetime) -> None:
        """Look sheets and releases on which nothing is left to decide; idempotent, decided ones stay as they are.

        Raises LookupError for an unknown case.
        """

        async def work(connection: AsyncConnection) -> None:
            case = await lock_case(connection, case_id)
            writes = Writes()
            for row in await run(connection, _PENDING, case_id=case_id, names=sorted(names)):
                writes.add(_SETTLED, {"case_id": case_id, "name": row.name, "state": SheetState.SETTLED})
                note_sheet_gone(writes, case_id, row.name, now)
                current = {"sheet": row.name, "state": SheetState.SETTLED}
                case.chain.note(now, "sheet_settled", current, {"state": SheetState.PENDING})
            case.chain.write(writes)
            await writes.flush(connection)

        await self._do(work)
