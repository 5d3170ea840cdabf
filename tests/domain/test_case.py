"""The life of a case, its report, its books and the statements it reads."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.books import Books
from domain.case import MOVES, Status, move
from domain.orders import (
    Executed,
    HeldBack,
    HeldElsewhere,
    Partial,
    Refused,
    Unknown,
    in_force,
    is_final,
)
from domain.report import Report
from domain.statement import Row, Statement, digest

T0 = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)

# ---------------------------------------------------------------- moves


@pytest.mark.parametrize("now", Status)
@pytest.mark.parametrize("to", Status)
def test_a_case_moves_as_the_table_says_and_no_other_way(now, to):
    if now is to or to in MOVES[now]:
        assert move(now, to) is to
    else:
        with pytest.raises(ValueError, match=f"cannot move from {now} to {to}"):
            move(now, to)


def test_a_closed_case_stays_closed_and_nothing_goes_back_to_received():
    assert MOVES[Status.CLOSED] == frozenset()
    assert set(MOVES) == set(Status)
    assert all(Status.RECEIVED not in targets for targets in MOVES.values())


# ---------------------------------------------------------------- orders


@pytest.mark.parametrize(
    ("outcome", "final", "force"),
    [
        (Executed(code="0000", at=T0), True, True),
        (Partial(code="0000", at=T0), True, True),
        (Refused(code="0000", at=T0), True, False),
        (HeldElsewhere(code="0000", at=T0), True, False),
        (Unknown(since=T0), False, False),
        (HeldBack(reason="halted"), False, False),
        (None, False, False),
    ],
)
def test_unknown_is_neither_done_nor_failed(outcome, final, force):
    assert (is_final(outcome), in_force(outcome)) == (final, force)


# ---------------------------------------------------------------- books


def test_books_that_do_not_add_up_cannot_be_made():
    Books(loss_fen=10, held_fen=4, left_cash_fen=6)
    with pytest.raises(ValidationError, match="do not add up: 9 fen accounted for, 10 fen lost"):
        Books(loss_fen=10, held_fen=4, left_cash_fen=5)


def test_at_risk_is_what_nothing_effective_covers():
    assert Books(loss_fen=10, stop_pending_fen=3, in_motion_fen=2, held_fen=5).at_risk_fen == 5


# ---------------------------------------------------------------- statements


@given(
    st.integers(0, 10**6),
    st.lists(st.tuples(st.booleans(), st.integers(1, 10**6), st.booleans()), max_size=20),
    st.randoms(),
)
def test_a_digest_keeps_the_done_rows_in_order_of_effect_and_what_the_bank_itself_says_was_there_before(
    opening, moves, chance
):
    rows, balance = [], opening + sum(amount for credit, amount, _ in moves if not credit)
    opening = balance
    for serial, (credit, amount, done) in enumerate(moves):
        if done:
            balance += amount if credit else -amount
        rows.append(
            Row(
                serial=serial,
                at=T0 + timedelta(seconds=serial),
                credit=credit,
                amount_fen=amount,
                balance_fen=balance,
                done=done,
            )
        )
    chance.shuffle(rows)
    made = digest(Statement(balance_fen=balance, total_rows=len(rows), rows=tuple(rows)))
    assert made.opening_fen == opening
    assert made.balance_fen == balance
    assert [one.serial for one in made.passages] == [no for no, (_, _, done) in enumerate(moves) if done]
    assert made.opening_fen + sum(p.amount_fen if p.credit else -p.amount_fen for p in made.passages) == balance
    assert not made.more


def test_a_statement_with_more_rows_than_it_shows_says_so():
    assert digest(Statement(balance_fen=5, total_rows=1)).more


# ---------------------------------------------------------------- reports

GOOD = {
    "category": "虚假征信",
    "victim": {"name": "秘密姓名", "phone": "13912345678", "account": "6222020000000001", "bank": "102302000011"},
    "transfers": [
        {
            "bank": "103302000018",
            "number": "6217000000000017",
            "name": "秘密收款人",
            "amount_fen": 4938000,
            "time": "2026-11-22T11:00:00+08:00",
        }
    ],
    "lines": [{"number": "17044059130", "carrier": "CT"}],
    "links": ["http://scam.example/x"],
}


def changed(path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(GOOD))
    place: Any = made
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return made


def test_a_report_is_taken_as_it_is_written():
    report = Report.model_validate(GOOD)
    assert report.loss_fen == 4_938_000
    assert report.transfers[0].time == datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("kind",), "秘密kind"),
        (("source",), "秘密 source"),
        (("category",), ""),
        (("victim", "name"), " "),
        (("victim", "phone"), "秘密phone"),
        (("victim", "account"), "秘密!account"),
        (("victim", "bank"), "987"),
        (("victim", "nickname"), "秘密"),
        (("transfers", 0, "bank"), "98765"),
        (("transfers", 0, "number"), "秘密number"),
        (("transfers", 0, "name"), ""),
        (("transfers", 0, "amount_fen"), 0),
        (("transfers", 0, "amount_fen"), -98765),
        (("transfers", 0, "amount_fen"), "秘密amount"),
        (("transfers", 0, "amount_fen"), 98765.00),
        (("transfers", 0, "amount_fen"), "98765"),
        (("transfers", 0, "time"), "2026-11-22T11:00:00"),
        (("transfers", 0, "time"), "秘密time"),
        (("lines", 0, "number"), "秘密line"),
        (("links", 0), "ftp://秘密"),
        (("unknown_field",), "秘密"),
    ],
)
def test_a_wrong_field_is_refused_with_its_path_and_its_content_is_never_quoted(path, value):
    with pytest.raises(ValidationError) as refused:
        Report.model_validate(changed(path, value))
    assert [error["loc"] for error in refused.value.errors()] == [path]
    for word in ("秘密", "98765", "6217000000000017", "13912345678"):
        assert word not in str(refused.value)


def test_a_loss_without_a_transfer_and_a_category_of_others_without_words_are_refused():
    with pytest.raises(ValidationError, match="names at least one transfer"):
        Report.model_validate({**GOOD, "transfers": []})
    Report.model_validate({**GOOD, "transfers": [], "kind": "clue"})
    with pytest.raises(ValidationError, match="needs text"):
        Report.model_validate({**GOOD, "category": "其他"})


def test_corporate_accounts_without_a_luhn_digit_are_accounts():
    Report.model_validate(changed(("transfers", 0, "number"), "32050161-8736_001"))


def test_the_same_report_has_the_same_identity_and_another_has_not():
    assert Report.model_validate(GOOD).identity == Report.model_validate(json.loads(json.dumps(GOOD))).identity
    assert Report.model_validate(GOOD).identity != Report.model_validate(changed(("text",), "more")).identity
    # a reference of the source's own is the identity, whatever else was corrected meanwhile
    with_ref = {**GOOD, "source": "hotline", "source_ref": "110-7"}
    assert Report.model_validate(with_ref).identity == "hotline:110-7"
    assert Report.model_validate({**with_ref, "text": "x"}).identity == "hotline:110-7"


def test_the_identity_of_a_report_says_nothing_about_anybody():
    identity = Report.model_validate(GOOD).identity
    for word in ("秘密姓名", "13912345678", "6217000000000017"):
        assert word not in identity
