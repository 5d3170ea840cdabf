"""A small scenario, standings and looks to judge by."""

import json
from pathlib import Path

import pytest

from adapters.drill.clock import DrillClock
from adapters.drill.look import Look
from adapters.drill.scenario import taken
from domain.bookkeeping import Standing

ROOT = Path(__file__).parents[2]


@pytest.fixture
def raw():
    return json.loads((ROOT / "scenarios" / "first-case.json").read_text())


@pytest.fixture
def scenario(raw):
    return taken(raw)


@pytest.fixture
def clock(scenario):
    return DrillClock(1_700_000_000.7, scenario.first_s, scenario.time_scale)


@pytest.fixture
def standing():
    """A case at rest; what is named is otherwise."""

    def make(**other):
        rest = {
            "quiet": True,
            "status": "holding",
            "pending": (),
            "visits": 0,
            "filing_missing": False,
            "at_risk_fen": 0,
            "in_flight": 0,
            "waiting": 0,
            "batches": 7,
            "problems": (),
        }
        return Standing.model_validate({**rest, **other})

    return make


@pytest.fixture
def look():
    """A register with one running case in which nothing moves; what is named is otherwise."""

    def make(**other):
        case = {
            "case_id": "c-1",
            "case_number": "A2026-000001",
            "workflow_id": "case/c-1",
            "status": "holding",
            "filing_number": "F1",
            "held_fen": 0,
            "at_risk_fen": 0,
        }
        rest = {"events": 5, "orders": 3, "answered": 3, "stops": 1, "unstarted": 0, "cases": [case]}
        return Look.model_validate({**rest, **other})

    return make
