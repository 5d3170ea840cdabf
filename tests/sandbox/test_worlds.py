"""A world's clock, its moves, its end; what a kill leaves; the files of the project played through."""

import asyncio
import json
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.patience import PATIENCE_S
from tests.sandbox.bank_letters import CCB, Run, read
from tests.sandbox.conftest import ROOT, Made, SandboxProcess
from tests.sandbox.small_world import small

FILES = sorted((ROOT / "scenarios").glob("*.json"))


async def test_at_the_start_all_earlier_moves_have_happened_with_their_own_time(world: Made):
    run = await world()
    moves = await run.book("move")
    assert [(line["move"], line["at"], line["done"]) for line in moves] == [
        ("t1", 0, True),
        ("t2", 10, True),
        ("t3", 20, True),
        ("t4", 30, True),
        ("t5", 40, True),
        ("t6", 50, False),
    ]
    assert moves[1]["real"] == pytest.approx(run.t0 - 90, abs=0.01)
    again = await run.admin("/start", {})
    assert again["t0"] == run.t0


async def test_moves_happen_at_their_scaled_time_without_anybody_asking(world: Made, sandbox: SandboxProcess):
    scenario = small()
    scenario["moves"][-1]["at_s"] = 300_000  # more than a minute after the others: the test looks in between
    run = await world(scenario, time_scale=3_000)
    await sandbox.has_written(run.name, "move", move="t8")
    moves = await run.book("move")
    assert [line["move"] for line in moves][-2:] == ["t7", "t8"]
    assert moves[-1]["real"] == pytest.approx(run.t0 + 1_900 / 3_000, abs=0.01)
    before = time.time()
    status = await run.status()
    elapsed = (status["at_s"] - 100) / 3_000
    assert before - 0.01 <= run.t0 + elapsed <= time.time() + 0.01
    assert (status["can_move"], status["next_move_s"]) == (True, 300_000)


async def test_a_jump_goes_to_the_next_move_that_can_take_effect(world: Made):
    run = await world()
    await run.ask(run.stop("m1", "t1"))
    jumped = await run.admin("/jump", {"not_beyond_s": None})
    assert (jumped["jumped"], jumped["can_move"]) == (True, False)
    assert jumped["at_s"] == pytest.approx(2_000, abs=1)
    moves = {line["move"]: line for line in await run.book("move")}
    assert (moves["t7"]["done"], moves["t8"]["done"]) == (False, True)
    assert "t9" not in moves  # m3 never got anything
    nothing = await run.admin("/jump", {"not_beyond_s": None})
    assert (nothing["jumped"], nothing["can_move"]) == (False, False)


async def test_a_jump_stops_where_it_must_not_go_beyond(world: Made):
    run = await world()
    jumped = await run.admin("/jump", {"not_beyond_s": 500})
    assert (jumped["jumped"], jumped["can_move"]) == (True, True)
    assert jumped["at_s"] == pytest.approx(500, abs=1)
    assert not (await run.admin("/jump", {"not_beyond_s": 300}))["jumped"]
    assert len(await run.book("move")) == 6


async def test_a_jump_leaves_bank_time_a_formula_of_the_scenario_second(world: Made):
    run = await world(time_scale=10)
    await run.admin("/jump", {"not_beyond_s": None})
    row = (await run.ask(run.query("m1")))["rows"][-1]
    assert row["TransactionTime"] == run.time_of(1_000)


async def test_an_old_start_plays_everything_that_was_due(world: Made):
    run = await world(started=False)
    await run.start(time.time() - 10_000)
    assert len(await run.book("move")) == 9
    assert not (await run.status())["can_move"]
    assert (await run.ask(run.stop("m3", "t7"), door="liaison/308302000015"))["Result"] == "1200"


async def test_the_end_stops_the_clock_and_is_told_the_same_later(world: Made):
    run = await world(time_scale=1_000)
    ended = (await run.admin("/end", {}))["at_s"]
    await asyncio.sleep(0.1)
    assert (await run.admin("/end", {}))["at_s"] == ended == (await run.status())["at_s"]
    assert (await run.status())["state"] == "ended"
    assert not (await run.admin("/jump", {"not_beyond_s": None}))["jumped"]


async def test_the_witness_hears_of_findings_and_measures_are_of_this_world(world: Made):
    run = await world()
    await run.ask(run.stop("m1", "t1"))
    shop = run.accounts["shop"]
    where = {"institution": shop["institution"], "number": shop["number"]}
    await run.admin("/findings", {"findings": [{**where, "finding": "merchant"}]})
    measures = await run.admin("/measures", method="GET")
    total = measures["total"]
    assert total["left"]["merchant"] == 50_000
    assert total["held_fen"] + total["in_motion_fen"] + sum(total["left"].values()) == 600_000
    assert measures["orders"] == {"100101": 1}
    assert set(measures["first_stops"]) == {"A-1"}


async def test_after_kill_9_every_world_goes_on_from_its_book(mortal: SandboxProcess):
    scenario: dict[str, Any] = small()
    scenario["institutions"][2]["answer_s"] = [3.0, 3.0]  # the liaison bank is asked before the kill, answers after
    async with mortal.client() as client:
        run = await Run(client, "mortal", scenario).make(time_scale=100)
        await run.start()
        quiet = await Run(client, "quiet", small()).make()
        await run.faults({"kind": "lose_reply", "count": 1, "institution": CCB})
        stop, pending = run.stop("m2", "t3"), run.order("100303", "m3")
        lost = run.freeze("m1", 100)
        await run.ask(stop)
        await run.receipts(lost)
        assert not (await run.fetch(lost["key"], wait_s=0.1))["answers"]
        await run.admin("/jump", {"not_beyond_s": 980})
        await run.receipts(pending, door="liaison/308302000015")
        before = [line for line in await run.book() if line["kind"] != "move"]
        mortal.kill()
    await asyncio.sleep(0.3)  # t7 falls due meanwhile
    mortal.start()
    async with mortal.client() as client:
        run.client = quiet.client = client
        status = await run.status()
        assert status["t0"] == run.t0
        assert status["at_s"] >= 1_000
        (asked,) = (line for line in before if line.get("application_id") == pending["key"])
        due = asked["real"] + 3.0
        assert status["pending_answers"] == 1 or time.time() >= due  # no earlier, however late we ask
        assert status["messages"] == 3
        book = [line for line in await run.book() if line["kind"] != "move" and line["real"] < due - 0.001]
        assert book == before
        assert await run.receipts(stop) == ["200003"]
        [answer] = (await run.fetch(stop["key"]))["answers"]
        assert read(answer["message"])["Result"] == "0000"
        assert not (await run.fetch(lost["key"], wait_s=0))["answers"]
        await run.receipts(lost)
        assert (await run.fetch(lost["key"]))["answers"]
        [late] = (await run.fetch(pending["key"], door="liaison/308302000015", wait_s=30))["answers"]
        assert read(late["message"])["Result"] == "0000"
        (answered,) = (line for line in await run.book("answered") if line["application_id"] == pending["key"])
        assert answered["real"] == pytest.approx(due, abs=1e-5)
        moves = await run.book("move")
        assert [(line["move"], line["done"]) for line in moves[6:7]] == [("t7", True)]
        assert (await run.ask(run.stop("m2", "t3")))["Result"] == "1301"
        assert (await quiet.status())["state"] == "made"


async def test_what_was_accepted_when_the_kill_came_is_in_the_book(mortal: SandboxProcess):
    accepted: list[dict[str, str]] = []
    storming = asyncio.Event()
    async with mortal.client() as client:
        run = await Run(client, "storm", small()).make()
        await run.start()

        async def send() -> None:
            while True:
                letters = [run.freeze("m1", 1) for _ in range(20)]
                if await run.receipts(*letters) == ["100000"] * 20:
                    accepted.extend(letters)
                if len(accepted) >= 600:
                    storming.set()

        senders = [asyncio.create_task(send()) for _ in range(3)]
        await asyncio.wait_for(storming.wait(), PATIENCE_S)
        mortal.kill()
        await asyncio.gather(*senders, return_exceptions=True)
    mortal.start()
    async with mortal.client() as client:
        run.client = client
        for start in range(0, len(accepted), 200):
            part = accepted[start : start + 200]
            assert await run.receipts(*part) == ["200003"] * len(part)
            answers = (await run.fetch(*(letter["key"] for letter in part), linger_s=2.0))["answers"]
            assert len(answers) == len(part)
        frozen = await run.book("freeze")
        assert len({line["application_id"] for line in frozen}) == len(frozen) >= len(accepted)


async def test_a_second_process_keeps_its_hands_off(mortal: SandboxProcess):
    command = [sys.executable, "-m", "adapters.sandbox", "--state", str(mortal.state)]
    second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert second.returncode == 1
    assert "another sandbox works in" in second.stderr
    assert "Traceback" not in second.stderr
    said = json.loads((mortal.state / "sandbox.json").read_text())
    assert said["pid"] == mortal.process.pid


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_a_scenario_file_plays_through_and_no_fen_is_lost(world: Made, file: Path):
    scenario = json.loads(file.read_text())
    for institution in scenario["institutions"]:
        institution["answer_s"] = [0.0, 0.01]
    run = await world(scenario, time_scale=1e6)
    while (await run.status())["can_move"]:
        await run.admin("/jump", {"not_beyond_s": None})
    moves = {line["move"]: line["done"] for line in await run.book("move")}
    assert all(moves.get(name) for report in scenario["reports"] for name in report["moves"])
    by_door: dict[str, list[dict[str, str]]] = {}
    channels = {item["id"]: item["channel"] for item in scenario["institutions"]}
    for name, account in run.accounts.items():
        bank = account["institution"]
        door = "platform" if channels[bank] == "platform" else f"liaison/{bank}"
        by_door.setdefault(door, []).append(run.query(name, InquiryMode="01"))
    there = Decimal(0)
    for door, letters in by_door.items():
        for start in range(0, len(letters), 200):
            part = letters[start : start + 200]
            await run.receipts(*part, door=door)
            answers = (await run.fetch(*(letter["key"] for letter in part), door=door, linger_s=5.0))["answers"]
            assert len(answers) == len(part)
            there += sum(Decimal(read(answer["message"])["AccountBalance"]) for answer in answers)
    left = sum(one["amount_fen"] for one in scenario["moves"] if moves.get(one["id"]) and one["to"] not in run.accounts)
    assert there * 100 + left == sum(account["opening_fen"] for account in scenario["accounts"])
