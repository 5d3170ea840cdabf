"""What the tests of notices look at: who is told of what at a moment, and which notices stand."""

from datetime import timedelta

from activities.notice_ports import Attempt
from adapters.policy_file import load_policy
from adapters.settings import Settings
from domain.notices import Notice, NoticeChannel, NoticeKind
from tests.register.given import NOW, Given

WEBHOOK = NoticeChannel.WEBHOOK
MINUTE, LEASE = timedelta(minutes=1), timedelta(seconds=30)
POLICY = load_policy(Settings())


async def told(given: Given, after: timedelta = timedelta()) -> list[tuple[str, int, tuple[str, ...]]]:
    """What leaves by the webhook at this moment, taken there: kind, rung, whom for."""
    now = NOW + after
    await given.register.ring_notices(now, POLICY, [WEBHOOK], 100)
    taken = await given.register.take_letters(WEBHOOK, now, 100, LEASE)
    await given.register.note_letters(WEBHOOK, [Attempt(one, "", None) for one in taken], now)
    return [(one.notice.kind.value, one.rung, tuple(role.value for role in one.to)) for one in taken]


async def kinds(given: Given) -> list[str]:
    return [one.kind.value for one in await given.register.notices()]


async def only(given: Given, kind: NoticeKind) -> Notice:
    (one,) = [one for one in await given.register.notices() if one.kind is kind]
    return one
