"""The book played again: from the sandbox's records to whose money lies where and what covers it.

Records come in the order of effect. Scenario time (`at`) carries the exposure, real time (`real`) what people wait.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from adapters.sandbox.scenario import Move, Scenario
from adapters.sandbox.witness.exposure import Exposure
from adapters.sandbox.witness.false_hold import FalseHold
from adapters.sandbox.witness.holds import Holds, Measure
from adapters.sandbox.witness.ledger import Ledger
from adapters.sandbox.witness.lots import BookContradictionError

Record = Mapping[str, Any]
"""One record of the sandbox: kind, at (scenario second), real (Unix time) and what the kind adds."""


class Replay:
    """The state after the records seen so far."""

    def __init__(self, scenario: Scenario, horizon_s: float) -> None:
        self.ledger = Ledger(scenario)
        self.holds = {account.id: Holds() for account in scenario.accounts}
        self.findings: dict[str, str] = {}
        self.exposure = Exposure(scenario, horizon_s)
        self.false_hold = FalseHold(scenario)
        self.merchant_stops = 0
        self._merchants = {account.id for account in scenario.accounts if account.role == "merchant"}
        self._moves: dict[str, Move] = {move.id: move for move in scenario.moves}
        self._read: Final[dict[str, Callable[[Record], None]]] = {
            "move": self._move,
            "stop": self._begin,
            "freeze": self._begin,
            "lift": self._end,
            "unfreeze": self._end,
            "lapse": self._end,
            "finding": self._finding,
        }

    def play(self, records: Iterable[Record]) -> None:
        """Read records; kinds that move no money and no measure are passed over.

        Raises:
            BookContradictionError: money moved that could not have.
        """
        for record in records:
            read = self._read.get(record["kind"])
            if read is not None:
                read(record)

    def bucket(self, account: str, *, stop_pending: bool) -> str:
        """Where the uncovered money of an account counts (docs/scenarios.md)."""
        if stop_pending:
            return "stop_pending"
        if self.findings.get(account) == "merchant":
            return "merchant"
        holds = self.holds[account]
        return "released" if holds.let_go and not holds.held_by_us else "in_motion"

    def parted(self, account: str) -> tuple[dict[str, int], dict[str, int]]:
        """Each report's fen in the account: covered by our measures, and the rest."""
        lots = self.ledger.lots[account]
        covered = lots.covered(self.holds[account].covered(lots.balance))
        rest = {report: fen - covered.get(report, 0) for report, fen in lots.of_report.items()}
        return covered, {report: fen for report, fen in rest.items() if fen}

    def close(self, now: float) -> None:
        """Count the measures that stand until now (Unix time), and weigh all money."""
        for account, holds in self.holds.items():
            for measure in holds.in_force.values():
                self.false_hold.stood(account, measure, now)
        self.ledger.weigh()

    def _move(self, record: Record) -> None:
        if not record["done"]:
            return
        move = self._moves[record["move"]]
        holds = self.holds[move.from_]
        if holds.still:
            raise BookContradictionError(f"{move.id} took effect though a measure stood on the whole account")
        self.ledger.carry_out(move, holds.frozen())
        self._note(move.from_, record)
        if move.to in self.holds:
            self._note(move.to, record)

    def _begin(self, record: Record) -> None:
        account = record["account"]
        if account not in self.holds:
            return
        ours = record.get("authority", "ours") == "ours"
        self.holds[account].begin(
            Measure(record["application_id"], record["kind"], record["amount_fen"], ours, record["real"])
        )
        if ours and record["kind"] == "stop" and account in self._merchants:
            self.merchant_stops += 1
        self._note(account, record)

    def _end(self, record: Record) -> None:
        account = record["account"]
        if account not in self.holds:
            return
        measure = self.holds[account].end(record["ends"], by_decision=record["kind"] != "lapse")
        if measure is not None:
            self.false_hold.stood(account, measure, record["real"])
            self._note(account, record)

    def _finding(self, record: Record) -> None:
        account = record["account"]
        if account in self.holds:
            self.findings[account] = record["finding"]
            self.false_hold.found(account, record["finding"], record["real"])

    def _note(self, account: str, record: Record) -> None:
        lots, holds = self.ledger.lots[account], self.holds[account]
        _, rest = self.parted(account)
        self.exposure.note(account, {} if holds.still else rest, record["at"])
        self.false_hold.note(account, holds.covered(lots.balance), lots.attributed, record["real"])
