"""A second adapter under the same contract: a bank in memory, with another message format altogether."""

import asyncio
import base64
import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from activities.line_ports import Fetched, Letter, LetterReceipt, NeverSent, PerhapsSent, Reply
from domain.orders import AccountRef, AnswerClass, Executed, FourElements, Measure, Order, Refused
from domain.statement import Row, Statement
from tests.contracts.bank_port import BankPortContract
from tests.contracts.orders_at import OrdersAt

NOW = datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)
ACCOUNT = AccountRef(institution="105302000015", number="6217006479174874408", name="测试丙0002")
INFLOW = FourElements(
    payer_institution="102302000011", payer_name="测试乙0001", payer_number="6222029511307277894", amount_fen=500_000,
    at=NOW - timedelta(minutes=20),
)  # fmt: skip
TERM = timedelta(hours=48)


class MemoryBank:
    """A bank with one account, its own book, and whatever is to go wrong next."""

    def __init__(self) -> None:
        self.letters: dict[str, Letter] = {}
        self.answers: dict[str, dict[str, Any]] = {}
        self.effects: list[str] = []
        self.stopped: set[str] = set()
        self.next_trouble: set[str] = set()
        self.withheld: set[str] = set()
        self.delivered: set[str] = set()

    def strikes(self, trouble: str) -> bool:
        struck = trouble in self.next_trouble
        self.next_trouble.discard(trouble)
        return struck

    def take(self, letter: Letter) -> AnswerClass:
        known = self.letters.get(letter.key)
        if known is not None and known.sha256 != letter.sha256:
            return AnswerClass.PERMANENT
        if known is None or self.answers[letter.key]["result"] == "busy":
            self.letters[letter.key] = letter
            self.answers[letter.key] = self.act(json.loads(base64.b64decode(letter.message)))
        self.withheld.discard(letter.key)
        if known is None and self.strikes("lose_reply"):
            self.withheld.add(letter.key)
        return AnswerClass.OK if known is None else AnswerClass.DUPLICATE

    def act(self, asked: dict[str, Any]) -> dict[str, Any]:
        if self.strikes("busy"):
            return {"result": "busy"}
        if asked["measure"] == Measure.STOP:
            if asked["amount_fen"] != INFLOW.amount_fen:
                return {"result": "no such transfer"}
            self.stopped.add(asked["key"])
        elif asked["measure"] == Measure.LIFT and asked["original"] not in self.stopped:
            return {"result": "done"}
        self.stopped.discard(asked["original"])
        self.effects.append(asked["key"])
        return {"result": "done"}


class MemoryLine:
    """InstitutionPort to a MemoryBank; None: nobody there."""

    def __init__(self, bank: MemoryBank | None) -> None:
        self.bank = bank

    def seal(self, order: Order, paper: bytes) -> Letter:
        assert order.account is not None
        if len(order.account.name) > 120:
            raise ValueError("name: too long")
        said = {
            "key": order.application_id,
            "measure": order.measure,
            "case": order.case_number,
            "amount_fen": order.evidence.amount_fen if order.evidence else None,
            "original": order.original,
            "paper": hashlib.sha256(paper).hexdigest(),
        }
        message = json.dumps(said).encode()
        return Letter(
            key=order.application_id,
            serial=f"memory-{order.application_id}",
            message=base64.b64encode(message).decode(),
            sha256=hashlib.sha256(message).hexdigest(),
        )

    async def hand_in(self, letters: Sequence[Letter]) -> list[LetterReceipt]:
        bank = self._reached()
        if bank.strikes("break before"):
            raise PerhapsSent("broken on the way")
        receipts = [LetterReceipt(key=one.key, code="", answer_class=bank.take(one)) for one in letters]
        if bank.strikes("break after"):
            raise PerhapsSent("broken on the way back")
        return receipts

    async def fetch(self, keys: Sequence[str], *, wait_s: float, linger_s: float) -> Fetched:  # noqa: ARG002
        bank = self._reached()
        ready = [key for key in keys if key in bank.letters and key not in bank.withheld]
        if not ready and keys:
            await asyncio.sleep(min(wait_s, 0.01))
        return Fetched(
            replies=tuple(self._reply(bank, key) for key in ready),
            missing=tuple(key for key in keys if key not in bank.letters),
            foreign=int(bank.strikes("foreign")),
        )

    def _reached(self) -> MemoryBank:
        if self.bank is None:
            raise NeverSent("nobody there")
        return self.bank

    def _reply(self, bank: MemoryBank, key: str) -> Reply:
        first = key not in bank.delivered
        bank.delivered.add(key)
        if first and (bank.strikes("garbage") or bank.strikes("wrong_case")):
            return Reply(key=key, unreadable="not understood")
        result = bank.answers[key]["result"]
        if result == "busy":
            return Reply(key=key, code=result)
        if result != "done":
            return Reply(key=key, code=result, outcome=Refused(code=result, at=NOW))
        asked = json.loads(base64.b64decode(bank.letters[key].message))
        done = Executed(code=result, at=NOW, started=NOW, expires=NOW + TERM, balance_fen=INFLOW.amount_fen)
        return Reply(key=key, code=result, outcome=done, statement=_statement(asked["measure"]))


def _statement(measure: str) -> Statement | None:
    if measure != Measure.QUERY:
        return None
    inflow = Row(
        serial=1,
        at=INFLOW.at,
        credit=True,
        amount_fen=INFLOW.amount_fen,
        balance_fen=INFLOW.amount_fen,
        opponent_institution=INFLOW.payer_institution,
        opponent_number=INFLOW.payer_number,
    )
    return Statement(balance_fen=INFLOW.amount_fen, total_rows=1, rows=(inflow,))


class MemoryBench(OrdersAt):
    """The bench of a bank in memory."""

    def __init__(self) -> None:
        super().__init__(account=ACCOUNT, inflow=INFLOW, now=NOW)
        self.bank = MemoryBank()
        self.port = MemoryLine(self.bank)

    async def effects(self, key: str) -> int:
        return self.bank.effects.count(key)

    async def lose_reply(self) -> None:
        self.bank.next_trouble.add("lose_reply")

    async def spoil(self, how: str) -> None:
        self.bank.next_trouble.add(how)

    async def fail_once(self) -> None:
        self.bank.next_trouble.add("busy")

    async def break_line(self, *, after_arrival: bool) -> None:
        self.bank.next_trouble.add("break after" if after_arrival else "break before")

    def unreachable(self) -> MemoryLine:
        return MemoryLine(None)


class TestBankInMemory(BankPortContract):
    @pytest.fixture
    def bench(self) -> MemoryBench:
        return MemoryBench()
