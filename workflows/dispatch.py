"""Orders out, answers in: the lanes of a case, and what becomes of errands that are not answered yet."""

from collections.abc import Callable
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from domain.errands import ERRAND_WORDS, BatchResult, Errand, ErrandBatch, ErrandKind, ErrandResult
    from domain.identifiers import account_key
    from domain.institutions import Channel, Institution
    from domain.money import shown
    from domain.orders import Unknown
    from workflows.casework import carriers, holding, pursuit
    from workflows.casework.case import Case
    from workflows.lanes import Lane, pause_after
    from workflows.limits import INSTITUTION, institution_queue
    from workflows.tasks import Tasks

PURSUIT = frozenset({ErrandKind.PURSUE, ErrandKind.STOP, ErrandKind.QUERY})
AFTER_FAILURE = timedelta(seconds=30)
"""A batch whose activity was given up or cancelled is not lost: its errands are asked again after this."""
HELD_BACK_AGAIN = timedelta(seconds=2)
"""What the register holds back is asked for again soon at first, then ever more slowly: money leaves in seconds."""
PASSES_BY_ITSELF = frozenset({"halted", "no_authority", "fuse_minute"})
"""Held back for these reasons, orders leave as soon as the register lets them; no sheet of the case decides on it."""


PAPERS_KEPT_WHOLE = "2026-11 orders of one paper leave together"


class Dispatch:
    """All lanes of one case."""

    def __init__(self, case: Case, tasks: Tasks, wake: Callable[[], None]) -> None:
        """`wake` lets the procedure go on when something has arrived."""
        self._case = case
        self._tasks = tasks
        self._wake = wake
        self._lanes: dict[str, Lane] = {}
        self._arrived: list[tuple[Errand, ErrandResult]] = []
        self._held_back: set[int] = set()
        self._late: set[str] = set()

    @property
    def held_back(self) -> int:
        """Errands parked until the register lets them leave."""
        return len(self._held_back)

    @property
    def tracing(self) -> bool:
        """Stops or queries are waiting or on their way: company for ripe accounts may still come."""
        return any(errand.kind in PURSUIT for errand in self._case.errands) or any(
            lane.carries(PURSUIT) for lane in self._lanes.values()
        )

    @property
    def busy(self) -> bool:
        """Anything at all is to be done with orders; what is parked is not."""
        return bool(self._arrived or self._case.errands) or any(lane.busy for lane in self._lanes.values())

    @property
    def in_flight(self) -> int:
        """Batches on their way."""
        return sum(lane.in_flight for lane in self._lanes.values())

    @property
    def waiting(self) -> int:
        """Errands waiting for a batch."""
        return sum(lane.waiting for lane in self._lanes.values())

    @property
    def next_due(self) -> datetime | None:
        """When the first parked errand is due again."""
        return min((at for lane in self._lanes.values() if (at := lane.next_due) is not None), default=None)

    @property
    def unfinished(self) -> tuple[Errand, ...]:
        """What the next run has to take along."""
        return tuple(errand for lane in self._lanes.values() for errand in lane.unfinished)

    def resume(self, errands: tuple[Errand, ...]) -> None:
        """Take up what the run before left."""
        for errand in errands:
            self._put(errand)

    def retry_parked(self) -> None:
        """Ask again now what was to be asked later."""
        for lane in self._lanes.values():
            lane.retry_parked()

    def send(self) -> None:
        """Errands into their lanes, and out."""
        errands, self._case.errands = self._case.errands, []
        for errand in self._bank_by_bank(errands):
            self._put(errand)
        for lane in self._lanes.values():
            lane.pump(workflow.now())

    def take_in(self) -> None:
        """Work in what has arrived."""
        arrived, self._arrived = self._arrived, []
        for errand, result in arrived:
            if errand.kind in {ErrandKind.CLOSE_NUMBER, ErrandKind.BLOCK_LINK}:
                carriers.take_result(self._case, errand, result)
            elif errand.kind in PURSUIT:
                pursuit.take_result(self._case, errand, result)
            else:
                holding.take_measure(self._case, errand, result)
            if result.complete:
                self._answered(errand)
            else:
                self._again(errand, result)

    # ------------------------------------------------------------ plumbing

    def _bank_by_bank(self, errands: list[Errand]) -> list[Errand]:
        """Errands as they leave: where one batch cannot take all, a bank's on sheets stand together for its paper."""
        of_sheets = [errand for errand in errands if errand.sheet]
        if not of_sheets or len(errands) + self.waiting <= self._case.policy.lanes.batch_most:
            return errands
        if not _papers_are_kept_whole():
            return errands
        others = [errand for errand in errands if not errand.sheet]
        return [*others, *sorted(of_sheets, key=lambda errand: errand.institution)]

    def _put(self, errand: Errand, *, again: bool = False) -> None:
        """Over the institution's line together with all it leads to; who is late goes on in a lane of its own."""
        institution = self._institution(errand)
        name = institution.id if institution.id in self._late else institution.line
        self._lane(name, institution).put(errand, institution, again=again and name != institution.id)

    def _park(self, errand: Errand, until: datetime) -> None:
        institution = self._institution(errand)
        self._lane(institution.id, institution).park(errand, institution, until)

    def _institution(self, errand: Errand) -> Institution:
        known = self._case.start.directory.by_id(errand.institution)
        if known is None:
            msg = "an errand to an institution without a line was let through"
            raise RuntimeError(msg)
        return known

    def _lane(self, name: str, institution: Institution) -> Lane:
        lane = self._lanes.get(name)
        if lane is None:
            channel = institution.channel

            async def send(batch: ErrandBatch) -> BatchResult:
                sent = workflow.now()
                result = await self._send(name, batch)
                # a bank that is silent says nothing about how busy the line is
                if channel is not Channel.LIAISON and any(one.complete for one in result.results):
                    self._case.line_took(workflow.now() - sent)
                return result

            lane = Lane(self._case.start, channel, self._tasks, send, self._arrive, _papers_are_kept_whole)
            self._lanes[name] = lane
        return lane

    async def _send(self, lane: str, batch: ErrandBatch) -> BatchResult:
        """One batch as one activity on the queue of the line, or of the institution that is late."""
        self._case.state.batches += 1
        try:
            result: BatchResult = await workflow.execute_activity(
                "carry_out",
                batch,
                result_type=BatchResult,
                task_queue=institution_queue(lane),
                start_to_close_timeout=INSTITUTION.one_try,
                schedule_to_close_timeout=INSTITUTION.worth,
                heartbeat_timeout=INSTITUTION.heartbeat,
                retry_policy=INSTITUTION.retry,
                summary=_summary(batch),
            )
        except ActivityError:
            await workflow.sleep(AFTER_FAILURE, summary="线路故障，稍后再发 / line failed, again later")
            return BatchResult(results=())
        return result

    def _arrive(self, errand: Errand, result: ErrandResult) -> None:
        self._arrived.append((errand, result))
        self._wake()

    def _answered(self, errand: Errand) -> None:
        """The errand has its answers: its unknown clock, if any, stops."""
        state = self._case.state
        state.unknown.pop(errand.no, None)
        self._late.discard(errand.institution)
        self._held_back.discard(errand.no)
        if errand.no in state.asked_person:
            state.asked_person.remove(errand.no)
        self._case.solved(f"unknown:{errand.no}")
        self._case.solved(f"held_back:{errand.institution}")

    def _again(self, errand: Errand, result: ErrandResult) -> None:
        """Not complete: along with the next batch; unknown for long or held back, later and shown to a person."""
        now = workflow.now()
        held_back = next((one for one in result.outcomes.values() if one.kind == "held_back"), None)
        if held_back is not None:
            if held_back.reason in PASSES_BY_ITSELF:
                self._held_back.add(errand.no)
            key = f"held_back:{errand.institution}"
            self._case.problem(
                key,
                f"登记簿未放行（{held_back.reason}），指令未发出",
                f"the register holds orders back ({held_back.reason}); they have not left",
            )
            slowest = timedelta(seconds=self._case.policy.unknown.slow_every_seconds)
            held_for = now - self._case.state.problems[key].since
            self._park(errand, now + min(max(held_for / 2, HELD_BACK_AGAIN), slowest))
            return
        self._held_back.discard(errand.no)
        since = next((one.since for one in result.outcomes.values() if isinstance(one, Unknown)), now)
        silent = now - since
        if silent.total_seconds() < self._case.policy.unknown.ask_person_after_seconds:
            if silent.total_seconds() >= self._case.policy.lanes.own_lane_after_seconds:
                self._late.add(errand.institution)
            self._put(errand, again=True)
            return
        self._ask_person(errand, since, silent)
        self._park(errand, now + pause_after(silent, self._case.policy))

    def _ask_person(self, errand: Errand, since: datetime, silent: timedelta) -> None:
        state = self._case.state
        state.unknown[errand.no] = since
        if errand.no not in state.asked_person:
            state.asked_person.append(errand.no)
        where = errand.institution
        if errand.account is not None:
            where = self._case.shown(state.accounts[account_key(errand.account.institution, errand.account.number)])
        zh, en = ERRAND_WORDS[errand.kind]
        self._case.problem(
            f"unknown:{errand.no}",
            f"{where} {zh}已发出 {int(silent.total_seconds())} 秒未答复，请电话核实",
            f"{where}: {en} sent, no answer for {int(silent.total_seconds())} s; please call the institution",
        )


def _papers_are_kept_whole() -> bool:
    """Not in cases that let orders leave before it was so: only asked where the answer matters, as it is recorded."""
    return workflow.patched(PAPERS_KEPT_WHOLE)


def _summary(batch: ErrandBatch) -> str:
    """What the timeline says of a batch: kind, count, bank; nothing personal."""
    kinds: dict[ErrandKind, int] = {}
    for errand in batch.errands:
        kinds[errand.kind] = kinds.get(errand.kind, 0) + 1
    zh = "、".join(f"{ERRAND_WORDS[kind][0]} {count}" for kind, count in kinds.items())
    en = ", ".join(f"{ERRAND_WORDS[kind][1]} {count}" for kind, count in kinds.items())
    amount = sum(errand.amount_fen or 0 for errand in batch.errands)
    at = "、".join(institution.code for institution in batch.institutions)
    return f"{at} {zh}{' ' + shown(amount) if amount else ''} / {en}"
