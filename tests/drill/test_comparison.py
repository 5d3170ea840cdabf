"""Register and witness: what must agree, and what nobody could see."""

from datetime import UTC, datetime

import pytest

from adapters.drill.compare import Sides, by_place_of_entries, by_place_of_witness, compare
from adapters.drill.outcome import first_stop_ms
from adapters.drill.result import Left, Result, Sums, Witness, WitnessReport, sums_of, total_of
from adapters.register.rows import CaseRow
from domain.books import BookEntry, Books
from domain.orders import AccountRef

CODES = {"1": "ICBC", "2": "ABC"}
X, Y = ("1", "62220001"), ("2", "62280002")


def sides(register, witness, *, silent=None, left=(0, 0)):
    return Sides(
        report="r1",
        register=register,
        witness=witness,
        register_sums=Sums(loss_fen=100, left=Left(cash=left[0])),
        witness_sums=Sums(loss_fen=100, left=Left(cash=left[1])),
        silent=silent or {},
    )


def test_two_books_that_agree_differ_nowhere():
    assert compare(sides({X: {"held": 100}}, {X: {"held": 100}}), CODES) == ([], [])


def test_a_difference_at_a_bank_that_answered_is_an_error_with_bank_and_last_four():
    unseen, (difference,) = compare(sides({X: {"held": 100}}, {X: {"in_motion": 100}}), CODES)
    assert unseen == []
    assert difference.where == "ICBC·0001"
    assert (difference.centre, difference.witness) == ({"held": 100}, {"in_motion": 100})


def test_money_at_a_silent_bank_is_unseen_and_no_error():
    (unseen,), differences = compare(sides({X: {"stop_pending": 100}}, {X: {"held": 100}}, silent={"1": 3}), CODES)
    assert differences == []
    assert (unseen.account, unseen.unanswered_orders) == ("ICBC·0001", 3)


def test_money_that_agrees_at_a_silent_bank_is_listed_as_well():
    agreed = {X: {"stop_pending": 100}}
    (unseen,), differences = compare(sides(agreed, agreed, silent={"1": 1}), CODES)
    assert differences == []
    assert unseen.centre == unseen.witness == {"stop_pending": 100}


def test_money_that_went_on_from_a_silent_bank_is_unseen_where_it_arrived():
    unseen, differences = compare(sides({X: {"stop_pending": 100}}, {Y: {"in_motion": 100}}, silent={"1": 1}), CODES)
    assert differences == []
    assert [one.account for one in unseen] == ["ICBC·0001", "ABC·0002"]


def test_money_that_left_unseen_as_cash_is_no_error():
    _, differences = compare(sides({X: {"stop_pending": 100}}, {}, silent={"1": 1}, left=(0, 100)), CODES)
    assert differences == []


def test_more_money_elsewhere_than_the_silent_bank_can_explain_is_an_error():
    register, witness = {X: {"stop_pending": 40}}, {Y: {"in_motion": 100}}
    _, differences = compare(sides(register, witness, silent={"1": 1}), CODES)
    assert [one.where for one in differences] == ["ABC·0002"]


def test_money_the_centre_believes_at_a_bank_that_answered_is_an_error_whoever_else_is_silent():
    register, witness = {X: {"stop_pending": 50}, Y: {"held": 50}}, {X: {"stop_pending": 50}}
    _, differences = compare(sides(register, witness, silent={"1": 1}), CODES)
    assert [one.where for one in differences] == ["ABC·0002"]


def test_a_wrong_exit_is_an_error():
    _, (difference,) = compare(sides({}, {}, left=(100, 90)), CODES)
    assert difference.where == "left.cash"


def test_sums_that_differ_though_all_accounts_agree_are_an_error():
    both = sides({}, {})
    both.register_sums = Sums(loss_fen=100, returned_fen=100)
    both.witness_sums = Sums(loss_fen=100, released_fen=100)
    _, differences = compare(both, CODES)
    assert {one.where for one in differences} == {"returned_fen", "released_fen"}


def test_both_sides_are_read_by_place_and_bucket_without_zeros():
    entry = BookEntry(
        account=AccountRef(institution="1", number="62220001", name="x"), layer=1, attributed_fen=7, held_fen=7
    )
    empty = entry.model_copy(update={"attributed_fen": 0, "held_fen": 0})
    assert by_place_of_entries([entry]) == {X: {"held": 7}}
    assert by_place_of_entries([empty]) == {}
    rows = [
        {"report": "r1", "institution": "1", "number": "62220001", "fen": 4, "bucket": "held"},
        {"report": "r1", "institution": "1", "number": "62220001", "fen": 3, "bucket": "held"},
        {"report": "r2", "institution": "1", "number": "62220001", "fen": 9, "bucket": "held"},
    ]
    assert by_place_of_witness(rows, "r1") == {X: {"held": 7}}


def test_a_case_books_become_the_sums_of_the_result_and_add_up():
    books = Books(loss_fen=10, held_fen=4, left_cash_fen=3, left_merchant_fen=2, released_fen=1)
    sums = Sums(**sums_of(books))
    assert sums.accounted_fen == sums.loss_fen == 10
    assert sums.left == Left(cash=3, merchant=2)


def test_totals_are_the_sums_of_all_reports():
    rows = [Sums(loss_fen=5, held_fen=3, left=Left(abroad=2)), Sums(loss_fen=7, in_motion_fen=7)]
    total = total_of(rows)
    assert total.parts() == {
        "loss_fen": 12,
        "held_fen": 3,
        "stop_pending_fen": 0,
        "in_motion_fen": 7,
        "released_fen": 0,
        "returned_fen": 0,
        "left.cash": 0,
        "left.card": 0,
        "left.crypto": 0,
        "left.abroad": 2,
        "left.merchant": 0,
    }


@pytest.mark.parametrize(
    ("changes", "sound"),
    [
        ({}, True),
        ({"violations": 1}, False),
        ({"witness": Witness(reports=(WitnessReport(id="r", loss_fen=5, held_fen=4),))}, False),
    ],
)
def test_a_result_is_sound_when_all_agrees_and_every_part_adds_up(changes, sound):
    fields = {"scenario": "s", "run": "r", "seconds": 1.0, "reports": (), "total": Sums(), "witness": Witness()}
    assert Result(**{**fields, **changes}).sound is sound


def test_the_first_stop_is_counted_from_the_receipt():
    row = CaseRow(
        case_id="c-1",
        case_number="A2026-000001",
        workflow_id="case/c-1",
        category="x",
        status="holding",
        outcome="open",
        loss_fen=0,
        received_at=datetime.fromtimestamp(100, UTC),
        started=True,
        filing_number="",
        layers=1,
        accounts=1,
        books=Books(),
    )
    assert first_stop_ms(row, {"A2026-000001": 100.25}) == 250
    assert first_stop_ms(row, {}) is None
