"""On-site verification (落地查证): an officer visits the holder; the procedure waits for what is found."""

import asyncio
from collections.abc import Sequence

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ActivityError, FailureError

with workflow.unsafe.imports_passed_through():
    from domain.bookkeeping import Visit, Visited
    from domain.findings import FINDING_WORDS, FindingReport
    from domain.identifiers import masked
    from domain.sheets import Ruling
    from domain.words import SAY_FINDING, Complaint, FindingWords, finding_words
    from workflows.asking import ask_register
    from workflows.inbox import NOTHING, TOO_MANY, first, given, not_theirs, refusal

HOW = (
    '{"officer": "警号", "code": "验证码", "finding": "mule|victim|merchant|not_found", "remark": "…"} '
    '或 "警号 验证码 merchant 说明"'
)


@workflow.defn(name="OnSiteVerification")
class VerificationWorkflow:
    """One holder, one visit. Silence is no finding: it waits until an officer says what was found."""

    @workflow.init
    def __init__(self, visit: Visit) -> None:
        """Take the visit."""
        self.visit = visit
        self.seal_rules = visit.sealing
        self.found: FindingReport | None = None
        self.heard: list[FindingWords] = []
        self.notes: list[str] = []

    @workflow.run
    async def run(self, visit: Visit) -> Visited:
        """Show what is asked, wait for a finding that the register accepts, give it back to the case."""
        self._show()
        while self.found is None:
            try:
                await workflow.wait_condition(lambda: bool(self.heard) or self.found is not None)
                if self.found is None:
                    await self._try(self.heard.pop(0))
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
        words = finding_words(given(payload))
        if isinstance(words, Complaint):
            raise refusal(words)
        if (complaint := not_theirs(words.officer, payload)) is not None:
            raise refusal(complaint)
        ruling = await self._try(words)
        if not ruling.accepted:
            raise refusal(Complaint(zh=ruling.zh, en=ruling.en))
        return ruling.zh

    @answer.validator
    def _answer_shape(self, payload: RawValue = NOTHING) -> None:
        words = finding_words(given(payload))
        if isinstance(words, Complaint):
            raise refusal(words)
        if self.found is not None:
            raise refusal(Complaint(zh="已有查证结果", en="a finding was entered already"))

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

    def misunderstood(self, name: str, complaint: Complaint) -> None:
        """What the inbox guard dropped."""
        self._note(Complaint(zh=f"{name[:40]}：{complaint.zh}", en=f"{name[:40]}: {complaint.en}"))

    async def _try(self, words: FindingWords) -> Ruling:
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
        try:
            ruling = await ask_register("keep_finding", report, Ruling, "登记查证结果 / keep the finding")
        except ActivityError:
            return Ruling(accepted=False, sheet="", zh="登记失败，请重试", en="could not be kept, please try again")
        if ruling.accepted and self.found is None:
            self.found = report.model_copy(update={"evidence": None})  # the register keeps the proof
        elif not ruling.accepted:
            self._note(Complaint(zh=ruling.zh, en=ruling.en))
        return ruling

    def _note(self, complaint: Complaint) -> None:
        self.notes = [*self.notes[-4:], complaint.both]
        self._show()

    def _show(self) -> None:
        notes = "".join(f"\n- ⚠ {one}" for one in self.notes)
        found = f"\n\n**{' / '.join(FINDING_WORDS[self.found.finding])}**" if self.found else ""
        workflow.set_current_details(
            f"### 落地查证 / on-site verification\n\n{self.visit.case_number} · "
            f"{masked(self.visit.institution_code, self.visit.number)}\n\n"
            f'请输入 / type in signal or update `finding`:\n\n`"警号 验证码 mule|victim|merchant|not_found 说明"`'
            f"\n\n{SAY_FINDING.en}{found}{notes}"
        )
