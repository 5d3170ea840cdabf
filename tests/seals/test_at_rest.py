"""What the engine keeps on disk names nobody: its whole database file is searched for a case's people and accounts."""

import json

from tests.seals.at_rest import on_disk
from tests.seals.conftest import SealedTown
from tests.workflows.paper_register import word_of
from tests.workflows.paper_world import PaperWorld

HOLDER = "金丝雀乙持卡人"
JUNK = "金丝雀丙 13912345678"


async def test_the_engines_database_holds_no_name_no_account_and_nothing_that_was_typed(sealed_town: SealedTown):
    world = PaperWorld()
    mule = world.open(HOLDER, number="6217006479174874408")
    world.defraud(mule, 60_000_00)
    case = await sealed_town.town.start(world)
    await case.file()
    await case.handle.signal("decide", JUNK)
    await case.handle.signal(JUNK, "x")  # a signal's name is no payload: see below
    await case.approve("F-01")
    await case.find(1, f"{word_of('012370')} mule 金丝雀丁在场")
    await case.until(lambda one: "F-01" not in one.pending and one.visits == 0, "decided and visited")

    kept = on_disk(sealed_town.database)
    assert case.handle.id.encode() in kept, "what is plain by design would be found"
    assert JUNK.encode() in kept, "and so would whatever stands outside a payload"
    planted = [HOLDER, mule.number, "金丝雀丁", *(home.name for home in world.homes.values() if len(home.name) > 3)]
    for text in planted:
        for form in (text, json.dumps(text)[1:-1]):
            assert form.encode() not in kept, text
