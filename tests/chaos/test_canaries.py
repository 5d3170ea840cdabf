"""Nothing personal leaves the payloads: canaries planted in a case are looked for wherever they must not be."""

import asyncio
import json
import re
import subprocess
import sys

import pytest
from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import HistoryEvent

from adapters.drill.drill import Drill, Plan
from adapters.settings import PROJECT_ROOT
from tests.chaos.blows import kill, play
from tests.live_files import everything_in
from tests.seals.at_rest import on_disk

FAULTS = [
    {"kind": kind, "probability": 0.3, "seed": seed}
    for seed, kind in enumerate(("garbage", "wrong_case", "foreign_answer", "http_5xx_after"))
]
OPEN = {"search_attributes", "user_metadata"}
"""Payloads in these fields are plain text for everybody who sees the list of cases."""


def planted(raw):
    """The scenario with recognisable persons, and everything by which one of them would be recognised."""
    text = json.dumps(raw, ensure_ascii=False).replace("测试", "金丝雀").replace("练习用，非真实警情", "金丝雀诉称被骗")
    raw = json.loads(text.replace("refund.example", "canary.example"))
    canaries = {"金丝雀", "canary.example"}
    for account in raw["accounts"]:
        canaries |= {account["name"], account["number"], account["id_number"]}
    for line in raw["lines"]:
        canaries |= {line["number"], *line["called"]}
    canaries |= {report["victim_phone"] for report in raw["reports"]}
    return raw, canaries


def open_text(message, *, shown=False):
    """Every string of an event, and of its payloads those that are not exempt."""
    if isinstance(message, Payload):
        if shown:
            yield message.data.decode(errors="replace")
        return
    for field, value in message.ListFields():
        many = value if field.is_repeated else [value]
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            yield from map(str, value)
            many = value.values()
        for one in many:
            if isinstance(one, Message):
                yield from open_text(one, shown=shown or field.name in OPEN)
            else:
                yield one.decode(errors="replace") if isinstance(one, bytes) else str(one)


def found(canaries, text):
    """Also digits with spaces or hyphens in between, and what JSON has escaped."""
    texts = (text, re.sub(r"[ \-]", "", text))
    return {one for one in canaries if any(form in said for form in (one, json.dumps(one)[1:-1]) for said in texts)}


def test_what_is_looked_for_would_be_found():
    canaries = {"金丝雀丙0002", "6217006479174874408"}
    for text in (
        "x 6217 0064 7917 4874 408 y",
        "id/6217006479174874408",
        "丙 金丝雀丙0002",
        json.dumps("金丝雀丙0002"),
    ):
        assert found(canaries, text), text
    event = HistoryEvent()
    event.user_metadata.summary.data = "停 金丝雀丙0002".encode()
    event.workflow_execution_started_event_attributes.input.payloads.add().data = b"6217006479174874408"
    assert found(canaries, "\n".join(open_text(event))) == {"金丝雀丙0002"}, "the summary's, not the payload's"


async def everything_in_the_engine(drill):
    """Ids, queues, types, search attributes, summaries and failures of every workflow of the run."""
    said = []
    async for execution in drill.client.list_workflows():
        handle = drill.client.get_workflow_handle(execution.id, run_id=execution.run_id)
        description = await handle.describe()
        said += [execution.id, str(execution.typed_search_attributes), *open_text(description.raw_description)]
        said += [str(await description.static_summary()), str(await description.static_details())]
        history = await handle.fetch_history()
        said += [text for event in history.events for text in open_text(event)]
    assert len(said) > 500
    return "\n".join(said)


def junk(drill, raw):
    """What people must not say in these places, said to every handler."""
    victim = raw["accounts"][0]

    async def say():
        look = await drill.until(lambda look: look.running and not look.unstarted)
        handle = drill.client.get_workflow_handle(look.cases[0].workflow_id)
        for signal in ("decide", "filing", "recheck"):
            await handle.signal(signal, f"{victim['name']} {victim['number']}")
            await handle.signal(signal, {"who": victim["name"], "number": [victim["number"]]})
        await asyncio.gather(*(kill(drill.stack, name) for name in drill.worker_names))

    return say()


async def test_a_whole_drill_with_faults_and_junk_leaves_no_canary_in_the_engine_or_any_log(stack, scenario):
    raw, canaries = planted(scenario("first-case", quick=True))
    one = Drill(stack, raw, run="canaries", plan=Plan(faults=FAULTS))
    result = await play(one, junk(one, raw))
    assert result.sound

    seen = found(canaries, await everything_in_the_engine(one))
    assert seen == set(), "in the engine, outside payloads"
    logs = [file for file, _ in everything_in(stack.state.path) if ".log" in file.name and file.is_file()]
    assert {file.name for file in logs} >= {
        "temporal.log",
        "postgres.log",
        "sandbox.log",
        *(f"{name}.log" for name in one.worker_names),
    }
    for file in logs:
        seen = found(canaries, file.read_text(encoding="utf-8", errors="replace"))
        assert seen == set(), f"in {file.name}"

    kept = on_disk(stack.state.path / "temporal.db")
    assert result.run.encode() in kept
    for canary in canaries:
        for form in (canary, json.dumps(canary)[1:-1]):
            assert form.encode() not in kept, f"{form} in the engine's database"


@pytest.mark.chaos
async def test_what_the_command_line_prints_of_a_drill_names_nobody(stack, scenario, tmp_path):
    raw, canaries = planted(scenario("first-case", quick=True))
    (tmp_path / "planted.json").write_text(json.dumps(raw, ensure_ascii=False), encoding="utf-8")

    def typed(*words):
        return subprocess.run(
            [sys.executable, "starter.py", "drill", str(tmp_path / "planted.json"), *words],
            cwd=PROJECT_ROOT,
            env={**stack.settings.environ(), "PATH": "/usr/bin:/bin", "HOLDFAST_LOG_LEVEL": "debug"},
            capture_output=True,
            text=True,
            check=True,
        )

    for words in ((), ("--json",)):
        done = await asyncio.to_thread(typed, *words)
        assert found(canaries, done.stdout + done.stderr) == set()
    for file in stack.state.logs.iterdir():
        assert found(canaries, file.read_text(encoding="utf-8", errors="replace")) == set(), f"in {file.name}"
