"""One bank is down for the whole run: nobody else waits for it, people are asked, and its money is listed as unseen."""

import asyncio
import re
import statistics
from typing import Any

import pytest
from temporalio.api.sdk.v1 import WorkflowMetadata

from adapters.drill.drill import Plan
from domain.bookkeeping import Standing
from tests.chaos.blows import play
from tests.chaos.book import Book

pytestmark = pytest.mark.chaos
DOWN = "301302000013"
NOISE, NOISE_S = 1.5, 2.0
"""Two runs differ so much on a busy machine; a lane that waited for the silent one would lose 6 s a time and more."""


def book_of(one):
    return Book((one.directory / "book.ndjson").read_text(encoding="utf-8"))


async def watched(one, seen):
    """What the case says of the silent bank, once a minute has passed."""
    look = await one.until(lambda look: look.running and not look.unstarted, within_s=60)
    handle = one.client.get_workflow_handle(look.cases[0].workflow_id)
    async with asyncio.timeout(200):
        while True:
            standing = await handle.query("standing", result_type=Standing)
            problems = [text for text in standing.problems if "please call the institution" in text]
            if problems:
                break
            await asyncio.sleep(0.5)
    seen["problems"] = problems
    metadata = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    seen["details"] = metadata.current_details


@pytest.mark.timeout(600)  # two whole drills, one after the other
async def test_one_silent_bank_delays_nobody_and_its_orders_are_shown_to_people(drill, scenario):
    raw = scenario("xiamen-2020")
    as_usual = drill(raw)
    assert (await play(as_usual)).sound
    usual = book_of(as_usual).stopped_at()

    one = drill(raw, Plan(faults=[{"kind": "down", "institution": DOWN}]))
    seen: dict[str, Any] = {}
    result = await play(one, watched(one, seen))
    book = book_of(one)

    assert result.sound, "exit code 0"
    assert book.doubled() == []
    assert {unseen.institution for unseen in result.unseen} >= {DOWN}
    assert sum(sum(unseen.centre.values()) for unseen in result.unseen if unseen.institution == DOWN) > 0
    answered = {record["application_id"] for record in book.of("answered", "refused")}
    silent = {record["institution"] for record in book.received() if record["application_id"] not in answered}
    assert silent == {DOWN}

    waited = [int(seconds) for seconds in re.findall(r"no answer for (\d+) s", "\n".join(seen["problems"]))]
    assert len(waited) == len(seen["problems"])
    assert min(waited) >= 60
    assert "未答复" in seen["details"]

    now = book.stopped_at()
    both = usual.keys() & now.keys()
    before = statistics.median(usual[name] - as_usual.clock.t0 for name in both)
    after = statistics.median(now[name] - one.clock.t0 for name in both)
    print(
        f"\n{len(both)} accounts stopped in both runs, median {before:.2f} s and, beside a silent bank, {after:.2f} s;"
        f" {len(usual)} and {len(now)} stopped; unseen {sum(sum(one.centre.values()) for one in result.unseen)} fen;"
        f" {len(seen['problems'])} shown to people: {seen['problems'][0]}"
    )
    assert len(both) >= 20
    assert after <= before * NOISE + NOISE_S
