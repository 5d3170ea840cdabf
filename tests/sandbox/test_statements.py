"""What the practice banks tell about the money's way."""

from tests.sandbox.bank_letters import read
from tests.sandbox.conftest import Made
from tests.sandbox.small_world import account, move, small


async def test_both_banks_rows_of_a_transfer_share_a_serial_that_ascends_in_the_order_of_effect(world: Made):
    run = await world()
    mule = (await run.ask(run.query("m1")))["rows"]
    second = (await run.ask(run.query("m2")))["rows"]
    assert [row["BorrowingSigns"] for row in mule] == ["1", "1", "0", "0", "0"]
    assert [row["TransactionType"] for row in mule] == ["转账", "转账", "转账", "转账", "取现"]
    assert [row["AccountBalance"] for row in mule] == ["5050.00", "6050.00", "4050.00", "3550.00", "3450.00"]
    serials = [int(row["TransactionSerial"]) for row in mule]
    assert serials == sorted(serials)
    assert second[0]["TransactionSerial"] == mule[2]["TransactionSerial"]
    assert mule[2]["TransactionTime"] == run.time_of(20) == second[0]["TransactionTime"]
    assert mule[3]["OpponentAccountType"] == "02"
    assert mule[3]["OpponentAccountNumber"] == run.accounts["shop"]["number"]
    assert (mule[4]["CashMark"], mule[4]["OpponentAccountNumber"], mule[4]["Channel"]) == ("01", "", "machine")


async def test_a_blocked_move_is_a_row_of_the_payer_alone_and_moves_no_money(world: Made):
    run = await world()
    said = await run.ask(run.query("m2"))
    assert [(row["TransactionStatus"], row["AccountBalance"]) for row in said["rows"]] == [
        ("00", "2000.00"),
        ("01", "2000.00"),
    ]
    assert next(line for line in await run.book("move") if line["move"] == "t6")["why"] == "no cover"


async def test_the_mode_and_the_period_of_a_query_are_kept(world: Made):
    run = await world()
    assert not (await run.ask(run.query("m1", InquiryMode="01")))["rows"]
    wide = {"InquiryPeriodStart": "00010101000000", "InquiryPeriodEnd": "99991231235959"}
    assert len((await run.ask(run.query("m1", **wide)))["rows"]) == 5
    part = await run.ask(run.query("m1", InquiryPeriodStart=run.time_of(10), InquiryPeriodEnd=run.time_of(30)))
    assert [row["TransactionAmount"] for row in part["rows"]] == ["1000.00", "2000.00", "500.00"]
    assert part["TransactionTotal"] == "3"


async def test_pages_of_a_thousand_rows_meet_at_the_last_rows_time(world: Made):
    scenario = small()
    scenario["accounts"].append(account("busy", scenario["accounts"][0]["institution"], 10**9))
    early = [move(f"b{i}", i // 3, "busy", "cash", 100) for i in range(2500)]
    scenario["reports"][0]["at_s"] = 5_000
    scenario["moves"] = early + [{**later, "at_s": 4_000 + n} for n, later in enumerate(scenario["moves"])]
    run = await world(scenario)
    seen: list[str] = []
    start = ""
    for rows_left in (2500, 1501, 502):
        said = await run.ask(run.query("busy", InquiryPeriodStart=start))
        assert int(said["TransactionTotal"]) == rows_left
        assert len(said["rows"]) == min(1000, rows_left)
        seen += [row["TransactionSerial"] for row in said["rows"] if row["TransactionSerial"] not in seen]
        start = said["rows"][-1]["TransactionTime"]
    assert len(seen) == 2500


async def test_names_that_look_like_markup_come_back_as_they_are(world: Made):
    scenario = small()
    scenario["accounts"][2]["name"] = "<b>&\"'公司]]>"
    run = await world(scenario)
    row = (await run.ask(run.query("m1")))["rows"][2]
    assert row["OpponentName"] == "<b>&\"'公司]]>"
    assert (await run.ask(run.query("m2")))["AccountName"] == "<b>&\"'公司]]>"


async def test_rows_are_those_of_the_moment_of_the_answer(world: Made):
    scenario = small()
    scenario["institutions"][1]["answer_s"] = [0.3, 0.3]
    scenario["time_scale"] = 5_000
    run = await world(scenario)
    letter = run.query("m1")
    await run.receipts(letter)
    [answer] = (await run.fetch(letter["key"]))["answers"]
    assert [row["TransactionAmount"] for row in read(answer["message"])["rows"]][-1] == "3000.00"
