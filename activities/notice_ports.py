"""Ports of notices: the channels that carry them to people, and the part of the register that remembers them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from domain.frozen import Frozen
from domain.notices import Notice, NoticeChannel, NoticeLetter
from domain.officers import Role
from domain.policy import Policy


class Carried(Frozen):
    """What a channel made of one letter. `failed`: a code of our own ("unreachable", "refused 503"); empty: taken.

    Never the far side's own words: they may quote anything.
    """

    failed: str = ""


class NoticePort(Protocol):
    """One channel to people. Taken means: the next station has it, not: somebody has read it.

    It must not try again by itself, must not raise for what the far side does, must not log a letter, and must send
    the letter's key along, so that the receiver can drop a letter it has: the same letter may be handed over twice.
    """

    @property
    def channel(self) -> NoticeChannel:
        """Which one it is."""
        ...

    async def send(self, letters: Sequence[NoticeLetter]) -> list[Carried]:
        """Hand letters over; one result for each, in their order. A letter that fails must not fail the others."""
        ...

    async def aclose(self) -> None:
        """Let go of connections."""
        ...


class Outgoing(NamedTuple):
    """One sending of a notice over one channel, as the register hands it out."""

    notice: Notice
    sending: int
    rung: int
    to: tuple[Role, ...]
    tries: int
    """This one included."""


class Attempt(NamedTuple):
    """What became of one of them. `again_at`: when it is tried next; None: it was taken."""

    outgoing: Outgoing
    failed: str
    again_at: datetime | None


class NoticeBook(Protocol):
    """The part of the register that notices go through. Each method is one transaction of its own."""

    async def sweep_notices(self, now: datetime, policy: Policy) -> int:
        """Make the notices whose cause is a moment that came: silence, a deadline, a stop's end. How many were new.

        Each cause of a case makes one notice, whoever looks and however often.
        """
        ...

    async def ring_notices(
        self, now: datetime, policy: Policy, channels: Sequence[NoticeChannel], most: int
    ) -> list[NoticeChannel]:
        """Close what is over, let what is due climb, and make its letters. Returns the channels that have any to send.

        Several may ring at once: each notice is rung by one of them.
        """
        ...

    async def take_letters(self, channel: NoticeChannel, now: datetime, most: int, lease: timedelta) -> list[Outgoing]:
        """Letters due on a channel, leased: nobody else sends them meanwhile, somebody does when we die."""
        ...

    async def note_letters(self, channel: NoticeChannel, attempts: Sequence[Attempt], now: datetime) -> None:
        """Keep what became of them."""
        ...
