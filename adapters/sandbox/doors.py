"""The doors: letters in, answers out.

A receipt says only that a letter has arrived; what became of it is fetched. Reading comes first and keeps nothing,
then all letters of a POST are kept in one turn of the world, so that a POST that fails has kept all of them or none.
"""

import base64
from dataclasses import dataclass
from typing import Any, Final

from adapters.sandbox import carrier, messages
from adapters.sandbox.carrier import CarrierOrder
from adapters.sandbox.edges import RefusedError
from adapters.sandbox.faults import in_anothers_name, junk, other_key
from adapters.sandbox.letters import Letter, digest, institutions_at
from adapters.sandbox.messages import MalformedError, Order
from adapters.sandbox.waiters import Waiters
from adapters.sandbox.world import World

MOST_LETTERS: Final = 200
MOST_KEYS: Final = 2000
LONGEST_WAIT_S: Final = 30.0

ACCEPTED: Final = ("100000", "accepted")
AGAIN: Final = ("200003", "the same letter again: accepted before")
OTHER_CONTENT: Final = ("200001", "key: was used for another content")
QUOTA: Final = ("200008", "quota exceeded: later again, same bytes")
CLOSED: Final = ("200009", "channel closed: the world is not running")


@dataclass(slots=True, frozen=True)
class _Read:
    """A letter as read: an order for an institution, or the receipt that refuses it."""

    key: str
    content: bytes
    institution: str = ""
    order: Order | CarrierOrder | None = None
    refused: tuple[str, str] | None = None


class Door:
    """One way into a world: `platform`, `liaison/{institution}` or `carriers/{institution}`."""

    def __init__(self, world: World, waiters: Waiters, name: str) -> None:
        self._world, self._waiters, self._name = world, waiters, name
        self._here = institutions_at(world.scenario.institutions, name)

    def hand_in(self, letters: list[tuple[str, str, str]]) -> list[dict[str, str]]:
        """Take (key, serial, message) each; one receipt each, in order. Refuses 503 where a fault says so."""
        world = self._world
        if world.state != "running":
            return [_receipt(key, CLOSED) for key, _, _ in letters]
        read = [self._read(*letter) for letter in letters]
        asked = {letter.institution for letter in read if letter.institution}
        if self._fails("http_5xx", asked):
            raise RefusedError(503, "$", "the front-end failed", "send the same bytes again")
        with world.turn() as now:
            receipts = [_receipt(letter.key, self._take(letter, now)) for letter in read]
        if self._fails("http_5xx_after", asked):
            raise RefusedError(503, "$", "the front-end failed", "send the same bytes again")
        return receipts

    def _fails(self, kind: str, asked: set[str]) -> bool:
        if not self._world.faults.active:
            return False
        with self._world.turn():
            return self._world.faults.strike(kind, asked) is not None

    def _read(self, key: str, serial: str, message: str) -> _Read:
        content = digest(serial, message)
        known = self._world.letters.find(self._name, key)
        if known is not None:
            return _Read(key, content, known.institution)
        try:
            return self._understand(key, serial, message, content)
        except MalformedError as wrong:
            return _Read(key, content, refused=("200001", str(wrong)))

    def _understand(self, key: str, serial: str, message: str, content: bytes) -> _Read:
        if self._name.startswith("carriers/"):
            order: Order | CarrierOrder = carrier.read_order(key, message)
            to = self._name.removeprefix("carriers/")
        else:
            order = messages.read_order(key, serial, message)
            to = order.to
            if order.fields["ApplicationOrgID"] != order.organisation:
                return _Read(key, content, refused=("200005", "ApplicationOrgID: not the organisation of the serial"))
        if to not in self._here:
            return _Read(key, content, refused=("200005", "the institution is unknown at this door"))
        return _Read(key, content, to, order)

    def _take(self, read: _Read, now: float) -> tuple[str, str]:
        if read.refused is not None:
            return read.refused
        letters = self._world.letters
        if self._world.faults.strike("rate_limit", [read.institution]):
            return QUOTA
        known = letters.find(self._name, read.key)
        if known is None:
            assert read.order is not None
            letters.accept(self._name, read.institution, read.order, read.content, now)
            return ACCEPTED
        if known.digest != read.content:
            what = "same key, other content"
            self._world.write({"kind": "violation", "what": what, "application_id": read.key}, now)
            return OTHER_CONTENT
        letters.again(known, now)
        return AGAIN

    async def fetch(self, keys: list[str], wait_s: float, linger_s: float) -> dict[str, Any]:
        """Answers to these keys: at once if there is any, else as soon as there is one, at most `wait_s` later."""
        keys = list(dict.fromkeys(keys))
        awaited = [key for key in keys if not self._is_ready(key)]
        if awaited:
            with self._waiters.waiting((self._name, key) for key in awaited) as waiter:
                if len(awaited) == len(keys):
                    await waiter.for_first(wait_s)
                if linger_s and any(self._is_ready(key) for key in keys):
                    await waiter.for_all(linger_s)
        if self._world.broken:
            raise RefusedError(503, "run", "the world is being read back", "ask again")
        found = {key: self._world.letters.find(self._name, key) for key in keys}
        answers = [answer for letter in found.values() if letter is not None for answer in self._deliver(letter)]
        if self._world.faults.changed:
            with self._world.turn():
                pass
        return {"answers": answers, "missing": [key for key, letter in found.items() if letter is None]}

    def _is_ready(self, key: str) -> bool:
        letter = self._world.letters.find(self._name, key)
        return letter is not None and letter.ready

    def _deliver(self, letter: Letter) -> list[dict[str, str]]:
        """The answer as it goes out: usually itself, once."""
        if not letter.ready:
            return []
        faults, asked = self._world.faults, [letter.institution]
        right = self._world.book.answer(letter.n)
        said, first, letter.delivered = right, not letter.delivered, True
        if first and faults.strike("garbage", asked):
            said = junk(right)
        elif first and faults.strike("wrong_case", asked):
            said = in_anothers_name(right, letter.key)
        answers = [_answer(letter.key, said)]
        if faults.strike("duplicate_answer", asked):
            answers.append(_answer(letter.key, said))
        if faults.strike("foreign_answer", asked):
            answers.append(_answer(other_key(letter.key), in_anothers_name(right, letter.key)))
        return answers


def _receipt(key: str, said: tuple[str, str]) -> dict[str, str]:
    return {"key": key, "code": said[0], "text": said[1]}


def _answer(key: str, message: bytes) -> dict[str, str]:
    return {"key": key, "message": base64.b64encode(message).decode()}
