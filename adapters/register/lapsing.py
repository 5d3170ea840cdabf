"""Measures that end by themselves: a stop after its 48 hours, a freeze after its term (rules R7, F4).

A case notes its own stops' ends; the rounds here end what nobody looks at any more, as a freeze after its case's close:
until then the account counts as held, and other cases' claims on it as covered.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import structlog
from sqlalchemy import and_, bindparam, func, select
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.register.bulk import Writes, run, statement_text
from adapters.register.ledger import Ledger
from adapters.register.locking import lock_cases
from adapters.register.part import Part
from adapters.register.tables import measures
from adapters.rounds import make_rounds

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 30.0
_MOST = 500
"""Accounts looked at in one transaction, with all that is over on them: each is locked, and so are its cases."""
_OVER = and_(measures.c.ended_at.is_(None), measures.c.expires <= bindparam("now", type_=TIMESTAMP(timezone=True)))
_FIRST = (
    select(measures.c.account)
    .where(_OVER)
    .group_by(measures.c.account)
    .order_by(func.min(measures.c.expires))
    .limit(_MOST)
)
_DUE = statement_text(select(measures.c.case_id, measures.c.account).where(_OVER, measures.c.account.in_(_FIRST)))


class Lapsing(Part):
    """The part of the register that ends what has run out."""

    async def note_lapsed(self, now: datetime) -> list[str]:
        """End the measures whose end has passed, with an event in the case of each; gives their application ids.

        The oldest first, and of many not all at once.
        """

        async def work(connection: AsyncConnection) -> list[str]:
            due = (await run(connection, _DUE, now=now)).all()
            if not due:
                return []
            cases = await lock_cases(connection, (row.case_id for row in due))
            ledger = await Ledger.of_known(connection, (row.account for row in due), now)
            await ledger.load(connection)
            over = ledger.lapse(now)
            for measure in over:
                if measure.case_id in cases:
                    what = {"measure": measure.application_id, "account": measure.account, "ended_at": measure.ended_at}
                    cases[measure.case_id].chain.note(now, "measure_lapsed", what)
            writes = Writes()
            ledger.write(writes)
            for case in cases.values():
                case.chain.write(writes)
            await writes.flush(connection)
            return [measure.application_id for measure in over]

        return await self._do(work)


async def lapse_for_ever(note_lapsed: Callable[[datetime], Awaitable[list[str]]]) -> None:
    """Runs beside the worker; bears a register that is down."""

    async def look() -> int:
        return len(await note_lapsed(datetime.now(UTC)))

    await make_rounds(
        look,
        did=lambda count: log.info("measures_lapsed", count=count),
        failed=lambda error: log.warning("lapses_not_noted", error=error),
        pause_s=lambda _: LOOK_EVERY_S,
    )
