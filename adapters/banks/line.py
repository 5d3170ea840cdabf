"""The line to one bank or payment institution."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from activities.line_ports import Fetched, Letter, LetterReceipt, Reply
from adapters.banks.answers import read
from adapters.banks.requests import Centre, message
from adapters.letters import Mail, sealed
from domain.identifiers import transmission_serial
from domain.orders import Order


def _now() -> datetime:
    return datetime.now(UTC)


class PlatformLine:
    """InstitutionPort in the platform's XML messages, through a door of the platform or of one liaison."""

    def __init__(self, door: Mail, centre: Centre, now: Callable[[], datetime] = _now) -> None:
        self._door = door
        self._centre = centre
        self._now = now

    def seal(self, order: Order, paper: bytes) -> Letter:
        """See InstitutionPort."""
        serial = transmission_serial(self._centre.organisation_id, order.application_id)
        return sealed(order.application_id, serial, message(order, self._centre, serial, paper))

    async def hand_in(self, letters: Sequence[Letter]) -> list[LetterReceipt]:
        """See InstitutionPort."""
        return await self._door.hand_in(letters)

    async def fetch(self, keys: Sequence[str], *, wait_s: float, linger_s: float) -> Fetched:
        """See InstitutionPort."""
        return await self._door.fetch(keys, self._read, wait_s=wait_s, linger_s=linger_s)

    def _read(self, key: str, answer: bytes) -> Reply:
        return read(key, answer, self._centre.organisation_id, self._now())
