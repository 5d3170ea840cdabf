"""Banks that do not answer, on a real Temporal server: asked again, shown to a person, in nobody's way."""

from domain.institutions import PLATFORM_LINE
from domain.orders import Measure
from tests.workflows.engine import Town, until
from tests.workflows.paper_policy import quick
from tests.workflows.paper_stories import one_bank_silent, three_accounts
from tests.workflows.paper_world import SILENT, PaperWorld
from workflows.limits import institution_queue


async def test_one_silent_bank_delays_nobody_else(town: Town):
    world, _, open_ = one_bank_silent()
    case = await town.start(world)
    await case.until(lambda one: one.at_risk_fen == 500_00, "the other bank has stopped")
    assert open_.stopped


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
    assert await case.is_running()
    # and when it speaks, the case goes on and nobody need call any more
    world.speak(Measure.STOP, a)
    standing = await case.until(lambda one: "F-01" in one.pending, "the sheet is made")
    assert not any("no answer" in text for text in standing.problems)
    assert standing.at_risk_fen == 0


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
    await until(lambda: own in world.queues.get(mute.number, []))
    # when the statement comes that names the further account
    world.speak(Measure.QUERY, slow)
    await until(lambda: other.number in world.queues)
    # then its first order leaves in the bank's own lane, and the next one after an answer with all others again
    assert world.queues[mute.number][0] == institution_queue(PLATFORM_LINE)
    assert world.queues[other.number][0] == own
    for one in (mute, other):
        world.speak(Measure.STOP, one)
    await case.until(lambda one: one.at_risk_fen == 0, "stopped")
    assert world.queues[third.number][0] == institution_queue(PLATFORM_LINE)
