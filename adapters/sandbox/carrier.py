"""The carriers' gateway: close a number, block a link, name a subscriber; JSON orders, one answer each.

A number belongs to the carrier the scenario gives it; asked at another one, the answer names the right one (a
number may have been ported). A link is blocked by carriers that have a network of their own (channel gateway).
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Final

from adapters.sandbox.clock import bank_moment, bank_text
from adapters.sandbox.messages import KEY_FORM, MalformedError, unpack
from adapters.sandbox.scenario import Institution, Scenario

MEASURES: Final = ("close_number", "block_link", "query_subscriber")
_NEEDED: Final = ("application_id", "measure", "target", "case_number", "applied_at")
_TEXTS: Final = {
    "0000": "done",
    "0301": "unknown number",
    "0310": "not ours",
    "0600": "two different officers are needed",
}


@dataclass(slots=True, frozen=True)
class CarrierOrder:
    """What a carrier's letter asks; `code` is the measure, `officers`: two different ones sign."""

    code: str
    application_id: str
    target: str
    case_number: str
    officers: bool


def read_order(key: str, message: str) -> CarrierOrder:
    """Read a carrier's letter. Raises MalformedError with what is wrong with it."""
    try:
        said = json.loads(unpack(message))
        json.dumps(said, ensure_ascii=False).encode()  # half a character (\\ud800) could not be written down
    except (ValueError, RecursionError):
        raise MalformedError("message: not JSON") from None
    if not isinstance(said, dict):
        raise MalformedError("message: not a JSON object")
    for name in _NEEDED:
        if not isinstance(said.get(name), str) or not said[name]:
            raise MalformedError(f"{name}: missing or not a text")
    if said["application_id"] != key or not KEY_FORM.fullmatch(key):
        raise MalformedError("application_id: not the letter's key, or not of its form")
    if said["measure"] not in MEASURES:
        raise MalformedError(f"measure: not one of {', '.join(MEASURES)}")
    try:
        bank_moment(said["applied_at"])
    except ValueError as wrong:
        raise MalformedError(f"applied_at: {wrong}") from None
    officers = [said.get(role) for role in ("operator", "investigator")]
    signed = all(isinstance(number, str) and number for number in officers) and officers[0] != officers[1]
    return CarrierOrder(said["measure"], key, said["target"], said["case_number"], signed)


class Carrier:
    """One carrier."""

    def __init__(self, institution: Institution, scenario: Scenario) -> None:
        self.institution = institution
        self._owners = {line.number: line.carrier for line in scenario.lines}
        self._networks = [item.id for item in scenario.institutions if item.channel == "gateway"]

    def rule(self, order: CarrierOrder, real: float, refused: str | None = None) -> tuple[str, bytes]:
        """Result and answer. `refused`: the carrier fails with this code whatever was asked."""
        right = self._networks[:1] if order.code == "block_link" else [self._owners.get(order.target, "")]
        result = refused or self._result(order, right[0] if right else "")
        answer: dict[str, Any] = {
            "application_id": order.application_id,
            "result": result,
            "text": _TEXTS.get(result, "failed"),
            "done_at": bank_text(real),
            "carrier": right[0] if result == "0310" and right else self.institution.id,
        }
        if result == "0000" and order.code == "query_subscriber":
            answer["subscriber"] = _subscriber(order.target)
        return result, json.dumps(answer, ensure_ascii=False).encode()

    def _result(self, order: CarrierOrder, owner: str) -> str:
        if not order.officers:
            return "0600"
        if order.code == "block_link":
            return "0000" if self.institution.channel == "gateway" or not owner else "0310"
        if not owner:
            return "0301"
        return "0000" if owner == self.institution.id else "0310"


def _subscriber(number: str) -> dict[str, str]:
    """A made-up holder of a number, the same at every question; no such identity number exists (region 990000)."""
    grain = int.from_bytes(hashlib.blake2b(number.encode(), digest_size=8).digest(), "big")
    return {"name": f"练习机主{grain % 10_000:04d}", "id_number": f"99000019{grain % 10_000_000_000:010d}"}
