"""The letters of a world: accepted once, acted on when their time has come, answered the same way ever after.

The key is the order's identity. Whoever sends the same bytes again gets the same answer; only where the bank could
not be asked, or failed in itself, do the same bytes make it try again.
"""

import hashlib
import json
import logging
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

from adapters.sandbox.bank import ANSWERED, DONE, TRANSIENT, Bank, Ruling
from adapters.sandbox.book import Book
from adapters.sandbox.carrier import Carrier, CarrierOrder
from adapters.sandbox.faults import Faults
from adapters.sandbox.ledger import Ledger, Record
from adapters.sandbox.messages import Order, write_answer
from adapters.sandbox.scenario import Institution, Scenario

LOG: Final = logging.getLogger("sandbox")
FAILED: Final = "1100"  # the bank's own processing error
OLD_S: Final = 60.0  # an order unknown for a minute is shown to people; a run no longer waits for it


@dataclass(slots=True)
class Letter:
    """An accepted letter. `due`: real Unix time of effect and answer.

    `down`: accepted by an institution that neither acts nor answers. `withheld`: done, but the reply was lost.
    """

    n: int
    door: str
    key: str
    digest: bytes
    institution: str
    code: str
    number: str
    received: float
    due: float
    state: Literal["pending", "down", "answered"]
    withheld: bool = False
    result: str = ""
    delivered: bool = False
    order: Order | CarrierOrder | None = None

    @property
    def ready(self) -> bool:
        """Whether the answer may be fetched."""
        return self.state == "answered" and not self.withheld

    def columns(self) -> tuple[Any, ...]:
        """As the book keeps it."""
        return (self.n, self.door, self.key, self.digest, self.institution, self.code, self.number, self.received,
                self.due, self.state, self.withheld, self.result)  # fmt: skip


def digest(serial: str, message: str) -> bytes:
    """What tells one content from another under the same key."""
    return hashlib.sha256(f"{serial}\n{message}".encode()).digest()


class Letters:
    """All letters of a world, and the institutions that act on them.

    `write` records what happened; `arm` asks to be called back (`settle`) when a letter is due; `ready` is told of
    every letter whose answer may now be fetched.
    """

    def __init__(self, scenario: Scenario, seed: int, book: Book, ledger: Ledger, faults: Faults) -> None:
        self._seed, self._book, self._ledger, self._faults = seed, book, ledger, faults
        self.institutions = {item.id: item for item in scenario.institutions}
        names = {item.id: item.name for item in scenario.institutions}
        self._banks = {item.id: Bank(item, ledger, names) for item in scenario.institutions if item.kind != "carrier"}
        self._carriers = {item.id: Carrier(item, scenario) for item in scenario.institutions if item.kind == "carrier"}
        self._by_key: dict[tuple[str, str], Letter] = {}
        self.pending: dict[int, Letter] = {}
        self.down: dict[int, Letter] = {}
        self.write: Callable[[Record, float], None]
        self.arm: Callable[[Letter], None]
        self.ready: Callable[[Letter], None]

    def __len__(self) -> int:
        return len(self._by_key)

    def find(self, door: str, key: str) -> Letter | None:
        """The letter accepted at this door under this key."""
        return self._by_key.get((door, key))

    def read_back(self) -> None:
        """Take up every letter of the book; what is pending is armed again with its own due time."""
        for columns in self._book.letters():
            letter = Letter(*columns)
            letter.withheld = bool(letter.withheld)
            self._keep(letter)
            if letter.state != "answered":
                letter.order = self._asked(letter)
            if letter.state == "pending":
                self.arm(letter)

    def _keep(self, letter: Letter) -> None:
        self._by_key[letter.door, letter.key] = letter
        if letter.state == "pending":
            self.pending[letter.n] = letter
        elif letter.state == "down":
            self.down[letter.n] = letter

    def _asked(self, letter: Letter) -> Order | CarrierOrder:
        asked = self._book.asked(letter.n)
        return CarrierOrder(**asked) if letter.institution in self._carriers else Order(**asked)

    def accept(self, door: str, institution: str, order: Order | CarrierOrder, content: bytes, now: float) -> Letter:
        """Keep a letter and let its time run."""
        number = order.target if isinstance(order, CarrierOrder) else order.fields["AccountNumber"]
        slow = self._faults.strike("delay", [institution])
        due = now + self._takes(self.institutions[institution], order.application_id) + (slow.seconds if slow else 0)
        state: Literal["down", "pending"] = "down" if self._faults.strike("down", [institution]) else "pending"
        letter = Letter(len(self._by_key) + 1, door, order.application_id, content, institution, order.code, number,
                        now, round(due, 6), state, order=order)  # fmt: skip
        self._keep(letter)
        asked = {name: getattr(order, name) for name in order.__slots__}
        self._book.add_letter(letter.columns(), json.dumps(asked, ensure_ascii=False))
        self.write(self._mention("received", letter, "100000"), now)
        if state == "pending":
            self.arm(letter)
        return letter

    def _takes(self, institution: Institution, key: str) -> float:
        """Real seconds until effect and answer: drawn by key, so that the order of arrival does not matter."""
        return random.Random(f"{self._seed} {key}").uniform(*institution.answer_s)  # noqa: S311 - repeatable on purpose

    def again(self, letter: Letter, now: float) -> None:
        """The same bytes once more: a lost reply is found, a bank that could not be asked is asked again."""
        if letter.withheld:
            letter.withheld = False
            self._book.release_letter(letter.n)
            self.ready(letter)
        elif letter.state == "answered" and letter.result in TRANSIENT:
            self._take_up(letter, now)

    def _take_up(self, letter: Letter, now: float) -> None:
        letter.order = letter.order or self._asked(letter)
        letter.due = round(now + self._takes(self.institutions[letter.institution], letter.key), 6)
        letter.state, letter.result, letter.delivered = "pending", "", False
        self.down.pop(letter.n, None)
        self.pending[letter.n] = letter
        self._note(letter, None)
        self.arm(letter)

    def go_down(self, faults: Faults) -> None:
        """Let new faults of kind `down` strike what the institutions have accepted and not yet done."""
        for letter in list(self.pending.values()):
            if faults.strike("down", [letter.institution]):
                letter.state = "down"
                self.down[letter.n] = self.pending.pop(letter.n)
                self._note(letter, None)

    def come_up(self, now: float) -> None:
        """Every institution works again, and takes up what it had accepted."""
        for letter in list(self.down.values()):
            self._take_up(letter, now)

    def settle(self, letter: Letter, real: float) -> None:
        """The moment has come: the order takes effect, and its answer is written."""
        order = letter.order
        assert order is not None
        fault = self._faults.strike("refuse", [letter.institution])
        try:
            result, answer, effects = self._decide(letter, order, real, fault.code if fault else None)
        except Exception as failed:  # noqa: BLE001 - one order that breaks a rule's code must not stop the world
            LOG.error("an order %s could not be decided: %s", order.code, type(failed).__name__)  # noqa: TRY400 - values in a trace are personal
            result, answer, effects = self._decide(letter, order, real, FAILED)
        for effect in effects:
            self.write(effect, real)
        letter.state, letter.result, letter.order = "answered", result, None
        del self.pending[letter.n]
        letter.withheld = self._faults.strike("lose_reply", [letter.institution]) is not None
        self._note(letter, answer)
        kind = "answered" if result in ANSWERED else "refused"
        self.write(self._mention(kind, letter, result, order), real)
        if letter.ready:
            self.ready(letter)

    def _decide(
        self, letter: Letter, order: Order | CarrierOrder, real: float, refused: str | None
    ) -> tuple[str, bytes, list[Record]]:
        """Result, answer and what becomes true; `refused`: the institution fails with this code."""
        if isinstance(order, CarrierOrder):
            result, answer = self._carriers[letter.institution].rule(order, real, refused)
            done = {"kind": "carrier", "institution": letter.institution, "measure": order.code,
                    "target": order.target, "application_id": order.application_id}  # fmt: skip
            return result, answer, [done] if result == DONE else []
        bank = self._banks[letter.institution]
        number = {"AccountNumber": letter.number}
        ruling = bank.complete(Ruling(refused, number)) if refused else bank.rule(order, real)
        serial = f"{letter.institution}_{0:012d}{letter.n:028d}"
        # Some banks write EndTime for ExpireTime; here those whose person at an inbox fills in a form.
        answer = write_answer(order, ruling.result, ruling.said, serial, end_time=letter.door != "platform")
        return ruling.result, answer, ruling.records

    def _note(self, letter: Letter, answer: bytes | None) -> None:
        self._book.change_letter(
            letter.n, letter.due, letter.state, letter.result, withheld=letter.withheld, answer=answer
        )

    def _mention(
        self, kind: str, letter: Letter, result: str, order: Order | CarrierOrder | None = None
    ) -> dict[str, Any]:
        order = order or letter.order
        case = order.case_number if isinstance(order, CarrierOrder) else order.fields["CaseNumber"] if order else ""
        account = self._ledger.find(letter.institution, letter.number)
        return {
            "kind": kind,
            "institution": letter.institution,
            "code": letter.code,
            "application_id": letter.key,
            "result": result,
            "case_number": case,
            "number": letter.number,
            "account": None if account is None else account.file.id,
        }

    def unanswered(self) -> list[dict[str, Any]]:
        """Orders accepted and not yet effective: of institutions that are down, too."""
        return [_outline(letter) for letters in (self.pending, self.down) for letter in letters.values()]

    def pending_older(self, now: float) -> int:
        """How many of the pending ones wait for longer than a minute."""
        return sum(letter.received < now - OLD_S for letter in self.pending.values())


def _outline(letter: Letter) -> dict[str, Any]:
    return {
        "institution": letter.institution,
        "number": letter.number,
        "code": letter.code,
        "application_id": letter.key,
    }


def institutions_at(scenario: Iterable[Institution], door: str) -> frozenset[str]:
    """Who can be reached at a door: `platform`, `liaison/{institution}`, `carriers/{institution}`."""
    place, _, name = door.partition("/")
    if place == "platform":
        return frozenset(item.id for item in scenario if item.kind != "carrier" and item.channel == "platform")
    if place == "liaison":
        return frozenset(
            item.id for item in scenario if item.id == name and item.kind != "carrier" and item.channel == "liaison"
        )
    return frozenset(item.id for item in scenario if item.id == name and item.kind == "carrier")
