"""Whole cases on a real Temporal server: from the report to the close, and what may happen on the way."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError

from domain.institutions import PLATFORM_LINE
from domain.orders import AccountKind, Measure
from domain.sheets import SheetState
from domain.statement import Way
from tests.workflows.engine import RunningCase, Town
from tests.workflows.paper_world import SILENT, Home, PaperWorld, held_back, quick, word_of
from workflows.limits import institution_queue


def three_accounts() -> tuple[PaperWorld, Home, Home, Home]:
    world = PaperWorld()
    a, b, c = world.open("a", "ICBC"), world.open("b", "ABC"), world.open("c", "CCB")
    world.defraud(a, 1_000_00)
    world.pay(a, b, 700_00)
    world.pay(b, Way.CASH, 100_00)
    world.pay(b, c, 400_00)
    return world, a, b, c


async def is_running(case: RunningCase) -> bool:
    return (await case.handle.describe()).status is WorkflowExecutionStatus.RUNNING


async def test_an_ordinary_case_from_the_report_to_its_close(town: Town):
    # given money that went over three banks, some of it drawn in cash
    world, a, b, c = three_accounts()
    case = await town.start(world)
    # when the sheet is decided, the case filed and the first holder visited
    await case.pending("F-01")
    await case.file()
    await case.approve("F-01")
    await case.find(1, f"{word_of('012370')} mule")
    books = await case.result()
    # then everything within reach is frozen, no stop stands any more, and the register knows how it ended
    assert (books.held_fen, books.left_cash_fen, books.at_risk_fen) == (900_00, 100_00, 0)
    assert [sum(one.freezes.values()) for one in (a, b, c)] == [300_00, 200_00, 400_00]
    assert not any(one.stopped for one in (a, b, c))
    last = world.register.records[-1]
    assert (last.status, last.outcome) == ("closed", "partly_held")
    assert last.books == books
    assert await case.failed_tasks() == []


async def test_a_report_without_a_transfer_is_a_case_that_closes_with_no_loss(town: Town):
    case = await town.start(PaperWorld())
    books = await case.result()
    assert books.loss_fen == 0
    assert case.world.register.records[-1].outcome == "no_loss"


async def test_no_freeze_is_decided_without_the_filing(town: Town):
    world, a, _, _ = three_accounts()
    case = await town.start(world)
    await case.pending("F-01")
    # when an approver decides before the filing is entered
    await case.handle.signal("decide", f"F-01 {word_of('012345')} approve")
    standing = await case.until(lambda one: any("no case filing" in text for text in one.problems), "said so")
    # then nothing is approved, and the missing filing is visible
    assert standing.filing_missing
    assert not world.register.approvals
    with pytest.raises(Exception, match="Workflow update failed") as refused:
        await case.handle.execute_update("decide", f"F-01 {word_of('012345')} approve")
    assert "尚未立案" in str(refused.value.__cause__)
    # and with it, it is
    await case.file()
    await case.approve("F-01")
    await case.until(lambda one: not one.pending, "decided")
    await _until(lambda: a.freezes == {1: 300_00})


async def test_an_order_without_an_answer_is_shown_to_a_person_asked_again_with_the_same_key_and_never_failed(
    town: Town,
):
    # given a bank that does not answer
    world, a, _, _ = three_accounts()
    world.say(Measure.STOP, a, SILENT)
    case = await town.start(world)
    # when it has been silent for the policy's time
    standing = await case.until(lambda one: any("no answer" in text for text in one.problems), "a person is asked")
    # then its money counts as neither held nor lost, and every sending was the same order
    assert standing.at_risk_fen == 1_000_00
    assert {one.sequence for one in world.orders(Measure.STOP, a)} == {1}
    assert await is_running(case)
    # and when it speaks, the case goes on and nobody need call any more
    world.speak(Measure.STOP, a)
    standing = await case.until(lambda one: "F-01" in one.pending, "the sheet is made")
    assert not any("no answer" in text for text in standing.problems)
    assert standing.at_risk_fen == 0


async def test_a_halt_parks_what_it_holds_back_and_what_may_leave_leaves_by_itself(town: Town):
    world, a, b, c = three_accounts()
    world.say(Measure.STOP, a, held_back("halted"))
    case = await town.start(world)
    standing = await case.until(lambda one: any("halted" in text for text in one.problems), "said so")
    assert standing.at_risk_fen == 1_000_00
    assert not world.asked
    world.speak(Measure.STOP, a)
    await case.until(lambda one: one.at_risk_fen == 0, "all stopped")
    assert all(one.stopped for one in (a, b, c))


async def test_one_silent_bank_delays_nobody_else(town: Town):
    world = PaperWorld()
    quiet, open_ = world.open("quiet", "ICBC"), world.open("open", "ABC")
    world.defraud(quiet, 500_00)
    world.defraud(open_, 500_00)
    world.say(Measure.STOP, quiet, SILENT)
    case = await town.start(world)
    await case.until(lambda one: one.at_risk_fen == 500_00, "the other bank has stopped")
    assert open_.stopped


async def test_a_cancellation_is_noted_and_asked_about_and_not_obeyed(town: Town):
    world, a, _, _ = three_accounts()
    case = await town.start(world)
    await case.pending("F-01")
    await case.handle.cancel()
    await case.pending("C-01")
    standing = await case.standing()
    assert any("cancellation was requested" in text for text in standing.problems)
    assert await is_running(case)
    # the duty chief says no: the case goes on as if nothing had been
    await case.handle.execute_update("decide", f"C-01 {word_of('012350')} reject 不同意撤案")
    standing = await case.until(lambda one: "C-01" not in one.pending, "decided")
    assert not any("cancellation" in text for text in standing.problems)
    await case.file()
    await case.approve("F-01")
    await case.find(1, f"{word_of('012370')} mule")
    assert (await case.result()).held_fen == 900_00
    assert sum(a.freezes.values()) == 300_00


async def test_a_cancellation_the_duty_chief_agrees_to_closes_the_case_with_books_that_add_up(town: Town):
    world, _, _, _ = three_accounts()
    case = await town.start(world)
    await case.pending("F-01")
    await case.handle.cancel()
    await case.approve("C-01")
    books = await case.result()
    assert books.accounted_fen == 1_000_00
    assert world.register.records[-1].outcome == "cancelled"


async def test_a_cancelled_case_does_not_close_on_an_order_of_which_nobody_knows_what_became(town: Town):
    world = PaperWorld()
    mule = world.open("mule")
    world.defraud(mule, 500_00)
    world.say(Measure.STOP, mule, SILENT)
    case = await town.start(world)
    await case.until(lambda one: any("no answer" in text for text in one.problems), "a person asked")
    await case.handle.cancel()
    await case.approve("C-01")
    await case.until(lambda one: one.quiet and not one.pending, "the cancellation decided")
    assert not any(record.outcome for record in world.register.records)
    world.speak(Measure.STOP, mule)
    await case.result()
    assert mule.stopped, "the register knows of it"
    assert world.register.records[-1].outcome == "cancelled"


async def test_a_cancellation_before_the_first_step_is_not_obeyed_either(town: Town):
    world, _, _, _ = three_accounts()
    case = await town.start(world, delay=timedelta(seconds=0.5))
    await case.handle.cancel()
    await case.until(lambda one: "C-01" in one.pending, "asked about")
    assert await is_running(case)


async def test_a_terminated_visit_is_sent_out_again(town: Town):
    world, _, _, _ = three_accounts()
    case = await town.start(world)
    await case.visit_is_open(1)
    first = await _described(case)
    await case.visit(1).terminate()
    # it is the same question, asked once more ten seconds later
    for _ in range(200):
        again = await _described(case)
        if again.run_id != first.run_id:
            break
        await asyncio.sleep(0.1)
    assert again.run_id != first.run_id
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


async def test_a_refused_decision_is_said_and_decides_nothing(town: Town):
    world, _, _, _ = three_accounts()
    case = await town.start(world)
    await case.pending("F-01")
    await case.file()
    await case.handle.signal("decide", f"F-01 {word_of('012370')} approve")
    await case.until(lambda one: any("not entitled" in text for text in one.problems), "said so")
    await case.handle.signal("decide", f"F-99 {word_of('012345')} approve")
    await case.until(lambda one: any("no sheet F-99" in text for text in one.problems), "said so")
    assert (await case.standing()).pending == ("F-01",)


async def test_a_word_decides_by_full_names_and_with_the_right_code_only(town: Town):
    world, a, _, _ = three_accounts()
    case = await town.start(world)
    await case.pending("F-01")
    await case.file()
    for wrong, said in (
        ("A2026-999999/F-01 " + word_of("012345"), "none of these is of this case"),
        ("F-01 012345 000000", "the code is wrong"),
        ("F-01 012345 approve", "the code is missing"),
    ):
        with pytest.raises(Exception, match="Workflow update failed") as refused:
            await case.handle.execute_update("decide", wrong)
        assert said in str(refused.value.__cause__)
    assert not world.register.approvals
    for officer in ("012345", "012302"):
        await case.handle.execute_update("decide", f"A2026-000123/F-01 A2026-999999/F-01 {word_of(officer)}")
    await case.until(lambda one: "F-01" not in one.pending, "decided")
    await _until(lambda: a.freezes == {1: 300_00})


async def test_the_fuse_stops_a_large_case_until_the_duty_chief_says_yes(town: Town):
    world = PaperWorld()
    root = world.open("root")
    world.defraud(root, 300_00)
    for no in range(30):
        world.pay(root, world.open(f"m{no}", ("ICBC", "ABC", "CCB")[no % 3]), 10_00)
    case = await town.start(world, quick(fuse={"accounts_per_case": 20, "each_yes_opens": 100}))
    await case.pending("U-01")
    standing = await case.until(lambda one: one.quiet, "quiet")
    assert len(world.orders(Measure.STOP)) == 20
    assert standing.at_risk_fen == 110_00
    await case.approve("U-01")
    await case.until(lambda one: one.at_risk_fen == 0, "all stopped")
    assert world.register.fuse_raises == ["U-01"]


async def test_a_sheet_past_its_deadline_climbs_and_stays_pending(town: Town):
    world, _, _, _ = three_accounts()
    case = await town.start(world, quick(hold={"decide_within_minutes": 0.005}))
    standing = await case.until(lambda one: any("past its deadline" in text for text in one.problems), "escalated")
    assert standing.pending == ("F-01",)


UNLOOKED: dict[str, dict[str, object]] = {
    "freeze": {"gather_seconds": 600.0, "gather_most_seconds": 600.0},
    "verification": {"first_layer": False},
}
"""No freeze is asked for, and nobody is visited: what is stopped waits for its second look alone."""


def minutes(ask: float, within: float) -> dict[str, dict[str, object]]:
    look: dict[str, object] = {
        "second_look_ask_minutes": ask,
        "second_look_minutes": within,
        "second_look_together_minutes": ask / 2,
    }
    return {**UNLOOKED, "authority": look}


async def test_stops_get_their_second_look_in_time_and_what_it_excepts_is_let_go(town: Town):
    # given three stops of which nobody has decided anything
    world, a, b, c = three_accounts()
    case = await town.start(world, quick(**minutes(0.01, 5.0)))
    await case.pending("L-01")
    sheet = world.register.sheets["L-01"]
    assert [line.account.name for line in sheet.lines] == ["a", "b", "c"]
    # when the second officer excepts one of them
    await case.handle.execute_update("decide", f"L-01 {word_of('012302')} except 2")
    await case.until(lambda one: "L-01" not in one.pending, "decided")
    # then it is let go, and the others stand
    await case.until(lambda _: not b.stopped, "let go")
    assert (a.stopped, c.stopped) == (True, True)
    assert [one.cause for one in world.orders(Measure.LIFT)] == ["decision"]
    assert await case.failed_tasks() == []


async def test_a_bank_that_does_not_answer_does_not_keep_the_others_stops_from_their_second_look(town: Town):
    world = PaperWorld()
    quiet, open_ = world.open("quiet", "ICBC"), world.open("open", "ABC")
    world.defraud(quiet, 500_00)
    world.defraud(open_, 500_00)
    world.say(Measure.STOP, quiet, SILENT)
    slow: dict[str, object] = {"ask_person_after_seconds": 0.6, "slow_every_seconds": 600.0, "slow_most_seconds": 600.0}
    case = await town.start(world, quick(**minutes(0.05, 5.0), unknown=slow))
    await case.pending("L-01")
    assert [line.account.name for line in world.register.sheets["L-01"].lines] == ["open"]


async def test_silence_proposes_a_release_which_is_looked_at_by_another_before_the_case_closes(town: Town):
    # given a second look that nobody gives
    world, a, b, c = three_accounts()
    case = await town.start(world, quick(**minutes(0.005, 0.01)))
    await case.pending("R-01")
    standing = await case.until(lambda one: any("L-01 is past its deadline" in text for text in one.problems), "climbs")
    assert standing.pending == ("L-01", "R-01")
    assert not world.orders(Measure.LIFT)
    # when the duty chief lets go
    await case.approve("R-01")
    await case.pending("L-02")
    # then the look is settled, on the register too, and the release is not looked at by who released
    assert world.register.state["L-01"] is SheetState.SETTLED
    assert not any(one.stopped for one in (a, b, c))
    assert world.register.sheets["L-02"].requester == "012350"
    assert await is_running(case)
    await case.approve("L-02")
    books = await case.result()
    assert (books.released_fen, books.left_cash_fen) == (900_00, 100_00)
    assert await case.failed_tasks() == []


async def test_orders_grow_with_batches_and_not_with_accounts(town: Town):
    world = PaperWorld()
    root = world.open("root")
    world.defraud(root, 900_00)
    for no in range(90):
        world.pay(root, world.open(f"m{no}", ("ICBC", "ABC", "CCB")[no % 3]), 10_00)
    case = await town.start(world)
    standing = await case.until(lambda one: one.at_risk_fen == 0, "all stopped")
    assert standing.batches <= 8


# ---------------------------------------------------------------- a history that grows long


async def test_a_next_run_carries_everything(short_history_town: Town):
    """Forced after thirty events: parked orders, sheets, filing, problems, freezes and counts go along."""
    world, a, b, c = three_accounts()
    world.say(Measure.QUERY, c, SILENT)
    case = await short_history_town.start(world, quick(verification={"first_layer": False}))
    first_run = case.handle.first_execution_run_id
    await case.until(lambda one: any("no answer" in text for text in one.problems), "parked")
    await case.file()
    for no in range(14):
        await case.handle.signal("decide", f"F-77 {word_of(f'01234{no % 10}')}")
        await asyncio.sleep(0.05)
    for _ in range(100):
        described = await case.handle.describe()
        if described.run_id != first_run:
            break
        await asyncio.sleep(0.05)
    assert described.run_id != first_run, "the case went on in a further run"
    # then what was known is known, and what was open is still open
    standing = await case.standing()
    assert not standing.filing_missing
    assert any("no answer" in text for text in standing.problems)
    assert sum("no sheet F-77" in text for text in standing.problems) >= 14
    # and the case ends as it would have
    world.speak(Measure.QUERY, c)
    await case.until(lambda one: bool(one.pending), "a sheet")
    approved: set[str] = set()
    while await is_running(case):  # a further sheet may follow; pytest's own limit ends what never closes
        for name in set((await case.standing()).pending) - approved:
            await case.approve(name)
            approved.add(name)
        await asyncio.sleep(0.1)
    books = await case.result()
    assert (books.held_fen, books.left_cash_fen) == (900_00, 100_00)
    assert [sum(one.freezes.values()) for one in (a, b, c)] == [300_00, 200_00, 400_00]
    assert len({one.sequence for one in world.orders(Measure.STOP)}) == 1


async def test_a_bank_that_is_late_goes_on_in_a_lane_of_its_own(town: Town):
    # given a bank of the platform that does not answer
    world = PaperWorld()
    quiet = world.open("quiet", "ICBC")
    world.defraud(quiet, 500_00)
    world.say(Measure.STOP, quiet, SILENT)
    lanes = {"own_lane_after_seconds": 0.3}
    policy = quick(lanes={**quick().lanes.model_dump(), **lanes}, unknown={"ask_person_after_seconds": 1.5})
    case = await town.start(world, policy)
    # when it has been silent for a while
    await case.until(lambda one: any("no answer" in text for text in one.problems), "a person is asked")
    # then its orders no longer travel with those of the others
    queues = [
        event.activity_task_scheduled_event_attributes.task_queue.name
        async for event in case.handle.fetch_history_events()
        if event.activity_task_scheduled_event_attributes.activity_type.name == "carry_out"
    ]
    assert queues[0] == institution_queue(PLATFORM_LINE)
    assert queues[-1] == institution_queue(quiet.institution)
    # and when it speaks, it is heard
    world.speak(Measure.STOP, quiet)
    await case.until(lambda one: one.at_risk_fen == 0, "stopped")


async def test_new_orders_to_a_bank_that_is_late_leave_in_its_own_lane_until_it_answers(town: Town):
    # given a bank whose answers are awaited for longer than the policy's time, and money found there meanwhile
    world = PaperWorld()
    slow, mute, other = world.open("slow", "ABC"), world.open("mute", "ICBC"), world.open("other", "ICBC")
    world.defraud(mute, 500_00)
    world.defraud(slow, 500_00)
    world.pay(slow, other, 400_00)
    third = world.open("third", "ICBC")
    world.pay(other, third, 300_00)
    for one in (mute, other):
        world.say(Measure.STOP, one, SILENT)
    world.say(Measure.QUERY, slow, SILENT)
    lanes = {**quick().lanes.model_dump(), "own_lane_after_seconds": 0.3}
    case = await town.start(world, quick(lanes=lanes, unknown={"ask_person_after_seconds": 60}))
    own = institution_queue(mute.institution)
    await _until(lambda: own in world.queues.get(mute.number, []))
    # when the statement comes that names the further account
    world.speak(Measure.QUERY, slow)
    await _until(lambda: other.number in world.queues)
    # then its first order leaves in the bank's own lane, and the next one after an answer with all others again
    assert world.queues[mute.number][0] == institution_queue(PLATFORM_LINE)
    assert world.queues[other.number][0] == own
    for one in (mute, other):
        world.speak(Measure.STOP, one)
    await case.until(lambda one: one.at_risk_fen == 0, "stopped")
    assert world.queues[third.number][0] == institution_queue(PLATFORM_LINE)


async def _until(holds: Callable[[], bool]) -> None:
    for _ in range(400):
        if holds():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("never so")
