"""Medians, percentiles and ratios, and nothing else."""

import math
import statistics
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict


class Figure(BaseModel):
    """A result as it is printed and kept."""

    model_config = ConfigDict(frozen=True)


class Spread(Figure):
    """A row of samples in one unit. `missing`: measured, and never seen at the other end."""

    count: int
    median: float
    p95: float
    least: float
    most: float
    missing: int = 0


def percentile(samples: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the samples lie, interpolated between its two neighbours.

    Raises:
        ValueError: there are no samples, or `share` is no share.
    """
    if not samples or not 0 <= share <= 1:
        raise ValueError("a percentile needs samples, and a share from 0 to 1")
    ordered = sorted(samples)
    place = (len(ordered) - 1) * share
    low, high = ordered[math.floor(place)], ordered[math.ceil(place)]
    return low + (high - low) * (place - math.floor(place))


def spread(samples: Sequence[float], *, missing: int = 0) -> Spread:
    """All about a row of samples. Raises ValueError when there are none."""
    return Spread(
        count=len(samples),
        median=percentile(samples, 0.5),
        p95=percentile(samples, 0.95),
        least=min(samples),
        most=max(samples),
        missing=missing,
    )


def ratio(ours: float, theirs: float) -> float:
    """How many times the other; infinite beside nothing."""
    return ours / theirs if theirs else math.inf


def median(samples: Sequence[float]) -> float:
    """The middle one. Raises statistics.StatisticsError when there are none."""
    return statistics.median(samples)
