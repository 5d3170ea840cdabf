"""How stops and cases end: lapsed, frozen, closed, or taken up by a next run."""

from domain.findings import Finding
from domain.statement import Way
from tests.workflows.case_in_hand import CaseInHand
from tests.workflows.paper_stories import two_layers
from tests.workflows.paper_world import T0, TERM, PaperWorld
from workflows.casework import pursuit
from workflows.casework.case import Case
from workflows.casework.deadlines import deadlines
from workflows.casework.state import CaseState


def test_a_stop_whose_end_has_passed_is_noticed_and_its_money_is_no_longer_counted_as_held():
    world, _, _ = two_layers()
    case = CaseInHand(world)
    case.go()
    case.later(seconds=TERM.total_seconds() - 1)
    assert case.books().held_fen == 1_000_00
    case.later(seconds=1)
    assert case.books().held_fen == 0
    assert "the stop has lapsed; money may leave" in case.problems()


def test_what_left_after_a_stop_lapsed_is_seen_and_followed():
    world, a, _ = two_layers()
    c = world.open("c", "CCB")
    case = CaseInHand(world)
    case.go()
    a.stopped = False  # the bank lifts it in its own time
    world.pay(a, c, 400_00)
    case.later(hours=48)
    assert c.stopped
    assert case.entry(c).held_fen == 400_00


def test_a_case_closes_when_every_fen_is_frozen_released_left_or_lapsed_and_not_before():
    world, a, b = two_layers()
    world.pay(b, Way.CASH, 100_00)
    case = CaseInHand(world)
    case.go()
    case.gather()
    case.find(a, Finding.MULE)
    assert not case.finished(), "a sheet is undecided"
    case.decide("F-01", but=(1,))
    assert not case.finished(), "an account is stopped and not frozen"
    case.later(hours=48)
    assert case.finished()


def test_a_case_does_not_close_while_a_finding_is_out():
    world, a, _ = two_layers()
    case = CaseInHand(world)
    case.go()
    case.gather()
    case.decide("F-01")
    assert not case.finished()
    case.find(a, Finding.MULE)
    assert case.finished()


def test_the_missing_filing_is_the_first_deadline_by_the_banks_own_end_or_the_first_freeze_that_waits_for_it():
    world, _, _ = two_layers()
    case = CaseInHand(world)
    case.go()
    first = deadlines(case.case)[0]
    assert "filing" in first.en
    assert first.at == T0 + TERM
    case.gather()
    due = deadlines(case.case)
    assert "filing" in due[0].en
    assert due[0].at == case.sheets()[0].decide_by
    assert [one.at for one in due] == sorted(one.at for one in due)
    case.case.state.filing_number = "A3202"
    assert "filing" not in " ".join(one.en for one in deadlines(case.case))
    assert deadlines(case.case)[0].at == case.sheets()[0].decide_by


def test_a_case_taken_up_from_its_state_says_the_same_of_every_fen():
    """Whose money was paid while a freeze stood depends on what the ledger had been told: a next run must know it."""
    # given an account frozen in part, then paid from, then frozen again, and one whose freeze was ended
    world = PaperWorld()
    a, b, shop = world.open("a"), world.open("b", "ABC"), world.open("shop", "CCB")
    world.defraud(a, 1_000_00)
    world.defraud(shop, 500_00)
    case = CaseInHand(world)
    case.go()
    case.gather()
    case.decide("F-01")
    case.case.ledger.cover(a.key, -600_00)
    case.account(a).covers = case.case.ledger.covers(a.key)
    case.account(a).freezes[0] = case.account(a).freezes[0].model_copy(update={"amount_fen": 400_00})
    a.freezes[1] = 400_00
    assert world.pay(a, b, 600_00)
    case.find(shop, Finding.MERCHANT)
    world.pay(shop, b, 500_00)
    pursuit.recheck(case.case)
    for home in (a, shop):
        pursuit.query(case.case, case.account(home))
    case.go()
    before = {home.key: case.case.ledger.attributed(home.key) for home in world.homes.values()}
    # when the next run takes it up from what the state says, through its own serialised form
    state = CaseState.model_validate_json(case.case.state.model_dump_json())
    after = Case(case.case.start, state, case.now)
    # then nothing has moved
    assert {home.key: after.ledger.attributed(home.key) for home in world.homes.values()} == before
    assert after.ledger.left() == case.case.ledger.left()
    assert before[a.key] == 400_00
