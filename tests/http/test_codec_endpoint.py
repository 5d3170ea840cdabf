"""The codec endpoint: who logged in reads what the role may see, on record; nobody else reads anything."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from google.protobuf.json_format import MessageToJson, Parse
from temporalio.api.common.v1 import Payload, Payloads

from adapters.http.codec.app import application
from adapters.http.codec.endpoint import Endpoint
from adapters.http.codec.sessions import COOKIE, Sessions
from adapters.keyring import KeyRing
from adapters.temporal.sealing import is_sealed, opened, seal_for_officer, seal_for_workflow
from domain.officers import Role
from domain.policy import LOGIN_RULES
from domain.seals import Provenance, provenance
from tests.http.doors import Clock, MemoryDoorkeeper, MemoryRecord

UI = "http://127.0.0.1:18233"
HERE = "http://127.0.0.1:16233"
RING = KeyRing.of_one_key()
OFFICERS = {
    "012345": (Role.APPROVER_COUNTY,),
    "012380": (Role.AUDITOR,),
    "012390": (Role.ADMINISTRATOR,),
    "012391": (Role.DISSUADER, Role.FIELD),
    "012399": (),
}
CONTENT = {
    "victim": {"name": "金丝雀甲", "phone": "13900000001"},
    "account": {"institution": "102302000011", "number": "6217006479174874408", "name": "金丝雀乙"},
    "amount_fen": 493_800_00,
    "text": "金丝雀甲诉称被骗",
    "packed": "eJwrKgcAAR8AuA==",
    "case_number": "A2026-000123",
    "at": "2026-11-26T12:00:00.123456+00:00",
}
PLAIN = Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(CONTENT, ensure_ascii=False).encode())
DETAILS = Payload(
    metadata={"encoding": b"json/protobuf", "messageType": b"temporal.api.sdk.v1.WorkflowMetadata"},
    data=json.dumps({"currentDetails": "### 6217 0064 7917 4874 408 · CCB·4408 · 13900000001"}).encode(),
)


class Ui:
    """The Web UI of one officer's browser."""

    def __init__(self) -> None:
        self.clock = Clock(datetime(2026, 11, 26, 12, tzinfo=UTC))
        self.doorkeeper, self.record = MemoryDoorkeeper(OFFICERS), MemoryRecord()
        app = application(
            Endpoint(
                ring=RING,
                doorkeeper=self.doorkeeper,
                record=self.record,
                sessions=Sessions(timedelta(hours=8), self.clock),
                login=LOGIN_RULES,
                ui_origin=lambda: UI,
                now=self.clock,
            )
        )
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HERE)

    async def login(self, officer, code=None):
        form = {"officer": officer, "code": code or self.doorkeeper.code(officer)}
        return await self.http.post("/login", data=form, headers={"origin": HERE})

    async def ask(self, way, *payloads, **headers):
        return await self.http.post(
            f"/{way}",
            content=MessageToJson(Payloads(payloads=payloads)),
            headers={"origin": UI, "x-namespace": "main", "content-type": "application/json", **headers},
        )

    async def decode(self, *payloads):
        answer = await self.ask("decode", *payloads)
        assert answer.status_code == 200, answer.text
        return list(Parse(answer.content, Payloads()).payloads)


@pytest.fixture
async def ui():
    one = Ui()
    async with one.http:
        yield one


def of_case(payload=PLAIN, workflow_id="case/c-1", namespace="main"):
    return seal_for_workflow(RING, payload, namespace, workflow_id)


async def test_without_a_login_nothing_is_read_and_nothing_is_sealed(ui):
    for way in ("decode", "encode"):
        answer = await ui.ask(way, of_case())
        assert answer.status_code == 401
        assert "金丝雀" not in answer.text
        assert answer.headers["access-control-allow-origin"] == UI, "or the UI could not say why"
    assert ui.record.kept == []


async def test_an_officer_who_decides_reads_everything_in_the_same_order_and_it_is_on_record(ui):
    assert (await ui.login("012345")).status_code == 303
    foreign = Payload(metadata={"encoding": b"binary/encrypted"}, data=b"somebody else's")
    asked = [of_case(), PLAIN, foreign, of_case(DETAILS), of_case(workflow_id="case/c-2")]
    assert await ui.decode(*asked) == [PLAIN, PLAIN, foreign, DETAILS, PLAIN]
    kept = [(one.officer, one.namespace, one.workflow_id, one.payloads, one.masked) for one in ui.record.kept]
    assert kept == [("012345", "main", "case/c-1", 2, False), ("012345", "main", "case/c-2", 1, False)]
    assert ui.record.kept[0].at == ui.clock.now


async def test_payloads_of_another_namespace_come_back_as_they_are(ui):
    await ui.login("012345")
    other = of_case(namespace="drill-1")
    assert await ui.decode(other) == [other]
    assert ui.record.kept == []


@pytest.mark.parametrize("officer", ["012345", "012380", "012391"])
async def test_roles_that_need_the_whole_see_the_whole(ui, officer):
    await ui.login(officer)
    assert await ui.decode(of_case()) == [PLAIN]


async def test_a_role_that_needs_no_more_sees_the_course_and_nobody(ui):
    await ui.login("012390")
    content, details, binary = await ui.decode(
        of_case(), of_case(DETAILS), of_case(Payload(metadata={"encoding": b"binary/plain"}, data="金丝雀甲".encode()))
    )
    seen = json.loads(content.data)
    assert seen["account"]["number"] == "•••4408"
    assert seen["victim"]["name"] == "金•••"
    assert seen["victim"]["phone"] == "•••"
    assert (seen["amount_fen"], seen["case_number"], seen["at"]) == (
        CONTENT["amount_fen"],
        CONTENT["case_number"],
        CONTENT["at"],
    )
    assert json.loads(details.data)["currentDetails"] == "### •••4408 · CCB·4408 · •••0001"
    assert details.metadata["messageType"] == DETAILS.metadata["messageType"]
    for one in (content, details, binary):
        for secret in ("金丝雀", "6217006479174874408", "13900000001", CONTENT["packed"]):
            assert secret not in one.data.decode()
    assert all(one.masked for one in ui.record.kept)


async def test_an_officer_without_any_role_reads_nothing(ui):
    await ui.login("012399")
    assert (await ui.ask("decode", of_case())).status_code == 403


async def test_what_cannot_be_put_on_record_is_not_shown(ui):
    await ui.login("012345")
    ui.record.down = True
    answer = await ui.ask("decode", of_case())
    assert answer.status_code == 503
    assert "金丝雀" not in answer.text


async def test_what_an_officer_types_is_sealed_with_number_and_moment_and_no_marks_of_its_own(ui):
    await ui.login("012345")
    typed = Payload(
        metadata={"encoding": b"json/plain", "sealed-by": b"012302", "sealed-at": b"2030-01-01T00:00:00+00:00"},
        data=b'"F-01 012345 approve"',
    )
    answer = await ui.ask("encode", typed)
    [sealed] = Parse(answer.content, Payloads()).payloads
    assert is_sealed(sealed)
    inner = opened(RING, sealed, "main")
    assert isinstance(inner, Payload)
    assert inner.data == typed.data
    assert provenance(inner.metadata) == Provenance(officer="012345", sealed_at=ui.clock.now)
    assert (await ui.decode(sealed))[0].data == typed.data, "the history shows what was submitted"


async def test_only_the_uis_own_origin_may_ask(ui):
    await ui.login("012345")
    for origin in ("http://evil.example", "http://127.0.0.1:18234", "http://localhost:18233", "null"):
        answer = await ui.ask("decode", of_case(), origin=origin)
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers
        asked = {"origin": origin, "access-control-request-method": "POST"}
        assert "access-control-allow-origin" not in (await ui.http.options("/decode", headers=asked)).headers


async def test_the_browser_is_told_what_the_ui_may_send(ui):
    wanted = "content-type,x-namespace,authorization,authorization-extras"
    answer = await ui.http.options(
        "/decode",
        headers={"origin": UI, "access-control-request-method": "POST", "access-control-request-headers": wanted},
    )
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == UI
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert set(wanted.split(",")) <= {one.strip() for one in answer.headers["access-control-allow-headers"].split(",")}


async def test_a_code_is_good_once_and_a_wrong_one_says_so_in_words(ui):
    code = ui.doorkeeper.code("012345")
    assert (await ui.login("012345", code)).status_code == 303
    again = await ui.login("012345", code)
    assert again.status_code == 401
    assert "wrong number or code" in again.text


async def test_after_five_wrong_codes_even_the_right_one_has_to_wait_a_minute(ui):
    for _ in range(5):
        assert (await ui.login("012345", "000000")).status_code == 401
    assert "too many" in (await ui.login("012345")).text
    assert (await ui.login("012380")).status_code == 303, "others need not wait"
    ui.clock.now += timedelta(minutes=2)
    assert (await ui.login("012345")).status_code == 303


async def test_a_session_is_kept_from_scripts_and_ends_by_itself_and_by_logging_out(ui):
    cookie = (await ui.login("012345")).headers["set-cookie"].lower()
    assert all(word in cookie for word in (COOKIE, "httponly", "samesite=strict", "max-age=28800"))
    assert "012345" in (await ui.http.get("/")).text
    ui.clock.now += timedelta(hours=8, seconds=1)
    assert (await ui.ask("decode", of_case())).status_code == 401
    await ui.login("012380")
    token = ui.http.cookies[COOKIE]
    await ui.http.post("/logout", headers={"origin": HERE})
    ui.http.cookies.set(COOKIE, token, domain="127.0.0.1")
    assert (await ui.ask("decode", of_case())).status_code == 401


async def test_another_pages_form_logs_nobody_in(ui):
    form = {"officer": "012345", "code": ui.doorkeeper.code("012345")}
    for origin in (UI, "http://evil.example"):
        assert (await ui.http.post("/login", data=form, headers={"origin": origin})).status_code == 403


async def test_a_doorkeeper_that_cannot_ask_keeps_the_door_shut(ui):
    async def broken(officer, code):
        raise OSError(officer, code)

    ui.doorkeeper.admit = broken
    answer = await ui.login("012345", "123456")
    assert answer.status_code == 401
    assert "try again" in answer.text


@pytest.mark.parametrize("body", [b"", b'{"payloads": 1}', b"\xff", b'{"nosuch": []}', b"[" * 5_000])
async def test_a_body_that_is_no_payloads_is_refused(ui, body):
    await ui.login("012345")
    headers = {"origin": UI, "x-namespace": "main"}
    assert (await ui.http.post("/decode", content=body, headers=headers)).status_code == 422


async def test_what_the_officer_typed_is_no_markup_on_the_page(ui):
    answer = await ui.login("<script>", "<b>")
    assert "<script>" not in answer.text
    assert "script-src" not in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_an_officers_input_of_another_namespace_is_not_opened(ui):
    await ui.login("012345")
    other = seal_for_officer(RING, PLAIN, "drill-1", "012345", ui.clock.now)
    assert await ui.decode(other) == [other]


async def test_a_login_is_for_one_namespace_and_reads_and_seals_in_no_other(ui):
    ui.doorkeeper.namespaces = ("main", "drill-1")
    page = await ui.http.get("/")
    assert "<option>drill-1</option>" in page.text
    await ui.login("012345")
    for way in ("decode", "encode"):
        answer = await ui.ask(way, of_case(namespace="drill-1"), **{"x-namespace": "drill-1"})
        assert answer.status_code == 401
        assert "another namespace" in answer.text
    assert ui.record.kept == []
