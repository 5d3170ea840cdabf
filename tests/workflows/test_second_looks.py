"""The second look on a real Temporal server: asked for in time, excepted, met with silence."""

from domain.orders import Measure
from domain.sheets import SheetState
from tests.workflows.engine import Town
from tests.workflows.paper_policy import quick
from tests.workflows.paper_register import word_of
from tests.workflows.paper_stories import one_bank_silent, three_accounts

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
    world, _, _ = one_bank_silent()
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
    assert await case.is_running()
    await case.approve("L-02")
    books = await case.result()
    assert (books.released_fen, books.left_cash_fen) == (900_00, 100_00)
    assert await case.failed_tasks() == []
