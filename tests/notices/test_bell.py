"""The bell in virtual time, over a real register and the sandbox's own book: nothing lost, nothing doubled."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from activities.notice_ports import NoticePort
from adapters.notices.bell import Bell
from adapters.notices.sms import sms_gateway
from adapters.notices.smtp import Mail, MailServer
from adapters.notices.webhook import webhook
from adapters.policy_file import load_policy
from adapters.settings import Settings
from domain.identifiers import notice_id
from domain.notices import NoticeKind, cause_of_sheet
from domain.orders import Refused
from tests.chaos.test_canaries import found
from tests.patience import PATIENCE_S
from tests.register.given import NOW, SECOND, lift, numbered, ref, stop

CHANNELS = ("webhook", "smtp", "sms")
POLICY = load_policy(Settings())


class VirtualBell:
    """A bell whose clock the test moves; everything that is due by then has left when it returns."""

    def __init__(self, book, ports):
        self.now = NOW
        self.bell = Bell(
            book,
            ports,
            POLICY,
            "http://ui/{}".format,
            practice=True,
            clock=lambda: self.now,
            stopwatch=lambda: 0.0,  # how long a sweep takes on this machine puts off none in virtual time
        )

    async def until(self, after, step=timedelta(seconds=10)):
        """Look every ten seconds up to `after` from the start."""
        while True:
            await self.bell.look()
            await self.bell.sent()
            if self.now >= NOW + after:
                return
            self.now = min(self.now + step, NOW + after)


@pytest.fixture
async def ports(world):
    made: list[NoticePort] = [
        webhook(f"{world.doors}/webhook"),
        Mail(MailServer(world.sandbox.mail, world.domain)),
        sms_gateway(f"{world.doors}/sms"),
    ]
    yield made
    for one in made:
        await one.aclose()


@pytest.fixture
def bell(given, ports):
    return VirtualBell(given.register, ports)


@pytest.fixture
async def sheet(given):
    """A pending look at one stop."""
    made = given.look(await given.case(), (ref(), 500))
    await given.register.keep_sheet(made)
    return made


def key(sheet, sending):
    return f"{notice_id(sheet.case_id, cause_of_sheet(sheet.name))}.{sending}"


def of(book, sheet):
    """The letters of the sheet's own notice: channel, key, whom for."""
    return [(one["channel"], one["key"], one["to"]) for one in book if one["key"].startswith(key(sheet, ""))]


MINUTES = timedelta(minutes=1)


class Slow:
    """A channel that takes its letters when the test says so."""

    def __init__(self, port):
        self.channel, self.port = port.channel, port
        self.began, self.go = asyncio.Event(), asyncio.Event()

    async def send(self, letters):
        self.began.set()
        await self.go.wait()
        return await self.port.send(letters)

    async def aclose(self):
        await self.port.aclose()


async def test_a_letter_under_way_is_sent_and_noted_before_the_bell_ends(given, sheet, world, sql):
    slow = Slow(webhook(f"{world.doors}/webhook"))
    bell = Bell(given.register, [slow], POLICY, "http://ui/{}".format, practice=True, clock=lambda: NOW)
    ringing = asyncio.create_task(bell.ring_for_ever())
    await asyncio.wait_for(slow.began.wait(), PATIENCE_S)
    ringing.cancel()
    await asyncio.sleep(0)  # the worker that rings is told to end while the letter is on its way
    slow.go.set()
    await asyncio.gather(ringing, return_exceptions=True)
    assert [channel for channel, _, _ in of(world.book(), sheet)] == ["webhook"]
    assert sql.execute("SELECT count(*) FROM deliveries WHERE sent_at IS NULL").fetchone() == (0,)


async def test_a_pending_sheet_leaves_by_every_channel_at_the_first_look(bell, sheet, world):
    await bell.until(timedelta())
    assert sorted(of(world.book(), sheet)) == sorted((one, key(sheet, 1), ["second_officer"]) for one in CHANNELS)


async def test_unacknowledged_it_climbs_to_the_duty_chief_and_acknowledged_it_is_silent(bell, sheet, world, given):
    await bell.until(5 * MINUTES)
    assert sorted(of(world.book(), sheet)) == sorted(
        [(one, key(sheet, 1), ["second_officer"]) for one in CHANNELS]
        + [(one, key(sheet, 2), ["duty_chief"]) for one in CHANNELS]
    )
    await given.register.acknowledge(key(sheet, 1).removesuffix(".1"), SECOND, POLICY, bell.now)
    before = of(world.book(), sheet)
    await bell.until(60 * MINUTES)
    assert of(world.book(), sheet) == before
    assert {one["key"][-1] for one in world.book()} <= {"1", "2", "3", "4"}, "the deadline's own notice went on"


async def test_a_webhook_down_for_ten_minutes_loses_nothing_doubles_nothing_and_holds_up_no_other_channel(
    bell, sheet, world, given
):
    world.down("webhook")
    await bell.until(10 * MINUTES)
    letters = of(world.book(), sheet)
    assert Counter(channel for channel, *_ in letters) == {"smtp": 2, "sms": 2}, "the others went on, and climbed"
    world.up()
    await bell.until(12 * MINUTES)
    letters = [one for one in of(world.book(), sheet) if one[0] == "webhook"]
    assert sorted(letters) == [
        ("webhook", key(sheet, 1), ["second_officer"]),
        ("webhook", key(sheet, 2), ["duty_chief"]),
    ], "both rungs arrive once the channel is back"
    await given.register.acknowledge(key(sheet, 1).removesuffix(".1"), SECOND, POLICY, bell.now)
    before = world.book()
    await bell.until(19 * MINUTES)
    assert world.book() == before
    assert not [one for one in before if one.get("again")]


async def test_acknowledged_while_the_webhook_is_down_nothing_reaches_it_afterwards(bell, sheet, world, given):
    world.down("webhook")
    await bell.until(3 * MINUTES)
    await given.register.acknowledge(key(sheet, 1).removesuffix(".1"), SECOND, POLICY, bell.now)
    world.up()
    await bell.until(15 * MINUTES)
    assert [one for one in of(world.book(), sheet) if one[0] == "webhook"] == []


async def test_a_channel_down_for_an_hour_has_one_letter_a_rung_waiting_and_not_one_a_repeat(bell, sheet, world):
    world.down("webhook")
    await bell.until(60 * MINUTES, step=timedelta(seconds=30))
    world.up()
    await bell.until(61 * MINUTES + timedelta(seconds=10))
    to = [whom for channel, _, whom in of(world.book(), sheet) if channel == "webhook"]
    assert sorted(to) == [["duty_chief"], ["second_officer"]]


async def test_a_bell_that_died_between_sending_and_noting_sends_again_under_the_same_key(
    bell, sheet, world, given, monkeypatch
):
    async def dies(*_):
        raise ConnectionError

    with monkeypatch.context() as dying:
        dying.setattr(given.register, "note_letters", dies)
        await bell.until(timedelta())
    await bell.until(1 * MINUTES)
    keys = Counter((channel, one) for channel, one, _ in of(world.book(), sheet))
    assert keys == dict.fromkeys(((channel, key(sheet, 1)) for channel in CHANNELS), 2)
    marked = Counter(one.get("again", False) for one in world.book())
    assert marked == {False: 3, True: 3}, "and the receiver knows the second as the same letter"


async def test_two_bells_in_one_world_send_each_letter_once(given, ports, sheet, world):
    first, second = (VirtualBell(given.register, ports) for _ in range(2))
    for one in (first, second, first):
        await one.bell.look()
    await first.bell.sent()
    await second.bell.sent()
    assert len(of(world.book(), sheet)) == len(CHANNELS)
    assert not [one for one in world.book() if one.get("again")]


async def test_a_silent_bank_reaches_the_stop_desk_after_a_minute_and_the_duty_chief_after_two_more(bell, given, world):
    await given.duty()
    opened = await given.open(await given.case(), *(stop(account) for account in numbered(30)))
    await bell.until(timedelta(seconds=59))
    assert world.book() == []
    await bell.until(timedelta(seconds=64), step=timedelta(seconds=1))
    assert [one["to"] for one in world.book()] == [["stop_desk"]] * 3, "one notice for thirty orders"
    assert "ICBC 未回复 30 项请求，结果不明" in world.book()[0]["text"]
    await bell.until(timedelta(seconds=190))
    assert [one["to"] for one in world.book()[3:]] == [["duty_chief"]] * 3
    await given.answer(*opened)
    before = world.book()
    await bell.until(60 * MINUTES, step=timedelta(minutes=1))
    assert world.book() == before


async def test_no_name_no_number_and_no_account_is_in_any_letter(bell, given, world):
    await given.duty()
    case_id = await given.case()
    accounts = numbered(2)
    await given.open(case_id, stop(ref("6222000000000033")))
    (refused,) = await given.open(case_id, stop(ref("6222000000000044")))
    await given.answer(refused, outcome=Refused(code="2103", at=NOW))
    await given.stopped(case_id, *accounts)
    for account in accounts:
        await given.books(case_id, account, 500)
    await given.register.keep_sheet(given.sheet(case_id, *((account, 500) for account in accounts)))
    await given.stopped(case_id, ref("6222000000000055"))
    (lifted,) = await given.open(case_id, lift(ref("6222000000000055"), "finding"))
    await given.answer(lifted, outcome=Refused(code="2103", at=NOW))
    await bell.until(timedelta())
    bell.now = NOW + timedelta(hours=47)
    await bell.until(timedelta(hours=47))
    told = {one.kind for one in await given.register.notices()}
    assert told == set(NoticeKind), "every kind of notice has been sent"
    canaries = {"测试甲", "测试害", "13900000000", "6228000000000009", *(account.number for account in accounts)}
    canaries |= {"6222000000000033", "6222000000000044", "6222000000000055", "警员"}
    assert len(world.book()) >= 3 * len(NoticeKind)
    for one in world.book():
        assert found(canaries, "\n".join(map(str, one.values()))) == set()


async def test_an_officer_who_is_not_on_the_register_silences_nothing(bell, sheet, world, given):
    await bell.until(timedelta())
    ruling = await given.register.acknowledge(key(sheet, 1).removesuffix(".1"), "666666", POLICY, bell.now)
    assert ruling.refused == "unknown_officer"
    assert (await given.register.acknowledge(key(sheet, 1).removesuffix(".1"), SECOND, POLICY, bell.now)).accepted
    await bell.until(6 * MINUTES)
    assert len(of(world.book(), sheet)) == len(CHANNELS)


async def test_a_sweep_that_fails_holds_up_nothing_that_is_due(bell, sheet, world, monkeypatch):
    async def broken(*_):
        raise OSError

    monkeypatch.setattr(bell.bell._book, "sweep_notices", broken)
    with pytest.raises(OSError):  # noqa: PT011 - the one that was raised above
        await bell.bell.look()
    await bell.bell.sent()
    assert {channel for channel, *_ in of(world.book(), sheet)} == {*CHANNELS}
