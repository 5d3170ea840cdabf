"""The bell: looks into the register once a second, and sends what is due over every channel, each at its own pace.

It stands on the register alone: officers are told while the engine is down, too. Several bells may ring in one world.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from activities.notice_ports import Attempt, Carried, NoticeBook, NoticePort, Outgoing
from adapters.register.noticing import notice_rules
from adapters.rounds import make_rounds
from domain.notice_words import letter_of
from domain.notices import NoticeChannel, NoticeLetter
from domain.policy import Policy

log = structlog.get_logger(__name__)

LOOK_EVERY_S: Final = 1.0
"""A notice is to reach its channel within 5 s: a second to be seen, one more to leave, the rest is air."""
SWEEP_EVERY: Final = timedelta(seconds=2)
"""What only time brings about is looked for less often: it asks all open orders, stops and sheets."""
SWEEP_SHARE: Final = 10
"""A sweep of so many seconds is followed by so many times as long a pause, but for the most."""
SWEEP_MOST: Final = timedelta(seconds=15)
AT_ONCE: Final = 20
"""Letters handed to a channel at a time: within the time limit even if each of them times out."""
SENDING_S: Final = 20.0
LAST_LETTERS_S: Final = 5.0
"""A bell that ends waits so long for letters under way: as long as its worker drains."""
LEASE: Final = timedelta(seconds=30)
"""Longer than a sending takes; a bell that died with a letter has it sent by another one after so long."""
MOST_RUNG: Final = 200

Link = Callable[[str], str]
"""The address at which a case is read, from its workflow id; empty: there is none."""


class Bell:
    """Rings for one world. `clock` says what time it is (UTC), `stopwatch` how long work takes; a test sets both."""

    def __init__(
        self,
        book: NoticeBook,
        ports: Sequence[NoticePort],
        policy: Policy,
        link: Link,
        *,
        practice: bool,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        """`practice`: every letter says so, since a drill may reach telephones that real notices reach too."""
        self._book = book
        self._ports = {port.channel: port for port in ports}
        self._policy, self._rules = policy, notice_rules(policy)
        self._link, self._practice = link, practice
        self._clock, self._stopwatch = clock, stopwatch
        self._sweep_at = datetime.min.replace(tzinfo=UTC)
        self._sending: dict[NoticeChannel, asyncio.Task[None]] = {}
        self._sick: dict[NoticeChannel, str] = {}
        self._ends = False

    async def ring_for_ever(self) -> None:
        """Runs beside the worker; bears a register that is down."""
        if not self._ports:
            log.error("notices_have_no_channel", remedy="name HOLDFAST_NOTICE_WEBHOOK, _SMTP or _SMS")
        try:
            await make_rounds(
                self.look,
                did=lambda channels: log.debug("letters_leave", channels=channels),
                failed=lambda error: log.warning("bell_failed", error=error),
                pause_s=lambda _: LOOK_EVERY_S,
            )
        finally:
            self._ends = True
            if self._sending:  # cut off, a letter would be sent once more: nobody knew whether it had been taken
                await asyncio.wait(self._sending.values(), timeout=LAST_LETTERS_S)
            for task in self._sending.values():
                task.cancel()
            await asyncio.gather(*self._sending.values(), return_exceptions=True)
            await asyncio.gather(*(port.aclose() for port in self._ports.values()))

    async def look(self) -> int:
        """Look once; channels that have letters begin to send them, unless they are at it already. Returns how many.

        A sweep that fails holds up nothing that is due already.
        """
        now, problem = self._clock(), None
        try:
            await self._sweep(now)
        except Exception as error:  # noqa: BLE001 - raised below
            problem = error
        begun = await self._ring(now)
        if problem is not None:
            raise problem
        return begun

    async def _sweep(self, now: datetime) -> None:
        if now >= self._sweep_at:
            began = self._stopwatch()
            await self._book.sweep_notices(now, self._policy)
            pause = timedelta(seconds=(self._stopwatch() - began) * SWEEP_SHARE)
            self._sweep_at = now + min(max(SWEEP_EVERY, pause), SWEEP_MOST)

    async def _ring(self, now: datetime) -> int:
        begun = 0
        for channel in await self._book.ring_notices(now, self._policy, list(self._ports), MOST_RUNG):
            before = self._sending.get(channel)
            if channel in self._ports and (before is None or before.done()):
                self._sending[channel] = asyncio.create_task(self._send_all(self._ports[channel]))
                begun += 1
        return begun

    async def sent(self) -> None:
        """Wait until every channel has tried what was due; for those who do not ring for ever."""
        await asyncio.gather(*self._sending.values())

    async def _send_all(self, port: NoticePort) -> None:
        """Until nothing is due, or until the channel is sick: then the pauses of its letters say when to go on."""
        try:
            while not self._ends:
                outgoing = await self._book.take_letters(port.channel, self._clock(), AT_ONCE, LEASE)
                if not outgoing:
                    return
                carried = await self._carried(port, [self._letter(one) for one in outgoing])
                now = self._clock()
                attempts = [self._attempt(one, what, now) for one, what in zip(outgoing, carried, strict=True)]
                await self._book.note_letters(port.channel, attempts, now)
                self._say_how_it_is(port.channel, carried)
                if all(one.failed for one in carried):
                    return
        except Exception as error:  # noqa: BLE001 - the register; leased letters come up again by themselves
            log.warning("notices_not_sent", channel=port.channel.value, error=type(error).__name__)

    def _letter(self, one: Outgoing) -> NoticeLetter:
        link = self._link(one.notice.workflow_id)
        return letter_of(one.notice, one.sending, one.rung, one.to, link=link, practice=self._practice)

    @staticmethod
    async def _carried(port: NoticePort, letters: Sequence[NoticeLetter]) -> list[Carried]:
        try:
            async with asyncio.timeout(SENDING_S):
                return await port.send(letters)
        except TimeoutError:
            return [Carried(failed="timeout")] * len(letters)  # some may have been taken: their keys tell

    def _attempt(self, one: Outgoing, what: Carried, now: datetime) -> Attempt:
        return Attempt(one, what.failed, now + self._rules.pause_after(one.tries) if what.failed else None)

    def _say_how_it_is(self, channel: NoticeChannel, carried: Sequence[Carried]) -> None:
        """Once when it begins to fail, once when it is well again: not at every try."""
        failed = next((one.failed for one in carried if one.failed), "")
        if failed and self._sick.get(channel) != failed:
            log.error("notice_channel_fails", channel=channel.value, why=failed)
        elif not failed and channel in self._sick:
            log.warning("notice_channel_is_back", channel=channel.value)
        if failed:
            self._sick[channel] = failed
        else:
            self._sick.pop(channel, None)
