"""The case workflow: one report, one case, from the first stop until its money is settled."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from domain.bookkeeping import Standing
    from domain.books import Books
    from domain.case import Status, move
    from domain.case_start import CaseRun, CaseStart
    from domain.operations import HALT_HERE
    from domain.sheets import SheetKind, SheetState, Why
    from domain.words import Complaint
    from workflows.alarm import Alarm
    from workflows.casework import accounting, carriers, holding, looking, pursuit
    from workflows.casework.case import Case
    from workflows.casework.deadlines import next_deadline, note_lapsed
    from workflows.casework.packing import pack, unpack
    from workflows.casework.paperwork import new_sheet
    from workflows.casework.state import CaseState
    from workflows.desk import Desk, keep_every
    from workflows.details import details
    from workflows.dispatch import Dispatch
    from workflows.fieldwork import Fieldwork
    from workflows.hearing import Hearing
    from workflows.inbox import NOTHING, TOO_MANY, refusal
    from workflows.tasks import Tasks
    from workflows.worklist import Worklist

COMPLAINTS_SHOWN = 20
"""A flood of junk must not push the real problems off the page."""
NEWS_EVERY = timedelta(seconds=2)
"""A new problem (an order unanswered, a word not understood) is shown at this distance while orders are out."""
HOW_TO_DECIDE = (
    '审批 / decide: "F-01 警号 验证码" · "F-01 警号 验证码 reject 理由" · "F-01 警号 验证码 except 3 7"。'
    '各单自己的操作不写单号 / at a sheet\'s own operation without its number: "警号 验证码"'
)
HOW_TO_FILE = '立案登记 / case filing: "立案号 警号 验证码"'
HOW_TO_HALT = '全中心停止发出止付、冻结，无需验证码 / halt the whole centre, no code needed: "警号"'


@workflow.defn(name="FraudCase")
class CaseWorkflow:
    """接警、止付、查询、追查、冻结、查证、结案: one case."""

    @workflow.init
    def __init__(self, run: CaseRun) -> None:
        """Take up the case."""
        self.awake = True
        self.seal_rules = run.policy.sealing
        self.shown_at = workflow.now()
        self.problems_shown: frozenset[str] = frozenset()
        self.case = Case(run, unpack(run.packed) if run.packed else CaseState(), workflow.now())
        self.tasks = Tasks(self._wake)
        self.dispatch = Dispatch(self.case, self.tasks, self._wake)
        self.fieldwork = Fieldwork(self.case, self.tasks, self._wake)
        self.desk = Desk(self.case, self.tasks, self._wake, self.misunderstood)
        self.hearing = Hearing(self.case, self.desk, self.misunderstood)
        self.hearing.offer()
        self.worklist = Worklist()
        self.alarm = Alarm(self._wake)

    # ------------------------------------------------------------ the procedure

    @workflow.run
    async def run(self, run: CaseRun) -> Books:
        """Stop what the report names, follow the money, hold it, verify, and close when every fen is settled."""
        self.begin(run)
        while True:
            self.take_in_what_arrived()
            pursuit.follow(self.case)
            pursuit.decide_companies(self.case)
            holding.hold(self.case, tracing=self.dispatch.tracing)
            looking.second_looks(self.case)
            if not self.in_a_hurry():
                self.fieldwork.send_out()
            self.case.looked_at()
            self.dispatch.send()
            self.hearing.offer()
            self.desk.rule()
            self.keep_and_show()
            if self.settled():
                return await self.close()
            if self.history_is_long():
                self.next_run()
            await self.sleep()

    def begin(self, run: CaseRun) -> None:
        """All at once: stop the first layer at every named bank; numbers and links to the carriers."""
        if not self.case.state.begun:
            self.case.state.begun = True
            pursuit.begin(self.case)
            carriers.begin(self.case)
        self.dispatch.resume(run.errands)
        self.fieldwork.resume()

    def take_in_what_arrived(self) -> None:
        """Answers of institutions, findings of officers, and what the clock has brought."""
        self.awake = False
        self.tasks.check()
        self.case.awake(workflow.now())
        self.dispatch.take_in()
        self.fieldwork.take_in()
        note_lapsed(self.case)
        holding.escalate(self.case)

    def in_a_hurry(self) -> bool:
        """Money is on the move: what can wait some seconds (visits, the books) does not take the engine's time now."""
        waited = (self.case.now - self.case.start.received_at).total_seconds()
        busy = self.dispatch.tracing or self.case.now < holding.others_first_until(self.case)
        return busy and waited < self.case.policy.freeze.gather_most_seconds

    def keep_and_show(self) -> None:
        """Keep in the register what is new; show officers where the case stands."""
        busy, now = self.dispatch.busy, workflow.now()
        kept = self.desk.keep(tracing=self.dispatch.tracing, busy=busy)
        problems = frozenset(self.case.state.problems)
        every = keep_every(self.case) if problems == self.problems_shown else NEWS_EVERY
        if not busy or self.case.sheets or now - self.shown_at >= every:
            self.shown_at, self.problems_shown = now, problems
            workflow.set_current_details(details(self.case))
        if kept and (not busy or self.case.state.sheets):
            self.worklist.update(self.case)

    def settled(self) -> bool:
        """Every attributed fen frozen, released, left or lapsed, every finding in, nothing on its way."""
        if self.dispatch.busy or self.fieldwork.busy or self.desk.busy or self.awake:
            return False
        if self.case.state.cancelled:
            return not self.case.state.unknown  # what was sent has an outcome, and others wait for it with us
        if self.dispatch.next_due is not None or self.case.state.fuse_waiting:
            return False
        entries = accounting.entries_now(self.case)
        return accounting.finished(self.case, accounting.books(self.case, entries), entries)

    async def sleep(self) -> None:
        """Until something arrives or falls due. A cancellation is noted and asked about, not obeyed."""
        due = [self.dispatch.next_due, looking.next_look(self.case)]
        if not self.dispatch.tracing:  # else its answers wake the case often enough
            due.append(next_deadline(self.case))
        self.alarm.set(min((at for at in due if at), default=None), "下一期限 / next deadline")
        try:
            await workflow.wait_condition(lambda: self.awake)
        except (asyncio.CancelledError, FailureError):
            self.ask_about_cancellation()

    async def close(self) -> Books:
        """Keep the end in the register, take the case off the work lists."""
        entries = accounting.entries(self.case)
        self.case.state.outcome = accounting.outcome(self.case, accounting.books(self.case, entries))
        self.case.state.status = move(self.case.state.status, Status.CLOSED)
        books = await self.desk.close()
        workflow.set_current_details(details(self.case))
        self.worklist.clear()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return books

    def ask_about_cancellation(self) -> None:
        """Nobody ends a case from a menu: the duty chief is asked."""
        self.case.now = workflow.now()
        if not self.case.state.cancel_asked:
            self.case.state.cancel_asked = True
            new_sheet(self.case, SheetKind.CANCEL, why=Why.UI_CANCEL, quorum="cancel")
        self.case.problem(
            "cancel",
            "有人在界面上请求取消本案：已记录，待值班长决定",
            "a cancellation was requested: noted, the duty chief decides",
        )
        self._wake()

    def history_is_long(self) -> bool:
        """The history has grown long, and nothing is on its way."""
        return (
            workflow.info().is_continue_as_new_suggested()
            and not (self.dispatch.busy or self.fieldwork.busy or self.desk.busy)
            and not self.case.state.visits_open
            and workflow.all_handlers_finished()
        )

    def next_run(self) -> None:
        """Carry the state into a new run; deadlines in it are absolute."""
        start = {name: getattr(self.case.start, name) for name in CaseStart.model_fields}
        workflow.continue_as_new(CaseRun(**start, packed=pack(self.case.state), errands=self.dispatch.unfinished))

    # ------------------------------------------------------------ what people say

    @workflow.signal(name="decide", description=HOW_TO_DECIDE)
    def hear_decision(self, payload: RawValue = NOTHING) -> None:
        """A decision, total: what is not understood becomes a problem in the details."""
        self.hearing.by_signal(payload)

    @workflow.update(name="decide", description=HOW_TO_DECIDE)
    async def decide(self, payload: RawValue = NOTHING) -> str:
        """A decision with an answer in words; a refusal is raised, and on record."""
        return await self.hearing.by_update(payload)

    @decide.validator
    def _decide_shape(self, payload: RawValue = NOTHING) -> None:
        self.hearing.check_decision(payload)

    @workflow.signal(name="filing", description=HOW_TO_FILE)
    def hear_filing(self, payload: RawValue = NOTHING) -> None:
        """The case filing, total."""
        self.hearing.filing_by_signal(payload)

    @workflow.update(name="filing", description=HOW_TO_FILE)
    async def file(self, payload: RawValue = NOTHING) -> str:
        """The case filing with an answer in words."""
        return await self.hearing.filing_by_update(payload)

    @file.validator
    def _file_shape(self, payload: RawValue = NOTHING) -> None:
        self.hearing.check_filing(payload)

    @workflow.update(name=HALT_HERE, description=HOW_TO_HALT)
    async def halt(self, payload: RawValue = NOTHING) -> str:
        """停手 for the whole centre, from any case's page."""
        return await self.hearing.halt(payload)

    @halt.validator
    def _halt_shape(self, payload: RawValue = NOTHING) -> None:
        self.hearing.check_halt(payload)

    @workflow.signal(name="recheck", description="复查所有未控制的账户 / query every uncovered account again")
    def recheck(self, payload: RawValue = NOTHING) -> None:
        """Query every uncovered account again; needs no input, and bears any."""
        del payload
        self.case.now = workflow.now()
        pursuit.recheck(self.case)
        self.dispatch.retry_parked()
        self._wake()

    @workflow.signal(dynamic=True)
    def unheard(self, name: str, args: Sequence[RawValue]) -> None:
        """A signal of an unknown name is made visible, not buffered for ever."""
        del args
        self.misunderstood(name, Complaint(zh="没有这个操作", en="there is no such operation"))

    @workflow.update(dynamic=True)
    async def unknown_update(self, name: str, args: Sequence[RawValue]) -> str:
        """Refused by its validator; never runs."""
        del name, args
        return ""

    @unknown_update.validator
    def _unknown_update_shape(self, name: str, args: Sequence[RawValue]) -> None:
        if len(args) > 1:
            raise refusal(TOO_MANY)
        raise refusal(self.hearing.not_offered(name))

    @workflow.query(name="standing")
    def standing(self) -> Standing:
        """Where the case stands; a trainer waits until it is quiet."""
        state, entries = self.case.state, accounting.entries(self.case)
        return Standing(
            quiet=not (
                holding.gathering(self.case)
                or self.dispatch.busy
                or self.fieldwork.busy
                or self.desk.busy
                or self.awake
            ),
            status=state.status.value,
            pending=tuple(name for name, file in state.sheets.items() if file.state is SheetState.PENDING),
            visits=len(state.visits_open),
            filing_missing=not state.filing_number,
            at_risk_fen=accounting.books(self.case, entries).at_risk_fen,
            in_flight=self.dispatch.in_flight,
            waiting=self.dispatch.waiting,
            batches=state.batches,
            held_back=self.dispatch.held_back,
            problems=tuple(problem.en for problem in state.problems.values()),
        )

    def misunderstood(self, name: str, complaint: Complaint) -> None:
        """What somebody sent and we could not use is a problem people can see."""
        self.case.now = workflow.now()
        count = sum(1 for key in self.case.state.problems if key.startswith("input:"))
        if count < COMPLAINTS_SHOWN:
            self.case.problem(f"input:{count + 1}", f"{name[:40]}：{complaint.zh}", f"{name[:40]}: {complaint.en}")
        self._wake()

    def _wake(self) -> None:
        self.awake = True
