"""Which credits are this report's, and which stand still for another case: found among an account's rows."""

from datetime import datetime, timedelta

import pytest

from domain.attribution import Ledger, Seed
from domain.orders import AccountKind
from domain.statement import Digest, FreezeSeen, Passage, Way
from tests.domain.test_attribution import T0, VICTIM, key

# ---------------------------------------------------------------- other cases' freezes


def beside_a_freeze_for_others(amount: int, *, at: datetime) -> Ledger:
    """Another report's 100 in the opening balance, frozen in part or whole; then our 100, then a payment of 100."""
    ledger = Ledger()
    ledger.seed([seed(100)])
    frozen = FreezeSeen(application_id="0201" + "7" * 32, amount_fen=amount, started=at)
    passages = (credit(1, 100), cash(2, 100))
    told = Digest(opening_fen=100, balance_fen=100, kind=AccountKind.PERSON, passages=passages, freezes=(frozen,))
    ledger.take_in(key("a"), told)
    return ledger


@pytest.mark.parametrize(
    ("frozen_at", "left_of_ours"),
    [(T0 + timedelta(minutes=59), 0), (T0 + timedelta(hours=1), 0), (T0 + timedelta(minutes=61), 100)],
)
def test_what_another_case_has_frozen_stands_still_and_our_money_pays(frozen_at: datetime, left_of_ours: int):
    ledger = beside_a_freeze_for_others(100, at=frozen_at)
    # then a payment after the freeze took ours, and one before it the older money
    assert ledger.attributed(key("a")) == left_of_ours
    assert spent(ledger) == 100 - left_of_ours


def test_what_others_froze_covers_no_more_of_what_is_not_ours_than_its_sum():
    ledger = beside_a_freeze_for_others(30, at=T0)
    assert (ledger.attributed(key("a")), spent(ledger)) == (70, 30)


# ---------------------------------------------------------------- the reported transfers


def credit(serial: int, amount: int, *, at: datetime = T0, number: str = VICTIM) -> Passage:
    return Passage(serial=serial, at=at, credit=True, amount_fen=amount, institution="bank", number=number)


def with_rows(*rows: Passage, seeds: list[Seed]) -> Ledger:
    ledger = Ledger()
    ledger.seed(seeds)
    balance = sum(row.amount_fen if row.credit else -row.amount_fen for row in rows)
    ledger.take_in(key("a"), Digest(opening_fen=0, balance_fen=balance, kind=AccountKind.PERSON, passages=tuple(rows)))
    return ledger


def seed(amount: int, *, at: datetime = T0, payer: str = VICTIM) -> Seed:
    return Seed(account=key("a"), amount_fen=amount, at=at, payer_number=payer)


def spent(ledger: Ledger) -> int:
    return ledger.left()[Way.CASH]


def cash(serial: int, amount: int) -> Passage:
    return Passage(serial=serial, at=T0 + timedelta(hours=1), credit=False, amount_fen=amount, way=Way.CASH)


def test_a_reported_transfer_is_found_by_amount_time_and_payer():
    # given two credits of the same amount, the later one being the victim's
    ledger = with_rows(credit(1, 100, number="other"), credit(2, 100), cash(3, 100), seeds=[seed(100)])
    assert spent(ledger) == 0, "the other's hundred went first"


def test_a_time_misremembered_by_the_victim_does_not_matter_where_the_payer_agrees():
    ledger = with_rows(
        credit(1, 100, number="other"),
        credit(2, 100),
        cash(3, 100),
        seeds=[seed(100, at=T0 + timedelta(minutes=7))],
    )
    assert spent(ledger) == 0
    assert ledger.unmatched_seeds(key("a")) == 0


def test_without_the_payers_account_the_very_time_decides():
    ledger = with_rows(
        credit(1, 100, at=T0 - timedelta(minutes=5), number="x"),
        credit(2, 100, number="y"),
        cash(3, 100),
        seeds=[seed(100, payer="")],
    )
    assert spent(ledger) == 0


def test_two_equal_transfers_are_two_credits():
    ledger = with_rows(credit(1, 100), credit(2, 100), seeds=[seed(100), seed(100)])
    assert ledger.attributed(key("a")) == 200
    assert ledger.unmatched_seeds(key("a")) == 0


def test_a_transfer_no_row_shows_is_told_and_still_counted():
    ledger = with_rows(credit(1, 100), seeds=[seed(100), seed(999)])
    assert ledger.unmatched_seeds(key("a")) == 1
    assert ledger.attributed(key("a")) == 1_099
