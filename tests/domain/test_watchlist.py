"""In which order people read what has to be watched."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.watchlist import Entry, Kind, Order, leaving_a_minute, ordered

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def entry(minutes: int, cost: int = 0, case: str = "A2026-000001", kind: Kind = Kind.SHEET) -> Entry:
    return Entry(kind=kind, case_number=case, at=NOW + timedelta(minutes=minutes), fen_a_minute=cost)


def test_by_deadline_the_longest_overdue_stands_first():
    entries = [entry(30), entry(-5), entry(-40), entry(1)]
    assert [one.at for one in ordered(entries, Order.DEADLINE)] == sorted(one.at for one in entries)


def test_by_cost_the_dearest_minute_stands_first_and_the_deadline_decides_among_equals():
    dear, cheap, soon, late = entry(90, 500), entry(10, 20), entry(1), entry(60)
    assert ordered([late, soon, cheap, dear], Order.COST) == [dear, cheap, soon, late]


@given(
    st.lists(
        st.builds(
            entry,
            st.integers(-100, 100),
            st.integers(0, 3),
            st.sampled_from(["A2026-000001", "A2026-000002"]),
            st.sampled_from(list(Kind)),
        )
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_does_not_depend_on_how_they_were_read(entries, random):
    shuffled = list(entries)
    random.shuffle(shuffled)
    for order in Order:
        assert ordered(shuffled, order) == ordered(entries, order)
        assert len(ordered(entries, order)) == len(entries)


def test_of_uncovered_money_a_quarter_and_more_leaves_in_a_quarter_of_an_hour():
    assert leaving_a_minute(1_000_000) * 15 in range(279_000, 281_000)
    assert leaving_a_minute(-5) == 0


def test_a_matter_keeps_its_key_while_its_numbers_change():
    sheet = entry(10, 5)
    assert sheet.key == sheet.model_copy(update={"fen_a_minute": 900, "fen": 7}).key
    assert sheet.key != entry(10, kind=Kind.FILING).key
    ends = entry(10, kind=Kind.STOP_ENDS)
    assert ends.key != entry(11, kind=Kind.STOP_ENDS).key
