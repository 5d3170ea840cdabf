"""The line to one carrier: the JSON messages of docs/wire.md section 5, in the same letters as the banks'."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from activities.line_ports import Fetched, Letter, LetterReceipt, Reply
from adapters.carriers.answers import read
from adapters.letters import Mail, sealed
from domain.clock import platform_time
from domain.identifiers import transmission_serial
from domain.orders import Measure, Order

MEASURES = frozenset({Measure.CLOSE_NUMBER, Measure.BLOCK_LINK})
_WIDTHS = {"application_id": 36, "target": 600, "case_number": 60, "reason": 500, "operator": 50, "investigator": 50}


def _now() -> datetime:
    return datetime.now(UTC)


class CarrierLine:
    """InstitutionPort to a carrier. Its orders carry no document."""

    def __init__(self, door: Mail, organisation_id: str, now: Callable[[], datetime] = _now) -> None:
        self._door = door
        self._organisation_id = organisation_id
        self._now = now

    def seal(self, order: Order, paper: bytes) -> Letter:  # noqa: ARG002 - the gateway takes no attachments
        """See InstitutionPort."""
        serial = transmission_serial(self._organisation_id, order.application_id)
        return sealed(order.application_id, serial, _message(order))

    async def hand_in(self, letters: Sequence[Letter]) -> list[LetterReceipt]:
        """See InstitutionPort."""
        return await self._door.hand_in(letters)

    async def fetch(self, keys: Sequence[str], *, wait_s: float, linger_s: float) -> Fetched:
        """See InstitutionPort."""
        return await self._door.fetch(keys, self._read, wait_s=wait_s, linger_s=linger_s)

    def _read(self, key: str, answer: bytes) -> Reply:
        return read(key, answer, self._now())


def _message(order: Order) -> bytes:
    if order.measure not in MEASURES:
        raise ValueError(f"measure: a carrier knows no {order.measure}")
    if not order.target:
        raise ValueError("target: the order names no number and no link")
    if not order.handling.number or not order.second.number or order.handling.number == order.second.number:
        raise ValueError("investigator: two different officers are due (rules R12)")
    fields = {
        "application_id": order.application_id,
        "measure": order.measure.value,
        "target": order.target,
        "case_number": order.case_number,
        "reason": order.category,
        "operator": order.handling.number,
        "investigator": order.second.number,
        "applied_at": platform_time(order.requested_at),
    }
    for name, width in _WIDTHS.items():
        if len(fields[name]) > width:
            raise ValueError(f"{name}: {len(fields[name])} characters do not fit into {width}")
    try:
        return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        raise ValueError("reason: a character that a message cannot carry") from None
