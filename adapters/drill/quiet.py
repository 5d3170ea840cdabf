"""When a drill is quiet: nothing can be answered any more, nobody is awaited, and no case has anything to do.

The register is looked at first, because it is cheap; cases and sandbox are asked only when it stands still.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from adapters.drill.look import Look
from domain.bookkeeping import Standing


def register_is_quiet(look: Look, before: Look | None, *, played: bool, visits: int) -> bool:
    """Whether the register shows nothing on its way. `played`: officers are, so their decisions are awaited."""
    if before is None or look.mark != before.mark or look.young or look.unstarted:
        return False
    return not (played and (look.sheets or visits))


@dataclass
class Calm:
    """Judges the standings of the running cases, and remembers since when all is quiet."""

    played: bool
    since: float | None = None
    """Monotonic second since which everything has been quiet; None: it is not."""
    _before: dict[str, Standing] = field(default_factory=dict)

    def stirred(self) -> None:
        """Something moved."""
        self.since = None
        self._before = {}

    def judge(self, look: Look, standings: Mapping[str, Standing], now: float) -> bool:
        """Whether every running case is quiet. `standings` by case id; one that could not be asked is missing."""
        quiet = all(
            case.case_id in standings
            and not (look.authorised and standings[case.case_id].held_back)
            and self._rests(look.old_of(case.case_id), case.case_id, standings[case.case_id])
            for case in look.running
        )
        self._before = dict(standings)
        if not quiet:
            self.since = None
        elif self.since is None:
            self.since = now
        return quiet

    def lasts(self, now: float) -> float:
        """For how many seconds it has been quiet."""
        return 0.0 if self.since is None else now - self.since

    def _rests(self, old: int, case_id: str, standing: Standing) -> bool:
        if self.played and (standing.pending or standing.visits or standing.filing_missing):
            return False
        if standing.quiet:
            return True
        # What has been unknown for a minute is sent again from time to time: the case is busy with nothing else if it
        # has no more on its way than that, and has sent no batch since the last look.
        before = self._before.get(case_id)
        on_the_way = standing.in_flight + standing.waiting
        return before is not None and before.batches == standing.batches and 0 < on_the_way <= old
