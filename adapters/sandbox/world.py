"""One world: the fraudsters' moves, the institutions and the clock, played event by event.

Everything that happens has its exact moment: a move when the clock reaches it, an order when the institution's time
is over, a lapse at the ExpireTime. A *turn* lets everything due happen in the order of these moments, writes it to
the book in one transaction, and only then tells those who wait. A timer wakes the world for the next moment; nothing
polls. After a crash the book is read back and the same turn catches up with whatever fell due in between.
"""

import asyncio
import heapq
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, Literal

from adapters.sandbox.book import Book
from adapters.sandbox.clock import Clock
from adapters.sandbox.faults import Fault, Faults
from adapters.sandbox.ledger import Ledger, Record
from adapters.sandbox.letters import Letter, Letters
from adapters.sandbox.scenario import Scenario

LOG: Final = logging.getLogger("sandbox")
NEVER: Final = float("inf")
LONGEST_NAP_S: Final = 3600.0  # a freeze ends in months; event loops dislike timers that long


class World:
    """A run of its own. `waiting` is called, after the commit, with every letter whose answer may be fetched."""

    def __init__(self, run: str, book: Book, scenario: Scenario, time_scale: float, seed: int) -> None:
        self.run, self.book, self.scenario, self.seed = run, book, scenario, seed
        said = book.meta()
        self.clock = Clock(
            scenario.first_s, time_scale, said.get("t0"), said.get("skipped_s", 0.0), said.get("ended_at_s")
        )
        self.faults = Faults(Fault(**kept) for kept in said.get("faults", ()))
        self.ledger = Ledger(scenario, self.clock)
        self.letters = Letters(scenario, seed, book, self.ledger, self.faults)
        self.letters.write, self.letters.arm, self.letters.ready = self.write, self._arm_letter, self._became_ready
        self.waiting: Callable[[Letter], None] = lambda _letter: None
        self.broken = False
        self.violations = 0
        self.last_real: float | None = None
        self.noticed: set[tuple[str, str]] = set()
        """Letters of notices that have arrived: channel and key."""
        self._events: list[tuple[float, int, Letter | str]] = []
        self._armed = 0
        self._ready: list[Letter] = []
        self._timer: asyncio.TimerHandle | None = None
        self._read_back()

    @property
    def state(self) -> Literal["made", "running", "ended"]:
        """Made, started, or over."""
        if self.clock.ended_at_s is not None:
            return "ended"
        return "made" if self.clock.t0 is None else "running"

    def _read_back(self) -> None:
        for record in self.book.records():
            self._count(record)
            self.ledger.apply(record)
        self.letters.read_back()
        for measure in self.ledger.measures.values():
            if not measure.ended:
                self._arm(measure.expires, measure.application_id)

    def wake(self) -> None:
        """Catch up with what fell due while nobody played, and set the timer."""
        with self.turn():
            pass

    def sleep(self) -> None:
        """Stop the timer and close the book."""
        if self._timer is not None:
            self._timer.cancel()
        self.book.close()

    # -- turns ---------------------------------------------------------------------------------------------------

    @contextmanager
    def turn(self) -> Iterator[float]:
        """Everything due has happened; what is done inside is committed with it. Yields the real moment of the turn.

        A turn that fails leaves memory and book apart: the world is marked broken, and must be read back.
        """
        now = round(max(time.time(), self.last_real or 0.0 if self.state == "running" else 0.0), 6)
        try:
            self._advance(now)
            yield now
            if self.faults.changed:
                self.book.say(faults=self.faults.kept())
            self.book.commit()
        except BaseException:
            self.broken = True
            raise
        ready, self._ready = self._ready, []
        for letter in ready:
            self.waiting(letter)
        self._set_timer()

    def _advance(self, now: float) -> None:
        if self.state != "running":
            return
        while True:
            move = self.ledger.next_move
            move_due = NEVER if move is None else self.clock.real_of(move.at_s)
            event_due = self._events[0][0] if self._events else NEVER
            if min(move_due, event_due) > now:
                return
            if move is not None and move_due <= event_due:
                self._play(round(move_due, 6))
            else:
                self._happen(*heapq.heappop(self._events))

    def _play(self, real: float) -> None:
        move = self.ledger.next_move
        assert move is not None
        self.write(self.ledger.record_of_next_move(), real, at=move.at_s)

    def _happen(self, due: float, _order: int, what: Letter | str) -> None:
        if isinstance(what, Letter):
            if what.state == "pending" and what.due == due:
                self.letters.settle(what, due)
            return
        measure = self.ledger.measures[what]
        if not measure.ended and measure.expires <= due:
            lapse = {"kind": "lapse", "account": measure.account, "application_id": what, "ends": what}
            self.write(lapse, max(due, measure.start))  # somebody may ask for a term that is over already

    def write(self, facts: Record, real: float, at: float | None = None) -> None:
        """Append a record, and let it be true."""
        record = {"at": round(self.clock.at(real) if at is None else at, 3), "real": real, **facts}
        self.book.append(record)
        self.ledger.apply(record)
        self._count(record)
        if "expires" in record:
            self._arm(record["expires"], record.get("extends", record["application_id"]))

    def _count(self, record: Record) -> None:
        self.violations += record["kind"] == "violation"
        if record["kind"] == "notice":
            self.noticed.add((record["channel"], record["key"]))
        self.last_real = max(self.last_real or 0.0, record["real"])

    def _arm(self, due: float, what: Letter | str) -> None:
        self._armed += 1  # keeps the heap from comparing letters
        heapq.heappush(self._events, (due, self._armed, what))

    def _arm_letter(self, letter: Letter) -> None:
        self._arm(letter.due, letter)

    def _became_ready(self, letter: Letter) -> None:
        self._ready.append(letter)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.state != "running":
            return
        move = self.ledger.next_move
        due = min(
            NEVER if move is None else self.clock.real_of(move.at_s), self._events[0][0] if self._events else NEVER
        )
        if due < NEVER:
            loop = asyncio.get_running_loop()
            nap = min(max(0.0, due - time.time()), LONGEST_NAP_S)
            self._timer = loop.call_later(nap, self._tick)

    def _tick(self) -> None:
        try:
            self.wake()
        except Exception as failed:  # noqa: BLE001 - the world is read back by whoever asks next
            LOG.error("world %s: a turn failed with %s; it will be read back", self.run, type(failed).__name__)  # noqa: TRY400 - values in a trace are personal

    # -- the trainer's hand ----------------------------------------------------------------------------------------

    def start(self, t0: float | None) -> None:
        """Let the first report's moment be now, or `t0`. Starting again changes nothing."""
        if self.state != "made":
            return
        with self.turn() as now:
            self.clock.t0 = round(now if t0 is None else t0, 3)
            self.book.say(t0=self.clock.t0)
            self._advance(now)

    def jump(self, not_beyond_s: float | None) -> bool:
        """Skip to the next move that can take effect, or to `not_beyond_s`; whether the clock moved.

        Moves on the way that nothing can come of are played, and recorded as blocked.
        """
        if self.state != "running":
            return False
        with self.turn() as now:
            possible = self.ledger.next_possible
            targets = [*([possible.at_s] if possible else []), *([] if not_beyond_s is None else [not_beyond_s])]
            here = self.clock.at(now)
            if not targets or min(targets) <= here:
                return False
            target = min(targets)
            self.write({"kind": "jump", "to_s": target}, now)
            self.clock.skip_to(target, now)
            self.book.say(skipped_s=self.clock.skipped_s)
            while (move := self.ledger.next_move) is not None and move.at_s <= target:
                self._play(now)
        return True

    def end(self) -> float:
        """Stop the clock for good; the scenario second at which it stands."""
        if self.state == "running":
            with self.turn() as now:
                self.clock.ended_at_s = self.clock.at(now)
                self.book.say(ended_at_s=self.clock.ended_at_s)
        elif self.state == "made":
            with self.turn():
                self.clock.ended_at_s = self.clock.first_s
                self.book.say(ended_at_s=self.clock.ended_at_s)
        return self.clock.at(time.time())

    def freeze_earlier(self, account: str, amount_fen: int | None, authority: str, expires: int) -> None:
        """A freeze of another authority, in effect from now. `amount_fen` None: the whole account."""
        with self.turn() as now:
            holder = self.ledger.accounts[account].file
            name = f"9999{len(self.ledger.measures):032d}"
            self.write(
                {
                    "kind": "freeze",
                    "account": account,
                    "application_id": name,
                    "amount_fen": amount_fen,
                    "expires": expires,
                    "institution": holder.institution,
                    "number": holder.number,
                    "authority": "other",
                    "department": authority,
                },
                now,
            )

    def set_faults(self, faults: list[Fault]) -> None:
        """Add faults; a new `down` strikes what is pending, too."""
        with self.turn():
            self.letters.go_down(Faults(faults))
            self.faults.set(faults)

    def clear_faults(self) -> None:
        """End all faults; institutions that were down take up their work."""
        with self.turn() as now:
            self.faults.clear()
            self.letters.come_up(now)

    def status(self) -> dict[str, Any]:
        """Where the world stands, everything due up to now included."""
        if self.state == "running":
            self.wake()
        now = time.time()
        possible = self.ledger.next_possible
        return {
            "run": self.run,
            "state": self.state,
            "t0": self.clock.t0,
            "first_s": self.clock.first_s,
            "time_scale": self.clock.time_scale,
            "at_s": round(self.clock.at(now), 3),
            "pending_answers": len(self.letters.pending),
            "pending_older_60": self.letters.pending_older(now),
            "can_move": possible is not None,
            "next_move_s": None if possible is None else possible.at_s,
            "messages": len(self.letters),
            "violations": self.violations,
            "last_real": self.last_real,
        }
