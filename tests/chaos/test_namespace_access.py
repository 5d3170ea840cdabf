"""Whoever has the namespace's keys terminates, resets, cancels or deletes: nothing is lost, nothing is done twice."""

import asyncio

import pytest
from temporalio.client import WorkflowExecutionStatus

from domain.officers import Role
from tests.chaos.blows import NOBODY_YET, assert_nothing_lost_nothing_doubled, officers_come, play, until
from tests.chaos.namespace import (
    STRANGER,
    delete,
    frozen_twice,
    handle,
    reset,
    restarts,
    rows,
    runs_again,
    sheets_now,
    terminate,
)

OPEN_VISITS = "WorkflowType='OnSiteVerification' AND ExecutionStatus='Running'"
ANSWERED_VISITS = "WorkflowType='OnSiteVerification' AND ExecutionStatus='Completed'"


async def assert_all_kept(drill, result, *ended):
    """Nothing lost, nothing doubled, the case closed, and each restart on record with what had become of the run."""
    book = await assert_nothing_lost_nothing_doubled(drill, result)
    assert await restarts(drill) == list(ended)
    assert await frozen_twice(drill, book) == {}
    assert [case.status for case in drill.look.cases] == ["closed"]
    return book


async def test_a_case_terminated_in_the_middle_of_its_trace_goes_on_from_the_register(drill, scenario):
    one = drill(scenario("first-case", quick=True))
    result = await play(one, terminate(one, lambda look: look.orders >= 6))
    await assert_all_kept(one, result, "terminated")
    print(f"\nfirst-case, terminated: {result.seconds:.0f} s, held {result.total.held_fen}")


async def test_a_case_reset_to_its_beginning_does_nothing_twice(drill, scenario):
    one = drill(scenario("first-case", quick=True), NOBODY_YET)

    async def back_to_the_start():
        await one.until(lambda look: any(not sheet.approved_by for sheet in look.sheets), within_s=120)
        await reset(one)
        officers_come(one)
        await runs_again(one)

    result = await play(one, back_to_the_start())
    await assert_all_kept(one, result, "failed")
    print(f"\nfirst-case, reset: {result.seconds:.0f} s, held {result.total.held_fen}")


@pytest.mark.chaos
@pytest.mark.parametrize(("name", "orders"), [("xiamen-2015", 5), ("xiamen-2020", 60)])
async def test_longer_traces_go_on_from_the_register(drill, scenario, name, orders):
    one = drill(scenario(name))
    result = await play(one, terminate(one, lambda look: look.orders >= orders))
    await assert_all_kept(one, result, "terminated")
    print(f"\n{name}, terminated: {result.seconds:.0f} s, held {result.total.held_fen}")


@pytest.mark.chaos
async def test_a_sheet_with_one_of_two_decisions_keeps_its_name_its_deadline_and_the_decision(drill, scenario):
    one = drill(scenario("first-case", quick=True), NOBODY_YET)

    async def between_two_decisions():
        await one.started.wait()
        one._desk.absent.add(Role.SECOND_OFFICER)
        officers_come(one)
        await one.until(lambda look: any(sheet.approved_by for sheet in look.sheets), within_s=120)
        before, said = await sheets_now(one), await rows(one, "SELECT sheet, officer, at FROM decisions")
        await handle(one).terminate(STRANGER)
        await runs_again(one)
        after = await sheets_now(one)
        assert {name: digest for name, (digest, _) in after.items() if name in before} == {
            name: digest for name, (digest, _) in before.items()
        }
        assert set(said) <= set(await rows(one, "SELECT sheet, officer, at FROM decisions"))
        one._desk.absent.clear()

    result = await play(one, between_two_decisions())
    await assert_all_kept(one, result, "terminated")


@pytest.mark.chaos
async def test_a_case_terminated_after_its_freezes_freezes_nothing_again(drill, scenario):
    one = drill(scenario("xiamen-2020"))

    async def after_freezes():
        async def frozen():
            found = await rows(one, "SELECT count(*) FROM measures WHERE kind = 'freeze'")
            return one.look is not None and found[0][0] >= 1

        await one.started.wait()
        await until(frozen, within_s=150)
        await handle(one).terminate(STRANGER)
        await runs_again(one)

    result = await play(one, after_freezes())
    await assert_all_kept(one, result, "terminated")


async def visit_under_way(drill):
    """Wait for the first open visit."""
    while True:
        async for visit in drill.client.list_workflows(OPEN_VISITS):
            return drill.client.get_workflow_handle(visit.id)
        await asyncio.sleep(0.02)


async def assert_each_holder_asked_once(drill):
    """One finding an account, and one visit that was answered for each."""
    found = await rows(drill, "SELECT account, count(*) FROM findings GROUP BY account")
    answered = [one async for one in drill.client.list_workflows(ANSWERED_VISITS)]
    assert found
    assert all(count == 1 for _, count in found)
    assert len(answered) == len(found)


@pytest.mark.chaos
async def test_a_visit_terminated_is_sent_out_again(drill, scenario):
    one = drill(scenario("first-case", quick=True), NOBODY_YET)
    struck = []

    async def without_visit():
        await one.until(lambda look: bool(look.cases), within_s=60)
        visit = await visit_under_way(one)
        await visit.terminate(STRANGER)
        officers_come(one)
        struck.append(visit.id)

    result = await play(one, without_visit())
    await assert_all_kept(one, result)
    await assert_each_holder_asked_once(one)
    assert (await one.client.get_workflow_handle(struck[0]).describe()).status is WorkflowExecutionStatus.COMPLETED


@pytest.mark.chaos
async def test_a_finding_given_while_the_case_was_down_is_not_asked_for_again(drill, scenario):
    one = drill(scenario("first-case", quick=True), NOBODY_YET)

    async def while_officers_are_out():
        await one.until(lambda look: bool(look.cases), within_s=60)
        await visit_under_way(one)
        officers_come(one)
        await handle(one).terminate(STRANGER)
        await runs_again(one)

    result = await play(one, while_officers_are_out())
    await assert_all_kept(one, result, "terminated")
    await assert_each_holder_asked_once(one)


@pytest.mark.chaos
async def test_a_case_deleted_from_the_namespace_goes_on_from_the_register(drill, scenario):
    one = drill(scenario("first-case", quick=True))

    async def gone():
        await one.until(lambda look: look.orders >= 8, within_s=120)
        await delete(one)
        await runs_again(one)

    result = await play(one, gone())
    (ended,) = await restarts(one)
    assert ended in {"gone", "terminated"}
    await assert_all_kept(one, result, ended)


@pytest.mark.chaos
async def test_a_cancellation_is_noted_and_asked_about_and_the_case_goes_on(drill, scenario):
    one = drill(scenario("first-case", quick=True))

    async def cancelled():
        await one.until(lambda look: look.orders >= 6, within_s=120)
        await handle(one).cancel()

    result = await play(one, cancelled())
    await assert_all_kept(one, result)
    assert await rows(one, "SELECT state FROM sheets WHERE kind = 'cancel'") == [("rejected",)]
    assert (await handle(one).describe()).status is WorkflowExecutionStatus.COMPLETED


@pytest.mark.chaos
async def test_a_case_terminated_again_and_again_is_taken_up_again_and_again(drill, scenario):
    one = drill(scenario("first-case", quick=True), NOBODY_YET)

    async def three_times():
        for time in (1, 2, 3):
            await terminate(one, lambda look, time=time: look.orders >= 3 * time, count=time)
        officers_come(one)

    result = await play(one, three_times())
    await assert_all_kept(one, result, "terminated", "terminated", "terminated")
