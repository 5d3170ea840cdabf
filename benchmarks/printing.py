"""The figures as people read them: one line each, ours first, the floor beside it, the ratio last."""

from collections.abc import Iterator

from benchmarks.figures import Spread
from benchmarks.first_stop import FirstStop
from benchmarks.throughput import Load, Throughput
from benchmarks.wide import Wide


def first_stop_lines(found: FirstStop, when: str) -> Iterator[str]:
    """(a)."""
    yield f"(a) receipt to first stop, {when}: {found.rate:.1f} cases/s and as many floors, in turn"
    yield f"    case   {_milliseconds(found.case_ms)}"
    yield f"    floor  {_milliseconds(found.floor_ms)}"
    yield f"    ratio  p50 {found.ratio:.2f} · p95 {found.case_ms.p95 / found.floor_ms.p95:.2f} (aim: 1.5)"


def throughput_lines(found: Throughput) -> Iterator[str]:
    """(b)."""
    yield f"(b) ordinary cases beside twelve empty activities: {len(found.case.a_second)} rounds, in turn"
    yield f"    case   {_load(found.case)}"
    yield f"    floor  {_load(found.floor)}"
    yield f"    ratio  {found.ratio:.2f} (at least 1, better 2) · CPU of a case in floors: {found.cpu_ratio:.2f}"
    for name in sorted({*found.case.cpu_ms, *found.floor.cpu_ms}):
        case, floor = found.case.cpu_ms.get(name, 0), found.floor.cpu_ms.get(name, 0)
        yield f"    CPU    {name:<20} {case:7.1f} ms a case · {floor:6.1f} ms a floor"
    case, floor = found.case.total_cpu_ms, found.floor.total_cpu_ms
    yield f"    CPU    {'together':<20} {case:7.1f} ms a case · {floor:6.1f} ms a floor"


def wide_lines(found: Wide) -> Iterator[str]:
    """(c)."""
    yield f"(c) {found.scenario}: {found.accounts} accounts"
    yield (
        f"    traced {found.traced_seconds:.1f} s · perfect pursuer {found.pursuer_seconds:.1f} s · "
        f"ratio {found.ratio:.2f} (must 1.5, aim 1.2) · whole run {found.whole_seconds:.1f} s"
    )
    yield (
        f"    {found.events} events (must 3000, aim 1500) · {found.activities} activities · {found.batches} batches · "
        f"{found.orders} orders · worker {found.memory_mb:.0f} MB (must 400)"
    )
    agreed = "agree" if found.sound else "DIFFER"
    yield f"    held / reachable {found.held_to_reachable:.3f} · register and witness {agreed}"


def _milliseconds(row: Spread) -> str:
    extremes = f"least {row.least:6.1f} · most {row.most:6.1f} · n {row.count}"
    missing = f" · {row.missing} NEVER SEEN" if row.missing else ""
    return f"p50 {row.median:6.1f} ms · p95 {row.p95:6.1f} ms · {extremes}{missing}"


def _load(load: Load) -> str:
    rounds = " ".join(f"{rate:.1f}" for rate in load.a_second)
    one = f"one takes p50 {load.seconds.median:.2f} s, p95 {load.seconds.p95:.2f} s"
    return f"{load.median:6.2f}/s (rounds {rounds}) · {one} · {load.each} a round, {load.in_flight} in flight"
