"""Every measure on a scenario small enough to work out by hand."""

import json
from typing import Any

import pytest

from adapters.sandbox.witness import BookContradictionError, measure
from tests.sandbox.witness_stage import BANK, T0, Book, build

PARTS = ("held_fen", "stop_pending_fen", "in_motion_fen", "released_fen", "returned_fen")


def stage(**more: tuple[str, int]) -> Book:
    """1,000 yuan to m1 at 0, reported at 100, clock 60; m1 holds 20 yuan of its own, the shop 500.

    The own 20 yuan are the oldest and go first: of the 320 that m2 gets at 40, 300 are the report's.
    """
    accounts: dict[str, tuple[str, int]] = {
        "v": ("victim", 100_000),
        "m1": ("mule", 2_000),
        "m2": ("mule", 0),
        "shop": ("merchant", 50_000),
    }
    moves = [
        ("t1", 0, "v", "m1", 100_000),
        ("t2", 40, "m1", "m2", 32_000),
        ("t3", 60, "m1", "shop", 20_000),
        ("t4", 400, "m2", "cash", 10_000),
        ("t5", 500, "m1", "crypto", 10_000),
        ("t6", 700, "m2", "abroad", 5_000),
    ]
    scenario = build({**accounts, **more}, moves, [("r", 100, ["t1"])])
    book = Book(scenario)
    book.move(0, "t1").move(40, "t2").move(60, "t3")
    return book


def parts(measures: dict[str, Any], report: int = 0) -> dict[str, int]:
    row = measures["reports"][report]
    found = {name.removesuffix("_fen"): row[name] for name in PARTS} | row["left"]
    assert sum(found.values()) == row["loss_fen"]
    return {name: fen for name, fen in found.items() if fen}


def test_uncovered_money_is_in_motion_and_a_stop_holds_it():
    book = stage()
    assert parts(book.measure(100)) == {"in_motion": 100_000}
    assert {(row["number"], row["fen"]) for row in book.measure(100)["accounts"]} == {
        ("6222000001", 50_000),
        ("6222000002", 30_000),
        ("6222000003", 20_000),
    }
    book.stop(160, "m1", "s1")
    assert parts(book.measure(160)) == {"held": 50_000, "in_motion": 50_000}


def test_a_stop_sent_and_not_answered_is_pending_and_other_orders_are_not():
    book = stage()
    assert parts(book.measure(120, [("m1", "100101"), ("m2", "100301"), ("shop", "100201")])) == {
        "stop_pending": 50_000,
        "in_motion": 50_000,
    }
    book.freeze(130, "m1", "f1", 10_000)
    assert parts(book.measure(130, [("m1", "100101")])) == {"held": 10_000, "stop_pending": 40_000, "in_motion": 50_000}


def test_a_pending_order_for_an_account_nobody_has_is_passed_over():
    book = stage()
    state = {"pending": [{"institution": BANK, "number": "1", "code": "100101", "application_id": "x"}]}
    result = measure(book.scenario, book.records, t0=T0, time_scale=60, at_s=100, state=state)
    assert parts(result) == {"in_motion": 100_000}


def test_exits_are_counted_one_by_one():
    book = stage()
    book.move(400, "t4").move(500, "t5").move(700, "t6", why="stopped")
    assert parts(book.measure(700)) == {"cash": 8_000, "crypto": 10_000, "in_motion": 82_000}


def test_a_freeze_beside_the_lifted_stop_still_holds_its_sum_and_the_rest_moves():
    book = stage()
    book.stop(160, "m1", "s1").freeze(200, "m1", "f1", 45_000).end(220, "m1", "s1")
    assert parts(book.measure(220)) == {"held": 45_000, "in_motion": 55_000}
    book.freeze(240, "m1", "f2", 4_000).freeze(241, "m1", "f3", 1_000)
    assert parts(book.measure(241)) == {"held": 50_000, "in_motion": 50_000}
    assert book.measure(241)["accounts"][0] == {
        "report": "r",
        "institution": BANK,
        "number": "6222000001",
        "fen": 50_000,
        "bucket": "held",
    }


def test_what_was_let_go_by_decision_is_released_and_what_lapsed_is_in_motion():
    book = stage()
    book.stop(160, "m1", "s1").stop(160, "m2", "s2").freeze(170, "m1", "f1", 50_000)
    book.end(180, "m1", "s1").end(190, "m1", "f1", "unfreeze").end(190, "m2", "s2", "lapse")
    assert parts(book.measure(190)) == {"released": 50_000, "in_motion": 50_000}
    book.stop(191, "m1", "court", authority="other").end(192, "m1", "court", "lapse")
    assert parts(book.measure(192)) == {"released": 50_000, "in_motion": 50_000}
    book.stop(200, "m1", "s3").end(210, "m1", "s3", "lapse")
    assert parts(book.measure(210)) == {"in_motion": 100_000}


def test_the_end_of_a_measure_nobody_knows_changes_nothing():
    book = stage()
    book.stop(160, "m1", "s1").end(170, "m1", "another").end(171, None, "s1").stop(172, None, "s9")
    assert parts(book.measure(172)) == {"held": 50_000, "in_motion": 50_000}


def test_money_at_an_honest_merchant_has_left_whether_or_not_it_was_stopped():
    book = stage()
    book.finding(150, "shop", "merchant")
    assert parts(book.measure(150)) == {"merchant": 20_000, "in_motion": 80_000}
    book = stage()
    book.stop(120, "shop", "s1").finding(150, "shop", "merchant")
    assert parts(book.measure(150)) == {"held": 20_000, "in_motion": 80_000}
    book.end(160, "shop", "s1")
    assert parts(book.measure(160)) == {"merchant": 20_000, "in_motion": 80_000}


def test_another_authoritys_stop_holds_nothing_for_us_but_ends_the_exposure():
    book = stage()
    book.stop(160, "m1", "court", authority="other")
    result = book.measure(700)
    assert parts(result) == {"in_motion": 100_000}
    assert result["reports"][0]["exposed_min"] == pytest.approx((50_000 * 60 + 30_000 * 600) / 100_000 / 60)
    assert result["false_hold"] == {"merchant": 0, "mule": 0}


def test_exposed_counts_uncovered_money_of_mules_from_the_report_to_the_horizon():
    book = stage()
    book.stop(160, "m1", "s1").move(400, "t4").move(500, "t5", why="stopped").move(700, "t6")
    result = book.measure(820)
    assert result["horizon_s"] == 820
    # m1: 50,000 for 60 s; m2: 30,000 for 300 s, 22,000 for 300 s, 17,000 for 120 s; the shop's does not count.
    fen_seconds = 50_000 * 60 + 30_000 * 300 + 22_000 * 300 + 17_000 * 120
    assert result["reports"][0]["exposed_min"] == pytest.approx(fen_seconds / 100_000 / 60)
    assert result["total"]["exposed_min"] == result["reports"][0]["exposed_min"]


def test_before_the_end_the_exposure_goes_on_to_the_last_move():
    book = stage()
    book.stop(160, "m1", "s1").stop(160, "m2", "s2")
    result = book.measure(160)
    assert result["horizon_s"] == 700
    assert result["reports"][0]["exposed_min"] == pytest.approx(80_000 * 60 / 100_000 / 60)


def test_the_perfect_pursuers_values_stand_beside():
    row = stage().measure(100)["reports"][0]
    # m1 stopped at 160, asked by 220; m2 and the shop stopped at 280, asked by 340.
    assert (row["holdable_fen"], row["reachable_fen"]) == (80_000, 80_000)
    assert row["pursuer_exposed_min"] == pytest.approx((50_000 * 60 + 30_000 * 180) / 100_000 / 60)
    assert stage().measure(100)["pursuer"] == {"seconds": pytest.approx(4.0), "held_fen": 80_000, "accounts": 3}


def test_false_hold_is_other_peoples_money_in_real_minutes():
    book = stage()
    book.stop(160, "m1", "s1").stop(220, "shop", "s2").stop(220, "m2", "s3")
    # By 1300, in 18 real seconds: the shop's own 500 yuan, and nobody's 20 that m1 passed to m2.
    held = {"merchant": pytest.approx(500 * 18 / 60), "mule": pytest.approx(20 * 18 / 60)}
    assert book.measure(1300)["false_hold"] == held
    book.end(1300, "shop", "s2").freeze(1310, "shop", "f1", 20_000)
    assert book.measure(5000)["false_hold"]["merchant"] == pytest.approx(500 * 18 / 60)


def test_a_mules_own_money_beyond_the_attributed_sum_counts_too():
    book = stage(m1=("mule", 102_000))
    # The own 102,000 paid t2 and t3, 50,000 of it is left beside the report's 100,000.
    book.freeze(160, "m1", "f1", 120_000)
    assert book.measure(760)["false_hold"] == {"merchant": 0, "mule": pytest.approx(200 * 10 / 60)}


def test_a_jump_of_the_clock_costs_nobody_real_minutes():
    book = stage()
    book.stop(160, "shop", "s1").jump(220, 6220)
    assert book.measure(6280)["false_hold"]["merchant"] == pytest.approx(500 * 2 / 60)
    book.end(6280, "shop", "s1")
    assert book.measure(9000)["false_hold"]["merchant"] == pytest.approx(500 * 2 / 60)


def test_merchants_stops_and_how_long_they_stood_after_the_finding():
    book = stage()
    book.stop(160, "shop", "s1").stop(160, "m1", "s2").stop(165, "shop", "court", authority="other")
    book.freeze(200, "shop", "f1", 20_000).end(210, "shop", "s1")
    assert book.measure(300)["merchant_hold_after_finding_min"] == 0
    book.finding(400, "shop", "merchant").finding(400, "m1", "mule")
    assert book.measure(700)["merchant_hold_after_finding_min"] == pytest.approx(5 / 60)
    book.end(1000, "shop", "f1", "unfreeze")
    result = book.measure(4000)
    assert result["merchant_hold_after_finding_min"] == pytest.approx(10 / 60)
    assert result["merchant_stops"] == 1


def test_a_measure_taken_after_the_finding_counts_from_its_own_beginning():
    book = stage()
    book.finding(160, "shop", "merchant").freeze(760, "shop", "f1", 20_000)
    assert book.measure(1060)["merchant_hold_after_finding_min"] == pytest.approx(5 / 60)


def order(book: Book, at_s: float, kind: str, code: str, name: str) -> None:
    book.write(
        at_s,
        kind,
        institution=BANK,
        code=code,
        application_id=name,
        result="0000",
        case_number="C1",
        number="6222000001",
        account="m1",
    )


def test_orders_first_stops_and_the_end_of_the_tracing():
    book = stage()
    assert book.measure(100)["traced_seconds"] == 0
    for at_s, kind, code, name in [
        (106, "received", "100101", "a1"),
        (112, "received", "100101", "a2"),
        (118, "received", "100101", "a1"),
        (160, "answered", "100101", "a1"),
        (166, "refused", "100101", "a2"),
        (170, "received", "100301", "q1"),
        (220, "answered", "100301", "q1"),
        (230, "received", "100201", "f1"),
        (290, "answered", "100201", "f1"),
        (295, "answered", "100303", "h1"),
    ]:
        order(book, at_s, kind, code, name)
    book.write(300, "violation", what="same key, other content", application_id="a1")
    result = book.measure(300)
    assert result["orders"] == {"100101": 2, "100201": 1, "100301": 1}
    assert result["first_stops"] == {"C1": pytest.approx(T0 + 0.1, abs=1e-3)}
    assert result["traced_seconds"] == pytest.approx(2.0)
    assert [violation["what"] for violation in result["violations"]] == ["same key, other content"]


def test_two_reports_in_one_account_are_told_apart_and_totalled():
    scenario = build(
        {"v": ("victim", 600), "w": ("victim", 400), "m": ("mule", 100)},
        [("t1", 0, "v", "m", 600), ("t2", 5, "w", "m", 400), ("t3", 50, "m", "cash", 300)],
        [("r", 10, ["t1"]), ("s", 20, ["t2"])],
    )
    book = Book(scenario).move(0, "t1").move(5, "t2").freeze(40, "m", "f1", 500).move(50, "t3")
    result = book.measure(70)
    # The oldest attributed 500 are r's and stand still; the payment takes nobody's 100 and r's other 100, then s's.
    assert parts(result, 0) == {"held": 500, "cash": 100}
    assert parts(result, 1) == {"in_motion": 300, "cash": 100}
    assert result["total"]["left"]["cash"] == 200
    assert result["total"]["loss_fen"] == 1000
    fen_seconds = 600 * 30 + 100 * 10 + 400 * 30 + 300 * 20
    assert result["total"]["exposed_min"] == pytest.approx(fen_seconds / 1000 / 60)


def test_an_attempt_and_a_transfer_that_never_happened_lose_nothing():
    book = stage()
    book.records.clear()
    book.move(0, "t1", why="stopped")
    row = book.measure(100)["reports"][0]
    assert (row["loss_fen"], row["exposed_min"]) == (0, 0)


def test_a_world_without_reports_measures_nothing():
    scenario = build({"v": ("victim", 10), "m": ("mule", 0)}, [("t1", 5, "v", "m", 10)], [])
    result = Book(scenario).move(5, "t1").measure(5)
    assert result["reports"] == []
    assert result["total"]["loss_fen"] == 0
    assert result["pursuer"]["accounts"] == 0


@pytest.mark.parametrize(
    "contradict",
    [
        lambda book: book.stop(160, "m2", "s1").move(400, "t4"),
        lambda book: book.freeze(160, "m2", "f1", 25_000).move(400, "t4"),
        lambda book: book.move(61, "t3").move(62, "t3").move(63, "t3"),
    ],
    ids=["paid under a stop", "paid what was frozen", "paid what was not there"],
)
def test_a_book_that_cannot_be_true_is_not_measured(contradict):
    book = stage()
    contradict(book)
    with pytest.raises(BookContradictionError):
        book.measure(800)


def test_the_answer_has_the_wires_fields_and_is_json():
    result = stage().measure(100)
    assert set(result) == {
        "t0",
        "at_s",
        "horizon_s",
        "reports",
        "total",
        "accounts",
        "pursuer",
        "traced_seconds",
        "merchant_stops",
        "false_hold",
        "merchant_hold_after_finding_min",
        "first_stops",
        "orders",
        "violations",
    }
    row = result["reports"][0]
    assert set(row) == {
        "id",
        "loss_fen",
        *PARTS,
        "left",
        "holdable_fen",
        "reachable_fen",
        "exposed_min",
        "pursuer_exposed_min",
    }
    assert set(row["left"]) == {"cash", "card", "crypto", "abroad", "merchant"}
    assert set(result["total"]) == set(row) - {"id"}
    assert json.loads(json.dumps(result)) == result
