"""Raising the fuse: a yes to its sheet opens more stops for the case."""

from datetime import UTC, datetime

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from adapters.register.bulk import Mode, Write, Writes, run, statement_text
from adapters.register.locking import lock_case
from adapters.register.part import Part
from adapters.register.tables import sheets
from domain.sheets import SheetKind, SheetState

_OPENED = Write.of(sheets, Mode.CHANGE, "opened_stops")
_SHEET = statement_text(
    select(sheets.c.kind, sheets.c.state, sheets.c.opened_stops).where(
        sheets.c.case_id == bindparam("case_id", type_=Text), sheets.c.name == bindparam("name", type_=Text)
    )
)


class RaisingFuse(Part):
    """The part of the register that opens the fuse of a case."""

    async def raise_fuse(self, case_id: str, by: int, sheet: str) -> None:
        """A yes to the fuse opens more stops for this case; once for each sheet.

        Raises LookupError when there is no such sheet, ValueError when it is no approved fuse sheet.
        """

        async def work(connection: AsyncConnection) -> None:
            case = await lock_case(connection, case_id)
            row = (await run(connection, _SHEET, case_id=case_id, name=sheet)).one_or_none()
            if row is None:
                raise LookupError(f"the case has no sheet {sheet}")
            if row.kind != SheetKind.FUSE or row.state != SheetState.APPROVED or by < 0:
                raise ValueError(f"sheet {sheet} does not open the fuse: it is {row.kind}, {row.state}")
            if row.opened_stops is not None:
                return
            allowed = case.row.stops_allowed
            writes = Writes()
            writes.add(_OPENED, {"case_id": case_id, "name": sheet, "opened_stops": by})
            current = {"stops_allowed": allowed + by, "sheet": sheet}
            case.chain.note(datetime.now(UTC), "fuse_raised", current, {"stops_allowed": allowed})
            case.chain.case_changes["stops_allowed"] = allowed + by
            case.chain.write(writes)
            await writes.flush(connection)

        await self._do(work)
