"""Carriers close numbers and block links; "not ours" names the right carrier; any bytes become a reply."""

import base64
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.line_ports import Reply
from adapters.carriers.answers import read
from adapters.carriers.line import CarrierLine
from adapters.carriers.prefixes import Likely, Network, likely, likely_carrier, with_likely_carriers
from adapters.letters import Door
from domain.identifiers import application_id
from domain.orders import CODES, AnswerClass, Executed, Measure, OfficerCard, Order, Refused
from domain.report import Line, Report
from tests.banks.orders import CENTRE, order
from tests.contracts.practice import EVERY_LETTER, INSTITUTIONS, Practice, practising

AT = datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC)
NUMBER = "17044059130"
LINK = "http://refund.example.invalid/login"
LINE = CarrierLine(Door(httpx.AsyncClient(), "http://x.invalid", EVERY_LETTER), CENTRE.organisation_id)


def carrier_order(measure: Measure, carrier: str, target: str) -> Order:
    key = application_id("c-1", carrier, target, CODES[measure], 1)
    return order(measure, application_id=key, institution=carrier, account=None, target=target, paper="")


def close(carrier: str = "MVNO-1", number: str = NUMBER) -> Order:
    return carrier_order(Measure.CLOSE_NUMBER, carrier, number)


def test_an_order_is_the_wires_json():
    letter = LINE.seal(close(), b"")
    assert json.loads(base64.b64decode(letter.message)) == {
        "application_id": close().application_id,
        "measure": "close_number",
        "target": NUMBER,
        "case_number": "A2026-000123",
        "reason": "冒充公检法及政府机关",
        "operator": "032001",
        "investigator": "032002",
        "applied_at": "20261122030405",
    }
    assert (letter.key, len(letter.serial)) == (close().application_id, 53)
    assert letter == LINE.seal(Order.model_validate_json(close().model_dump_json()), b"a paper no carrier sees")


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("target", {"target": ""}),
        ("target", {"target": "http://" + "x" * 600}),
        ("investigator", {"second": OfficerCard(number="032001", name="同一人")}),
        ("measure", {"measure": Measure.STOP}),
        ("reason", {"category": "\ud800"}),
    ],
)
def test_what_no_carrier_could_obey_is_refused_by_name(field: str, changes: dict[str, object]):
    with pytest.raises(ValueError, match=f"^{field}: "):
        LINE.seal(close().model_copy(update=changes), b"")


def answered(**said: object) -> Reply:
    key = close().application_id
    return read(key, json.dumps({"application_id": key} | said, ensure_ascii=False).encode(), AT)


def test_done_brings_the_carriers_own_time():
    reply = answered(result="0000", text="done", done_at="20261122030406", carrier="MVNO-1")
    started = datetime(2026, 11, 21, 19, 4, 6, tzinfo=UTC)
    assert reply.outcome == Executed(code="0000", at=AT, started=started, remark="done")


def test_not_ours_names_the_right_carrier():
    reply = answered(result="0310", text="not ours", done_at="20261122030406", carrier="CT")
    assert reply.outcome == Refused(code="0310", at=AT, answer_class=AnswerClass.OTHER_CHANNEL, remark="CT")


@pytest.mark.parametrize("code", ["0301", "0600", "4711"])
def test_a_refusal_goes_to_a_person(code: str):
    reply = answered(result=code, text="why")
    assert reply.outcome == Refused(code=code, at=AT, answer_class=AnswerClass.PERSON, remark="why")


def test_half_a_character_in_an_answer_does_not_keep_it_from_being_kept():
    key = close().application_id
    said = json.dumps({"application_id": key, "result": "0301", "text": "no \ud800"})
    outcome = read(key, said.encode(), AT).outcome
    assert outcome is not None
    assert "no ?" in outcome.model_dump_json()


def test_the_carriers_own_error_is_no_outcome():
    assert answered(result="1100") == Reply(key=close().application_id, code="1100")


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"[" * 50_000,
        b"1" * 100_000,
        b'{"application_id": "another", "result": "0000"}',
        json.dumps({"application_id": close().application_id}).encode(),
        json.dumps({"application_id": close().application_id, "result": 0}).encode(),
        json.dumps({"application_id": close().application_id, "result": "²²²²"}).encode(),
        json.dumps({"application_id": close().application_id, "result": "0000", "done_at": "today"}).encode(),
        json.dumps({"application_id": close().application_id, "result": "0000", "done_at": "00010101000000"}).encode(),
    ],
)
def test_what_is_no_answer_to_this_order_is_unreadable(message: bytes):
    reply = read(close().application_id, message, AT)
    assert (reply.outcome, bool(reply.unreadable)) == (None, True)


@given(st.binary(max_size=100), st.recursive(st.none() | st.text() | st.integers(), st.lists, max_leaves=4))
def test_anything_gives_a_reply(junk: bytes, value: object):
    read(close().application_id, junk, AT)
    for name in ("application_id", "result", "text", "done_at", "carrier"):
        answered(**({"result": "0310"} | {name: value}))


@pytest.fixture(scope="module")
async def practice(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Practice]:
    async with practising(tmp_path_factory.mktemp("practice")) as world:
        yield world


async def carried_out(practice: Practice, asked: Order) -> Reply:
    port = practice.lines.to(INSTITUTIONS[asked.institution])
    letter = port.seal(asked, b"")
    (receipt,) = await port.hand_in([letter])
    assert receipt.answer_class is AnswerClass.OK
    (reply,) = (await port.fetch([letter.key], wait_s=5.0, linger_s=0.0)).replies
    return reply


async def test_a_number_is_closed_where_it_belongs_after_one_detour(practice: Practice):
    first = await carried_out(practice, close("CT"))
    assert isinstance(first.outcome, Refused)
    assert first.outcome.answer_class is AnswerClass.OTHER_CHANNEL
    second = await carried_out(practice, close(first.outcome.remark))
    assert isinstance(second.outcome, Executed)
    assert second.outcome.started is not None


async def test_a_link_is_blocked_at_each_network(practice: Practice):
    for carrier in ("CT", "CM"):
        reply = await carried_out(practice, carrier_order(Measure.BLOCK_LINK, carrier, LINK))
        assert isinstance(reply.outcome, Executed)


async def test_an_unknown_number_is_refused(practice: Practice):
    reply = await carried_out(practice, close("CT", "13300000000"))
    assert isinstance(reply.outcome, Refused)
    assert reply.outcome.code == "0301"


T, M, U = Network.TELECOM, Network.MOBILE, Network.UNICOM


@pytest.mark.parametrize(
    ("number", "network", "reseller"),
    [
        ("17001234567", T, True),
        ("17011234567", T, True),
        ("17021234567", T, True),
        ("16212345678", T, True),
        ("17031234567", M, True),
        ("17051234567", M, True),
        ("17061234567", M, True),
        ("16512345678", M, True),
        ("17041234567", U, True),
        ("17071234567", U, True),
        ("17081234567", U, True),
        ("17091234567", U, True),
        ("17112345678", U, True),
        ("16712345678", U, True),
        ("13912345678", M, False),
        ("13412345678", M, False),
        ("13491234567", T, False),
        ("18912345678", T, False),
        ("13012345678", U, False),
        ("+86 139-1234-5678", M, False),
        ("8613312345678", T, False),
    ],
)
def test_a_prefix_tells_the_network_and_the_reseller(number: str, network: Network, reseller: bool):
    assert likely(number) == Likely(network=network, reseller=reseller)


@pytest.mark.parametrize(
    "number", ["", "0510-81234567", "4008123123", "95588", "12345678901", "15412345678", "+16502530000"]
)
def test_other_numbers_tell_nothing(number: str):
    assert likely(number) is None


def test_the_reseller_is_asked_before_the_network():
    known = list(INSTITUTIONS.values())
    without_resellers = [one for one in known if one.id != "MVNO-1"]

    assert likely_carrier(NUMBER, known) == INSTITUTIONS["MVNO-1"]
    assert likely_carrier("17001234567", without_resellers) == INSTITUTIONS["CT"]
    assert likely_carrier("13912345678", known) == INSTITUTIONS["CM"]
    assert likely_carrier("13012345678", known) is None
    assert likely_carrier("0510-81234567", known) is None


def report(**changes: object) -> Report:
    victim = {"name": "测试害", "phone": "13900000000"}
    return Report.model_validate({"kind": "clue", "category": "虚假贷款", "victim": victim, **changes})


def test_a_case_starts_with_the_likely_carrier_where_the_report_names_none():
    known = list(INSTITUTIONS.values())
    filed = report(lines=(Line(number=NUMBER), Line(number="13912345678", carrier="CT"), Line(number="0510-81234567")))
    started = with_likely_carriers(filed, known)
    assert [line.carrier for line in started.lines] == ["MVNO-1", "CT", None], "what was named stands"
    assert [line.carrier for line in filed.lines] == [None, "CT", None], "and what was filed is as it was"
    assert with_likely_carriers(started.model_copy(update={"lines": ()}), known).lines == ()
