"""The ordinary case: the practice institutions take it, and it is what its name says."""

from adapters.drill.clock import DrillClock
from adapters.drill.reports import report_of
from adapters.drill.scenario import taken
from adapters.policy_file import load_policy
from adapters.sandbox.scenario import check
from adapters.settings import Settings
from benchmarks.ordinary import LOSS_FEN, scenario


def test_the_practice_institutions_take_it():
    played, problems = check(scenario(25))

    assert problems == []
    assert played is not None
    assert len(played.reports) == 25


def test_everything_has_happened_before_the_first_report():
    played, _ = check(scenario(3))

    assert played is not None
    assert played.last_move_s < played.first_s


def test_each_report_is_a_case_of_its_own():
    played = taken(scenario(30))
    clock = DrillClock(1.8e9, played.first_s, played.time_scale)

    reports = [report_of(played, filed, clock) for filed in played.reports]

    assert len({report.identity for report in reports}) == 30
    assert len({report.transfers[0].key for report in reports}) == 30
    assert {(len(report.transfers), len(report.lines), report.loss_fen) for report in reports} == {(1, 1, LOSS_FEN)}


def test_only_the_first_holder_is_visited():
    rules = load_policy(Settings()).verification

    assert rules.first_layer
    assert rules.above_fen > LOSS_FEN
