"""On-site verification (落地查证): an officer visits the holder; the procedure waits for what is found."""

import asyncio
from collections.abc import Sequence

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ActivityError, FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from domain.bookkeeping import Visit, Visited
    from domain.findings import FINDING_WORDS, Finding, FindingReport
    from domain.identifiers import masked
    from domain.operations import finding_name
    from domain.sheets import Ruling
    from domain.words import Complaint, FindingWords, finding_words
    from workflows.asking import ask_register, have_register_keep
    from workflows.inbox import NOTHING, TOO_MANY, first, given, not_theirs, refusal

HOW = (
    '{"officer": "警号", "code": "验证码", "finding": "mule|victim|merchant|not_found", "remark": "…"} '
    '或 "警号 验证码 merchant 说明"'
)

ONE_AT_A_TIME = "2026-11 one finding at a time"
FOUND_ALREADY = Complaint(zh="已有查证结果", en="a finding was entered already")
WHAT_IT_DOES: dict[Finding, tuple[str, str]] = {
    Finding.MULE: ("维持控制", "what is held stays held"),
    Finding.VICTIM: ("维持控制，另行保护", "what is held stays held; protect the holder"),
    Finding.MERCHANT: ("立即解除对该账户的止付、冻结", "lets this account go at once"),
    Finding.NOT_FOUND: ("维持控制，继续查找", "what is held stays held; keep searching"),
}


@workflow.defn(name="OnSiteVerification")
class VerificationWorkflow:
    """One holder, one visit. Silence is no finding: it waits until an officer says what was found."""

    @workflow.init
    def __init__(self, visit: Visit) -> None:
        """Take the visit."""
        self.visit = visit
        self.seal_rules = visit.sealing
        self.found: FindingReport | None = None
        self._asking = False
        self.heard: list[FindingWords] = []
        self.notes: list[str] = []
        for finding in Finding:
            self._offer(finding)

    @workflow.run
    async def run(self, visit: Visit) -> Visited:
        """Show what is asked, wait for a finding that the register accepts, give it back to the case."""
        self._show()
        while self.found is None:
            try:
                await workflow.wait_condition(lambda: bool(self.heard) or self.found is not None)
                if self.found is None:
                    await self._try(self.heard[0])  # a cancellation meanwhile does not take it along
                    self.heard.pop(0)
            except (asyncio.CancelledError, FailureError):
                # a visit that was ordered is answered by a finding, not by a cancellation
                self._note(Complaint(zh="取消请求未执行：请填写查证结果", en="not cancelled: please enter a finding"))
        await workflow.wait_condition(workflow.all_handlers_finished)
        return Visited(institution=visit.institution, number=visit.number, finding=self.found)

    @workflow.signal(name="finding", description=f"查证结果 / finding: {HOW}")
    def hear(self, payload: RawValue = NOTHING) -> None:
        """A finding, total: what is not understood is noted in the details."""
        words = finding_words(given(payload))
        if isinstance(words, Complaint):
            self._note(words)
        elif (complaint := not_theirs(words.officer, payload)) is not None:
            self._note(complaint)
        else:
            self.heard.append(words)

    @workflow.update(name="finding", description=f"查证结果 / finding: {HOW}")
    async def answer(self, payload: RawValue = NOTHING) -> str:
        """A finding with an answer in words."""
        return await self._answer(payload)

    @answer.validator
    def _answer_shape(self, payload: RawValue = NOTHING) -> None:
        self._check(payload)

    @workflow.signal(dynamic=True)
    def unheard(self, name: str, args: Sequence[RawValue]) -> None:
        """A signal of an unknown name is made visible, not buffered for ever."""
        del args
        self._note(Complaint(zh=f"没有名为 {name[:40]} 的操作", en=f"no operation named {name[:40]}"))

    @workflow.update(dynamic=True)
    async def unknown_update(self, name: str, args: Sequence[RawValue]) -> str:
        """Refused by its validator; never runs."""
        del name, args
        return ""

    @unknown_update.validator
    def _unknown_update_shape(self, name: str, args: Sequence[RawValue]) -> None:
        if first(args) is None and len(args) > 1:
            raise refusal(TOO_MANY)
        raise refusal(Complaint(zh=f"没有名为 {name[:40]} 的操作", en=f"no operation named {name[:40]}"))

    # ------------------------------------------------------------ an update for each finding

    def _offer(self, finding: Finding) -> None:
        async def find_here(payload: RawValue = NOTHING) -> str:
            return await self._answer(payload, finding)

        def check(payload: RawValue = NOTHING) -> None:
            self._check(payload, finding)

        workflow.set_update_handler(finding_name(finding), find_here, validator=check)

    async def _answer(self, payload: RawValue | None, finding: Finding | None = None) -> str:
        words = finding_words(given(payload), finding)
        if isinstance(words, Complaint):
            raise refusal(words)
        if (complaint := not_theirs(words.officer, payload)) is not None:
            raise refusal(complaint)
        ruling = await self._try(words, by_engine=True)
        if not ruling.accepted:
            raise refusal(Complaint(zh=ruling.zh, en=ruling.en))
        return ruling.zh

    def _check(self, payload: RawValue | None, finding: Finding | None = None) -> None:
        words = finding_words(given(payload), finding)
        if isinstance(words, Complaint):
            raise refusal(words)
        if self.found is not None:
            raise refusal(FOUND_ALREADY)

    def misunderstood(self, name: str, complaint: Complaint) -> None:
        """What the inbox guard dropped."""
        self._note(Complaint(zh=f"{name[:40]}：{complaint.zh}", en=f"{name[:40]}: {complaint.en}"))

    async def _try(self, words: FindingWords, *, by_engine: bool = False) -> Ruling:
        """Have the register keep a finding; one at a time, and the first that is kept is the visit's.

        `by_engine`: of an update, which is forgotten with its worker until a task of the visit was completed.
        """
        while self._asking and workflow.patched(ONE_AT_A_TIME):  # asked only where it matters, as it is recorded
            await workflow.wait_condition(lambda: not self._asking)
            if self.found is not None:
                return Ruling(accepted=False, sheet="", zh=FOUND_ALREADY.zh, en=FOUND_ALREADY.en)
        keep = have_register_keep if by_engine else ask_register
        report = FindingReport(
            case_id=self.visit.case_id,
            institution=self.visit.institution,
            number=self.visit.number,
            officer=words.officer,
            finding=words.finding,
            remark=words.remark,
            evidence=words.evidence,
            at=workflow.now(),
        )
        self._asking = True
        try:
            ruling = await keep("keep_finding", report, Ruling, "登记查证结果 / keep the finding")
        except ActivityError as problem:
            if is_cancelled_exception(problem):
                raise
            return Ruling(accepted=False, sheet="", zh="登记失败，请重试", en="could not be kept, please try again")
        finally:
            self._asking = False
        if ruling.accepted:
            self.found = report.model_copy(update={"evidence": None})  # the register keeps the proof
        else:
            self._note(Complaint(zh=ruling.zh, en=ruling.en))
        return ruling

    def _note(self, complaint: Complaint) -> None:
        self.notes = [*self.notes[-4:], complaint.both]
        self._show()

    def _show(self) -> None:
        notes = "".join(f"\n- ⚠ {one}" for one in self.notes)
        found = f"\n\n**{' / '.join(FINDING_WORDS[self.found.finding])}**" if self.found else ""
        offered = "".join(f"\n- **{finding_name(finding)}**：{zh} {en}" for finding, (zh, en) in WHAT_IT_DOES.items())
        why = f" · {self.visit.why}" if self.visit.why else ""
        workflow.set_current_details(
            f"### 落地查证 / on-site verification\n\n{self.visit.case_number} · "
            f"{masked(self.visit.institution_code, self.visit.number)}{why}\n\n"
            "More Actions → Send an Update → 选查到的结论，输入一行，警号、验证码换成本人的 "
            f'choose what was found, type one line：`"警号 验证码 说明"`\n{offered}{found}{notes}'
        )
