"""All accounts of a world, built from its records alone.

The same `apply` runs while the world is played and when it is read back after a crash, so that what the book says
and what the banks do cannot differ. Moves are recorded strictly in the file's order: how many are recorded is
where playing goes on.
"""

from collections.abc import Callable
from typing import Any, Final

from adapters.sandbox.accounts import Account, Measure, Row
from adapters.sandbox.clock import Clock, bank_text
from adapters.sandbox.scenario import Move, Scenario

Record = dict[str, Any]

# Serials look like a bank's: ten digits, nothing of the file in them.
FIRST_SERIAL: Final = 3_020_000_001


class Ledger:
    """The banks' accounts, and how far the file's moves have been played."""

    def __init__(self, scenario: Scenario, clock: Clock) -> None:
        self._clock = clock
        self._moves = scenario.moves
        self.accounts = {account.id: Account(account, account.opening_fen) for account in scenario.accounts}
        self._by_number = {
            (account.file.institution, account.file.number): account for account in self.accounts.values()
        }
        self.measures: dict[str, Measure] = {}
        self.played = 0
        # Grows with every change that can make another move possible or impossible.
        self.version = 0
        self._possible: tuple[int, Move | None] = (-1, None)
        self._applies: dict[str, Callable[[Record], None]] = {
            "move": self._move,
            "stop": self._measure,
            "freeze": self._measure,
            "extend": self._extend,
            "lift": self._end,
            "unfreeze": self._end,
            "lapse": self._end,
        }

    def find(self, institution: str, number: str) -> Account | None:
        """The account of this number at this institution."""
        return self._by_number.get((institution, number))

    @property
    def next_move(self) -> Move | None:
        """The next move of the file, whether it can take effect or not."""
        return self._moves[self.played] if self.played < len(self._moves) else None

    @property
    def next_possible(self) -> Move | None:
        """The next move that can take effect on the present state.

        Moves before it change nothing, so it is simply the first whose payer has that much free now.
        """
        version, move = self._possible
        if version != self.version:
            move = next(
                (
                    move
                    for move in self._moves[self.played :]
                    if self.accounts[move.from_].blocks(move.amount_fen) is None
                ),
                None,
            )
            self._possible = (self.version, move)
        return move

    def record_of_next_move(self) -> Record:
        """What happens to the next move on the present state, as a record without its times."""
        move = self._moves[self.played]
        why = self.accounts[move.from_].blocks(move.amount_fen)
        record: Record = {
            "kind": "move",
            "move": move.id,
            "serial": FIRST_SERIAL + self.played,
            "done": why is None,
        }
        if why is not None:
            record["why"] = why
        return record

    def apply(self, record: Record) -> None:
        """Let a record be true of the accounts. Kinds that touch no account pass."""
        change = self._applies.get(record["kind"])
        if change is not None:
            change(record)
            self.version += 1

    def _move(self, record: Record) -> None:
        move = self._moves[self.played]
        if move.id != record["move"]:
            raise ValueError(f"the book plays {record['move']} where the scenario has {move.id}")
        self.played += 1
        time, serial, done = bank_text(self._clock.bank_time(move.at_s)), record["serial"], record["done"]
        payer, payee = self.accounts[move.from_], self.accounts.get(move.to)
        if done:
            payer.balance_fen -= move.amount_fen
        other = None if payee is None else payee.file
        payer.rows.append(
            Row(move, credit=False, balance_fen=payer.balance_fen, time=time, serial=serial, done=done, other=other)
        )
        if payee is not None and done:
            payee.balance_fen += move.amount_fen
            payee.came_in.setdefault(move.amount_fen, set()).add(time)
            payee.rows.append(
                Row(
                    move,
                    credit=True,
                    balance_fen=payee.balance_fen,
                    time=time,
                    serial=serial,
                    done=True,
                    other=payer.file,
                )
            )

    def _measure(self, record: Record) -> None:
        account = self.accounts[record["account"]]
        measure = Measure(
            kind=record["kind"],
            application_id=record["application_id"],
            account=record["account"],
            amount_fen=record["amount_fen"],
            start=record["real"],
            expires=record["expires"],
            ours=record["authority"] == "ours",
            department=record.get("department", ""),
        )
        account.measures.append(measure)
        self.measures[measure.application_id] = measure
        account.times_stopped += measure.kind == "stop"

    def _extend(self, record: Record) -> None:
        measure = self.measures[record["extends"]]
        measure.expires = record["expires"]
        self.accounts[measure.account].times_stopped += measure.kind == "stop"

    def _end(self, record: Record) -> None:
        self.measures[record["ends"]].ended = True
