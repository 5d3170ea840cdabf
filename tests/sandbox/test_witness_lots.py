"""FIFO by lots: the test vector of the domain, covers that stand still, and a fen-by-fen model beside it."""

from collections import Counter
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sandbox.witness.lots import BookContradictionError, Lots


def test_the_domains_vector_leaves_all_to_the_second_victim():
    lots = Lots(0)
    lots.receive([(None, 3000)])
    lots.receive([("V1", 50000)])
    assert lots.pay(20000) == [(None, 3000), ("V1", 17000)]
    lots.receive([(None, 8000)])
    lots.receive([("V2", 30000)])
    assert lots.pay(45000) == [("V1", 33000), (None, 8000), ("V2", 4000)]
    assert lots.pay(6000) == [("V2", 6000)]
    assert (lots.balance, lots.of_report) == (20000, {"V2": 20000})


def test_a_freeze_covers_the_oldest_attributed_lots_and_a_payment_takes_the_oldest_of_the_rest():
    lots = Lots(100)
    lots.receive([("a", 50), (None, 30), ("b", 40)])
    assert lots.covered(60) == {"a": 50, "b": 10}
    assert lots.pay(150, frozen_fen=60) == [(None, 100), (None, 30), ("b", 20)]
    assert lots.of_report == {"a": 50, "b": 20}
    assert lots.covered(60) == {"a": 50, "b": 10}


def test_a_freeze_beyond_the_attributed_sum_covers_other_peoples_oldest_money():
    lots = Lots(100)
    lots.receive([("a", 50), (None, 30)])
    assert lots.pay(60, frozen_fen=120) == [(None, 30), (None, 30)]
    assert lots.counted() == {"a": 50}


def test_more_than_is_free_cannot_be_paid():
    lots = Lots(100)
    with pytest.raises(BookContradictionError):
        lots.pay(41, frozen_fen=60)
    with pytest.raises(BookContradictionError):
        lots.pay(101)
    assert lots.balance == 100


def by_the_fen(fens: list[str | None], frozen: int) -> set[int]:
    """Which single fens are covered: the oldest attributed ones first, then the oldest of the others."""
    ranked = [i for i, owner in enumerate(fens) if owner is not None] + [i for i, o in enumerate(fens) if o is None]
    return set(ranked[:frozen])


def sums(owners: Iterable[str | None]) -> dict[str, int]:
    return dict(Counter(owner for owner in owners if owner is not None))


STEPS = st.lists(
    st.tuples(st.just("in"), st.sampled_from([None, "a", "b", "c"]), st.integers(1, 9))
    | st.tuples(st.just("out"), st.integers(0, 20), st.integers(1, 9)),
    max_size=25,
)


@given(st.integers(0, 12), STEPS)
def test_lots_agree_with_a_model_that_counts_single_fens(opening, steps):
    lots = Lots(opening)
    fens: list[str | None] = [None] * opening
    for kind, what, fen in steps:
        if kind == "in":
            lots.receive([(what, fen)])
            fens += [what] * fen
            continue
        frozen = min(what, len(fens))
        covered = by_the_fen(fens, frozen)
        assert lots.covered(frozen) == sums(fens[i] for i in covered)
        if len(fens) - frozen < fen:
            continue
        leaving = [i for i in range(len(fens)) if i not in covered][:fen]
        gone = lots.pay(fen, frozen)
        assert [owner for owner, part in gone for _ in range(part)] == [fens[i] for i in leaving]
        fens = [owner for i, owner in enumerate(fens) if i not in set(leaving)]
        assert lots.balance == len(fens)
        assert lots.counted() == lots.of_report == sums(fens)
        assert lots.attributed == sum(sums(fens).values())
