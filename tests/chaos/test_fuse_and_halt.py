"""The fuse asks before too many accounts are stopped; a halt lets nothing further leave."""

import asyncio
import re
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.drill.drill import Plan
from adapters.drill.practice import authority_word, devices_of
from adapters.keyring import KeyRing
from adapters.policy_file import load_policy
from adapters.settings import PROJECT_ROOT
from adapters.temporal.stack import StackView
from domain.sheets import SheetKind
from tests.chaos.blows import assert_nothing_lost_nothing_doubled, orders_of, play, until
from tests.chaos.book import COERCES, STOP, book_of
from tests.chaos.masses import fanned_out

FUSE = 200
DUTY_CHIEF = "012360"


@pytest.fixture
async def careful(stack, tmp_path):
    """The same stack under a policy whose fuse is 200 accounts a case."""
    policy = (PROJECT_ROOT / "domain" / "policy.toml").read_text(encoding="utf-8")
    policy, changed = re.subn(r"(?m)^accounts_per_case = \d+", f"accounts_per_case = {FUSE}", policy)
    assert changed == 1
    file = tmp_path / "policy.toml"
    file.write_text(policy, encoding="utf-8")
    view = StackView(stack.settings.model_copy(update={"policy_file": file}))
    yield view
    await view.stop()


async def at_the_fuse(drill, seen):
    """The fuse has asked and all it lets through has left: look, and then say yes."""
    look = await drill.until(lambda look: any(sheet.kind is SheetKind.FUSE for sheet in look.sheets), within_s=60)
    (sheet,) = (sheet for sheet in look.sheets if sheet.kind is SheetKind.FUSE)
    seen["asked"] = sheet.name
    seen["stops_when_asked"] = len((await book_of(drill)).received(STOP))

    async def all_have_left():
        return len((await book_of(drill)).received(STOP)) >= FUSE

    await until(all_have_left)
    await asyncio.sleep(2)  # in which none beyond them leaves
    seen["stops_before_yes"] = len((await book_of(drill)).received(STOP))
    seen["yes"] = time.time()
    case = drill.client.get_workflow_handle(look.cases[0].workflow_id)
    devices = await devices_of(drill.register, KeyRing.load(drill.stack.settings), drill.run)
    shown = devices.free_code([DUTY_CHIEF])
    assert shown is not None
    await case.signal("decide", f"U-01 {DUTY_CHIEF} {shown.code} approve")


async def asks_first_and_goes_on_after_the_yes(drill, careful, accounts):
    one = drill(fanned_out(accounts), Plan(officers=False), on=careful)
    seen: dict[str, Any] = {}
    result = await play(one, at_the_fuse(one, seen))
    book = await assert_nothing_lost_nothing_doubled(one, result)
    assert seen["asked"] == "U-01"
    assert seen["stops_when_asked"] <= FUSE
    assert seen["stops_before_yes"] == FUSE
    stops = [record["real"] for record in book.received(STOP)]
    assert len(stops) == accounts
    assert sum(at < seen["yes"] for at in stops) == FUSE
    assert result.total.held_fen == result.total.loss_fen
    print(f"\n{one.run}: {result.seconds:.0f} s, {seen}, {len(stops)} stops, {result.engine}")


async def test_the_fuse_asks_before_the_stop_beyond_it_and_a_yes_lets_the_rest_leave(drill, careful):
    await asks_first_and_goes_on_after_the_yes(drill, careful, 300)


@pytest.mark.chaos
async def test_a_thousand_accounts_under_a_fuse_of_two_hundred(drill, careful):
    await asks_first_and_goes_on_after_the_yes(drill, careful, 1000)


async def halted_for(drill, seconds, seen):
    """Halt in the middle of the chase; later give the authority again."""
    await drill.until(lambda look: look.orders >= 30, within_s=60)
    ruling = await drill.register.halt(DUTY_CHIEF, datetime.now(UTC))
    seen["halted"] = time.time()
    assert ruling.accepted
    seen["written"] = set(await orders_of(drill))
    await asyncio.sleep(seconds)
    seen["book"] = await book_of(drill)
    seen["written_later"] = set(await orders_of(drill)) - seen["written"]
    devices = await devices_of(drill.register, KeyRing.load(drill.stack.settings), drill.run)
    word = authority_word(devices, load_policy(drill.stack.settings), datetime.now(UTC), hours=1)
    assert word is not None
    ruling = await drill.register.give_authority(word)
    seen["given"] = time.time()
    assert ruling.accepted


@pytest.mark.chaos
async def test_after_a_halt_nothing_further_leaves_until_authority_is_given_again(drill, scenario):
    one = drill(scenario("xiamen-2020"))
    seen: dict[str, Any] = {}
    result = await play(one, halted_for(one, 5, seen))
    late = [record for record in seen["book"].received(*COERCES) if record["real"] > seen["halted"]]
    assert {record["application_id"] for record in late} <= seen["written"], "an order left that was not written before"
    assert all(record["real"] < seen["halted"] + 2 for record in late), "what was in flight is in flight for a moment"
    assert seen["written_later"] == set()
    book = await assert_nothing_lost_nothing_doubled(one, result)
    again = [record["real"] for record in book.received(*COERCES) if record["real"] > seen["given"]]
    assert len(again) > 30
    assert min(again) < seen["given"] + 8, "it goes on within seconds"
    print(f"\nhalt: {len(late)} in flight, on after {min(again) - seen['given']:.1f} s, held {result.total.held_fen}")
