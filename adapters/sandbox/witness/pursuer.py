"""What could have been held: by a centre that sees all (holdable), and by a perfect pursuer (reachable).

Both play the scenario's own moves under the banks' rule: a move takes effect if its account is not stopped and has
that much. The pursuer knows only what institutions answer: he stops the accounts a report names, asks each for its
outflows once it stands, and stops where the reports' money went. He takes no time himself; each request costs the
institution's mean answer time, and he sends any number at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from typing import Final, Literal

from adapters.sandbox.scenario import Move, Report, Scenario
from adapters.sandbox.witness.exposure import Exposure
from adapters.sandbox.witness.ledger import Ledger
from adapters.sandbox.witness.lots import Piece


@dataclass(frozen=True, slots=True)
class Pursuit:
    """What the perfect pursuer achieved: fen held and fen-seconds exposed of each report, real seconds, accounts."""

    held: Mapping[str, int]
    exposed: Mapping[str, float]
    seconds: float
    accounts: int


class _Play:
    """A world of its own: the scenario's moves, and whom somebody has stopped."""

    def __init__(self, scenario: Scenario) -> None:
        self.ledger = Ledger(scenario)
        self.stopped: set[str] = set()
        self._mules = [account.id for account in scenario.accounts if account.role == "mule"]

    def move(self, move: Move) -> list[Piece] | None:
        """Play one move; None if the bank blocks it."""
        if move.from_ in self.stopped or self.ledger.lots[move.from_].balance < move.amount_fen:
            return None
        return self.ledger.carry_out(move)

    def in_mules(self, *, stopped: bool = False) -> dict[str, int]:
        """Each report's fen in mules' accounts, or in the stopped ones of them."""
        sums = dict.fromkeys(self.ledger.loss, 0)
        for account in self._mules:
            if not stopped or account in self.stopped:
                for report, fen in self.ledger.lots[account].of_report.items():
                    sums[report] += fen
        return sums

    def stop_every_mule(self) -> None:
        self.stopped.update(self._mules)


def holdable(scenario: Scenario) -> dict[str, int]:
    """Each report's fen in mules' accounts had all of them been stopped at its own moment, unhindered before it."""
    roles = {account.id: account.role for account in scenario.accounts}
    play, played = _Play(scenario), 0
    result: dict[str, int] = {}
    for report in sorted(scenario.reports, key=lambda report: report.at_s):
        while played < len(scenario.moves) and scenario.moves[played].at_s <= report.at_s:
            play.move(scenario.moves[played])
            played += 1
        if any(roles[move.from_] == "merchant" for move in scenario.moves[played:]):  # may still pay it to a mule
            result[report.id] = _stopped_after(scenario, played)[report.id]
        else:
            result[report.id] = play.in_mules()[report.id]
    return result


def _stopped_after(scenario: Scenario, played: int) -> dict[str, int]:
    """Play `played` moves, stop every mule, then play what others still pay."""
    play = _Play(scenario)
    for move in scenario.moves[:played]:
        play.move(move)
    play.stop_every_mule()
    for move in scenario.moves[played:]:
        play.move(move)
    return play.in_mules()


_Kind = Literal["move", "report", "stopped", "answered"]
# At one moment: moves are over before a report of that second comes in; a stop counts before the next answer.
_TURN: Final[dict[_Kind, int]] = {"move": 0, "report": 1, "stopped": 2, "answered": 3}


class _Pursuer:
    """The event simulation. Time is scenario seconds."""

    def __init__(self, scenario: Scenario, time_scale: float, horizon_s: float) -> None:
        self._play = _Play(scenario)
        self._exposure = Exposure(scenario, horizon_s)
        mean = {item.id: item.mean_answer_s * time_scale for item in scenario.institutions}
        self._request_s = {account.id: mean[account.institution] for account in scenario.accounts}
        self._moves = {move.id: move for move in scenario.moves}
        self._reports = {report.id: report for report in scenario.reports}
        self._filed: set[str] = set()
        self._paid: dict[str, list[tuple[str, set[str]]]] = {}
        self._pursued: set[str] = set()
        self._answered: set[str] = set()
        self._agenda: list[tuple[float, int, int, _Kind, str]] = []
        self._order = count()  # at one moment and turn: as planned
        self.last_answer_s = scenario.first_s
        for move in scenario.moves:
            self._plan(move.at_s, "move", move.id)
        for report in scenario.reports:
            self._plan(report.at_s, "report", report.id)

    def run(self, first_s: float, time_scale: float) -> Pursuit:
        while self._agenda:
            at_s, _, _, kind, name = heappop(self._agenda)
            if kind == "move":
                self._move(self._moves[name], at_s)
            elif kind == "report":
                self._file(self._reports[name], at_s)
            elif kind == "stopped":
                self._play.stopped.add(name)
                self._note(name, at_s)
                self._plan(at_s + self._request_s[name], "answered", name)
            else:
                self._answered.add(name)
                self.last_answer_s = at_s
                self._follow(name, self._filed, at_s)
        self._play.ledger.weigh()
        seconds = (self.last_answer_s - first_s) / time_scale
        return Pursuit(self._play.in_mules(stopped=True), self._exposure.finish(), seconds, len(self._pursued))

    def _plan(self, at_s: float, kind: _Kind, name: str) -> None:
        heappush(self._agenda, (at_s, _TURN[kind], next(self._order), kind, name))

    def _move(self, move: Move, at_s: float) -> None:
        pieces = self._play.move(move)
        if pieces is None:
            return
        self._note(move.from_, at_s)
        if move.to in self._play.ledger.lots:
            self._note(move.to, at_s)
            carried = {owner for owner, _ in pieces if owner is not None}
            if carried:
                self._paid.setdefault(move.from_, []).append((move.to, carried))

    def _file(self, report: Report, at_s: float) -> None:
        """A report names its payees; statements answered before it are read again for its money."""
        self._filed.add(report.id)
        for name in report.moves:
            self._pursue(self._moves[name].to, at_s)
        for account in sorted(self._answered):
            self._follow(account, {report.id}, at_s)

    def _follow(self, account: str, reports: set[str], at_s: float) -> None:
        for payee, carried in self._paid.get(account, ()):
            if carried & reports:
                self._pursue(payee, at_s)

    def _pursue(self, account: str, at_s: float) -> None:
        if account in self._request_s and account not in self._pursued:
            self._pursued.add(account)
            self._plan(at_s + self._request_s[account], "stopped", account)

    def _note(self, account: str, at_s: float) -> None:
        there = self._play.ledger.lots[account].of_report
        self._exposure.note(account, {} if account in self._play.stopped else there, at_s)


def pursue(scenario: Scenario, time_scale: float, horizon_s: float) -> Pursuit:
    """Simulate the perfect pursuer on the whole scenario."""
    return _Pursuer(scenario, time_scale, horizon_s).run(scenario.first_s, time_scale)
