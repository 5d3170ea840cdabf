"""Turns of cases: answers kept and orders opened, of any cases at any institutions, in one transaction.

A case has several lanes, and there are many cases. Each turn on its own would lock, read and commit; together they do
it once.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from activities.ports import CaseTurn, Kept, OpenedOrder
from adapters.register.answers import Answering
from adapters.register.bulk import columns_of, run, statement_text
from adapters.register.ledger import Ledger
from adapters.register.locking import lock_all
from adapters.register.orders import Ordering
from adapters.register.tables import accounts, orders
from adapters.register.together import moment_of
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
    """The part of the register that takes turns."""

    async def turns(
        self, turns: Sequence[CaseTurn], render: Callable[[Paper], bytes]
    ) -> list[tuple[list[Kept], list[list[OpenedOrder]]]]:
        """Keep all answers, then open all orders (activities.ports.OrderBook.turns)."""
        answers = {answer.application_id: answer for turn in turns for answer in turn.answers}
        asks = [ask for turn in turns for ask in turn.asks]
        now = moment_of(asks) if asks else datetime.now(UTC)

        def rendered(paper: Paper) -> bytes:
            document = render(paper)
            self._papers.put(document)
            return document

        async def work(connection: AsyncConnection) -> tuple[list[Kept], list[list[OpenedOrder]]]:
            if answers and asks:
                # both halves lock: all of it is locked here first, in the one order that cannot deadlock
                ids = sorted(answers)
                await lock_all(connection, sorted({ask.request.case_id for ask in asks}), ids)
                refs = [AccountRef.model_validate(columns_of(row)) for row in await run(connection, _ANSWERED, ids=ids)]
                refs += [one.account for ask in asks for one in ask.request.drafts if one.account is not None]
                await Ledger.of_accounts(connection, refs, now)
            kept = await self._keep(connection, list(answers.values()), now) if answers else []
            return kept, await self._open(connection, asks, rendered) if asks else []

        kept, opened = await self._do(work)
        by_key = {one.application_id: one for one in kept}
        parts = iter(opened)
        return [
            ([by_key[one.application_id] for one in turn.answers], [next(parts) for _ in turn.asks]) for turn in turns
        ]
