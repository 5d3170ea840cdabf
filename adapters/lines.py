"""All lines of the centre: which door leads to an institution, over one HTTP client."""

from types import TracebackType
from typing import Self

import httpx
from pydantic import TypeAdapter, ValidationError

from activities.line_ports import InstitutionPort, PerhapsSent, Warrants
from adapters.banks.line import PlatformLine
from adapters.banks.requests import Centre
from adapters.carriers.line import CarrierLine
from adapters.letters import SECONDS, Door, failed
from adapters.mailroom import Mailroom
from domain.institutions import Channel, Institution

# 64 long polls stand open while 64 posts leave; the rest is air for repeats.
_CONNECTIONS = 160
# Idle connections kept: the pool looks at each of them at every request (measured: a tenth of a large case's time).
_KEPT_OPEN = 16
# Servers commonly close a connection idle for 5 s: ours is gone before, so that no POST meets a closing one.
_IDLE_S = 4.0


class WrongWorldError(LookupError):
    """A practice centre was asked for a real institution's line, or a real centre for a practice one."""


class HttpLines:
    """Lines over HTTP; the end of an `async with` (or `aclose`) closes all of them.

    `url` is where the institutions' front-end answers, `run` the world. `practice` is the setting's word on this
    centre: it must agree with each institution's own. `warrants` says of every letter whether it may leave.
    """

    def __init__(
        self,
        url: str,
        run: str,
        centre: Centre,
        *,
        practice: bool,
        warrants: Warrants,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._world = f"{url.rstrip('/')}/w/{run}"
        self._centre = centre
        self._practice = practice
        self._warrants = warrants
        self._lines: dict[Institution, InstitutionPort] = {}
        self._platform: PlatformLine | None = None
        self._doors: dict[str, Mailroom] = {}
        self._client = _client(transport)
        self._polls = _client(transport)

    def to(self, institution: Institution) -> InstitutionPort:
        """See Lines.

        Raises:
            WrongWorldError: the institution's practice flag is not the setting's.
            LookupError: no door is known for this kind of institution on this channel.
        """
        if institution.practice != self._practice:
            theirs, ours = ("a practice", "real") if institution.practice else ("a real", "practice")
            raise WrongWorldError(f"{institution.code} is {theirs} institution and this centre works with {ours} ones")
        if institution not in self._lines:
            self._lines[institution] = self._line(institution)
        return self._lines[institution]

    def _line(self, institution: Institution) -> InstitutionPort:
        if not institution.holds_money and institution.channel is not Channel.PLATFORM:
            return CarrierLine(self._door(f"carriers/{institution.id}"), self._centre.organisation_id)
        if institution.holds_money and institution.channel is Channel.PLATFORM:
            self._platform = self._platform or PlatformLine(self._door("platform"), self._centre)
            return self._platform  # one front-end, one line, all of the platform's banks
        if institution.holds_money and institution.channel is Channel.LIAISON:
            return PlatformLine(self._door(f"liaison/{institution.id}"), self._centre)
        raise LookupError(
            f"no line is known to a {institution.kind} over the {institution.channel} ({institution.code})"
        )

    def _door(self, path: str) -> Mailroom:
        if path not in self._doors:
            self._doors[path] = Mailroom(Door(self._client, f"{self._world}/{path}", self._warrants, self._polls))
        return self._doors[path]

    async def announced(self) -> tuple[Institution, ...]:
        """The institutions that this world announces. Raises LineError."""
        try:
            answer = await self._client.get(f"{self._world}/institutions", timeout=SECONDS["receipt"])
            answer.raise_for_status()
            return TypeAdapter(tuple[Institution, ...]).validate_python(answer.json()["institutions"])
        except httpx.HTTPError as problem:
            raise failed(problem) from problem
        except (ValueError, KeyError, TypeError, ValidationError):
            raise PerhapsSent("the world's announcement is not of the wire's form") from None

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()
        await self._polls.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def _client(transport: httpx.AsyncBaseTransport | None) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        limits=httpx.Limits(
            max_connections=_CONNECTIONS, max_keepalive_connections=_KEPT_OPEN, keepalive_expiry=_IDLE_S
        ),
        transport=transport,
        trust_env=False,  # a proxy of the environment has no business on an institution's line
        follow_redirects=False,
    )
