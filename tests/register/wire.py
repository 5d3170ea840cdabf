"""The line to one practice bank as the centre has it, and what tests put on it."""

from datetime import timedelta

from activities.line_ports import InstitutionPort, Letter
from activities.ports import Draft, OpenedOrder
from adapters.lines import HttpLines
from domain.institutions import Institution
from domain.orders import AccountRef, Measure, OfficerCard, Order
from tests.contracts.practice import INSTITUTIONS, NAMES, NUMBERS, PLATFORM_BANK, Practice
from tests.register.given import HANDLING, NOW, SECOND, Given, freeze

BANK: Institution = INSTITUTIONS[PLATFORM_BANK]
ACCOUNT = AccountRef(institution=BANK.id, number=NUMBERS[PLATFORM_BANK], name=NAMES[PLATFORM_BANK])


class Wire:
    """The line to one practice bank as the centre has it, and the bank's own book."""

    def __init__(self, given: Given, practice: Practice, lines: HttpLines) -> None:
        self.given = given
        self.practice = practice
        self.port: InstitutionPort = lines.to(BANK)

    async def sends(self, *opened: OpenedOrder) -> list[str]:
        """Hand in these orders' letters as an activity does; the codes of the receipts."""
        letters = [await self.letter(one.order) for one in opened if one.order is not None]
        await self.given.register.note_sealed([(one.key, one.sha256) for one in letters])
        return [receipt.code for receipt in await self.port.hand_in(letters)]

    async def letter(self, order: Order) -> Letter:
        paper = await self.given.register.paper(order.paper) if order.paper else b"%PDF"
        return self.port.seal(order, paper)

    async def arrived(self) -> list[str]:
        """Application ids in the bank's book."""
        return [one["application_id"] for one in await self.practice.book() if one["kind"] == "received"]


async def opened_at(wire: Wire, case_id: str, *drafts) -> list[OpenedOrder]:
    opened = await wire.given.open(case_id, *drafts, institution=BANK)
    assert {one.standing for one in opened} == {"new"}, [one.outcome for one in opened]
    return opened


def freeze_of(amount_fen: int) -> Draft:
    """Within the six months that a sheet of these tests grants."""
    return freeze(ACCOUNT, amount_fen).model_copy(update={"until": NOW + timedelta(days=180)})


async def frozen_at(wire: Wire, **more) -> tuple[str, OpenedOrder]:
    """A case with a freeze on record, decided by those who may."""
    await wire.given.duty()
    case_id = await wire.given.case()
    await wire.given.approved(wire.given.sheet(case_id, (ACCOUNT, 700), **more))
    (opened,) = await opened_at(wire, case_id, freeze_of(700))
    return case_id, opened


def invented(case_id: str, number: int = 1) -> Order:
    """A freeze that nobody ever decided."""
    return Order(
        application_id=f"0201{number:032d}",
        case_id=case_id,
        case_number="A2026-000001",
        category="其他",
        measure=Measure.FREEZE,
        institution=BANK.id,
        institution_name=BANK.name,
        account=ACCOUNT,
        amount_fen=700,
        until=NOW + timedelta(days=180),
        requested_at=NOW,
        handling=OfficerCard(number=HANDLING, name="甲"),
        second=OfficerCard(number=SECOND, name="乙"),
        paper_number="1",
        authority="F-01",
    )
