"""Notices: what officers are told without asking, who is told first, and how it climbs while nobody acknowledges it."""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from domain.frozen import Frozen
from domain.officers import Role

_Seconds = Annotated[float, Field(gt=0)]
_Roles = Annotated[tuple[Role, ...], Field(min_length=1)]


class NoticeKind(StrEnum):
    """What a notice is about."""

    SHEET = "sheet"
    """a sheet awaits decisions"""
    UNKNOWN = "unknown"
    """an institution has not answered: whether its orders took effect is not known"""
    SHEET_DEADLINE = "sheet_deadline"
    """a sheet is to be decided soon"""
    STOPS_END = "stops_end"
    """stops end soon whose money no freeze covers"""
    FILING = "filing"
    """the case filing is missing: a freeze waits for it, or a stop ends before long (rules R13)"""
    REFUSED = "refused"
    """an institution refused stops or queries of accounts whose money nothing else holds, or nobody can follow"""
    NOT_ENDED = "not_ended"
    """an institution refused to lift or unfreeze: somebody's account is held on, whether the case is open or closed"""


ROLE_BY_ROLE = frozenset({NoticeKind.SHEET, NoticeKind.SHEET_DEADLINE})
"""What several roles have to act on: an acknowledgement for one of them leaves the others told."""

_CAME_LATER = {NoticeKind.REFUSED: NoticeKind.UNKNOWN, NoticeKind.NOT_ENDED: NoticeKind.UNKNOWN}
"""A policy from before a kind was there is held to what it says of another that the same people see to."""


class NoticeChannel(StrEnum):
    """How a letter leaves the house."""

    WEBHOOK = "webhook"
    SMTP = "smtp"
    SMS = "sms"


class NoticeRules(Frozen):
    """Whom notices reach and when (policy `notices`). Raises ValidationError when a kind of notice is left out."""

    first: dict[NoticeKind, _Roles]
    """Who is told first; of a sheet and its deadline the roles that it still awaits."""
    ladder: _Roles
    """Who is told after them, one rung after the other, while nobody acknowledges."""
    climb_after_seconds: dict[NoticeKind, _Seconds]
    """Unacknowledged so long, a notice climbs one rung."""
    repeat_seconds: _Seconds
    """On the last rung it is sent again so often, until it is acknowledged or its cause is gone."""
    sheet_ahead_minutes: _Seconds
    filing_ahead_hours: _Seconds
    try_again_seconds: _Seconds
    """A channel that failed is tried again after so long, doubled each time up to the most."""
    try_again_most_seconds: _Seconds

    @field_validator("first", "climb_after_seconds", mode="before")
    @classmethod
    def _of_kinds_there_are(cls, said: object) -> object:
        """A policy of a newer program may name kinds that this one has not; a kind misspelt is found missing below."""
        return {kind: of for kind, of in said.items() if kind in set(NoticeKind)} if isinstance(said, dict) else said

    @model_validator(mode="after")
    def _says_it_of_every_kind(self) -> Self:
        for said, needed in ((self.first, set(NoticeKind) - ROLE_BY_ROLE), (self.climb_after_seconds, set(NoticeKind))):
            if missing := sorted(needed - said.keys() - _CAME_LATER.keys()):
                raise ValueError(f"says nothing of {', '.join(missing)}")
        return self

    def told_first(self, kind: NoticeKind) -> tuple[Role, ...]:
        """Who is told first of what is no sheet."""
        return self.first[kind if kind in self.first else _CAME_LATER[kind]]

    def rung_of(self, sending: int) -> int:
        """The rung that the so-manieth sending (1, 2, 3 …) goes to; 0: who is told first."""
        return min(sending - 1, len(self.ladder))

    def addressees(self, rung: int, first: tuple[Role, ...]) -> tuple[Role, ...]:
        """Who is told on this rung; `first`: who is told first."""
        return first if rung == 0 else (self.ladder[rung - 1],)

    def next_after(self, kind: NoticeKind, rung: int) -> timedelta:
        """How long a notice waits for an acknowledgement before it is sent once more."""
        if rung >= len(self.ladder):
            return timedelta(seconds=self.repeat_seconds)
        said = self.climb_after_seconds
        return timedelta(seconds=said[kind if kind in said else _CAME_LATER[kind]])

    def pause_after(self, tries: int) -> timedelta:
        """How long a channel is left alone after so many tries of a letter in vain."""
        return timedelta(seconds=min(self.try_again_seconds * 2 ** min(tries - 1, 30), self.try_again_most_seconds))


class Quieted(Frozen):
    """Who acknowledged a notice for a role, and when."""

    by: str
    at: datetime


class Notice(Frozen):
    """One notice. It is over when its cause is gone (`closed_at`), and silent when it is acknowledged.

    `quiet`: roles for which somebody has acknowledged it while others are still told.
    """

    notice: str
    case_id: str
    case_number: str
    workflow_id: str
    kind: NoticeKind
    subject: str
    """A sheet's name, or an institution's code; else empty."""
    count: int
    """How many accounts or orders it is about; 0: none in particular."""
    roles: tuple[Role, ...]
    due: datetime | None
    created_at: datetime
    sendings: int
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    quiet: dict[Role, Quieted] = Field(default_factory=dict)
    closed_at: datetime | None = None


class NoticeLetter(Frozen):
    """What leaves the house of one notice: once on each rung, and again on the last. Nothing personal is in it.

    `key`: the same letter sent again has the same, so that a receiver can drop it.
    """

    key: str
    notice: str
    rung: int
    to: tuple[Role, ...]
    kind: NoticeKind
    case_number: str
    subject: str
    due: datetime | None
    link: str
    practice: bool
    title: str
    text: str


def notice_letters_key(notice: str, sending: int) -> str:
    """The key of the so-manieth sending of a notice."""
    return f"{notice}.{sending}"


def cause_of_sheet(name: str) -> str:
    """The cause of a sheet's notice; with the case it makes the notice's id, so that one sheet has one notice."""
    return f"sheet/{name}"


def cause_of_sheets_deadline(name: str) -> str:
    """The cause of the notice that a sheet's deadline is near."""
    return f"sheet_deadline/{name}"


def causes_of_sheet(name: str) -> Collection[str]:
    """All causes that are gone once the sheet is decided."""
    return (cause_of_sheet(name), cause_of_sheets_deadline(name))


def cause_of_silence(institution: str, since: datetime) -> str:
    """The cause of the notice that an institution has been silent since its oldest unanswered order."""
    return f"unknown/{institution}/{since.timestamp():.6f}"


def cause_of_stops_end(hour: datetime, before: int) -> str:
    """The cause of the notice that stops end within this hour: one for all of them.

    `before`: how often they were told of already: then covered, or acknowledged before more of them were there.
    """
    return f"stops_end/{hour.timestamp():.0f}/{before}"


def cause_of_refusals(kind: NoticeKind, institution: str, before: int) -> str:
    """The cause of the notice of what an institution refused: one a kind for all that it refused in the case.

    `before`: how often such were told of already: then right after all, or acknowledged before there were more.
    """
    return f"{kind.value}/{institution}/{before}"


CAUSE_OF_FILING = "filing"
"""The cause of the notice that the case filing is missing: one a case."""
