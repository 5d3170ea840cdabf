"""The case workflow: one report, one case, from the first stop until its money is settled."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ActivityError, ChildWorkflowError, FailureError

with workflow.unsafe.imports_passed_through():
    from domain.bookkeeping import CaseRecord, Decisions, Filing, Rulings, Standing, Visit, Visited
    from domain.books import BookEntry, Books
    from domain.case import Status, move
    from domain.case_start import CaseStart
    from domain.errands import ERRAND_WORDS, BatchResult, Errand, ErrandBatch, ErrandKind, ErrandResult
    from domain.identifiers import verification_workflow_id
    from domain.money import shown
    from domain.orders import Unknown
    from domain.sheets import Decision, Ruling, SheetKind, SheetState
    from domain.words import Complaint, DecisionWords, FilingWords, decision_words, filing_words
    from workflows.alarm import Alarm
    from workflows.asking import ask_register
    from workflows.casework import accounting, carriers, holding, pursuit, visits
    from workflows.casework.case import Case
    from workflows.casework.deadlines import next_deadline, note_lapsed
    from workflows.casework.paperwork import new_sheet
    from workflows.casework.state import Account, CaseState
    from workflows.details import details
    from workflows.inbox import TOO_MANY, given, refusal
    from workflows.lanes import Lane, pause_after
    from workflows.limits import CASES_QUEUE, INSTITUTION, institution_queue
    from workflows.verification import VerificationWorkflow
    from workflows.worklist import Worklist

SHOW_EVERY = timedelta(seconds=2)
"""While a trace runs, details, work list and books follow at this distance: officers read slower than orders travel."""


class CaseRun(CaseStart):
    """A case as a run of its workflow takes it up: freshly started, or with the state of the run before."""

    state: CaseState | None = None
    errands: tuple[Errand, ...] = ()


@workflow.defn(name="FraudCase")
class CaseWorkflow:
    """接警、止付、查询、追查、冻结、查证、结案: one case."""

    @workflow.init
    def __init__(self, run: CaseRun) -> None:
        """Take up the case."""
        self.case = Case(run, run.state or CaseState(), workflow.now())
        self.lanes: dict[str, Lane] = {}
        self.inbox: list[DecisionWords] = []
        self.ruling = 0
        self.results: list[tuple[Errand, ErrandResult]] = []
        self.found: list[Visited] = []
        self.awake = True
        self.recording = False
        self.kept_entries: dict[str, BookEntry] = {}
        self.kept_books: Books | None = None
        self.kept_status = ""
        self.shown_at: datetime | None = None
        self.alarm = Alarm(self._wake)
        self.worklist = Worklist()

    # ------------------------------------------------------------ the procedure

    @workflow.run
    async def run(self, run: CaseRun) -> Books:
        """Stop what the report names, follow the money, hold it, verify, and close when every fen is settled."""
        if not self.case.state.begun:
            self.begin()
        for errand in run.errands:
            self._lane(errand.institution).put(errand)
        while True:
            self.take_in()
            self.trace()
            self.hold()
            self.visit()
            self.send()
            self.keep_and_show()
            if self.settled():
                break
            if self.ready_for_next_run():
                await self.next_run()
            await self.sleep()
        await self.close()
        return accounting.books(self.case, accounting.entries(self.case))

    def begin(self) -> None:
        """At once, all at the same time: stop the first layer at every named bank; numbers and links to the carriers."""
        self.case.state.begun = True
        pursuit.begin(self.case)
        carriers.begin(self.case)

    def take_in(self) -> None:
        """What has arrived since: answers of institutions, findings."""
        self.awake = False
        self.case.now = workflow.now()
        results, self.results = self.results, []
        for errand, result in results:
            self._take_result(errand, result)
        found, self.found = self.found, []
        for visited in found:
            key = f"{visited.institution}:{visited.number}"
            self.case.state.visits_open.pop(key, None)
            holding.take_finding(self.case, key, visited.finding.finding)
        note_lapsed(self.case)
        holding.escalate(self.case)

    def trace(self) -> None:
        """Follow every outflow that carries this report's money."""
        pursuit.follow(self.case)
        pursuit.decide_companies(self.case)

    def hold(self) -> None:
        """Sheets for what is ripe or of small share."""
        holding.hold(self.case, tracing=self._tracing)

    def visit(self) -> None:
        """Officers to the holders the policy names."""
        visits.send_out(self.case)
        due, self.case.visits = self.case.visits, []
        for account in due:
            asyncio.create_task(self._visit(account))

    def send(self) -> None:
        """Orders into their lanes, and out."""
        errands, self.case.errands = self.case.errands, []
        for errand in errands:
            self._lane(errand.institution).put(errand)
        for lane in self.lanes.values():
            lane.pump(workflow.now())
        if self.inbox and self.ruling == 0:
            asyncio.create_task(self._rule())

    def keep_and_show(self) -> None:
        """Keep in the register what is new, show officers where the case stands."""
        due = self._record_due()
        if due is not None:
            self._show()
            asyncio.create_task(self._keep(due))

    def settled(self) -> bool:
        """Every attributed fen frozen, released, left or lapsed, every finding in, nothing on its way."""
        if self._busy or self.results or self.found or self.case.state.fuse_waiting:
            return False
        if any(lane.next_due for lane in self.lanes.values()) and not self.case.state.cancelled:
            return False
        if self.case.state.cancelled:
            return True
        entries = accounting.entries(self.case)
        return accounting.finished(self.case, accounting.books(self.case, entries), entries)

    async def sleep(self) -> None:
        """Until something arrives or falls due. A cancellation is noted and asked about, not obeyed."""
        self.alarm.set(self._next_due(), "下一期限 / next deadline")
        try:
            await workflow.wait_condition(lambda: self.awake)
        except (asyncio.CancelledError, FailureError):
            self._ask_about_cancellation()

    async def close(self) -> None:
        """Keep the end in the register, take the case off the work lists."""
        state, entries = self.case.state, accounting.entries(self.case)
        books = accounting.books(self.case, entries)
        state.outcome = accounting.outcome(self.case, books)
        state.status = move(state.status, Status.CLOSED)
        await self._keep(self._record(entries, books, outcome=state.outcome.value))
        self._show()
        self.worklist.clear()
        await workflow.wait_condition(workflow.all_handlers_finished)

    # ------------------------------------------------------------ what people say

    @workflow.signal(name="decide", description='审批 / decide: "F-01 警号 approve" · "F-01 警号 reject 理由" · "F-01 警号 approve except 3 7"')
    def hear_decision(self, payload: RawValue = None) -> None:  # type: ignore[assignment]
        """A decision, total: what is not understood becomes a problem in the details."""
        words = decision_words(given(payload))
        if isinstance(words, Complaint):
            self.misunderstood("decide", words)
        elif (complaint := self._not_now(words)) is not None:
            self.misunderstood(f"decide {words.sheet}", complaint)
        else:
            self.inbox.append(words)
            self._wake()

    @workflow.update(name="decide", description='审批 / decide: "F-01 警号 approve" · "F-01 警号 reject 理由" · "F-01 警号 approve except 3 7"')
    async def decide(self, payload: RawValue = None) -> str:  # type: ignore[assignment]
        """A decision with an answer in words; a refusal is raised, and on record."""
        words = decision_words(given(payload))
        if isinstance(words, Complaint):
            raise refusal(words)
        if (complaint := self._not_now(words)) is not None:
            raise refusal(complaint)
        rulings = await self._ask_rulings([self._decision(words, via="update")])
        if rulings is None:
            raise refusal(Complaint(zh="登记失败，请重试", en="could not be kept, please try again"))
        ruling = rulings[0]
        self._apply(ruling)
        if not ruling.accepted:
            raise refusal(Complaint(zh=ruling.zh, en=ruling.en))
        return f"{ruling.zh} / {ruling.en}"

    @decide.validator
    def _decide_shape(self, payload: RawValue = None) -> None:  # type: ignore[assignment]
        words = decision_words(given(payload))
        if isinstance(words, Complaint):
            raise refusal(words)

    @workflow.signal(name="filing", description='立案登记 / case filing: "立案号 警号"')
    def hear_filing(self, payload: RawValue = None) -> None:  # type: ignore[assignment]
        """The case filing, total."""
        words = filing_words(given(payload))
        if isinstance(words, Complaint):
            self.misunderstood("filing", words)
        else:
            asyncio.create_task(self._file(words))

    @workflow.update(name="filing", description='立案登记 / case filing: "立案号 警号"')
    async def file(self, payload: RawValue = None) -> str:  # type: ignore[assignment]
        """The case filing with an answer in words."""
        words = filing_words(given(payload))
        if isinstance(words, Complaint):
            raise refusal(words)
        ruling = await self._file(words)
        if not ruling.accepted:
            raise refusal(Complaint(zh=ruling.zh, en=ruling.en))
        return f"{ruling.zh} / {ruling.en}"

    @file.validator
    def _file_shape(self, payload: RawValue = None) -> None:  # type: ignore[assignment]
        words = filing_words(given(payload))
        if isinstance(words, Complaint):
            raise refusal(words)

    @workflow.signal(name="recheck", description="复查：再查询所有未控制的账户 / query every uncovered account again")
    def recheck(self, payload: RawValue = None) -> None:  # type: ignore[assignment]
        """Query every uncovered account again; takes no input, and bears any."""
        del payload
        self.case.now = workflow.now()
        self.case.state.rechecks += 1
        pursuit.recheck(self.case)
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
        raise refusal(Complaint(zh=f"没有名为 {name[:40]} 的操作", en=f"no operation named {name[:40]}"))

    @workflow.query(name="standing")
    def standing(self) -> Standing:
        """Where the case stands; a trainer waits until it is quiet."""
        entries = accounting.entries(self.case)
        return Standing(
            quiet=not (self._busy or self.results or self.found or self.awake),
            status=self.case.state.status.value,
            pending=tuple(
                name for name, file in self.case.state.sheets.items() if file.state is SheetState.PENDING
            ),
            visits=len(self.case.state.visits_open),
            filing_missing=not self.case.state.filing_number,
            at_risk_fen=accounting.books(self.case, entries).at_risk_fen,
            in_flight=sum(lane.in_flight for lane in self.lanes.values()),
            waiting=sum(lane.waiting for lane in self.lanes.values()),
            batches=self.case.state.batches,
            problems=tuple(problem.en for problem in self.case.state.problems.values()),
        )

    def misunderstood(self, name: str, complaint: Complaint) -> None:
        """What somebody sent and we could not use is a problem people can see."""
        self.case.now = workflow.now()
        count = sum(1 for key in self.case.state.problems if key.startswith("input:"))
        if count < 50:  # a flood of junk must not push the real problems off the page
            self.case.problem(
                f"input:{count + 1}", f"{name[:40]}：{complaint.zh}", f"{name[:40]}: {complaint.en}"
            )
        self._wake()

    # ------------------------------------------------------------ plumbing: institutions

    @property
    def _tracing(self) -> bool:
        """Stops or queries are on their way: company for ripe accounts may still come."""
        return any(lane.busy for lane in self.lanes.values())

    @property
    def _busy(self) -> bool:
        return self._tracing or bool(self.inbox) or self.ruling > 0 or self.recording or bool(self.case.errands)

    def _wake(self) -> None:
        self.awake = True

    def _lane(self, institution: str) -> Lane:
        lane = self.lanes.get(institution)
        if lane is None:
            directory = self.case.start.directory.by_id(institution)
            if directory is None:
                msg = "an errand to an institution without a line was let through"
                raise RuntimeError(msg)
            lane = Lane(self.case.start.case_id, directory, self.case.policy, self._send, self._arrive)
            self.lanes[institution] = lane
        return lane

    async def _send(self, batch: ErrandBatch) -> BatchResult:
        """One batch as one activity on the institution's queue."""
        self.case.state.batches += 1
        try:
            return await workflow.execute_activity(
                "carry_out",
                batch,
                result_type=BatchResult,
                task_queue=institution_queue(batch.institution.id),
                start_to_close_timeout=INSTITUTION.one_try,
                schedule_to_close_timeout=INSTITUTION.worth,
                heartbeat_timeout=INSTITUTION.heartbeat,
                retry_policy=INSTITUTION.retry,
                summary=_summary(batch),
            )
        except ActivityError:
            # its worth has run out, or it was cancelled: the errands are not lost, they are asked again later
            await workflow.sleep(30, summary="线路故障，稍后再发 / line failed, again later")
            return BatchResult(results=())

    def _arrive(self, errand: Errand, result: ErrandResult) -> None:
        self.results.append((errand, result))
        self._wake()

    def _take_result(self, errand: Errand, result: ErrandResult) -> None:
        if errand.kind in {ErrandKind.CLOSE_NUMBER, ErrandKind.BLOCK_LINK}:
            carriers.take_result(self.case, errand, result)
        elif errand.kind in {ErrandKind.PURSUE, ErrandKind.STOP, ErrandKind.QUERY}:
            pursuit.take_result(self.case, errand, result)
        else:
            holding.take_measure(self.case, errand, result)
        if result.complete:
            self._known(errand)
        else:
            self._again(errand, result)

    def _known(self, errand: Errand) -> None:
        """The errand has its answers: its unknown clock, if any, stops."""
        state = self.case.state
        if state.unknown.pop(errand.no, None) is not None and errand.no in state.asked_person:
            state.asked_person.remove(errand.no)
        self.case.solved(f"unknown:{errand.no}")
        self.case.solved(f"held_back:{errand.institution}")

    def _again(self, errand: Errand, result: ErrandResult) -> None:
        """Not complete: along with the next batch; or, unknown for long or held back, later."""
        lane, state = self._lane(errand.institution), self.case.state
        now = workflow.now()
        held_back = next((o for o in result.outcomes.values() if o.kind == "held_back"), None)
        if held_back is not None:
            self.case.problem(
                f"held_back:{errand.institution}",
                f"登记簿未放行（{held_back.reason}），指令未发出",
                f"the register holds orders back ({held_back.reason}); they have not left",
            )
            lane.park(errand, now + timedelta(seconds=self.case.policy.unknown.slow_every_seconds))
            return
        since = next((o.since for o in result.outcomes.values() if isinstance(o, Unknown)), None)
        if since is None:
            lane.put(errand)
            return
        silent = now - since
        if silent.total_seconds() < self.case.policy.unknown.ask_person_after_seconds:
            lane.put(errand)
            return
        state.unknown[errand.no] = since
        if errand.no not in state.asked_person:
            state.asked_person.append(errand.no)
        where = self.case.shown(state.accounts[f"{errand.account.institution}:{errand.account.number}"]) if errand.account else errand.institution
        self.case.problem(
            f"unknown:{errand.no}",
            f"{where} {ERRAND_WORDS[errand.kind][0]}已发出 {int(silent.total_seconds())} 秒未答复，请电话核实",
            f"{where}: {ERRAND_WORDS[errand.kind][1]} sent, no answer yet; please call the institution",
        )
        lane.park(errand, now + pause_after(silent, self.case.policy))

    # ------------------------------------------------------------ plumbing: people

    async def _visit(self, account: Account) -> None:
        ordinal = account.visit
        institution = self.case.start.directory.by_id(account.ref.institution)
        visit = Visit(
            case_id=self.case.start.case_id,
            case_number=self.case.start.case_number,
            ordinal=ordinal,
            institution=account.ref.institution,
            institution_code=institution.code if institution else account.ref.institution,
            number=account.ref.number,
            name=account.ref.name,
        )
        while True:
            try:
                visited = await workflow.execute_child_workflow(
                    VerificationWorkflow.run,
                    visit,
                    id=verification_workflow_id(self.case.start.case_id, ordinal),
                    task_queue=CASES_QUEUE,
                    memo={"institution": visit.institution, "number": visit.number},
                    static_summary=f"落地查证 {self.case.shown(account)} / on-site verification",
                    parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                )
                break
            except ChildWorkflowError:
                # somebody terminated the visit: the question stays open, so it is asked again
                await workflow.sleep(10, summary="重新派出查证 / send out again")
        self.found.append(visited)
        self._wake()

    def _decision(self, words: DecisionWords, via: str) -> Decision:
        return Decision(
            case_id=self.case.start.case_id,
            sheet=words.sheet,
            officer=words.officer,
            verdict=words.verdict,
            except_lines=words.except_lines,
            reason=words.reason,
            via=via,
            at=workflow.now(),
        )

    def _not_now(self, words: DecisionWords) -> Complaint | None:
        """Why this decision cannot be taken now; None when it can."""
        file = self.case.state.sheets.get(words.sheet)
        if file is None:
            return Complaint(zh=f"没有审批单 {words.sheet}", en=f"there is no sheet {words.sheet}")
        if file.state is not SheetState.PENDING:
            return Complaint(zh=f"审批单 {words.sheet} 已办结", en=f"sheet {words.sheet} is decided already")
        if file.sheet.kind is SheetKind.FREEZE and not self.case.state.filing_number:
            return Complaint(zh="尚未立案，不能批准冻结：请先登记立案号", en="no case filing yet: enter it first (filing)")
        return None

    async def _rule(self) -> None:
        """Decisions that came together go to the register together."""
        self.ruling += 1
        try:
            words, self.inbox = self.inbox, []
            decisions = [self._decision(one, via="signal") for one in words]
            rulings = await self._ask_rulings(decisions)
            if rulings is None:
                self.inbox = words + self.inbox
                return
            for decision, ruling in zip(decisions, rulings, strict=True):
                self._apply(ruling)
                if not ruling.accepted:
                    self.misunderstood(f"decide {decision.sheet}", Complaint(zh=ruling.zh, en=ruling.en))
        finally:
            self.ruling -= 1
            self._wake()

    async def _ask_rulings(self, decisions: Sequence[Decision]) -> Sequence[Ruling] | None:
        # a sheet is decided on only after the register keeps it
        await workflow.wait_condition(
            lambda: all(self.case.state.sheets[decision.sheet].kept for decision in decisions)
        )
        try:
            answer = await ask_register(
                "decide", Decisions(decisions=tuple(decisions)), Rulings, "登记审批 / keep decisions"
            )
        except ActivityError:
            return None
        return answer.rulings

    def _apply(self, ruling: Ruling) -> None:
        self.case.now = workflow.now()
        holding.apply_ruling(self.case, ruling)
        self._wake()

    async def _file(self, words: FilingWords) -> Ruling:
        filing = Filing(
            case_id=self.case.start.case_id, number=words.number, officer=words.officer, at=workflow.now()
        )
        try:
            ruling = await ask_register("keep_filing", filing, Ruling, "登记立案 / keep the case filing")
        except ActivityError:
            return Ruling(accepted=False, sheet="", zh="登记失败，请重试", en="could not be kept, please try again")
        if ruling.accepted:
            self.case.state.filing_number = words.number
        else:
            self.misunderstood("filing", Complaint(zh=ruling.zh, en=ruling.en))
        self._wake()
        return ruling

    def _ask_about_cancellation(self) -> None:
        self.case.now = workflow.now()
        if not self.case.state.cancel_asked:
            self.case.state.cancel_asked = True
            new_sheet(self.case, SheetKind.CANCEL, why="ui_cancel", quorum="cancel")
        self.case.problem(
            "cancel", "有人在界面上请求取消本案：已记录，待值班长决定", "a cancellation was requested: noted, the duty chief decides"
        )
        self._wake()

    # ------------------------------------------------------------ plumbing: register, work list, next run

    def _record_due(self) -> CaseRecord | None:
        """What the register does not have yet, once it is due: sheets at once, books when the trace pauses."""
        state, now = self.case.state, workflow.now()
        if self.recording:
            return None
        urgent = bool(self.case.sheets or self.case.fuse_raises)
        if not urgent and self._tracing and self.shown_at is not None and now - self.shown_at < SHOW_EVERY:
            return None
        if not urgent and self._tracing and self.shown_at is None:
            self.shown_at = now
            return None
        status = accounting.status(self.case, tracing=self._tracing)
        state.status = move(state.status, status)
        entries = accounting.entries(self.case)
        books = accounting.books(self.case, entries)
        if not urgent and not self._tracing and accounting.finished(self.case, books, entries):
            return None  # the close keeps it all
        record = self._record(entries, books)
        if not (record.sheets or record.fuse_raises or record.entries or books != self.kept_books or status.value != self.kept_status):
            return None
        return record

    def _record(self, entries: list[BookEntry], books: Books, outcome: str = "") -> CaseRecord:
        changed = [
            entry
            for entry in entries
            if self.kept_entries.get(f"{entry.account.institution}:{entry.account.number}") != entry
        ]
        sheets, self.case.sheets = self.case.sheets, []
        raises, self.case.fuse_raises = self.case.fuse_raises, []
        return CaseRecord(
            case_id=self.case.start.case_id,
            sheets=tuple(sheets),
            fuse_raises=tuple(raises),
            fuse_opens=self.case.policy.fuse.each_yes_opens,
            books=books,
            entries=tuple(changed),
            status=self.case.state.status.value,
            outcome=outcome,
            at=workflow.now(),
        )

    async def _keep(self, record: CaseRecord) -> None:
        self.recording = True
        try:
            await ask_register("keep_record", record, bool, "登记案件账 / keep the case's books")
        except ActivityError:
            self.case.sheets = [*record.sheets, *self.case.sheets]
            self.case.fuse_raises = [*record.fuse_raises, *self.case.fuse_raises]
        else:
            for entry in record.entries:
                self.kept_entries[f"{entry.account.institution}:{entry.account.number}"] = entry
            self.kept_books = record.books
            self.kept_status = record.status
            for sheet in record.sheets:
                self.case.state.sheets[sheet.name].kept = True
        finally:
            self.recording = False
            self._wake()

    def _show(self) -> None:
        self.shown_at = workflow.now()
        self.case.now = self.shown_at
        workflow.set_current_details(details(self.case))
        if not self._tracing or self.case.sheets:
            self.worklist.update(self.case)

    def _next_due(self) -> datetime | None:
        due = [at for lane in self.lanes.values() if (at := lane.next_due) is not None]
        if (at := next_deadline(self.case, tracing=self._tracing)) is not None:
            due.append(at)
        return min(due, default=None)

    def ready_for_next_run(self) -> bool:
        """The history has grown long, and nothing is on its way."""
        return (
            workflow.info().is_continue_as_new_suggested()
            and not self._busy
            and not self.case.state.visits_open
            and workflow.all_handlers_finished()
        )

    async def next_run(self) -> None:
        """Carry the state into a new run; deadlines in it are absolute."""
        self.case.state.runs += 1
        errands = tuple(errand for lane in self.lanes.values() for errand in lane.unfinished)
        start = self.case.start
        workflow.continue_as_new(
            CaseRun(
                case_id=start.case_id,
                case_number=start.case_number,
                received_at=start.received_at,
                report=start.report,
                policy=start.policy,
                directory=start.directory,
                state=self.case.state,
                errands=errands,
            )
        )


def _summary(batch: ErrandBatch) -> str:
    """What the timeline says of a batch: kind, count, bank; nothing personal."""
    kinds: dict[ErrandKind, int] = {}
    for errand in batch.errands:
        kinds[errand.kind] = kinds.get(errand.kind, 0) + 1
    zh = "、".join(f"{ERRAND_WORDS[kind][0]} {count}" for kind, count in kinds.items())
    en = ", ".join(f"{ERRAND_WORDS[kind][1]} {count}" for kind, count in kinds.items())
    amount = sum(errand.amount_fen or 0 for errand in batch.errands)
    return f"{batch.institution.code} {zh}{' ' + shown(amount) if amount else ''} / {en}"
