"""What the practice banks do with each order."""

import asyncio
import math
import time

import pytest

from adapters.sandbox.clock import bank_moment, bank_text
from tests.sandbox.bank_letters import CMB, OPERATOR, bank_letter
from tests.sandbox.conftest import Made, SandboxProcess
from tests.sandbox.small_world import move, small

H48 = 48 * 3600


async def test_a_stop_that_agrees_in_four_elements_holds_for_48_hours_and_the_money_stays(world: Made):
    run = await world()
    before = time.time()
    said = await run.ask(run.stop("m1", "t1"))
    assert (said["to"], said["code"]) == ("320200000000", "100102")
    assert (said["Result"], said["AccountType"], said["AccountBalance"]) == ("1200", "01", "3450.00")
    start, end = bank_moment(said["StartTime"]), bank_moment(said["ExpireTime"])
    assert end - start == H48
    assert math.floor(before) <= start <= time.time()
    await run.admin("/jump", {"not_beyond_s": 1500})
    blocked = next(line for line in await run.book("move") if line["move"] == "t7")
    assert (blocked["done"], blocked["why"], blocked["at"]) == (False, "stopped", 1000)
    assert await run.balance("m1") == "3450.00"
    [stop] = await run.book("stop")
    assert (stop["account"], stop["amount_fen"]) == ("m1", None)
    assert set(stop) == {"at", "real", "kind", "account", "amount_fen", "application_id"}


async def test_a_stop_of_no_more_than_the_balance_is_done_in_full(world: Made):
    run = await world()
    assert (await run.ask(run.stop("m1", "t2")))["Result"] == "0000"


@pytest.mark.parametrize(
    ("wrong", "result"),
    [
        ({"AccountNumber": "6222000000000000000"}, "0301"),
        ({"AccountName": "别人"}, "0303"),
        ({"TransferAmount": "5000.01"}, "0201"),
        ({"TransferTime": "20200101000000"}, "0202"),
    ],
)
async def test_a_stop_that_does_not_agree_is_refused(world: Made, wrong: dict[str, str], result: str):
    run = await world()
    said = await run.ask(run.stop("m1", "t1", **wrong))
    assert said["Result"] == result
    assert said.get("AccountType", "") == ("" if result[:2] == "03" else "01")
    [refused] = await run.book("refused")
    assert (refused["result"], refused["code"]) == (result, "100101")
    assert not await run.book("stop")


async def test_a_transfer_that_failed_is_not_one_of_the_four_elements(world: Made):
    scenario = small()
    scenario["moves"].insert(6, move("t6b", 60, "m1", "m2", 77_777_700))
    run = await world(scenario)
    assert (await run.ask(run.stop("m2", "t6b")))["Result"] == "0201"


async def test_a_companys_account_stopped_as_a_persons_is_refused_with_the_right_kind(world: Made):
    run = await world()
    said = await run.ask(run.stop("shop", "t4", AccountType="01"))
    assert (said["Result"], said["AccountType"]) == ("0303", "02")
    assert (await run.ask(run.stop("shop", "t4")))["Result"] == "0000"


async def test_a_standing_stop_refuses_another_and_says_until_when(world: Made):
    run = await world()
    first = await run.ask(run.stop("m1", "t1"))
    again = await run.ask(run.stop("m1", "t2"))
    assert (again["Result"], again["ExpireTime"]) == ("1301", first["ExpireTime"])


async def test_an_account_can_be_stopped_twice_and_an_extension_counts(world: Made):
    run = await world()
    first = run.stop("m1", "t1")
    expires = bank_moment((await run.ask(first))["ExpireTime"])
    extended = await run.ask(run.order("100105", "m1", OriginalApplicationID=first["key"]))
    assert (extended["Result"], bank_moment(extended["ExpireTime"])) == ("0000", expires + H48)
    assert (await run.ask(run.order("100105", "m1", OriginalApplicationID=first["key"])))["Result"] == "1304"
    assert (await run.ask(run.order("100103", "m1", OriginalApplicationID=first["key"])))["Result"] == "0000"
    assert (await run.ask(run.stop("m1", "t1")))["Result"] == "1304"
    other = run.stop("m2", "t3")
    for _ in range(2):
        assert (await run.ask(other))["Result"] == "0000"
        lift = await run.ask(run.order("100103", "m2", OriginalApplicationID=other["key"]))
        assert lift["WithdrawalTime"]
        other = run.stop("m2", "t3")
    assert (await run.ask(other))["Result"] == "1304"


async def test_lift_extension_and_unfreeze_know_their_original(world: Made):
    run = await world()
    stop, freeze = run.stop("m1", "t1"), run.freeze("m1", 1_000)
    await run.ask(stop)
    await run.ask(freeze)
    for code in ("100103", "100105", "100203", "100205"):
        wrong = freeze if code in {"100103", "100105"} else stop
        for original in (wrong["key"], "0" * 36):
            order = run.order(code, "m1", OriginalApplicationID=original, ExpireTime="20300101000000")
            assert (await run.ask(order))["Result"] == "0304"
    for code, ended in (("100103", stop), ("100203", freeze)):
        for result in ("0000", "1900"):
            said = await run.ask(run.order(code, "m1", OriginalApplicationID=ended["key"]))
            assert said["Result"] == result
    for code, ended in (("100105", stop), ("100205", freeze)):
        order = run.order(code, "m1", OriginalApplicationID=ended["key"], ExpireTime="20300101000000")
        assert (await run.ask(order))["Result"] == "1800"
    assert [line["ends"] for line in await run.book("unfreeze")] == [freeze["key"]]


async def test_after_a_lift_the_account_pays_again(world: Made):
    run = await world()
    stop = run.stop("m1", "t1")
    await run.ask(stop)
    await run.ask(run.order("100103", "m1", OriginalApplicationID=stop["key"]))
    assert (await run.admin("/jump", {"not_beyond_s": None}))["at_s"] >= 1000
    assert (await run.balance("m1")) == "450.00"


async def test_freezes_of_one_authority_add_up_and_never_exceed_the_balance(world: Made):
    run = await world()
    said = await run.ask(run.freeze("m1", 200_000))
    assert (said["Result"], said["AppliedBalance"], said["FrozedBalance"]) == ("0000", "2000.00", "2000.00")
    assert (said["AccountBalance"], said["AccountAvaiableBalance"]) == ("3450.00", "1450.00")
    said = await run.ask(run.freeze("m1", 200_000))
    assert (said["Result"], said["FrozedBalance"], said["AccountAvaiableBalance"]) == ("1200", "1450.00", "0.00")
    assert [line["amount_fen"] for line in await run.book("freeze")] == [200_000, 145_000]
    await run.admin("/jump", {"not_beyond_s": 1500})
    assert next(line for line in await run.book("move") if line["move"] == "t7")["why"] == "frozen"
    measures = (await run.ask(run.query("m1")))["measures"]
    assert [(m["Kind"], m["Amount"], bool(m["ApplicationID"])) for m in measures] == [
        ("0002", "2000.00", True),
        ("0002", "1450.00", True),
    ]


async def test_what_a_limited_freeze_leaves_free_may_be_paid(world: Made):
    run = await world()
    await run.ask(run.freeze("m1", 45_000))
    await run.admin("/jump", {"not_beyond_s": None})
    assert next(line for line in await run.book("move") if line["move"] == "t7")["done"]
    assert (await run.ask(run.query("m1")))["AvailableBalance"] == "0.00"


async def test_a_limited_freeze_stands_beside_a_stop_and_a_whole_one_hinders_it(world: Made):
    run = await world()
    await run.ask(run.freeze("m1", 10))
    assert (await run.ask(run.stop("m1", "t2")))["Result"] == "0000"
    whole = await run.ask(run.freeze("m2", None))
    assert (whole["Result"], whole["FrozedBalance"]) == ("0000", "2000.00")
    said = await run.ask(run.stop("m2", "t3"))
    assert (said["Result"], said["ExpireTime"]) == ("1303", whole["ExpireTime"])
    assert [line["amount_fen"] for line in await run.book("freeze")] == [10, None]


async def test_an_earlier_freeze_of_another_authority_goes_first(world: Made):
    run = await world()
    expires = int(time.time()) + 86_400
    where = {key: run.accounts["m1"][key] for key in ("institution", "number")}
    await run.admin("/earlier-freeze", {**where, "amount_fen": 300_000, "authority": "某法院", "expires": expires})
    said = await run.ask(run.freeze("m1", 100_000))
    assert (said["Result"], said["FrozedBalance"]) == ("1200", "450.00")
    assert (said["FormerApplicationDepartment"], said["FormerFrozenBalance"]) == ("某法院", "3000.00")
    assert said["FormerFrozenExpireTime"] == bank_text(expires)
    said = await run.ask(run.freeze("m1", 100_000))
    assert (said["Result"], said["ExpireTime"]) == ("1302", bank_text(expires))
    assert (await run.ask(run.stop("m1", "t2")))["Result"] == "0000"
    measures = (await run.ask(run.query("m1")))["measures"]
    assert [(m["Kind"], m["ApplicationID"] != "") for m in measures] == [
        ("1001", False),
        ("0002", True),
        ("0001", True),
    ]


async def test_a_freeze_lapses_by_itself_at_its_expire_time(world: Made, sandbox: SandboxProcess):
    run = await world()
    freeze = run.freeze("m1", 345_000, expires=math.floor(time.time()) + 4)
    said = await run.ask(freeze)
    assert (await run.ask(run.query("m1")))["AvailableBalance"] == "0.00"
    await sandbox.has_written(run.name, "lapse")
    [lapsed] = await run.book("lapse")
    assert lapsed["real"] == bank_moment(said["ExpireTime"])
    assert lapsed["ends"] == freeze["key"]
    assert (await run.ask(run.query("m1")))["AvailableBalance"] == "3450.00"
    assert (await run.ask(run.order("100203", "m1", OriginalApplicationID=freeze["key"])))["Result"] == "1900"


async def test_an_extended_freeze_does_not_lapse_at_its_first_end(world: Made):
    run = await world()
    expires = math.floor(time.time()) + 4
    freeze = run.freeze("m1", 345_000, expires=expires)
    await run.ask(freeze)
    longer = run.order("100205", "m1", OriginalApplicationID=freeze["key"], ExpireTime=bank_text(time.time() + 900))
    assert (await run.ask(longer))["Result"] == "0000"
    await asyncio.sleep(expires + 0.1 - time.time())
    assert not await run.book("lapse")


@pytest.mark.parametrize("code", ["100101", "100103", "100201", "100203", "100301", "100303"])
async def test_without_two_officers_and_the_document_due_nothing_is_done(world: Made, code: str):
    run = await world()
    fields = run.about("m1", TransferAmount="5000.00", TransferTime=run.time_of(0), AccountType="01",
                       OriginalApplicationID="0" * 36, FreezeType="02", ExpireTime="20300101000000",
                       InquiryMode="03")  # fmt: skip
    bank = run.accounts["m1"]["institution"]
    same_officer = OPERATOR.replace("Operator", "Investigator")
    for wrong in ({"investigator": same_officer}, {"operator": ""}, {"kind": "04"}, {"content": "AAAA"}):
        assert (await run.ask(bank_letter(code, bank, fields, **wrong)))["Result"] == "0600"
    assert not await run.book("stop")


async def test_the_holder_is_named_and_a_liaison_bank_answers_at_its_own_door(world: Made):
    run = await world()
    said = await run.ask(run.order("100303", "m3"), door=f"liaison/{CMB}")
    assert (said["Result"], said["AccountName"], said["AccountType"]) == ("0000", "测试m3", "01")
    assert said["IDNumber"]
    assert said["PhoneNumber"]
    assert said["OpenTime"]


async def test_a_liaison_bank_writes_end_time(world: Made):
    scenario = small()
    scenario["moves"].insert(6, move("t6b", 60, "m2", "m3", 1_000))
    run = await world(scenario)
    said = await run.ask(run.stop("m3", "t6b"), door=f"liaison/{CMB}")
    assert said["Result"] == "0000"
    assert "ExpireTime" not in said
    assert bank_moment(said["EndTime"]) - bank_moment(said["StartTime"]) == H48
