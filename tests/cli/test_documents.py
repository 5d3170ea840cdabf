"""What docs/ promises about reports is what the code takes."""

import json

from adapters.cli import schema
from adapters.drill.clock import DrillClock
from adapters.drill.lasting import SCENARIO, T0
from adapters.drill.reports import report_of
from adapters.drill.scenario import read_file, taken
from adapters.sandbox.scenario import check
from adapters.settings import PROJECT_ROOT
from domain.report import Report

EXAMPLE = PROJECT_ROOT / "docs" / "example-report.json"


def test_the_schema_in_docs_is_current():
    assert schema.FILE.read_text(encoding="utf-8") == schema.text(), "run python -m adapters.cli.schema"


def test_the_example_report_is_the_one_the_lasting_world_expects():
    scenario = taken(read_file(SCENARIO))
    expected = report_of(scenario, scenario.reports[0], DrillClock(T0.timestamp(), scenario.first_s, 1))
    example = Report.model_validate(json.loads(EXAMPLE.read_text(encoding="utf-8")))
    assert example.model_copy(update={"source": "drill"}) == expected


def test_the_lasting_world_is_a_scenario_whose_moves_are_all_past():
    scenario, problems = check(read_file(SCENARIO))
    assert problems == []
    assert scenario is not None
    assert scenario.last_move_s < scenario.first_s
