"""The centre's end of the wire, as the contract has it, for the tests of the practice institutions."""

import asyncio
import base64
import itertools
import json
import time
from typing import Any
from xml.sax.saxutils import escape

import httpx
from lxml import etree

from adapters.sandbox.clock import bank_text
from tests.patience import PATIENCE_S

ORGANISATION = "320200000000"
PDF = base64.b64encode(b"%PDF-1.4 practice").decode()
KINDS = {
    "100101": "03",
    "100103": "03",
    "100105": "03",
    "100201": "02",
    "100203": "02",
    "100205": "02",
    "100301": "05",
    "100303": "05",
}
ICBC, CCB, CMB = "102302000011", "105302000015", "308302000015"
OPERATOR = "<Operator><IDType>08</IDType><IDNumber>P1</IDNumber><Name>甲</Name><PhoneNumber>1</PhoneNumber></Operator>"
INVESTIGATOR = "<Investigator><IDType>08</IDType><IDNumber>P2</IDNumber><Name>乙</Name></Investigator>"
_counter = itertools.count(time.time_ns())


def fresh_key(code: str) -> str:
    return f"{code[2:]}{next(_counter):032d}"


def envelope(code: str, to: str, key: str, body: str) -> dict[str, str]:
    serial = f"{ORGANISATION}_{0:012d}{int(key[8:]):028d}"
    xml = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Response><Head><Mode>01</Mode><To>{to}</To><TxCode>{code}</TxCode>"
        f"<TransSerialNumber>{serial}</TransSerialNumber></Head><Body>{body}</Body></Response>"
    )
    return {"key": key, "serial": serial, "message": base64.b64encode(xml.encode()).decode()}


def bank_letter(
    code: str,
    to: str,
    fields: dict[str, str],
    *,
    key: str = "",
    operator: str = OPERATOR,
    investigator: str = INVESTIGATOR,
    kind: str | None = None,
    content: str = PDF,
) -> dict[str, str]:
    key = key or fresh_key(code)
    said = {
        "ApplicationID": key,
        "CaseNumber": "A-1",
        "BankID": to,
        "ApplicationTime": bank_text(time.time()),
        "ApplicationOrgID": ORGANISATION,
        "ApplicationOrgName": "练习中心",
        **fields,
    }
    flat = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in said.items())
    papers = (
        f"<Attachments><Attachment><Filename>a.pdf</Filename><Kind>{kind or KINDS[code]}</Kind>"
        f"<Content>{content}</Content></Attachment></Attachments>"
    )
    return envelope(code, to, key, flat + operator + investigator + papers)


def carrier_letter(measure: str, target: str, **more: object) -> dict[str, str]:
    key = fresh_key("000401")
    said = {
        "application_id": key,
        "measure": measure,
        "target": target,
        "case_number": "A-1",
        "reason": "",
        "operator": "P1",
        "investigator": "P2",
        "applied_at": bank_text(time.time()),
        **more,
    }
    return {"key": key, "serial": key, "message": base64.b64encode(json.dumps(said).encode()).decode()}


def read(message: str) -> dict[str, Any]:
    """A bank's answer: its flat fields, `rows` and `measures` as dicts, `to` and `code` of the head."""
    root = etree.fromstring(base64.b64decode(message))
    body = root.find("Body")
    assert body is not None
    said: dict[str, Any] = {str(field.tag): field.text or "" for field in body if len(field) == 0}
    for name, tag in (("rows", "Transactions/Transaction"), ("measures", "Measures/Measure")):
        said[name] = [{str(part.tag): part.text or "" for part in entry} for entry in body.iterfind(tag)]
    said["to"], said["code"] = root.findtext("Head/To"), root.findtext("Head/TxCode")
    return said


class Run:
    """A world, and both sides' calls to it."""

    def __init__(self, client: httpx.AsyncClient, name: str, scenario: dict[str, Any]) -> None:
        self.client, self.name, self.scenario = client, name, scenario
        self.accounts = {account["id"]: account for account in scenario["accounts"]}
        self.t0, self.first_s, self.time_scale = 0.0, 0.0, 1.0

    async def admin(self, call: str, said: dict[str, Any] | None = None, method: str = "POST") -> dict[str, Any]:
        answer = await self.client.request(method, f"/admin/worlds/{self.name}{call}", json=said)
        assert answer.status_code < 300, answer.text
        answered: dict[str, Any] = answer.json()
        return answered

    async def make(self, **more: object) -> "Run":
        made = await self.client.post("/admin/worlds", json={"run": self.name, "scenario": self.scenario, **more})
        assert made.status_code == 201, made.text
        return self

    async def start(self, t0: float | None = None) -> "Run":
        said = await self.admin("/start", {} if t0 is None else {"t0": t0})
        self.t0, self.first_s, self.time_scale = said["t0"], said["first_s"], said["time_scale"]
        return self

    async def status(self) -> dict[str, Any]:
        return await self.admin("", method="GET")

    async def settled(self) -> None:
        """Wait until what was accepted is done: an answer that is not there now was lost, or nobody works there."""
        ends = time.monotonic() + PATIENCE_S
        while (await self.status())["pending_answers"] > 0:
            assert time.monotonic() < ends, "it never rests"
            await asyncio.sleep(0.02)

    async def faults(self, *faults: dict[str, Any]) -> None:
        await self.admin("/faults", {"faults": list(faults)})

    async def book(self, kind: str | None = None) -> list[dict[str, Any]]:
        answer = await self.client.get(f"/admin/worlds/{self.name}/book")
        lines = [json.loads(line) for line in answer.text.splitlines()]
        return [line for line in lines if kind is None or line["kind"] == kind]

    async def post(self, *letters: dict[str, str], door: str = "platform") -> httpx.Response:
        return await self.client.post(f"/w/{self.name}/{door}/letters", json={"letters": letters})

    async def receipts(self, *letters: dict[str, str], door: str = "platform") -> list[str]:
        answer = await self.post(*letters, door=door)
        assert answer.status_code == 200, answer.text
        said = answer.json()["receipts"]
        assert [receipt["key"] for receipt in said] == [letter["key"] for letter in letters]
        return [receipt["code"] for receipt in said]

    async def fetch(self, *keys: str, door: str = "platform", wait_s: float = 5.0, **more: float) -> dict[str, Any]:
        answer = await self.client.post(f"/w/{self.name}/{door}/answers", json={"keys": keys, "wait_s": wait_s, **more})
        assert answer.status_code == 200, answer.text
        said: dict[str, Any] = answer.json()
        return said

    async def ask(self, letter: dict[str, str], door: str = "platform") -> dict[str, Any]:
        """Hand in and fetch; the answer to this letter, read."""
        assert await self.receipts(letter, door=door) == ["100000"]
        answers = (await self.fetch(letter["key"], door=door))["answers"]
        assert [answer["key"] for answer in answers] == [letter["key"]]
        said = read(answers[0]["message"])
        assert said["ApplicationID"] == letter["key"]
        return said

    def time_of(self, at_s: float) -> str:
        """The contract's formula of bank time."""
        past = at_s - self.first_s
        return bank_text(self.t0 + (past if past <= 0 else past / self.time_scale))

    def about(self, account: str, **fields: str) -> dict[str, str]:
        holder = self.accounts[account]
        return {"BankName": "", "AccountName": holder["name"], "AccountNumber": holder["number"], **fields}

    def stop(self, account: str, move: str, **fields: str) -> dict[str, str]:
        """A stop by the four elements of a move of the scenario."""
        paid = next(one for one in self.scenario["moves"] if one["id"] == move)
        holder = self.accounts[account]
        said = {
            "TransferAmount": yuan(paid["amount_fen"]),
            "TransferTime": self.time_of(paid["at_s"]),
            "AccountType": "01" if holder["kind"] == "person" else "02",
        }
        return bank_letter("100101", holder["institution"], self.about(account, **{**said, **fields}))

    def order(self, code: str, account: str, **fields: str) -> dict[str, str]:
        return bank_letter(code, self.accounts[account]["institution"], self.about(account, **fields))

    def freeze(self, account: str, fen: int | None, expires: float | None = None) -> dict[str, str]:
        return self.order(
            "100201",
            account,
            FreezeType="02" if fen is None else "01",
            Balance="" if fen is None else yuan(fen),
            ExpireTime=bank_text(expires or time.time() + 86_400 * 180),
        )

    def query(self, account: str, **fields: str) -> dict[str, str]:
        return self.order("100301", account, **{"SubjectType": "1", "InquiryMode": "03", **fields})

    async def balance(self, account: str) -> str:
        return str((await self.ask(self.query(account)))["AccountBalance"])


def yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"
