"""Holdable and reachable on scenarios small enough for pencil and paper, and on the six files."""

import json
from pathlib import Path

import pytest

from adapters.sandbox.scenario import Scenario, check
from adapters.sandbox.witness.exposure import minutes
from adapters.sandbox.witness.pursuer import holdable, pursue
from tests.sandbox.witness_stage import SLOW, build

SCENARIOS = Path(__file__).parents[2] / "scenarios"
CHAIN = {"v": ("victim", 1000), "m1": ("mule", 0), "m2": ("mule", 0), "m3": ("mule", 0), "shop": ("merchant", 50)}


def test_the_pursuer_stops_asks_and_stops_the_next_at_the_mean_answer_time():
    # Mean 1 s, clock 60: m1 stopped at 160, asked by 220; m2 stopped at 280, asked by 340.
    scenario = build(
        CHAIN,
        [
            ("t1", 0, "v", "m1", 1000),
            ("t2", 90, "m1", "m2", 400),
            ("t3", 159, "m1", "m3", 100),
            ("t4", 161, "m1", "cash", 500),
            ("t5", 279, "m2", "cash", 150),
            ("t6", 281, "m2", "cash", 250),
            ("t7", 339, "m3", "card", 1),
        ],
        [("r", 100, ["t1"])],
    )
    result = pursue(scenario, 60, 400)
    # m1 keeps 500, m2 loses 150 and keeps 250, m3 was found at 220 and stopped at 280 with its 100.
    assert result.held == {"r": 850}
    assert result.seconds == pytest.approx((340 - 100) / 60)
    assert result.accounts == 3
    # m1: 600 for 59 s, 500 for 1 s; m2: 400 for 179 s, 250 for 1 s; m3: 100 from 159 to 280.
    assert result.exposed == {"r": 600 * 59 + 500 * 1 + 400 * 179 + 250 * 1 + 100 * 121}
    assert holdable(scenario) == {"r": 1000}


def test_a_slow_institution_costs_its_own_mean():
    scenario = build(
        {**CHAIN, "m1": ("mule", 0, SLOW)},
        [("t1", 0, "v", "m1", 1000), ("t2", 399, "m1", "cash", 300), ("t3", 401, "m1", "cash", 300)],
        [("r", 100, ["t1"])],
    )
    assert pursue(scenario, 60, 401).held == {"r": 700}
    assert pursue(scenario, 30, 401).held == {"r": 1000}


def test_what_the_pursuer_does_after_the_horizon_is_not_measured():
    scenario = build(CHAIN, [("t1", 0, "v", "m1", 1000)], [("r", 100, ["t1"])])
    assert pursue(scenario, 60, 130).exposed == {"r": 1000 * 30}


def test_money_at_a_merchant_is_neither_holdable_nor_reachable():
    scenario = build(
        CHAIN,
        [("t1", 0, "v", "m1", 1000), ("t2", 50, "m1", "shop", 300)],
        [("r", 100, ["t1"])],
    )
    assert holdable(scenario) == {"r": 700}
    assert pursue(scenario, 60, 200).held == {"r": 700}


def test_a_merchant_not_yet_stopped_may_pay_the_money_on_to_a_mule():
    scenario = build(
        CHAIN,
        [("t1", 0, "v", "m1", 1000), ("t2", 50, "m1", "shop", 300), ("t3", 150, "shop", "m2", 350)],
        [("r", 100, ["t1"])],
    )
    assert holdable(scenario) == {"r": 1000}


def test_each_report_is_judged_at_its_own_moment():
    scenario = build(
        {"v": ("victim", 1000), "w": ("victim", 500), "m1": ("mule", 0), "m2": ("mule", 0)},
        [
            ("t1", 0, "v", "m1", 1000),
            ("t2", 10, "w", "m2", 500),
            ("t3", 150, "m2", "cash", 200),
            ("t4", 160, "m1", "cash", 700),
        ],
        [("r", 100, ["t1"]), ("s", 155, ["t2"])],
    )
    assert holdable(scenario) == {"r": 1000, "s": 300}


def test_statements_answered_before_a_report_are_read_again_for_its_money():
    # m1 is asked by 120 for r; only when s is filed at 200 does its payment of w's money to m3 mean anything.
    scenario = build(
        {"v": ("victim", 10), "w": ("victim", 500), "m1": ("mule", 0), "m3": ("mule", 0)},
        [
            ("t1", 0, "w", "m1", 500),
            ("t2", 10, "m1", "m3", 500),
            ("t3", 20, "v", "m1", 10),
            ("t4", 230, "m3", "cash", 200),
            ("t5", 270, "m3", "cash", 300),
        ],
        [("r", 30, ["t3"]), ("s", 200, ["t1"])],
    )
    result = pursue(scenario, 60, 270)
    assert result.held == {"r": 10, "s": 300}
    assert result.accounts == 2


def test_what_had_no_cover_is_no_outflow():
    scenario = build(
        CHAIN,
        [("t1", 0, "v", "m1", 1000), ("t2", 50, "m1", "m2", 2000)],
        [("r", 100, ["t1"])],
    )
    assert pursue(scenario, 60, 100).accounts == 1


def test_an_attempt_and_an_exit_at_once_cost_no_request():
    scenario = build(CHAIN, [("t1", 0, "v", "cash", 1000)], [("r", 100, ["t1"]), ("s", 120, [])])
    result = pursue(scenario, 60, 120)
    assert (result.held, result.seconds, result.accounts) == ({"r": 0, "s": 0}, 0, 0)


# Computed once and judged by hand against the specification's remarks on delay (next test).
SIX = {
    "first-case": (4_138_000, 4_138_000, 0.4295, 0.9),
    "sprint-300": (113_768_145, 93_389_962, 1.5714, 30.9),
    "wide-2000": (500_000_000, 467_376_539, 8.9832, 33.9),
    "wuxi-2000": (113_459_466, 112_214_236, 1.3777, 33.7),
    "xiamen-2015": (160_000_000, 160_000_000, 1.05, 1.2),
    "xiamen-2020": (86_000_000, 65_952_956, 3.3051, 13.1),
}


def load(name: str) -> Scenario:
    scenario, _ = check(json.loads((SCENARIOS / f"{name}.json").read_text(encoding="utf-8")))
    assert scenario is not None
    return scenario


@pytest.mark.parametrize("name", SIX)
def test_the_six_files_numbers(name):
    scenario = load(name)
    horizon = max(scenario.last_move_s, *(report.at_s for report in scenario.reports), 0)
    result, best = pursue(scenario, scenario.time_scale, horizon), holdable(scenario)
    named = {move for report in scenario.reports for move in report.moves}
    loss = sum(move.amount_fen for move in scenario.moves if move.id in named)
    exposed = minutes(sum(result.exposed.values()), loss)
    assert (sum(best.values()), sum(result.held.values())) == SIX[name][:2]
    assert exposed == pytest.approx(SIX[name][2], abs=1e-4)
    assert result.seconds == pytest.approx(SIX[name][3], abs=1e-3)
    assert all(result.held[report] <= best[report] for report in best)


@pytest.mark.parametrize(("delay_s", "share"), [(0.1, 0.97), (0.2, 0.92), (0.4, 0.85)])
def test_the_sprint_falls_with_our_own_time_a_request_as_the_targets_say(delay_s, share):
    scenario = load("sprint-300")
    slower = scenario.model_copy(
        update={
            "institutions": tuple(
                item.model_copy(update={"answer_s": (item.answer_s[0] + delay_s, item.answer_s[1] + delay_s)})
                for item in scenario.institutions
            )
        }
    )
    held = sum(pursue(slower, 60, 1e5).held.values())
    assert held / SIX["sprint-300"][1] == pytest.approx(share, abs=0.01)
