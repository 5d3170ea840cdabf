"""What processes cost: CPU seconds by part of the stack, and the peak memory of one."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

OURSELVES = "bench and officers"
_LOOK_S = 0.25
_MB = 1024 * 1024


def cpu_seconds(pid: int) -> float:
    """CPU seconds of a process, its children and the children that it has seen end; 0 when it is gone."""
    try:
        process = psutil.Process(pid)
        times = process.cpu_times()
        children = sum(_own_seconds(child) for child in process.children(recursive=True))
    except psutil.NoSuchProcess:
        return 0.0
    # on macOS and Linux alike; elsewhere these are zero
    return times.user + times.system + times.children_user + times.children_system + children


def _own_seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return times.user + times.system


class CpuMeter:
    """CPU seconds spent since it was made, by name of process; ours are those of this process alone."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        """Start counting."""
        self._pids = dict(pids)
        self._before = self._now()

    def spent(self) -> dict[str, float]:
        """Seconds by part."""
        return {name: seconds - self._before[name] for name, seconds in self._now().items()}

    def _now(self) -> dict[str, float]:
        now = {name: cpu_seconds(pid) for name, pid in self._pids.items()}
        return now | {OURSELVES: _own_seconds(psutil.Process(os.getpid()))}


@dataclass
class Peak:
    """The most memory that a process was seen to hold."""

    mb: float = 0.0

    def look(self, pid: int) -> None:
        """Look at it now."""
        self.mb = max(self.mb, _peak_mb(pid))


def _peak_mb(pid: int) -> float:
    try:
        # the kernel remembers the peak itself; where there is no /proc, what is seen now has to do
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    except OSError:
        with contextlib.suppress(psutil.NoSuchProcess):
            return float(psutil.Process(pid).memory_info().rss) / _MB
    return 0.0


@contextlib.asynccontextmanager
async def peak_memory(pid: Callable[[], int | None]) -> AsyncIterator[Peak]:
    """Watch a process that may come and go inside the block; `pid` says which one it is now."""
    peak = Peak()

    async def look() -> None:
        while True:
            if (now := pid()) is not None:
                peak.look(now)
            await asyncio.sleep(_LOOK_S)

    looking = asyncio.create_task(look())
    try:
        yield peak
    finally:
        looking.cancel()
