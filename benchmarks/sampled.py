"""Our worker under a sampler: `python -m benchmarks.sampled FILE --run RUN`; where its CPU time went stands in FILE.

Each sample gives the CPU time that a thread has used since the sample before to the stack it is in now. Threads that
are not Python's (the engine's core) show only as what remains of the process. SIGUSR1 starts the count anew.
FILE is written anew every second: a worker that takes too long to drain after a drill is killed.
"""

import atexit
import json
import signal
import sys
import threading
import time
from collections import Counter, defaultdict
from pathlib import Path
from types import FrameType

from sqlalchemy import event
from sqlalchemy.engine import Engine

from adapters.settings import PROJECT_ROOT

EVERY_S = 0.002
KEEP_EVERY_S = 1.0
SWITCH_S = 0.0002  # else the sampler sees threads mostly where they let go of the interpreter by themselves
_TEXT = 150
_SITE = "/site-packages/"
_OURS = f"{PROJECT_ROOT}/"


class Sampler:
    """CPU seconds by function: alone, and with everything it calls; kept in `file`."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._before: dict[int, float] = {}
        self.begin()
        sys.setswitchinterval(SWITCH_S)
        self._ending = threading.Event()
        self._sampling = threading.Thread(target=self._sample, name="sampler", daemon=True)
        self._sampling.start()

    def begin(self) -> None:
        """Start the count anew."""
        self._since = time.process_time()
        self._seconds = 0.0
        self._alone: defaultdict[str, float] = defaultdict(float)
        self._together: defaultdict[str, float] = defaultdict(float)
        self._texts: Counter[str] = Counter()

    def note_statement(self, *said: object) -> None:
        """One statement to the database (SQLAlchemy's before_cursor_execute); known by how it begins."""
        self._texts[" ".join(str(said[2]).split())[:_TEXT]] += 1

    def end(self) -> None:
        """Sample no more, and keep what was found."""
        self._ending.set()
        self._sampling.join()
        self._keep()

    def _keep(self) -> None:
        found = {
            "process": time.process_time() - self._since,
            "python": self._seconds,
            "alone": self._alone,
            "together": self._together,
            "texts": dict(self._texts),  # at once: the worker goes on adding to it
        }
        written = self._file.with_suffix(".new")
        written.write_text(json.dumps(found), encoding="utf-8")
        written.replace(self._file)  # whole or not at all, whenever we are killed

    def _sample(self) -> None:
        own = threading.get_ident()
        kept = time.monotonic()
        while not self._ending.wait(EVERY_S):
            for thread, frame in sys._current_frames().items():  # noqa: SLF001 - the one way to see them
                if thread != own:
                    self._note(thread, frame)
            if time.monotonic() - kept > KEEP_EVERY_S:
                self._keep()
                kept = time.monotonic()

    def _note(self, thread: int, frame: FrameType | None) -> None:
        try:
            now = time.clock_gettime(time.pthread_getcpuclockid(thread))
        except OSError:  # it has just ended
            return
        used = now - self._before.get(thread, now)
        self._before[thread] = now
        if used <= 0:
            return
        self._seconds += used
        stack = []
        while frame is not None:
            stack.append(_name(frame))
            frame = frame.f_back
        self._alone[stack[0]] += used
        for name in set(stack):
            self._together[name] += used


def _name(frame: FrameType) -> str:
    code = frame.f_code
    file = code.co_filename.split(_SITE)[-1].removeprefix(_OURS)
    return f"{file}:{code.co_qualname}"


if __name__ == "__main__":
    sampler = Sampler(Path(sys.argv.pop(1)))
    atexit.register(sampler.end)
    event.listen(Engine, "before_cursor_execute", sampler.note_statement)
    signal.signal(signal.SIGUSR1, lambda *_: sampler.begin())
    import worker

    sys.exit(worker.main())
