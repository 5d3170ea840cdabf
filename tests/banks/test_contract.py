"""The platform adapter under the contract of the port, against the practice institutions and by their own book."""

from collections.abc import AsyncIterator, Iterator

import pytest

from activities.line_ports import InstitutionPort
from adapters.lines import HttpLines
from domain.orders import AccountRef
from tests.contracts.bank_port import BankPortContract
from tests.contracts.orders_at import OrdersAt
from tests.contracts.practice import (
    CENTRE,
    EVERY_LETTER,
    INSTITUTIONS,
    LIAISON_BANK,
    NAMES,
    NUMBERS,
    PLATFORM_BANK,
    Practice,
    nobody,
    sandbox,
)

EFFECTS = {"stop", "freeze", "lift", "unfreeze"}
SPOILING = {
    "garbage": "garbage",
    "wrong_case": "wrong_case",
    "doubled": "duplicate_answer",
    "foreign": "foreign_answer",
}


class PracticeBench(OrdersAt):
    """One practice bank with the victim's money in one account."""

    def __init__(self, practice: Practice, bank: str) -> None:
        account = AccountRef(institution=bank, number=NUMBERS[bank], name=NAMES[bank])
        super().__init__(account=account, inflow=practice.inflow, now=practice.moved_at)
        self.bank = INSTITUTIONS[bank]
        self.practice = practice
        self.port = practice.lines.to(self.bank)

    async def effects(self, key: str) -> int:
        book = await self.practice.book()
        return sum(entry["kind"] in EFFECTS and entry["application_id"] == key for entry in book)

    async def lose_reply(self) -> None:
        await self.practice.fault("lose_reply")

    async def spoil(self, how: str) -> None:
        await self.practice.fault(SPOILING[how])

    async def fail_once(self) -> None:
        await self.practice.fault("refuse", code="1100")

    async def break_line(self, *, after_arrival: bool) -> None:
        await self.practice.fault("http_5xx_after" if after_arrival else "http_5xx")

    def unreachable(self) -> InstitutionPort:
        return HttpLines(nobody(), self.practice.run, CENTRE, practice=True, warrants=EVERY_LETTER).to(self.bank)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with sandbox(tmp_path_factory.mktemp("practice")) as address:
        yield address


@pytest.fixture
async def practice(url: str) -> AsyncIterator[Practice]:
    async with Practice(url) as world:
        yield world


class TestPlatformBank(BankPortContract):
    @pytest.fixture
    def bench(self, practice: Practice) -> PracticeBench:
        return PracticeBench(practice, PLATFORM_BANK)


class TestLiaisonBank(BankPortContract):
    @pytest.fixture
    def bench(self, practice: Practice) -> PracticeBench:
        return PracticeBench(practice, LIAISON_BANK)
