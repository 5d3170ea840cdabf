"""Every institution has its door; practice and real ones never mix; polls and posts do not wait for one another."""

import asyncio
import itertools
from collections.abc import AsyncIterator

import httpx
import pytest

from activities.line_ports import PerhapsSent
from adapters.banks.line import PlatformLine
from adapters.carriers.line import CarrierLine
from adapters.lines import HttpLines, WrongWorldError
from domain.institutions import Channel, Institution, InstitutionKind
from domain.orders import Measure
from tests.banks.orders import CENTRE, PAPER, order
from tests.contracts.practice import EVERY_LETTER, INSTITUTIONS, PLATFORM_BANK, Practice, practising
from tests.tries import tries_within


@pytest.fixture(scope="module")
async def practice(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Practice]:
    async with practising(tmp_path_factory.mktemp("practice")) as world:
        yield world


def institution(name: str, kind: InstitutionKind, channel: Channel, *, practice: bool = True) -> Institution:
    return Institution(id=name, code=name, name=name, kind=kind, channel=channel, practice=practice)


async def asked_path(one: Institution) -> str:
    paths: list[str] = []

    def front(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.path)
        return httpx.Response(200, json={"answers": [], "missing": []})

    async with HttpLines(
        "http://x.invalid/", "r-1", CENTRE, practice=True, warrants=EVERY_LETTER, transport=httpx.MockTransport(front)
    ) as all_:
        await all_.to(one).fetch(["k"], wait_s=0.0, linger_s=0.0)
    return paths[0]


@pytest.mark.parametrize(
    ("name", "kind", "channel", "path"),
    [
        ("105302000015", InstitutionKind.BANK, Channel.PLATFORM, "/w/r-1/platform/answers"),
        ("Z99999320001", InstitutionKind.PAYMENT, Channel.PLATFORM, "/w/r-1/platform/answers"),
        ("308302000015", InstitutionKind.BANK, Channel.LIAISON, "/w/r-1/liaison/308302000015/answers"),
        ("CT", InstitutionKind.CARRIER, Channel.GATEWAY, "/w/r-1/carriers/CT/answers"),
        ("MVNO-1", InstitutionKind.CARRIER, Channel.LIAISON, "/w/r-1/carriers/MVNO-1/answers"),
    ],
)
async def test_each_institution_has_its_door(name: str, kind: InstitutionKind, channel: Channel, path: str):
    assert await asked_path(institution(name, kind, channel)) == path


@pytest.mark.parametrize(
    ("kind", "channel"), [(InstitutionKind.BANK, Channel.GATEWAY), (InstitutionKind.CARRIER, Channel.PLATFORM)]
)
async def test_an_institution_without_a_door_is_said(kind: InstitutionKind, channel: Channel):
    async with HttpLines("http://x.invalid", "r-1", CENTRE, practice=True, warrants=EVERY_LETTER) as lines:
        with pytest.raises(LookupError, match="no line is known"):
            lines.to(institution("102302000011", kind, channel))


@pytest.mark.parametrize("practising", [True, False])
async def test_practice_and_real_institutions_never_mix(practising: bool):
    one = institution("102302000011", InstitutionKind.BANK, Channel.PLATFORM, practice=not practising)
    async with HttpLines("http://x.invalid", "r-1", CENTRE, practice=practising, warrants=EVERY_LETTER) as lines:
        with pytest.raises(WrongWorldError, match="practice"):
            lines.to(one)


async def test_one_institution_has_one_line():
    async with HttpLines("http://x.invalid", "r-1", CENTRE, practice=True, warrants=EVERY_LETTER) as lines:
        bank, carrier = INSTITUTIONS[PLATFORM_BANK], INSTITUTIONS["CT"]
        assert lines.to(bank) is lines.to(bank.model_copy())
        assert isinstance(lines.to(bank), PlatformLine)
        assert isinstance(lines.to(carrier), CarrierLine)


async def test_the_world_announces_its_institutions(practice: Practice):
    announced = await practice.lines.announced()
    assert {one.id: one for one in announced} == INSTITUTIONS


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"institutions": [{"id": 1}]}'])
async def test_an_announcement_of_another_form_is_an_error_of_the_line(body: bytes):
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
    async with HttpLines(
        "http://x.invalid", "r-1", CENTRE, practice=True, warrants=EVERY_LETTER, transport=transport
    ) as lines:
        with pytest.raises(PerhapsSent):
            await lines.announced()


async def test_sixty_four_polls_stand_open_while_sixty_four_posts_leave(practice: Practice):
    port = practice.lines.to(INSTITUTIONS[PLATFORM_BANK])
    polls = [asyncio.create_task(port.fetch([f"{n:036d}"], wait_s=20.0, linger_s=0.0)) for n in range(64)]
    await asyncio.sleep(0.3)
    fresh = itertools.count()
    for one in tries_within(3.0):
        handed = [
            port.seal(order(Measure.QUERY, application_id=f"0301{n:032d}", institution=PLATFORM_BANK), PAPER)
            for n in itertools.islice(fresh, 64)
        ]
        with one:
            receipts = await asyncio.gather(*(port.hand_in([letter]) for letter in handed))
        assert not any(poll.done() for poll in polls), "measured beside polls that stand open"
        assert [said.code for (said,) in receipts] == ["100000"] * 64
    for poll in polls:
        poll.cancel()
    await asyncio.gather(*polls, return_exceptions=True)
