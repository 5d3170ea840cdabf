"""Letters in, answers out: receipts, keys, long polls and the edge."""

import asyncio
import base64
import json
import time
from typing import Any

import httpx
import pytest

from tests.sandbox.bank_letters import CCB, CMB, ICBC, bank_letter, carrier_letter, fresh_key, read
from tests.sandbox.conftest import Made


async def test_the_announcement_says_practice(world: Made):
    run = await world(started=False)
    said = (await run.client.get(f"/w/{run.name}/institutions")).json()
    assert said["practice"]
    assert all(item["practice"] for item in said["institutions"])
    assert set(said["institutions"][0]) == {"id", "code", "name", "kind", "channel", "practice"}


async def test_before_the_start_and_after_the_end_the_channel_is_closed(world: Made):
    run = await world(started=False)
    assert await run.receipts(run.query("m1")) == ["200009"]
    await run.start()
    letter = run.query("m1")
    first = await run.ask(letter)
    await run.admin("/end", {})
    assert await run.receipts(run.query("m1")) == ["200009"]
    assert read((await run.fetch(letter["key"]))["answers"][0]["message"]) == first


async def test_the_same_letter_gets_the_same_answer_and_acts_once(world: Made):
    run = await world()
    stop = run.stop("m1", "t1")
    assert await run.receipts(stop, stop) == ["100000", "200003"]
    first = await run.fetch(stop["key"])
    assert await run.receipts(stop) == ["200003"]
    assert await run.fetch(stop["key"]) == first
    assert len(await run.book("stop")) == 1
    assert len(await run.book("received")) == 1


async def test_the_same_key_with_other_content_is_a_violation(world: Made):
    run = await world()
    stop = run.stop("m1", "t1")
    await run.ask(stop)
    other = bank_letter("100101", CCB, run.about("m1", TransferAmount="1.00", TransferTime=run.time_of(0),
                                                 AccountType="01"), key=stop["key"])  # fmt: skip
    assert await run.receipts(other) == ["200001"]
    [violation] = await run.book("violation")
    assert (violation["what"], violation["application_id"]) == ("same key, other content", stop["key"])
    assert (await run.status())["violations"] == 1


async def test_letters_that_cannot_be_read_are_told_apart_from_their_neighbours(world: Made):
    run = await world()
    good, fields = run.query("m1"), run.about("m1", InquiryMode="03")
    other_key = {**run.query("m1"), "key": fresh_key("100301")}
    not_base64 = {**run.query("m1"), "message": "%%%"}
    not_xml = {**run.query("m1"), "message": base64.b64encode(b"<a>").decode()}
    doctype = base64.b64encode(b'<!DOCTYPE r [<!ENTITY x "y">]><Response>&x;</Response>').decode()
    missing = bank_letter("100101", CCB, fields)
    half_yuan = run.stop("m1", "t1", TransferAmount="5000")
    no_day = run.stop("m1", "t1", TransferTime="20250230000000")
    bad = [other_key, not_base64, not_xml, {**run.query("m1"), "message": doctype}, missing, half_yuan, no_day]
    assert await run.receipts(*bad[:3], good, *bad[3:]) == [*["200001"] * 3, "100000", *["200001"] * 4]
    assert [line["application_id"] for line in await run.book("received")] == [good["key"]]


async def test_no_letter_can_stop_the_world(world: Made):
    run = await world()
    half = base64.b64encode(b'{"application_id": "x", "target": "\\ud800"}').decode()
    assert await run.receipts({**carrier_letter("block_link", "x"), "message": half}, door="carriers/CT") == ["200001"]
    assert await run.receipts(carrier_letter("block_link", "\0" * 5000), door="carriers/CT") == ["100000"]
    fields = run.about("m1", FreezeType="02", ExpireTime="00010101000000")
    assert await run.receipts(bank_letter("100201", CCB, fields)) == ["200001"]
    for expires in ("19700101000000", "99991231235959"):
        said = await run.ask(bank_letter("100201", CCB, {**fields, "ExpireTime": expires}))
        assert (said["Result"], said["ExpireTime"]) == ("0000", expires)
    assert (await run.status())["state"] == "running"


async def test_an_institution_is_known_only_at_its_own_door(world: Made):
    run = await world()
    liaison = run.order("100303", "m3")
    assert await run.receipts(liaison) == ["200005"]
    assert await run.receipts(run.query("m1"), door=f"liaison/{CMB}") == ["200005"]
    assert await run.receipts(run.query("m1"), door=f"liaison/{ICBC}") == ["200005"]
    assert await run.receipts(carrier_letter("close_number", "1"), door="carriers/nobody") == ["200005"]
    assert await run.receipts(liaison, door=f"liaison/{CMB}") == ["100000"]
    wrong = bank_letter("100301", CCB, run.about("m1", InquiryMode="03", ApplicationOrgID="999999999999"))
    assert await run.receipts(wrong) == ["200005"]


async def test_a_fetch_waits_for_the_first_answer_and_lingers_for_more(world: Made):
    run = await world()
    await run.faults({"kind": "down", "institution": CCB})
    slow, quick = run.query("m1"), run.query("m2")
    await run.receipts(slow, quick)
    begun = time.monotonic()
    alone = await run.fetch(slow["key"], quick["key"], wait_s=30)
    assert [answer["key"] for answer in alone["answers"]] == [quick["key"]]
    lingering = asyncio.create_task(run.fetch(slow["key"], quick["key"], linger_s=30))
    await asyncio.sleep(0.2)
    assert not lingering.done()
    await run.admin("/faults", method="DELETE")
    assert len((await lingering)["answers"]) == 2
    assert time.monotonic() - begun < 25  # neither waited for its limit
    nobody = fresh_key("100301")
    assert await run.fetch(nobody, wait_s=0.1) == {"answers": [], "missing": [nobody]}
    assert await run.fetch() == {"answers": [], "missing": []}


async def test_a_key_accepted_while_it_is_waited_for_is_answered(world: Made):
    run = await world()
    letter = run.query("m1")
    waiting = asyncio.create_task(run.fetch(letter["key"]))
    await asyncio.sleep(0.05)
    await run.receipts(letter)
    assert len((await waiting)["answers"]) == 1


async def test_carriers_close_numbers_block_links_and_name_subscribers(world: Made):
    run = await world()

    async def ask(carrier: str, letter: dict[str, str]) -> dict[str, Any]:
        door = f"carriers/{carrier}"
        assert await run.receipts(letter, door=door) == ["100000"]
        [answer] = (await run.fetch(letter["key"], door=door))["answers"]
        said: dict[str, Any] = json.loads(base64.b64decode(answer["message"]))
        return said

    number = "17044059130"
    elsewhere = await ask("CT", carrier_letter("close_number", number))
    assert (elsewhere["result"], elsewhere["carrier"]) == ("0310", "MVNO-1")
    closed = await ask("MVNO-1", carrier_letter("close_number", number))
    assert (closed["result"], closed["carrier"]) == ("0000", "MVNO-1")
    assert (await ask("CT", carrier_letter("close_number", "13900000000")))["result"] == "0301"
    assert (await ask("CM", carrier_letter("close_number", number, investigator="P1")))["result"] == "0600"
    link = "http://refund.example.invalid/login"
    assert [(await ask(name, carrier_letter("block_link", link)))["result"] for name in ("CT", "CM")] == ["0000"] * 2
    named = await ask("MVNO-1", carrier_letter("query_subscriber", number))
    assert set(named["subscriber"]) == {"name", "id_number"}
    assert [line["code"] for line in await run.book("answered")] == [
        "close_number",
        "block_link",
        "block_link",
        "query_subscriber",
    ]


@pytest.mark.parametrize(
    ("call", "body", "status", "path"),
    [
        ("platform/letters", b"[]", 422, "$"),
        ("platform/letters", b"\xff", 422, "$"),
        ("platform/letters", b'{"letters": [{"key": "\\ud800", "serial": "", "message": ""}]}', 422, "$"),
        ("platform/letters", b"[" * 100_000, 422, "$"),
        ("platform/letters", b"{}", 422, "letters"),
        ("platform/letters", b'{"letters": [1]}', 422, "letters[0]"),
        ("platform/letters", b'{"letters": [{"key": 1}]}', 422, "letters[0]"),
        ("platform/letters", b'{"letters": [' + b"{}," * 200 + b"{}]}", 422, "letters"),
        ("platform/letters", b" " * (8 * 1024 * 1024 + 1), 413, "$"),
        ("platform/answers", b'{"keys": "x"}', 422, "keys"),
        ("platform/answers", b'{"keys": [1]}', 422, "keys[0]"),
        ("platform/answers", b'{"keys": [], "wait_s": 31}', 422, "wait_s"),
        ("platform/answers", b'{"keys": [], "wait_s": NaN}', 422, "wait_s"),
        ("nowhere/letters", b"{}", 404, "$"),
    ],
)
async def test_a_body_of_another_form_is_refused_with_its_path(
    world: Made, call: str, body: bytes, status: int, path: str
):
    run = await world()
    answer = await run.client.post(f"/w/{run.name}/{call}", content=body)
    assert answer.status_code == status
    [error] = answer.json()["errors"]
    assert error["path"] == path
    assert error["problem"]
    assert error["remedy"]


async def test_an_unknown_world_and_a_wrong_scenario_are_refused(client: httpx.AsyncClient, world: Made):
    assert (await client.get("/admin/worlds/no-such-world")).status_code == 404
    run = await world(started=False)
    said = {"run": run.name, "scenario": run.scenario}
    assert (await client.post("/admin/worlds", json=said)).status_code == 409
    assert (await client.post("/admin/worlds", json={**said, "run": "../x"})).json()["errors"][0]["path"] == "run"
    run.scenario["moves"][3]["amount_fen"] = -1
    refused = await client.post("/admin/worlds", json={**said, "run": "never-made"})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["path"] == "moves[3].amount_fen"
    assert (await client.get("/admin/worlds/never-made")).status_code == 404


@pytest.mark.parametrize(
    ("call", "said", "path"),
    [
        ("faults", {"faults": [{"kind": "nonsense"}]}, "faults[0].kind"),
        ("faults", {"faults": [{"kind": "down", "institution": "nobody"}]}, "faults[0].institution"),
        ("faults", {"faults": [{"kind": "refuse"}]}, "faults[0].code"),
        ("faults", {"faults": [{"kind": "down", "probability": 2}]}, "faults[0].probability"),
        ("findings", {"findings": [{"institution": ICBC, "number": "1", "finding": "mule"}]}, "findings[0].number"),
        ("findings", {"findings": [{"institution": ICBC, "number": "1", "finding": "x"}]}, "findings[0].finding"),
        ("earlier-freeze", {"institution": ICBC, "number": "1"}, "number"),
        ("jump", {"not_beyond_s": "soon"}, "not_beyond_s"),
        ("start", {"t0": 9_999_999_999}, "t0"),
    ],
)
async def test_the_trainers_mistakes_are_named(world: Made, call: str, said: dict[str, object], path: str):
    run = await world()
    answer = await run.client.post(f"/admin/worlds/{run.name}/{call}", json=said)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == path
