"""The work lists that the README offers as bookmarks find what they say, and show what is due, on a real server."""

import asyncio
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

from temporalio.common import SearchAttributePair, TypedSearchAttributes

from adapters.cli.replaying import replay
from tests.patience import PATIENCE_S
from tests.workflows.engine import Town
from tests.workflows.paper_stories import two_layers
from workflows.worklist import (
    AT_RISK_FEN,
    CASE_NUMBER,
    FILING_WITH_ITS_SHEETS,
    NEXT_DEADLINE,
    NOTHING_PENDING,
    PENDING_SHEET,
    STAGE,
)

README = Path(__file__).parents[2] / "README.md"
BOOKMARK = re.compile(r"^\| ([^|]+) \| `\?query=([^`]+)` \|$", re.MULTILINE)
RUNNING = {
    "waits": ("F-01", 0, "deciding", "A2026-000001"),
    "leaks": (NOTHING_PENDING, 5, "tracing", "A2026-000002"),
    "rests": (NOTHING_PENDING, 0, "holding", "A2026-000003"),
    "over": ("F-09", 9, "tracing", "A2026-000001"),  # terminated: it stands on no list
}
FINDS = {
    "待决定 sheets to decide": {"waits"},
    "仍可流出 money at risk": {"leaks"},
    "追查中 traces under way": {"leaks"},
    "查证中 visits under way": {"visit"},
    "一案 one case": {"waits"},
}


async def test_every_bookmark_of_the_readme_finds_what_it_says(town: Town):
    offered = {label: unquote(query) for label, query in BOOKMARK.findall(README.read_text(encoding="utf-8"))}
    assert set(offered) == set(FINDS)
    mark = uuid4().hex[:8]
    queue = f"nobody-{mark}"
    for name, (sheet, risk, stage, number) in RUNNING.items():
        pairs: list[SearchAttributePair[Any]] = [
            SearchAttributePair(PENDING_SHEET, sheet),
            SearchAttributePair(AT_RISK_FEN, risk),
            SearchAttributePair(STAGE, stage),
            SearchAttributePair(CASE_NUMBER, number),
        ]
        given = TypedSearchAttributes(pairs)
        await town.client.start_workflow("FraudCase", id=f"{mark}-{name}", task_queue=queue, search_attributes=given)
    await town.client.start_workflow("OnSiteVerification", id=f"{mark}-visit", task_queue=queue)
    await town.client.get_workflow_handle(f"{mark}-over").terminate()
    for _ in range(200):  # lists follow what happens a moment later
        found = {label: await _found(town, query, mark) for label, query in offered.items()}
        if found == FINDS:
            break
        await asyncio.sleep(0.05)
    assert found == FINDS


async def _found(town: Town, query: str, mark: str) -> set[str]:
    listed = town.client.list_workflows(f"{query} AND WorkflowId STARTS_WITH '{mark}-'")
    return {one.id.removeprefix(f"{mark}-") async for one in listed}


async def test_a_missing_filing_is_due_in_the_list_with_the_freeze_that_waits_for_it_and_replays(
    town: Town,
):
    world, _, _ = two_layers()
    case = await town.start(world)
    await case.pending("F-01")
    due = world.register.sheets["F-01"].decide_by
    assert due - world.register.sheets["F-01"].made_at < timedelta(hours=1), "and not when the stops end"
    async with asyncio.timeout(PATIENCE_S):
        while (await case.handle.describe()).typed_search_attributes.get(NEXT_DEADLINE) != due:  # noqa: ASYNC110 - a server sets no event of ours
            await asyncio.sleep(0.05)
    history = await case.handle.fetch_history()
    assert FILING_WITH_ITS_SHEETS in str(history.events)
    assert (await replay(history, town.client.namespace, town.client.data_converter)).differs == ""
