"""Telling a process of ours from a stranger that happens to have its number."""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

_LINUX: bool = sys.platform == "linux"
_POLL_S = 0.02  # short beside a process's end, long beside a look into /proc


def mark(pid: int) -> str | None:
    """What stays the same for one process and differs for every other that ever has this pid; None if it has ended.

    On Linux the start time in clock ticks and the id of the boot: exact, and untouched by changes of the clock.
    """
    if _LINUX:
        try:
            line = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
            boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        except OSError:
            return None
        after_name = line.rpartition(")")[2].split()  # a name may hold spaces and brackets itself
        state, started = after_name[0], after_name[19]
        return None if state in "ZX" else f"{boot}:{started}"
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.2f}"
    except psutil.Error:
        return None


def is_same(pid: int, expected: str) -> bool:
    """Whether that very process still runs."""
    return mark(pid) == expected


def end(pid: int, expected: str, signals: Sequence[tuple[signal.Signals, float]]) -> bool:
    """End that very process: each signal in turn, with its patience in seconds. True when it has gone.

    A process with another mark is a stranger and is left alone.
    """
    for number, patience_s in signals:
        if not is_same(pid, expected):
            return True
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            if not is_same(pid, expected):
                return True
            time.sleep(_POLL_S)
    return not is_same(pid, expected)


def listener(port: int) -> str:
    """Who listens on a port, as far as this user may know: "process 123 (nginx)"."""
    with contextlib.suppress(psutil.Error):
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port:
                if connection.pid is None:
                    break
                return f"process {connection.pid} ({psutil.Process(connection.pid).name()})"
    return "another process"
