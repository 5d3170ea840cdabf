"""Every account's lots, what left by which exit, and each report's loss: the witness's picture of all money."""

from adapters.sandbox.scenario import EXITS, Move, Scenario
from adapters.sandbox.witness.lots import BookContradictionError, Lots, Piece


class Ledger:
    """All money of a scenario, from the openings on. Knows no measure: who may pay is decided outside."""

    def __init__(self, scenario: Scenario) -> None:
        self.lots = {account.id: Lots(account.opening_fen) for account in scenario.accounts}
        self.loss = {report.id: 0 for report in scenario.reports}
        self.left: dict[str, dict[str, int]] = {report.id: dict.fromkeys(EXITS, 0) for report in scenario.reports}
        self._report_of = {move: report.id for report in scenario.reports for move in report.moves}

    def carry_out(self, move: Move, frozen_fen: int = 0) -> list[Piece]:
        """Let a move take effect; returns whose money it carried.

        The victim's own reported transfer starts that report's lot, whole (docs/scenarios.md).

        Raises:
            BookContradictionError: the account had not that much free.
        """
        pieces = self.lots[move.from_].pay(move.amount_fen, frozen_fen)
        report = self._report_of.get(move.id)
        if report is not None:
            pieces = [(report, move.amount_fen)]
            self.loss[report] += move.amount_fen
        if move.to in self.lots:
            self.lots[move.to].receive(pieces)
            return pieces
        for owner, fen in pieces:
            if owner is not None:
                self.left[owner][move.to] += fen
        return pieces

    def weigh(self) -> None:
        """Add every report's money up anew.

        Raises:
            BookContradictionError: a report's parts are not its loss, to the fen.
        """
        found = {report: sum(exits.values()) for report, exits in self.left.items()}
        for account, lots in self.lots.items():
            counted = lots.counted()
            if counted != lots.of_report:
                raise BookContradictionError(f"{account}: {counted} lies there, {lots.of_report} was booked")
            for report, fen in counted.items():
                found[report] += fen
        if found != self.loss:
            raise BookContradictionError(f"{found} fen found, {self.loss} fen lost")
