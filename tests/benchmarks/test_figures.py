"""The figures the benchmarks print."""

import math

import pytest

from benchmarks.figures import percentile, ratio, spread


def test_a_percentile_lies_between_its_neighbours():
    assert percentile([30, 10, 20], 0.5) == 20
    assert percentile([10, 20], 0.5) == 15
    assert percentile([10, 20, 30, 40, 50], 0.95) == pytest.approx(48)
    assert percentile([7], 0.95) == 7


def test_the_ends_are_the_least_and_the_most():
    samples = [5.0, 1.0, 3.0]

    assert (percentile(samples, 0), percentile(samples, 1)) == (1, 5)


def test_no_samples_have_no_percentile():
    with pytest.raises(ValueError, match="needs samples"):
        percentile([], 0.5)
    with pytest.raises(ValueError, match="share from 0 to 1"):
        percentile([1], 95)


def test_a_spread_says_what_is_missing():
    found = spread([1, 2, 3], missing=2)

    assert (found.count, found.median, found.least, found.most, found.missing) == (3, 2, 1, 3, 2)


def test_nothing_is_no_divisor():
    assert ratio(3, 2) == 1.5
    assert ratio(3, 0) == math.inf
