"""A case of forty accounts: one sheet, two decisions, forty freezes, judged from the banks' own book."""

import time
from statistics import median

from temporalio.converter import WorkflowSerializationContext

from adapters.drill.engine import BATCH, engine_cost
from domain.errands import ErrandBatch, ErrandKind
from tests.browser.waiting_case import WaitingCase, waiting_cases
from tests.chaos.book import FREEZE
from tests.chaos.masses import EACH_FEN, fanned_out

HANDLING, APPROVER, SECOND = "012301002", "012345", "012302002"
ACCOUNTS = 40
MOST_BATCHES = 4
"""All banks of the platform are one line, which carries so many batches at once (policy lanes.in_flight)."""


def one_mule_and_thirty_nine():
    """The mule keeps as much as each of those that it paid before the report."""
    raw = fanned_out(ACCOUNTS)
    raw["accounts"][0]["opening_fen"] += EACH_FEN
    raw["moves"][0]["amount_fen"] += EACH_FEN
    return raw


async def test_one_sheet_and_two_decisions_freeze_forty_accounts_in_one_go(stack):
    async with waiting_cases(stack, one_mule_and_thirty_nine()) as (case,):
        (row,) = await case.sheets()
        assert [line.amount_fen for line in row.sheet.lines] == [EACH_FEN] * ACCOUNTS
        await case.file(HANDLING)
        await case.decide_unseen(row, APPROVER)
        assert await case.frozen() == {}, "one decision freezes nothing"
        before = await engine_cost(case.client)
        decided_at = time.time()
        await case.decide_unseen(row, SECOND)
        await case.until_frozen(row)
        assert len(await case.frozen()) == ACCOUNTS
        after = await engine_cost(case.client)
        took, theirs = await measured(case, decided_at)
        print(
            f"\n{ACCOUNTS} freezes: the last {took:.2f} s after the second decision was sent; "
            f"a bank itself took {median(theirs):.2f} s, at most {max(theirs):.2f} s; "
            f"{after.batches - before.batches} batches, {after.events - before.events} events"
        )
        assert await freezing_batches(case) <= MOST_BATCHES


async def freezing_batches(case: WaitingCase) -> int:
    """Batches with a freeze that none had before: one whose patience ends is followed by another for the rest of it."""
    context = WorkflowSerializationContext(case.client.namespace, case.receipt.workflow_id)
    converter = case.client.data_converter.with_context(context)
    freezes: set[int] = set()
    batches = 0
    async for event in case.client.get_workflow_handle(case.receipt.workflow_id).fetch_history_events():
        scheduled = event.activity_task_scheduled_event_attributes
        if scheduled.activity_type.name == BATCH:
            (batch,) = await converter.decode(scheduled.input.payloads, [ErrandBatch])
            asked = {errand.no for errand in batch.errands if errand.kind is ErrandKind.FREEZE}
            batches += not asked <= freezes
            freezes |= asked
    assert len(freezes) == ACCOUNTS
    return batches


async def measured(case: WaitingCase, decided_at: float) -> tuple[float, list[float]]:
    """Seconds from the second decision to the last freeze; and of each freeze from its arrival to its effect."""
    book = await case.book()
    effects = {one["application_id"]: one["real"] for one in book.of("freeze")}
    arrivals = {one["application_id"]: one["real"] for one in book.received(FREEZE)}
    assert effects.keys() == arrivals.keys()
    assert min(arrivals.values()) > decided_at
    assert book.doubled() == []
    return max(effects.values()) - decided_at, [effects[key] - arrivals[key] for key in effects]
