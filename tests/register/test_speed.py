"""Money leaves in seconds: what the two hot methods cost, with room for a busy machine."""

import statistics
import time
from collections.abc import Awaitable
from typing import TypeVar

import pytest

from domain.orders import AccountRef
from tests.register.given import Given, numbered, query, row, statement, stop

# The aim is 4 and 25 ms on a quiet machine; a test on two shared cores leaves room.
T = TypeVar("T")
_BOUNDS_MS = {1: 40, 60: 250}


@pytest.mark.parametrize("batch", [1, 60])
async def test_a_batch_of_orders_is_opened_and_its_answers_kept_in_milliseconds(given: Given, batch: int) -> None:
    await given.duty()
    times: dict[str, list[float]] = {}
    for turn in range(12):
        await _one_batch(given, numbered(batch, start=1 + turn * batch), times)
    best = {name: statistics.median(taken[2:]) * 1e3 for name, taken in times.items()}
    print(f"\n{batch:>3} orders:", *(f"{name} {ms:.2f} ms" for name, ms in best.items()))
    assert max(best.values()) < _BOUNDS_MS[batch]


async def _one_batch(given: Given, accounts: list[AccountRef], times: dict[str, list[float]]) -> None:
    case_id = await given.case()
    stops = await _timed(times, "open stops", given.open(case_id, *(stop(one) for one in accounts)))
    assert {one.standing for one in stops} == {"new"}
    await _timed(times, "keep stops", given.answer(*stops))
    queries = await _timed(times, "open queries", given.open(case_id, *(query(one) for one in accounts)))
    rows = statement([row(serial) for serial in range(1, 6)])
    await _timed(times, "keep statements", given.answer(*queries, statement=rows))


async def _timed(times: dict[str, list[float]], name: str, work: Awaitable[T]) -> T:
    started = time.perf_counter()
    done = await work
    times.setdefault(name, []).append(time.perf_counter() - started)
    return done
