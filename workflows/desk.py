"""The case's desk at the register: decisions ruled on, the filing entered, and the books kept."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from domain.bookkeeping import CaseRecord, Decisions, Filing, Halt, Rulings
    from domain.books import BookEntry, Books
    from domain.case import move
    from domain.identifiers import account_key, full_sheet_name, parts_of_sheet
    from domain.officers import Role
    from domain.refusal_words import NOT_FILED
    from domain.sheets import Decision, Ruling, SheetKind, SheetState, role_words
    from domain.words import Complaint, DecisionWords, FilingWords, HaltWords
    from workflows.asking import ask_register, have_register_keep
    from workflows.casework import accounting, holding
    from workflows.casework.case import Case
    from workflows.tasks import Tasks

KEEP_EVERY = timedelta(seconds=10)
"""While orders are out, books follow at this distance: people read slower than orders travel."""
LARGE, KEEP_LARGE_EVERY = 300, timedelta(seconds=15)
"""A case of more accounts than this costs too much to show so often while its money is on the move."""
NOT_KEPT = Complaint(zh="登记失败，请重试", en="could not be kept, please try again")
NOT_HALTED = Complaint(
    zh="停手未登记，请立即改用命令行 starter.py halt，并电话通知值班长",
    en="the halt could not be kept: use starter.py halt at once, and call the duty chief",
)
BEHIND = Complaint(
    zh="此轮尚不知该单或立案，稍后再送达", en="this run does not know the sheet or the filing yet: tell it again later"
)
SUPERSEDED = Complaint(
    zh="此轮不代表本案（重置或旧的一轮）：案件由登记簿重新开始",
    en="this run does not speak for the case (a reset, or an older run): the case goes on from the register",
)


def keep_every(case: Case) -> timedelta:
    """The distance at which books and page follow a trace."""
    return KEEP_LARGE_EVERY if len(case.state.accounts) > LARGE else KEEP_EVERY


Misunderstood = Callable[[str, Complaint], None]


class Desk:
    """What goes between one case and the register."""

    def __init__(self, case: Case, tasks: Tasks, wake: Callable[[], None], misunderstood: Misunderstood) -> None:
        """`misunderstood` makes a refusal visible where nobody waits for an answer."""
        self._case = case
        self._tasks = tasks
        self._wake = wake
        self._misunderstood = misunderstood
        self._inbox: list[DecisionWords] = []
        self._ruling = False
        self._recording = False
        self._filing = 0
        self._entries: dict[str, BookEntry] = {}
        self._books: Books | None = None
        self._status = ""
        self._kept_at = case.now

    @property
    def busy(self) -> bool:
        """Something is being asked of the register, or is about to be."""
        asking = self._ruling or self._recording or self._filing > 0
        return asking or bool(self._inbox) or bool(self._case.sheets)

    # ------------------------------------------------------------ decisions and filing

    def not_now(self, words: DecisionWords) -> Complaint | None:
        """Why this decision cannot be taken now; None when it can."""
        own = self._own(words)
        if not own:
            return Complaint(
                zh="没有这样的审批单：不是本案的", en="there is no such sheet: none of these is of this case"
            )
        return next((complaint for name in own if (complaint := self._not_now(name)) is not None), None)

    def _not_now(self, name: str) -> Complaint | None:
        file = self._case.state.sheets.get(name)
        if file is None:
            return Complaint(zh=f"没有审批单 {name}", en=f"there is no sheet {name}")
        if file.state is not SheetState.PENDING:
            return Complaint(zh=f"审批单 {name} 已办结", en=f"sheet {name} is decided already")
        if file.sheet.kind is SheetKind.FREEZE and not self._case.state.filing_number:
            return NOT_FILED
        return None

    def is_behind(self, words: DecisionWords) -> bool:
        """Whether this run has yet to hear of a sheet or of the filing, which the register knew when it kept them."""
        sheets, filed = self._case.state.sheets, bool(self._case.state.filing_number)
        own = self._own(words)
        return any(name not in sheets or (sheets[name].sheet.kind is SheetKind.FREEZE and not filed) for name in own)

    def signed_before(self, words: DecisionWords) -> Complaint | None:
        """Whether this officer has signed one of the sheets: the UI shows no answer, so a second time must be refused.

        A signal is not asked this: it may be the same word once more, and does no harm.
        """
        for name in self._own(words):
            file = self._case.state.sheets[name]
            if words.officer in file.decided_by:
                zh, en = role_words([Role(role) for role in file.awaited])
                return Complaint(
                    zh=f"您已签过审批单 {name}，须由另一名警员签；尚待：{zh}",
                    en=f"you have signed sheet {name} already, another officer has to sign; awaited: {en}",
                )
        return None

    def _own(self, words: DecisionWords) -> list[str]:
        """The sheets of this case among those that the words name, by their short names."""
        number = self._case.start.case_number
        parts = [parts_of_sheet(full_sheet_name(number, name)) for name in words.sheets]
        return list(dict.fromkeys(part[1] for part in parts if part is not None and part[0] == number))

    def hear(self, words: DecisionWords) -> None:
        """Take a decision that came by signal; those that came together are ruled on together."""
        self._inbox.append(words)
        self._wake()

    def rule(self) -> None:
        """Have the decisions that came in ruled on."""
        if self._inbox and not self._ruling:
            self._ruling = True
            self._tasks.start(self._rule())

    async def decide(self, words: DecisionWords) -> Ruling:
        """Have one decision ruled on and put into effect, on every sheet of this case that it names.

        The ruling is the first refusal, or else the last one.
        """
        rulings = await self._ask(self._decisions(words, via="update"), by_engine=True)
        for ruling in rulings:
            self._apply(ruling)
        return next((ruling for ruling in rulings if not ruling.accepted), rulings[-1])

    async def file(self, words: FilingWords, *, by_engine: bool = True) -> Ruling:
        """Enter the case filing (立案). `by_engine`: as for a decision."""
        keep = have_register_keep if by_engine else ask_register
        filing = Filing(
            case_id=self._case.start.case_id,
            number=words.number,
            officer=words.officer,
            evidence=words.evidence,
            at=workflow.now(),
        )
        self._filing += 1  # a next run must not leave the answer behind
        try:
            ruling = await keep("keep_filing", filing, Ruling, "登记立案 / keep the case filing")
        except ActivityError:
            return Ruling(accepted=False, sheet="", zh=NOT_KEPT.zh, en=NOT_KEPT.en)
        finally:
            self._filing -= 1
        if ruling.accepted:
            self._case.state.filing_number = words.number
        self._wake()
        return ruling

    def hear_filing(self, words: FilingWords) -> None:
        """The filing by signal: a refusal becomes visible in the details."""
        self._tasks.start(self._hear_filing(words))

    async def _hear_filing(self, words: FilingWords) -> None:
        ruling = await self.file(words, by_engine=False)
        if not ruling.accepted:
            self._misunderstood("filing", Complaint(zh=ruling.zh, en=ruling.en))

    async def halt(self, words: HaltWords) -> Ruling:
        """停手, for the whole centre; what was said stays among the case's problems, with its moment."""
        try:
            ruling = await have_register_keep(
                "halt", Halt(officer=words.officer, at=workflow.now()), Ruling, "停手 / halt the centre"
            )
        except ActivityError:
            return Ruling(accepted=False, sheet="", zh=NOT_HALTED.zh, en=NOT_HALTED.en)
        if ruling.accepted:
            self._case.now = workflow.now()
            self._case.solved("halt")  # a second halt shows its own moment
            self._case.problem(
                "halt",
                f"{words.officer} 已停手：全中心不再发出止付、冻结，两名值班警员重新签署授权后恢复",
                f"{words.officer} has halted the centre: no stop or freeze leaves until two duty officers sign again",
            )
        elif ruling.refused == "lifted":  # said long ago: whoever said it may not wait for the answer any more
            self._misunderstood("halt", Complaint(zh=ruling.zh, en=ruling.en))
        self._wake()
        return ruling

    async def _rule(self) -> None:
        words, self._inbox = self._inbox, []
        decisions = [decision for one in words for decision in self._decisions(one, via="signal")]
        for decision, ruling in zip(decisions, await self._ask(decisions), strict=True):
            self._apply(ruling)
            if not ruling.accepted:
                self._misunderstood(f"decide {decision.sheet}", Complaint(zh=ruling.zh, en=ruling.en))
        self._ruling = False
        self._wake()

    def _decisions(self, words: DecisionWords, via: str) -> list[Decision]:
        """One decision for each sheet of this case; the evidence was given for all sheets that were named."""
        named = tuple(full_sheet_name(self._case.start.case_number, name) for name in words.sheets)
        return [
            Decision(
                case_id=self._case.start.case_id,
                sheet=name,
                officer=words.officer,
                verdict=words.verdict,
                except_lines=words.except_lines,
                reason=words.reason,
                evidence=words.evidence,
                sheets=named,
                via=via,
                at=workflow.now(),
            )
            for name in self._own(words)
        ]

    async def _ask(self, decisions: Sequence[Decision], *, by_engine: bool = False) -> Sequence[Ruling]:
        """`by_engine`: of an update, which is forgotten with its worker until a task of the case was completed."""
        ask = have_register_keep if by_engine else ask_register
        # a sheet is decided on only once the register keeps it
        await workflow.wait_condition(lambda: all(self._case.state.sheets[one.sheet].kept for one in decisions))
        try:
            answer = await ask("decide", Decisions(decisions=tuple(decisions)), Rulings, "登记审批 / keep decisions")
        except ActivityError:
            return [Ruling(accepted=False, sheet=one.sheet, zh=NOT_KEPT.zh, en=NOT_KEPT.en) for one in decisions]
        return answer.rulings

    def _apply(self, ruling: Ruling) -> None:
        self._case.now = workflow.now()
        holding.apply_ruling(self._case, ruling)
        self._wake()

    # ------------------------------------------------------------ books

    def keep(self, *, tracing: bool, busy: bool) -> bool:
        """Have the register keep what is new: sheets at once, books when orders pause. True when something was due."""
        record = self._due(tracing=tracing, busy=busy)
        if record is None:
            return False
        self._recording = True
        self._tasks.start(self._keep(record))
        return True

    async def close(self) -> Books:
        """Keep the end of the case."""
        entries = accounting.entries(self._case)
        books = accounting.books(self._case, entries)
        self._recording = True
        await self._keep(self._record(entries, books, outcome=self._case.state.outcome.value))
        return books

    def _due(self, *, tracing: bool, busy: bool) -> CaseRecord | None:
        if self._recording:
            return None
        case, now = self._case, workflow.now()
        urgent = bool(case.sheets or case.fuse_raises or _settling(case))
        if not urgent and busy and now - self._kept_at < keep_every(case):
            return None
        if not urgent and not busy and holding.gathering(case):
            return None  # a sheet is about to be made: what is known now goes with it
        entries = accounting.entries_now(case)
        books = accounting.books(case, entries)
        if not urgent and not busy and accounting.finished(case, books, entries):
            return None  # the close keeps it all
        case.state.status = move(case.state.status, accounting.status(case, tracing=tracing))
        unchanged = books == self._books and case.state.status.value == self._status
        record = self._record(entries, books)
        if not urgent and unchanged and not record.entries:
            return None
        self._kept_at = now
        return record

    def _record(self, entries: list[BookEntry], books: Books, outcome: str = "") -> CaseRecord:
        case = self._case
        changed = [one for one in entries if self._entries.get(_key(one)) != one]
        sheets, case.sheets = case.sheets, []
        raises, case.fuse_raises = case.fuse_raises, []
        return CaseRecord(
            case_id=case.start.case_id,
            sheets=tuple(sheets),
            settled=_settling(case),
            fuse_raises=tuple(raises),
            fuse_opens=case.policy.fuse.each_yes_opens,
            books=books,
            entries=tuple(changed),
            status=case.state.status.value,
            outcome=outcome,
            born_as=workflow.info().original_execution_run_id,
            restarts=case.start.restarts,
            at=workflow.now(),
        )

    async def _keep(self, record: CaseRecord) -> None:
        # a sheet is fixed when it is made, and a case closes once: made anew they would be others of the same name
        ask = have_register_keep if record.sheets or record.outcome else ask_register
        try:
            kept = await ask("keep_record", record, bool, "登记案件账 / keep the case's books")
        except ActivityError:
            self._case.sheets = [*record.sheets, *self._case.sheets]
            self._case.fuse_raises = [*record.fuse_raises, *self._case.fuse_raises]
        else:
            if not kept:
                raise ApplicationError(SUPERSEDED.both, type="Superseded", non_retryable=True)
            self._entries.update({_key(one): one for one in record.entries})
            self._books, self._status = record.books, record.status
            for sheet in record.sheets:
                self._case.state.sheets[sheet.name].kept = True
            for name in record.settled:
                self._case.state.sheets[name].settling = False
        self._recording = False
        self._wake()


def _settling(case: Case) -> tuple[str, ...]:
    """Settled sheets that the register has not been told of."""
    return tuple(name for name, file in case.state.sheets.items() if file.settling)


def _key(entry: BookEntry) -> str:
    return account_key(entry.account.institution, entry.account.number)
