"""Visits of holders on a real Temporal server: who answers them, and what their findings do to the case."""

import asyncio

import pytest
from temporalio.client import WorkflowExecutionStatus, WorkflowUpdateFailedError, WorkflowUpdateStage
from temporalio.service import RPCError

from adapters.cli.cases import not_closed
from adapters.cli.failures import CommandError, Exit
from domain.findings import Finding, FindingReport
from domain.orders import AccountKind
from domain.sheets import Ruling
from tests.patience import PATIENCE_S
from tests.workflows.engine import RunningCase, Town, another_run
from tests.workflows.paper_policy import quick
from tests.workflows.paper_register import PaperRegister, word_of
from tests.workflows.paper_stories import three_accounts
from tests.workflows.paper_world import PaperWorld


async def test_a_terminated_visit_is_sent_out_again(town: Town):
    world, _, _, _ = three_accounts()
    case = await town.start(world)
    await case.visit_is_open(1)
    first = await _described(case)
    await case.visit(1).terminate()
    # it is the same question, asked once more ten seconds later
    again = await another_run(case.visit(1), first.run_id)
    assert again.status is WorkflowExecutionStatus.RUNNING
    await case.find(1, f"{word_of('012370')} mule")
    await case.until(lambda one: one.visits == 0, "the finding is in")


async def _described(case: RunningCase):
    for _ in range(100):
        try:
            return await case.visit(1).describe()
        except RPCError:
            await asyncio.sleep(0.05)
    raise AssertionError("no visit")


async def test_a_merchants_finding_comes_back_from_the_visit_and_lets_go(town: Town):
    world = PaperWorld()
    shop = world.open("shop", "ABC", kind=AccountKind.CORPORATE)
    world.defraud(shop, 900_00)
    case = await town.start(world, quick(freeze={"gather_seconds": 30}))
    await case.until(lambda one: one.at_risk_fen == 0, "stopped")
    await case.find(1, f"{word_of('012370')} merchant 有发货单")
    books = await case.result()
    assert not shop.stopped
    assert books.left_merchant_fen == 900_00
    assert world.register.findings[0].remark == "有发货单"


async def test_the_field_officer_reads_what_the_account_is_and_what_is_disputed_in_it(town: Town):
    world = PaperWorld()
    mule, shop = world.open("a", "ICBC"), world.open("shop", "ABC", kind=AccountKind.CORPORATE)
    world.defraud(mule, 1_000_00)
    world.pay(mule, shop, 600_00)
    case = await town.start(world)
    first, second = await case.visit_details(1), await case.visit_details(2)
    assert "第 1 级 layer 1 · 派出时户内涉案 disputed in it then ¥400.00" in first
    assert "公司" not in first
    assert "第 2 级 layer 2 · 公司 company · 派出时户内涉案 disputed in it then ¥600.00" in second


async def test_a_visit_is_answered_by_a_finding_of_a_field_officer_and_by_nothing_else(town: Town):
    world, _, _, _ = three_accounts()
    case = await town.start(world)
    await case.visit_is_open(1)
    await case.find(1, f"{word_of('012345')} mule")  # an approver, not a field officer
    await case.visit(1).cancel()
    await asyncio.sleep(0.5)
    assert (await _described(case)).status is WorkflowExecutionStatus.RUNNING
    with pytest.raises(Exception, match="Workflow update failed"):
        await case.visit(1).execute_update("finding", f"{word_of('012345')} mule")
    await case.visit(1).execute_update("finding", f"{word_of('012370')} mule")
    await case.until(lambda one: one.visits == 0, "the finding is in")


class _Down(PaperRegister):
    """Does not answer, until it does. `asked`: somebody has tried."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.asked = True, asyncio.Event()

    def keep_finding(self, finding: FindingReport) -> Ruling:
        self.asked.set()
        if self.down:
            raise OSError
        return super().keep_finding(finding)


async def test_a_cancellation_does_not_take_a_finding_along_that_the_register_has_yet_to_keep(town: Town):
    world, _, _, _ = three_accounts()
    world.register = register = _Down()
    case = await town.start(world)
    await case.visit_is_open(1)
    await case.find(1, f"{word_of('012370')} mule")
    await asyncio.wait_for(register.asked.wait(), PATIENCE_S)
    await case.visit(1).cancel()
    await asyncio.sleep(0.5)
    register.down = False
    await case.until(lambda one: one.visits == 0, "the finding is in")
    assert {(one.officer, one.finding) for one in register.findings} == {("012370", Finding.MULE)}


async def test_of_two_findings_told_at_once_the_first_counts_and_the_second_is_told_so(town: Town):
    world, _, _, _ = three_accounts()
    world.register = register = _Down()
    case = await town.start(world)
    await case.visit_is_open(1)
    # the register stalls: neither officer can be told of the other's finding yet
    first, second = [
        await case.visit(1).start_update(
            "finding", f"{word_of('012370')} {finding}", wait_for_stage=WorkflowUpdateStage.ACCEPTED
        )
        for finding in ("mule", "merchant")
    ]
    await asyncio.wait_for(register.asked.wait(), PATIENCE_S)
    register.down = False
    assert await first.result() == "好"
    with pytest.raises(WorkflowUpdateFailedError) as refusal:
        await second.result()
    assert "已有查证结果" in str(refusal.value.cause)
    await case.until(lambda one: one.visits == 0, "the finding is in")
    assert [one.finding for one in register.findings] == [Finding.MULE]
    visited = await case.visit(1).result()
    assert visited["finding"]["finding"] == "mule"


async def test_a_finding_refused_by_the_register_leaves_the_way_to_the_one_that_waited_behind_it(town: Town):
    world, _, _, _ = three_accounts()
    world.register = register = _Down()
    case = await town.start(world)
    await case.visit_is_open(1)
    refused, accepted = [
        await case.visit(1).start_update("finding", f"{word_of(who)} mule", wait_for_stage=WorkflowUpdateStage.ACCEPTED)
        for who in ("012345", "012370")  # an approver, then a field officer
    ]
    await asyncio.wait_for(register.asked.wait(), PATIENCE_S)
    register.down = False
    with pytest.raises(WorkflowUpdateFailedError):
        await refused.result()
    assert await accepted.result() == "好"
    await case.until(lambda one: one.visits == 0, "the finding is in")


async def test_who_says_something_to_a_workflow_that_has_closed_is_told_so(town: Town):
    world, _, _, _ = three_accounts()
    case = await town.start(world)
    await case.visit_is_open(1)
    async with not_closed(case.visit(1)):
        await case.visit(1).execute_update("finding", f"{word_of('012370')} mule")
    await case.visit(1).result()
    with pytest.raises(CommandError) as told:
        async with not_closed(case.visit(1)):
            await case.visit(1).execute_update("finding", f"{word_of('012370')} mule")
    assert told.value.exit_code is Exit.CLOSED
    with pytest.raises(CommandError) as told:
        async with not_closed(case.visit(1)):
            await case.visit(1).signal("finding", f"{word_of('012370')} mule")
    assert told.value.exit_code is Exit.CLOSED
    # what the engine has never heard of has not closed
    with pytest.raises(RPCError, match="not found"):
        async with not_closed(case.visit(99)):
            await case.visit(99).signal("finding", f"{word_of('012370')} mule")
