"""The practice institutions as a real process, and one small world in it for each test of a line."""

import itertools
import json
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import httpx

from activities.line_ports import Letter
from adapters.banks.requests import Centre
from adapters.lines import HttpLines
from domain.institutions import Channel, Institution, InstitutionKind
from domain.orders import FourElements
from tests.patience import PATIENCE_S


class EveryLetterMayLeave:
    """Warrants for tests of the wire alone; what really entitles is tried in tests/register/test_warrants.py."""

    async def unproven(self, letters: Sequence[Letter]) -> dict[str, str]:
        del letters
        return {}


EVERY_LETTER = EveryLetterMayLeave()
ROOT = Path(__file__).parents[2]
CENTRE = Centre("320299000000", "无锡市反电信网络诈骗中心")
VICTIMS_BANK, PLATFORM_BANK, LIAISON_BANK = "102302000011", "105302000015", "308302000015"
INFLOW_FEN = 500_000
_FIRST_S, _MOVE_S = 100, 10
_names = itertools.count(1)


@contextmanager
def sandbox(state: Path) -> Iterator[str]:
    """The address of a sandbox process that lives as long as the block."""
    command = [sys.executable, "-m", "adapters.sandbox", "--host", "127.0.0.1", "--port", "0", "--state", str(state)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{json.loads(process.stdout.readline())['port']}"
        finally:
            process.terminate()


def institution(name: str, kind: InstitutionKind, channel: Channel) -> Institution:
    return Institution(id=name, code=name, name=f"练习{name}", kind=kind, channel=channel, practice=True)


BANK, PAYMENT, CARRIER = InstitutionKind.BANK, InstitutionKind.PAYMENT, InstitutionKind.CARRIER
INSTITUTIONS = {
    one.id: one
    for one in (
        institution(VICTIMS_BANK, BANK, Channel.PLATFORM),
        institution(PLATFORM_BANK, BANK, Channel.PLATFORM),
        institution(LIAISON_BANK, BANK, Channel.LIAISON),
        institution("Z99999320001", PAYMENT, Channel.PLATFORM),
        institution("CT", CARRIER, Channel.GATEWAY),
        institution("CM", CARRIER, Channel.GATEWAY),
        institution("MVNO-1", CARRIER, Channel.LIAISON),
    )
}
NUMBERS = {VICTIMS_BANK: "6222029511307277894", PLATFORM_BANK: "6217006479174874408", LIAISON_BANK: "6225881234567890"}
NAMES = {bank: f"测试{bank[:3]}" for bank in NUMBERS}


def scenario() -> dict[str, Any]:
    """One victim pays into an account at a platform bank and into one at a liaison bank, 90 s before the report."""
    return {
        "scenario": "contract",
        "note": "",
        "time_scale": 1,
        "officers": {"decide_s": [0, 0]},
        "institutions": [
            one.model_dump(mode="json", exclude={"practice"}) | {"answer_s": [0.03, 0.06]}
            for one in INSTITUTIONS.values()
        ],
        "accounts": [
            {
                "id": bank,
                "institution": bank,
                "number": NUMBERS[bank],
                "name": NAMES[bank],
                "id_number": "320299199508156208",
                "kind": "person",
                "role": "victim" if bank == VICTIMS_BANK else "mule",
                "opening_fen": 1_000_000 if bank == VICTIMS_BANK else 0,
            }
            for bank in NUMBERS
        ],
        "lines": [{"number": "17044059130", "carrier": "MVNO-1", "called": []}],
        "links": [],
        "moves": [
            {"id": bank, "at_s": _MOVE_S, "from": VICTIMS_BANK, "to": bank, "amount_fen": INFLOW_FEN, "via": "mobile"}
            for bank in (PLATFORM_BANK, LIAISON_BANK)
        ],
        "reports": [
            {
                "id": "r1",
                "at_s": _FIRST_S,
                "victim": VICTIMS_BANK,
                "victim_name": NAMES[VICTIMS_BANK],
                "victim_phone": "13900000001",
                "category": "其他",
                "moves": [PLATFORM_BANK, LIAISON_BANK],
                "lines": ["17044059130"],
                "links": [],
                "text": "练习用",
            }
        ],
    }


class Practice:
    """One running world: its lines as the centre has them, and the trainer's look at its book."""

    def __init__(self, url: str) -> None:
        self.run = f"contract-{next(_names)}"
        self.url = url
        self.lines = HttpLines(url, self.run, CENTRE, practice=True, warrants=EVERY_LETTER)
        self._trainer = httpx.AsyncClient(base_url=url, trust_env=False, timeout=PATIENCE_S)
        self.moved_at: datetime

    async def __aenter__(self) -> Self:
        await self._tell("", {"run": self.run, "scenario": scenario()}, world="")
        started = await self._tell("/start", {})
        self.moved_at = datetime.fromtimestamp(int(started["t0"] + _MOVE_S - _FIRST_S), UTC)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._trainer.aclose()
        await self.lines.aclose()

    @property
    def inflow(self) -> FourElements:
        """The victim's transfer, as its bank recorded it."""
        return FourElements(
            payer_institution=VICTIMS_BANK,
            payer_name=NAMES[VICTIMS_BANK],
            payer_number=NUMBERS[VICTIMS_BANK],
            amount_fen=INFLOW_FEN,
            at=self.moved_at,
        )

    async def _tell(self, what: str, said: dict[str, Any], world: str | None = None) -> dict[str, Any]:
        place = f"/{self.run}" if world is None else world
        answer = await self._trainer.post(f"/admin/worlds{place}{what}", json=said)
        assert answer.is_success, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def fault(self, kind: str, **more: object) -> None:
        """Once, unless said otherwise."""
        await self._tell("/faults", {"faults": [{"kind": kind, "count": 1} | more]})

    async def book(self) -> list[dict[str, Any]]:
        answer = await self._trainer.get(f"/admin/worlds/{self.run}/book")
        assert answer.is_success, answer.text
        return [json.loads(line) for line in answer.text.splitlines()]


@asynccontextmanager
async def practising(state: Path) -> AsyncIterator[Practice]:
    """One world in a sandbox process of its own."""
    with sandbox(state) as url:
        async with Practice(url) as world:
            yield world


def nobody() -> str:
    """An address where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"
