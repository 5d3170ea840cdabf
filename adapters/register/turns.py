"""One turn of a case: answers kept and orders opened, at any number of institutions, in one transaction.

A case has a dozen lanes. Each on its own would lock the case row, read and commit; together they do it once.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from activities.ports import Answered, Ask, Kept, OpenedOrder
from adapters.register.answers import Answering
from adapters.register.bulk import run, statement_text
from adapters.register.locking import lock_all
from adapters.register.openings import draft_account
from adapters.register.orders import Ordering
from adapters.register.tables import holds, orders
from domain.papers import Paper

_ids = func.any(bindparam("ids", type_=ARRAY(Text)))
_LOCK_HOLDS = statement_text(
    select(holds.c.account)
    .where(
        or_(
            holds.c.account == func.any(bindparam("accounts", type_=ARRAY(Text))),
            holds.c.account.in_(select(orders.c.account).where(orders.c.application_id == _ids)),
        )
    )
    .order_by(holds.c.account)
    .with_for_update(key_share=True)
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
                accounts = {draft_account(draft) for ask in asks for draft in ask.request.drafts}
                await run(connection, _LOCK_HOLDS, accounts=sorted(accounts - {""}), ids=ids)
                kept = await self._keep(connection, answers, asks[0].request.now)
            return kept, await self._open(connection, asks, rendered)

        return await self._do(work)
