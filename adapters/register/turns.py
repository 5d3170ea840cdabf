"""One turn of a case: answers kept and orders opened, at any number of institutions, in one transaction.

A case has a dozen lanes. Each on its own would lock the case row, read and commit; together they do it once.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from activities.ports import Answered, Ask, Kept, OpenedOrder
from adapters.register.answers import Answering
from adapters.register.bulk import columns_of, run, statement_text
from adapters.register.ledger import Ledger
from adapters.register.locking import lock_all
from adapters.register.orders import Ordering
from adapters.register.tables import accounts, orders
from domain.orders import AccountRef
from domain.papers import Paper

_ANSWERED = statement_text(
    select(accounts.c.institution, accounts.c.number, accounts.c.name, accounts.c.kind).where(
        accounts.c.account.in_(
            select(orders.c.account).where(orders.c.application_id == func.any(bindparam("ids", type_=ARRAY(Text))))
        )
    )
)


class Turning(Ordering, Answering):
    """The part of the register that takes a case's turns."""

    async def turn(
        self, case_id: str, answers: Sequence[Answered], asks: Sequence[Ask], render: Callable[[Paper], bytes]
    ) -> tuple[list[Kept], list[list[OpenedOrder]]]:
        """Keep answers, then open orders (activities.ports.OrderBook.turn)."""
        if not asks:
            return await self.keep_answers(answers, datetime.now(UTC)), []

        def rendered(paper: Paper) -> bytes:
            document = render(paper)
            self._papers.put(document)
            return document

        async def work(connection: AsyncConnection) -> tuple[list[Kept], list[list[OpenedOrder]]]:
            kept: list[Kept] = []
            if answers:
                # both halves lock: all of it is locked here first, in the one order that cannot deadlock
                ids = sorted({answer.application_id for answer in answers})
                await lock_all(connection, case_id, ids)
                now = asks[0].request.now
                refs = [AccountRef.model_validate(columns_of(row)) for row in await run(connection, _ANSWERED, ids=ids)]
                refs += [one.account for ask in asks for one in ask.request.drafts if one.account is not None]
                await Ledger.of_accounts(connection, refs, now)
                kept = await self._keep(connection, answers, now)
            return kept, await self._open(connection, asks, rendered)

        return await self._do(work)
