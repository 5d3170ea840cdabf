"""Lanes with group commit: orders over one line wait while batches are in flight, then leave together.

At low load nothing waits. A batch comes back as soon as some of it is answered; the rest goes along with the next, or
beside the others when nobody else leaves: who is silent takes nobody's place.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, timedelta

from domain.case_start import CaseStart
from domain.errands import BatchResult, Errand, ErrandBatch, ErrandKind, ErrandResult
from domain.institutions import Channel, Institution
from domain.policy import Policy
from workflows.tasks import Tasks

Send = Callable[[ErrandBatch], Awaitable[BatchResult]]
Arrived = Callable[[Errand, ErrandResult], None]


class Lane:
    """A lane of one case: over one line, to all institutions it leads to, or to a single one that answers late."""

    def __init__(
        self,
        start: CaseStart,
        channel: Channel,
        tasks: Tasks,
        send: Send,
        arrived: Arrived,
        papers_are_kept_whole: Callable[[], bool],
    ) -> None:
        """`send` runs one batch; `arrived` is told each result, complete or not."""
        policy, rules = start.policy, start.policy.lanes
        self._start = start
        self._most = rules.batch_most
        self._most_in_flight = rules.in_flight[channel]
        self._patience = rules.patience_seconds[channel]
        self._doubles_at = rules.linger_doubles_at
        self._linger = rules.linger_seconds[channel]
        self._resend = policy.unknown.resend_after_seconds[channel]
        self._most_rows = policy.trace.most_rows
        self._tasks = tasks
        self._send = send
        self._arrived = arrived
        self._papers_are_kept_whole = papers_are_kept_whole
        self._institutions: dict[str, Institution] = {}
        self._waiting: list[Errand] = []
        self._again: list[Errand] = []
        self._parked: list[tuple[datetime, Errand]] = []
        self._flying: list[list[Errand]] = []
        self._beside: list[list[Errand]] = []
        """Of those on their way, the ones that are only asked for once more: they take no place."""

    @property
    def in_flight(self) -> int:
        """Batches on their way."""
        return len(self._flying)

    def carries(self, kinds: Collection[ErrandKind]) -> bool:
        """Whether an errand of these kinds is waiting or on its way."""
        return any(errand.kind in kinds for batch in (self._waiting, self._again, *self._flying) for errand in batch)

    @property
    def busy(self) -> bool:
        """Whether anything is waiting or on its way; what is parked is not."""
        return bool(self._waiting or self._again) or self.in_flight > 0

    @property
    def waiting(self) -> int:
        """How many errands wait for a place in a batch."""
        return len(self._waiting) + len(self._again)

    @property
    def unfinished(self) -> list[Errand]:
        """Errands to carry into the next run; only asked for when nothing is in flight."""
        return self._waiting + self._again + [errand for _, errand in self._parked]

    @property
    def next_due(self) -> datetime | None:
        """When the first parked errand is due again."""
        return min((due for due, _ in self._parked), default=None)

    def put(self, errand: Errand, institution: Institution, *, again: bool = False) -> None:
        """One more errand. `again`: its batch came back with answers for others and none for it."""
        self._institutions[institution.id] = institution
        (self._again if again else self._waiting).append(errand)

    def park(self, errand: Errand, institution: Institution, until: datetime) -> None:
        """Ask again later: a person was told, the institution is slow or down."""
        self._institutions[institution.id] = institution
        self._parked.append((until, errand))

    def retry_parked(self) -> None:
        """What is parked is due now."""
        self._waiting.extend(errand for _, errand in self._parked)
        self._parked = []

    def pump(self, now: datetime) -> None:
        """Let leave what may leave."""
        due = [errand for until, errand in self._parked if until <= now]
        if due:
            self._parked = [(until, errand) for until, errand in self._parked if until > now]
            self._waiting.extend(due)
        while self._waiting and self.in_flight - len(self._beside) < self._most_in_flight:
            cut = self._cut()
            batch, self._waiting = self._waiting[:cut], self._waiting[cut:]
            room = self._most - len(batch)
            along, self._again = self._again[:room], self._again[room:]
            self._leave([*batch, *along])
        if not self._waiting and (beside := self._may_go_beside()):
            chosen = {id(errand) for errand in beside}
            self._again = [errand for errand in self._again if id(errand) not in chosen]
            self._beside.append(beside)
            self._leave(beside)

    def _cut(self) -> int:
        """Where the next batch ends: what shares a paper is not torn in two where one batch can hold it."""
        cut = self._most
        if len(self._waiting) <= cut or (paper := _paper(self._waiting[cut])) is None:
            return cut
        first = last = cut
        while first and _paper(self._waiting[first - 1]) == paper:
            first -= 1
        while last < len(self._waiting) and _paper(self._waiting[last]) == paper:
            last += 1
        torn = 0 < first < cut and last - first <= self._most
        return first if torn and self._papers_are_kept_whole() else cut

    def _may_go_beside(self) -> list[Errand]:
        """Of what is asked for once more, as much as makes a batch; of no institution more than its places."""
        asked = Counter(one for batch in self._beside for one in {errand.institution for errand in batch})
        return [one for one in self._again if asked[one.institution] < self._most_in_flight][: self._most]

    def _leave(self, batch: list[Errand]) -> None:
        self._flying.append(batch)
        self._tasks.start(self._carry(batch))

    async def _carry(self, errands: list[Errand]) -> None:
        try:
            result = await self._send(self._batch(errands))
        finally:
            self._flying = [batch for batch in self._flying if batch is not errands]
            self._beside = [batch for batch in self._beside if batch is not errands]
        by_no = {one.no: one for one in result.results}
        for errand in errands:
            self._arrived(errand, by_no.get(errand.no) or ErrandResult(no=errand.no, complete=False))

    def _batch(self, errands: list[Errand]) -> ErrandBatch:
        return ErrandBatch(
            case_id=self._start.case_id,
            received_at=self._start.received_at,
            institutions=tuple(
                self._institutions[one] for one in dict.fromkeys(errand.institution for errand in errands)
            ),
            errands=tuple(errands),
            patience_s=self._patience,
            linger_s=self._linger * (1 + len(errands) / self._doubles_at),
            resend_after_s=self._resend,
            most_rows=self._most_rows,
        )


def _paper(errand: Errand) -> tuple[ErrandKind, str, str] | None:
    """Errands of one answer here that leave together share a paper; None: those without a sheet do not mind."""
    return (errand.kind, errand.sheet, errand.institution) if errand.sheet else None


def pause_after(unknown_for: timedelta, policy: Policy) -> timedelta:
    """How long to wait before an institution is asked again: half its silence so far, within the policy's bounds."""
    rules = policy.unknown
    return timedelta(
        seconds=min(max(unknown_for.total_seconds() / 2, rules.slow_every_seconds), rules.slow_most_seconds)
    )
