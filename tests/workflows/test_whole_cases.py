"""Whole cases on a real Temporal server: from the report to the close, and what may happen on the way."""

import asyncio
from datetime import timedelta

import pytest

from domain.orders import Measure
from tests.workflows.engine import Town, another_run, until
from tests.workflows.paper_policy import quick
from tests.workflows.paper_register import word_of
from tests.workflows.paper_stories import three_accounts
from tests.workflows.paper_world import SILENT, PaperWorld, held_back


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
    await until(lambda: a.freezes == {1: 300_00})


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


async def test_a_cancellation_is_noted_and_asked_about_and_not_obeyed(town: Town):
    world, a, _, _ = three_accounts()
    case = await town.start(world)
    await case.pending("F-01")
    await case.handle.cancel()
    await case.pending("C-01")
    standing = await case.standing()
    assert any("cancellation was requested" in text for text in standing.problems)
    assert await case.is_running()
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
    assert await case.is_running()


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
    await until(lambda: a.freezes == {1: 300_00})


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
    await another_run(case.handle, first_run)
    # then what was known is known, and what was open is still open
    standing = await case.standing()
    assert not standing.filing_missing
    assert any("no answer" in text for text in standing.problems)
    assert sum("no sheet F-77" in text for text in standing.problems) >= 14
    # and the case ends as it would have
    world.speak(Measure.QUERY, c)
    await case.until(lambda one: bool(one.pending), "a sheet")
    approved: set[str] = set()
    while await case.is_running():  # a further sheet may follow; pytest's own limit ends what never closes
        for name in set((await case.standing()).pending) - approved:
            await case.approve(name)
            approved.add(name)
        await asyncio.sleep(0.1)
    books = await case.result()
    assert (books.held_fen, books.left_cash_fen) == (900_00, 100_00)
    assert [sum(one.freezes.values()) for one in (a, b, c)] == [300_00, 200_00, 400_00]
    assert len({one.sequence for one in world.orders(Measure.STOP)}) == 1
