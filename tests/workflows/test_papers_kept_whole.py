"""What a draft named as one notice is issued as one: a bank's freezes leave in one batch where a batch holds them."""

from domain.errands import ErrandKind
from tests.workflows.engine import Town, until
from tests.workflows.paper_policy import quick
from tests.workflows.paper_world import PaperWorld

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
