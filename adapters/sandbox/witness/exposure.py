"""Exposure: how long how much of a report's money lay in mules' accounts with nothing covering it.

An integral over scenario time, from the report to the horizon. It is kept up to date event by event: a report's
sum is carried forward only when it changes.
"""

from collections.abc import Mapping

from adapters.sandbox.scenario import Scenario

_SECONDS_A_MINUTE = 60


class Exposure:
    """Running integrals in fen-seconds, one for each report."""

    def __init__(self, scenario: Scenario, horizon_s: float) -> None:
        self._mules = {account.id for account in scenario.accounts if account.role == "mule"}
        self._horizon_s = horizon_s
        self._since = {report.id: report.at_s for report in scenario.reports}
        self._open = dict.fromkeys(self._since, 0)
        self._sum = dict.fromkeys(self._since, 0.0)
        self._there: dict[str, dict[str, int]] = {}

    def note(self, account: str, uncovered: Mapping[str, int], at_s: float) -> None:
        """From `at_s` on, this much of each report's money lies uncovered in the account."""
        if account not in self._mules:
            return
        before = self._there.get(account, {})
        if before == uncovered:
            return
        self._there[account] = dict(uncovered)
        for report in before.keys() | uncovered.keys():
            self._carry(report, at_s)
            self._open[report] += uncovered.get(report, 0) - before.get(report, 0)

    def finish(self) -> dict[str, float]:
        """Each report's fen-seconds; what is uncovered now counts up to the horizon."""
        for report in self._open:
            self._carry(report, self._horizon_s)
        return dict(self._sum)

    def _carry(self, report: str, at_s: float) -> None:
        until = min(at_s, self._horizon_s)
        since = self._since[report]
        if until > since:  # before the report nothing counts
            self._sum[report] += self._open[report] * (until - since)
            self._since[report] = until


def minutes(fen_seconds: float, loss_fen: int) -> float:
    """In minutes of the whole loss; 0 where nothing was lost."""
    return fen_seconds / loss_fen / _SECONDS_A_MINUTE if loss_fen else 0.0
