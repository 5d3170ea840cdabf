"""The sampler: what a worker's functions cost is on disk even when the worker is killed."""

import json
import subprocess
import sys
import time
from pathlib import Path

from adapters.settings import PROJECT_ROOT

AT_WORK = """
import sys
from pathlib import Path
from benchmarks.sampled import Sampler

def counting():
    return sum(range(1000))

Sampler(Path(sys.argv[1]))
while True:
    counting()
"""


def test_what_a_killed_worker_did_is_kept(tmp_path: Path):
    samples = tmp_path / "samples.json"
    worker = subprocess.Popen([sys.executable, "-c", AT_WORK, str(samples)], cwd=PROJECT_ROOT)
    try:
        deadline = time.monotonic() + 60
        while not samples.exists():
            assert worker.poll() is None
            assert time.monotonic() < deadline, "nothing was kept"
            time.sleep(0.05)
    finally:
        worker.kill()
        worker.wait()
    found = json.loads(samples.read_text(encoding="utf-8"))
    assert found["alone"]["<string>:counting"] > 0
    assert found["process"] >= found["python"] > 0
