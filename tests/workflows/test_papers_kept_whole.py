"""What a draft named as one notice is issued as one: a bank's freezes leave in one batch where a batch holds them."""

import asyncio
import itertools

import pytest
from temporalio import workflow

from domain.errands import BatchResult, Errand, ErrandBatch, ErrandKind, ErrandResult
from tests.workflows.case_in_hand import CaseInHand
from tests.workflows.engine import Town, until
from tests.workflows.paper_policy import quick, with_policy
from tests.workflows.paper_world import T0, PaperWorld
from workflows.dispatch import Dispatch
from workflows.tasks import Tasks

MOST = 4
BANKS_IN_TURN = ("CCB", "ABC", "ICBC", "ABC", "CCB", "ICBC", "ABC")


async def test_the_freezes_of_a_sheet_leave_bank_by_bank(town: Town):
    world = PaperWorld()
    mules = [world.open(f"m{no}", bank) for no, bank in enumerate(BANKS_IN_TURN)]
    for mule in mules:
        world.defraud(mule, 1_000_00)
    case = await town.start(world, policy=quick(lanes={"batch_most": MOST}))
    await case.pending("F-01")
    await case.file()
    await case.approve("F-01")
    await until(lambda: all(mule.freezes for mule in mules))
    at = [{one.institution for one in batch.errands if one.kind is ErrandKind.FREEZE} for batch in world.batches]
    assert sorted(bank for banks in at for bank in banks) == sorted({mule.institution for mule in mules})
    assert await case.failed_tasks() == []


async def test_freezes_that_find_others_waiting_leave_bank_by_bank_too(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(workflow, "patched", lambda _: True)
    monkeypatch.setattr(workflow, "now", lambda: T0)
    ways = {"platform": 1, "gateway": 1, "liaison": 1}
    world = PaperWorld()
    ccb, abc = world.open("m1", "CCB").institution, world.open("m2", "ABC").institution
    case = CaseInHand(world, with_policy(lanes={"batch_most": MOST, "in_flight": ways})).case
    dispatch = Dispatch(case, Tasks(lambda: None), lambda: None)
    numbers = itertools.count(1)
    left: list[list[int]] = []
    answered: asyncio.Queue[None] = asyncio.Queue()

    async def leave(_: str, batch: ErrandBatch) -> BatchResult:
        left.append([one.no for one in batch.errands])
        await answered.get()
        return BatchResult(results=tuple(ErrandResult(no=one.no, complete=True) for one in batch.errands))

    async def put(kind: ErrandKind, sheet: str, *banks: str) -> None:
        case.errands = [Errand(no=next(numbers), kind=kind, institution=bank, sheet=sheet) for bank in banks]
        dispatch.send()
        await asyncio.sleep(0)

    monkeypatch.setattr(dispatch, "_send", leave)
    await put(ErrandKind.STOP, "", ccb)
    await put(ErrandKind.STOP, "", ccb)
    await put(ErrandKind.FREEZE, "F-01", ccb, abc, ccb, abc)
    for _ in range(3):
        answered.put_nowait(None)
        for _ in range(5):
            await asyncio.sleep(0)
        dispatch.send()
    assert left == [[1], [2, 4, 6], [3, 5]], "the stop, ABC's two, CCB's two: no paper in two parts"
