"""Kept decisions are told to their cases when engine and worker are back: by the same update, once, or with a reason.

The register has the last word on what became of one: what is on record there is delivered, whatever was said on the
way. Killed between telling and marking, the same update is told again: its id is the word's, and the register takes the
same word of an officer only once.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

import structlog
from temporalio.client import Client, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from adapters.register.keeping import KeptDecision
from adapters.register.rows import CaseRow
from adapters.rounds import make_rounds
from domain.case import Status
from domain.operations import REFUSED

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 1.0
"""A decision that was taken in the dark has waited long enough."""
PATIENCE_S = 20.0
"""So long one case is waited for; then the next look tells it again."""
AT_ONCE = 8
"""Cases told at the same time; a case is told its words in the order in which they were given."""
CLOSED = "案件已结案 / the case is closed"


class Keeper(Protocol):
    """What delivery needs of the register."""

    async def kept_waiting(self) -> list[KeptDecision]:
        """What is still to be delivered, in the order given."""
        ...

    async def settle_kept(self, kept: KeptDecision, refused: str, now: datetime) -> str:
        """Mark what became of one."""
        ...

    async def case(self, name: str) -> CaseRow:
        """One case."""
        ...


class Delivery:
    """Delivers the kept decisions of one world."""

    def __init__(self, book: Keeper, client: Client) -> None:
        self._book = book
        self._client = client
        self._room = asyncio.Semaphore(AT_ONCE)

    async def deliver_for_ever(self) -> None:
        """Runs beside the worker; bears an engine or a register that is down."""
        await make_rounds(
            self.deliver,
            did=lambda count: log.info("kept_decisions_settled", count=count),
            failed=lambda error: log.warning("delivery_failed", error=error),
            pause_s=lambda _: LOOK_EVERY_S,
        )

    async def deliver(self) -> int:
        """Tell every case the words that wait for it. Returns how many are settled now."""
        by_case: dict[str, list[KeptDecision]] = defaultdict(list)
        for kept in await self._book.kept_waiting():
            by_case[kept.case_id].append(kept)
        return sum(await asyncio.gather(*map(self._tell_in_order, by_case.values())))

    async def _tell_in_order(self, words: Sequence[KeptDecision]) -> int:
        async with self._room:
            for count, kept in enumerate(words):
                try:
                    refused = await self._tell(kept)
                    if refused is None:
                        return count  # not reached: what was said later must not overtake it
                    state = await self._book.settle_kept(kept, refused, datetime.now(UTC))
                except Exception as error:  # noqa: BLE001 - one case must not hold up the others
                    log.warning("kept_decision_not_delivered", case_id=kept.case_id, error=type(error).__name__)
                    return count
                log.info("kept_decision_settled", case_id=kept.case_id, word=kept.word, state=state)
            return len(words)

    async def _tell(self, kept: KeptDecision) -> str | None:
        """What the case says against it, empty when nothing; None: it could not be reached."""
        handle = self._client.get_workflow_handle(kept.workflow_id)
        try:
            async with asyncio.timeout(PATIENCE_S):
                await handle.execute_update("decide", kept.said_to_case, id=kept.word, result_type=str)
        except WorkflowUpdateFailedError as problem:
            cause = problem.cause
            if isinstance(cause, ApplicationError) and cause.type == REFUSED:
                return cause.message
            # the run ended under the word, knows less than was kept, or failed: nobody has said no
            log.warning(
                "kept_decision_unanswered", case_id=kept.case_id, why=getattr(cause, "type", type(cause).__name__)
            )
            return await self._gone(kept)
        except RPCError as problem:
            if problem.status != RPCStatusCode.NOT_FOUND:
                return None
            return await self._gone(kept)
        except (WorkflowUpdateRPCTimeoutOrCancelledError, TimeoutError, RuntimeError):
            return None
        return ""

    async def _gone(self, kept: KeptDecision) -> str | None:
        """Of a case without a run that could say no: the next one is told, unless the case has closed."""
        return CLOSED if (await self._book.case(kept.case_id)).status == Status.CLOSED else None
