"""Cases in hand whose stops wait for their second look, and what is read from them."""

from datetime import timedelta

from domain.policy import Policy
from domain.sheets import SheetState
from tests.workflows.case_in_hand import CaseInHand
from tests.workflows.paper_policy import POLICY, with_policy
from tests.workflows.paper_stories import two_layers
from tests.workflows.paper_world import T0, Home, PaperWorld
from workflows.casework.deadlines import next_deadline

WITHIN = timedelta(minutes=POLICY.authority.second_look_minutes)
UNGATHERED = with_policy(freeze={"gather_seconds": 7200.0, "gather_most_seconds": 7200.0})
"""No freeze sheet is made while these tests look: stops that nobody decides on."""


def stopped_unasked(policy: Policy = UNGATHERED) -> tuple[PaperWorld, Home, Home, CaseInHand]:
    world, a, b = two_layers()
    case = CaseInHand(world, policy)
    case.go()
    return world, a, b, case


def names(case: CaseInHand, sheet: str) -> list[str]:
    return [line.account.name for line in case.sheet(sheet).lines]


def line_of(case: CaseInHand, sheet: str, home: Home) -> int:
    return next(line.no for line in case.sheet(sheet).lines if line.account.number == home.number)


def state_of(case: CaseInHand, sheet: str) -> SheetState:
    return case.case.state.sheets[sheet].state


def silent() -> tuple[PaperWorld, Home, Home, CaseInHand]:
    """The look was asked for, and nobody said anything for thirty minutes."""
    world, a, b, case = stopped_unasked()
    case.later(minutes=15)
    case.later(minutes=14, seconds=59)
    assert case.pending() == ["L-01"]
    assert next_deadline(case.case) == T0 + WITHIN
    case.later(seconds=1)
    return world, a, b, case
