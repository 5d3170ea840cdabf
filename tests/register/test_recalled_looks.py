"""Second looks of a case taken up from the register: none is asked for twice, none is forgotten."""

from datetime import timedelta

import pytest

from domain.errands import ErrandKind
from domain.officers import Role
from domain.sheets import SheetKind, SheetState, Verdict, Why
from tests.register.given import CHIEF, NOW, SECOND, Given, key, lift, stop
from tests.register.taken_up import FIRST, of_one_statement, taken_up


async def _looked(given: Given, verdict: Verdict | None = None, but: tuple[int, ...] = ()) -> str:
    """A case with a second look at its one stop."""
    await given.duty()
    case_id = await given.case()
    await of_one_statement(given, case_id)
    look = given.look(case_id, (FIRST, 1_000_000))
    await given.register.keep_sheet(look)
    if verdict is not None:
        assert (await given.decide(look, SECOND, verdict, but)).accepted
    return case_id


async def test_a_pending_look_is_not_asked_for_twice(given: Given) -> None:
    state = (await taken_up(given, await _looked(given))).state
    account = state.accounts[key(FIRST)]
    assert (account.look_asked, account.looked_stop, account.release_proposed) == (1, 0, False)
    assert state.sheets["L-01"].state is SheetState.PENDING


async def test_an_approved_look_stands_as_one(given: Given) -> None:
    taken = await taken_up(given, await _looked(given, Verdict.APPROVE))
    assert taken.state.accounts[key(FIRST)].looked_stop == 1
    assert taken.errands == ()


@pytest.mark.parametrize(("verdict", "but"), [(Verdict.REJECT, ()), (Verdict.APPROVE, (1,))])
async def test_what_a_look_lets_go_is_lifted(given: Given, verdict: Verdict, but: tuple[int, ...]) -> None:
    (errand,) = (await taken_up(given, await _looked(given, verdict, but))).errands
    assert (errand.kind, errand.cause) == (ErrandKind.LIFT, "decision")


async def test_a_look_settled_by_a_freeze_stays_settled_and_one_not_yet_told_is_told(given: Given) -> None:
    case_id = await _looked(given)
    await given.frozen(case_id, FIRST, 1_000_000)
    file = (await taken_up(given, case_id)).state.sheets["L-01"]
    assert (file.state, file.settling) == (SheetState.SETTLED, True)
    await given.register.settle_sheets(case_id, ["L-01"], NOW)
    file = (await taken_up(given, case_id)).state.sheets["L-01"]
    assert (file.state, file.settling) == (SheetState.SETTLED, False)


async def _released(given: Given) -> str:
    """A case whose one account the duty chief has let go, and the bank has lifted."""
    await given.duty()
    case_id = await given.case()
    await of_one_statement(given, case_id)
    (release, number) = (
        given.sheet(case_id, (FIRST, 1_000_000), name="R-01", kind=SheetKind.RELEASE, why=Why.SMALL_SHARE_UNDECIDED),
        CHIEF,
    )
    release = release.model_copy(update={"quorum": (Role.DUTY_CHIEF,)})
    await given.register.keep_sheet(release)
    assert (await given.decide(release, number)).accepted
    (errand,) = (await taken_up(given, case_id)).errands
    await given.answer(*await given.open(case_id, lift(FIRST, "decision", errand.sequence)))
    return case_id


async def test_a_release_that_was_not_looked_at_still_is_to_be(given: Given) -> None:
    state = (await taken_up(given, await _released(given))).state
    account, file = state.accounts[key(FIRST)], state.sheets["R-01"]
    assert account.let_go
    assert (account.released_on, file.look_due, file.decided_by) == ("R-01", True, [CHIEF])


async def test_a_release_that_was_rejected_afterwards_is_stopped_once_more_under_the_next_key(given: Given) -> None:
    # given a look at the release that says no, and the stop that follows not written
    case_id = await _released(given)
    look = given.look(case_id, (FIRST, 1_000_000), why=Why.SECOND_LOOK_AT_RELEASE, requester=CHIEF)
    look = look.model_copy(update={"made_at": NOW + timedelta(seconds=1)})
    await given.register.keep_sheet(look)
    word = given.word(look, SECOND, await given.fresh_code(SECOND), Verdict.REJECT, at=NOW + timedelta(seconds=2))
    assert (await given.register.decide(word)).accepted
    taken = await taken_up(given, case_id)
    (errand,) = taken.errands
    assert (errand.kind, errand.sequence) == (ErrandKind.PURSUE, 2)
    assert (await given.open(case_id, stop(FIRST, 2)))[0].standing == "new"
    # and once it is written, it is asked for under its key, and not a third time
    (again,) = (await taken_up(given, case_id)).errands
    assert (again.kind, again.sequence) == (ErrandKind.PURSUE, 2)
    assert taken.state.accounts[key(FIRST)].looked_stop == 2
