"""Record histories to replay: plays drills and keeps what their cases did.

    python -m tests.replay.record

They are kept opened: what is compared in a replay has to be readable in a review, and the keys of a practice world go
with it. Only the replayer of the tests takes what is not sealed; no worker does.

Run it when a change of the procedure is meant; cases that run in production then need a patch or their own worker.
"""

import asyncio
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from temporalio.client import WorkflowHistory

from adapters import settings
from adapters.cli.replaying import histories
from adapters.keyring import KeyRing
from adapters.temporal.client import connect
from adapters.temporal.sealing import opened
from adapters.temporal.stack import open_stack
from adapters.temporal.worlds import latest_run
from domain.seals import Unopened
from tests.seals.payloads import payloads_of

ROOT = Path(__file__).resolve().parents[2]
KEPT = Path(__file__).parent / "histories"
SCENARIOS = ("first-case", "xiamen-2015", "xiamen-2020", "sprint-300", "wide-2000")
CASES_OF_ONE = 4
"""Of a scenario with many workflows so many are kept: the repository is not an archive."""


async def record(scenario: str, state: Path) -> None:
    """Play one scenario in a state directory of its own and keep its histories."""
    environ = {**os.environ, "HOLDFAST_STATE_DIR": str(state)}
    command = [
        sys.executable,
        str(ROOT / "starter.py"),
        "drill",
        str(ROOT / "scenarios" / f"{scenario}.json"),
        "--json",
    ]
    done = await asyncio.to_thread(subprocess.run, command, env=environ, check=True, capture_output=True, text=True)
    engine = json.loads(done.stdout)["engine"]
    given = settings.load({"HOLDFAST_STATE_DIR": str(state)})
    async with open_stack(given):
        client = await connect(given, latest_run(given) or "")
        kept: dict[str, int] = {}
        ring = KeyRing.load(given)
        async for history in histories(client, None):
            open_up(history, ring, client.namespace)
            kind = "verification" if "/verification/" in history.workflow_id else "case"
            if kept.get(kind, 0) >= CASES_OF_ONE:
                continue
            kept[kind] = kept.get(kind, 0) + 1
            name = f"{scenario}.{kind}-{kept[kind]}.json.gz"
            content = json.dumps({"workflow_id": history.workflow_id, "history": history.to_json_dict()})
            (KEPT / name).write_bytes(gzip.compress(content.encode(), mtime=0))
    print(scenario, engine, kept)


def open_up(history: WorkflowHistory, ring: KeyRing, namespace: str) -> None:
    """Put in the place of each sealed payload what was sealed."""
    for event in history.events:
        for payload in payloads_of(event):
            inner = opened(ring, payload, namespace)
            if not isinstance(inner, Unopened):
                payload.CopyFrom(inner)


async def main() -> None:
    """Record all scenarios anew."""
    KEPT.mkdir(exist_ok=True)
    for old in KEPT.glob("*.json.gz"):
        old.unlink()
    for scenario in SCENARIOS:
        state = Path(tempfile.mkdtemp(prefix="hf-record-"))
        try:
            await record(scenario, state)
        finally:
            shutil.rmtree(state, ignore_errors=True)
    await asyncio.sleep(0.3)


if __name__ == "__main__":
    asyncio.run(main())
