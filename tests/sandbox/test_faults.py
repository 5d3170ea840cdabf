"""Faults on demand: each one strikes where it should, and no further."""

import base64
import time

from adapters.sandbox.faults import Fault, Faults
from tests.sandbox.bank_letters import CCB, ICBC, carrier_letter, read
from tests.sandbox.conftest import Made
from tests.sandbox.small_world import SOON


async def test_a_lost_reply_is_found_by_the_same_bytes_and_the_effect_happened_once(world: Made):
    run = await world()
    await run.faults({"kind": "lose_reply", "count": 1})
    stop = run.stop("m1", "t1")
    await run.receipts(stop)
    assert await run.fetch(stop["key"], wait_s=0.2) == {"answers": [], "missing": []}
    assert len(await run.book("stop")) == 1
    assert (await run.status())["pending_answers"] == 0
    assert await run.receipts(stop) == ["200003"]
    [answer] = (await run.fetch(stop["key"]))["answers"]
    assert read(answer["message"])["Result"] == "1200"
    assert len(await run.book("stop")) == 1


async def test_a_post_that_fails_before_has_kept_nothing(world: Made):
    run = await world()
    await run.faults({"kind": "http_5xx", "count": 1, "institution": CCB})
    assert (await run.post(run.query("m2"))).status_code == 200
    letter = run.query("m1")
    assert (await run.post(letter)).status_code == 503
    assert (await run.fetch(letter["key"], wait_s=0))["missing"] == [letter["key"]]
    assert await run.receipts(letter) == ["100000"]


async def test_a_post_that_fails_after_has_kept_all(world: Made):
    run = await world()
    await run.faults({"kind": "http_5xx_after", "count": 1})
    letter = run.query("m1")
    assert (await run.post(letter)).status_code == 503
    assert len((await run.fetch(letter["key"]))["answers"]) == 1
    assert await run.receipts(letter) == ["200003"]


async def test_a_delay_comes_on_top_of_the_institutions_own_time(world: Made):
    run = await world()
    await run.faults({"kind": "delay", "seconds": 0.4, "institution": CCB})
    begun = time.monotonic()
    await run.ask(run.query("m1"))
    assert time.monotonic() - begun >= 0.4
    received, answered = await run.book("received") + await run.book("answered")
    least, most = SOON
    assert 0.4 + least - 1e-5 <= answered["real"] - received["real"] <= 0.4 + most + 1e-5


async def test_garbage_and_a_wrong_case_come_once_and_then_the_right_answer(world: Made):
    run = await world()
    await run.faults({"kind": "garbage", "count": 1})
    letter = run.query("m1")
    await run.receipts(letter)
    [junk] = (await run.fetch(letter["key"]))["answers"]
    assert not base64.b64decode(junk["message"]).startswith(b"<?xml")
    [right] = (await run.fetch(letter["key"]))["answers"]
    assert read(right["message"])["ApplicationID"] == letter["key"]
    await run.faults({"kind": "wrong_case"})
    for door, other in (("platform", run.query("m2")), ("carriers/CT", carrier_letter("close_number", "1"))):
        await run.receipts(other, door=door)
        messages = [(await run.fetch(other["key"], door=door))["answers"][0]["message"] for _ in range(3)]
        holds = [other["key"].encode() in base64.b64decode(message) for message in messages]
        assert holds == [False, True, True]


async def test_answers_come_twice_and_with_keys_nobody_asked_for(world: Made):
    run = await world()
    await run.faults({"kind": "duplicate_answer"}, {"kind": "foreign_answer"})
    letter = run.query("m1")
    await run.receipts(letter)
    first, second, foreign = (await run.fetch(letter["key"]))["answers"]
    assert first == second
    assert foreign["key"] != letter["key"]
    assert len(foreign["key"]) == 36
    assert read(foreign["message"])["ApplicationID"] == foreign["key"]


async def test_an_institution_that_is_down_neither_acts_nor_answers_until_it_is_up(world: Made):
    run = await world()
    await run.faults({"kind": "delay", "seconds": 3, "count": 1})  # it goes down before it would have acted
    before, after = run.stop("m1", "t1"), run.query("shop")
    await run.receipts(before)
    await run.faults({"kind": "down", "institution": CCB})
    assert await run.receipts(after) == ["100000"]
    assert (await run.fetch(before["key"], after["key"], wait_s=3.5))["answers"] == []
    assert (await run.ask(run.query("m2")))["Result"] == "0000"
    assert not await run.book("stop")
    assert (await run.status())["pending_answers"] == 0
    await run.admin("/faults", method="DELETE")
    assert len((await run.fetch(before["key"], after["key"], linger_s=2.0))["answers"]) == 2
    assert len(await run.book("stop")) == 1


async def test_a_quota_turns_letters_away_one_by_one(world: Made):
    run = await world()
    await run.faults({"kind": "rate_limit", "count": 2, "institution": ICBC})
    letters = [run.query("m2"), run.query("m1"), run.query("m2"), run.query("m2")]
    assert await run.receipts(*letters) == ["200008", "100000", "200008", "100000"]
    assert await run.receipts(*letters) == ["100000", "200003", "100000", "200003"]


async def test_a_refusal_stands_unless_the_bank_could_not_be_asked(world: Made):
    run = await world()
    for code, later in (("0302", "0302"), ("603202", "1200"), ("1100", "1301")):
        await run.faults({"kind": "refuse", "code": code, "count": 1})
        stop = run.stop("m1", "t1")
        assert (await run.ask(stop))["Result"] == code
        assert await run.receipts(stop) == ["200003"]
        [answer] = (await run.fetch(stop["key"]))["answers"]
        assert read(answer["message"])["Result"] == later
    assert len(await run.book("stop")) == 1
    assert [line["result"] for line in await run.book("refused")] == ["0302", "603202", "1100", "1301"]


async def test_a_bank_that_loses_every_fifth_reply_acts_on_every_order_once(world: Made):
    run = await world()
    await run.faults({"kind": "lose_reply", "probability": 0.2, "seed": 7})
    letters = [run.freeze("m1", 100) for _ in range(60)]
    await run.receipts(*letters)
    waiting = {letter["key"]: letter for letter in letters}
    again = 0
    while waiting:
        await run.settled()
        for answer in (await run.fetch(*waiting, wait_s=0))["answers"]:  # what is not there now is lost
            del waiting[answer["key"]]
        if waiting:
            again += len(waiting)
            await run.receipts(*waiting.values())
    assert 3 <= again <= 30
    assert len(await run.book("freeze")) == 60
    assert (await run.ask(run.query("m1")))["AvailableBalance"] == "3390.00"


def test_a_faults_dice_are_seeded_counted_and_thrown_on_after_a_restart():
    def strikes(faults: Faults, times: int) -> list[bool]:
        return [faults.strike("refuse", ["A"]) is not None for _ in range(times)]

    whole = Faults([Fault("refuse", probability=0.5, seed=3, count=20)])
    half = Faults([Fault("refuse", probability=0.5, seed=3, count=20)])
    first = strikes(half, 30)
    other = Faults(Fault(**kept) for kept in half.kept())
    assert strikes(whole, 80) == first + strikes(other, 50)
    assert sum(strikes(whole, 100)) == 0
    assert Faults([Fault("refuse", institution="B")]).strike("refuse", ["A"]) is None
