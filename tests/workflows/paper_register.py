"""A register and officers on paper: it rules on what people say, and keeps it in plain sight."""

from collections.abc import Iterator

from domain.bookkeeping import CaseRecord, Decisions, Filing, Halt, Rulings
from domain.evidence import Evidence, EvidenceKind, Signature, Totp
from domain.findings import FindingReport
from domain.officers import Role
from domain.sheets import Decision, Ruling, Sheet, SheetState, Verdict, still_awaited

OFFICERS: dict[str, tuple[Role, ...]] = {
    "012301": (Role.STOP_DESK,),
    "012302": (Role.SECOND_OFFICER,),
    "012345": (Role.APPROVER_COUNTY,),
    "012346": (Role.APPROVER_CITY,),
    "012350": (Role.DUTY_CHIEF,),
    "012370": (Role.FIELD,),
}


def evidence_of(officer: str, needs: EvidenceKind = EvidenceKind.TOTP) -> Totp | Signature:
    """What this paper officer proves a word with; the paper register knows it and takes nothing else."""
    if needs is EvidenceKind.SIGNATURE:
        return Signature(value=(officer * 15)[:86])
    return Totp(code=officer[::-1])


def word_of(officer: str, needs: EvidenceKind = EvidenceKind.TOTP) -> str:
    """Number and evidence, as they are typed."""
    given = evidence_of(officer, needs)
    return f"{officer} {given.code if isinstance(given, Totp) else given.value}"


def is_proven(officer: str, given: Evidence | None, needs: EvidenceKind = EvidenceKind.TOTP) -> bool:
    """A signature wherever a code would do; a code only where it does."""
    kinds = {needs, EvidenceKind.SIGNATURE}
    return given is not None and given in [evidence_of(officer, kind) for kind in kinds]


UNPROVEN = {"accepted": False, "refused": "wrong_code", "zh": "验证码不对", "en": "the code is wrong"}


class PaperRegister:
    """The part of the register that rules on what people say."""

    def __init__(self) -> None:
        self.sheets: dict[str, Sheet] = {}
        self.approvals: dict[str, dict[str, tuple[Role, ...]]] = {}
        self.excepted: dict[str, set[int]] = {}
        self.state: dict[str, SheetState] = {}
        self.records: list[CaseRecord] = []
        self.findings: list[FindingReport] = []
        self.filing = ""
        self.filing_refused = False
        self.fuse_raises: list[str] = []
        self.halts: list[Halt] = []

    def keep_record(self, record: CaseRecord) -> None:
        for sheet in record.sheets:
            self.sheets.setdefault(sheet.name, sheet)
            self.state.setdefault(sheet.name, SheetState.PENDING)
        self.state |= dict.fromkeys(record.settled, SheetState.SETTLED)
        self.fuse_raises += record.fuse_raises
        self.records.append(record)

    def decide(self, decision: Decision) -> Ruling:
        sheet, roles = self.sheets[decision.sheet], OFFICERS.get(decision.officer, ())
        if decision.officer == sheet.requester:
            return self._ruling(sheet, accepted=False, zh="申请人不能审批", en="who asks does not decide")
        if self.state[sheet.name] is not SheetState.PENDING or not set(roles) & set(sheet.quorum):
            return self._ruling(sheet, accepted=False, zh="无权审批或已办结", en="not entitled, or decided already")
        if not is_proven(decision.officer, decision.evidence, sheet.needs):
            return Ruling.model_validate({**self._ruling(sheet, accepted=False).model_dump(), **UNPROVEN})
        if decision.verdict is Verdict.REJECT:
            self.state[sheet.name] = SheetState.REJECTED
            return self._ruling(sheet, accepted=True)
        self.approvals.setdefault(sheet.name, {})[decision.officer] = roles
        self.excepted.setdefault(sheet.name, set()).update(decision.except_lines)
        if not still_awaited(sheet.quorum, list(self.approvals[sheet.name].items())):
            self.state[sheet.name] = SheetState.APPROVED
        return self._ruling(sheet, accepted=True)

    def _ruling(self, sheet: Sheet, *, accepted: bool, zh: str = "好", en: str = "ok") -> Ruling:
        approvals = self.approvals.get(sheet.name, {})
        return Ruling(
            accepted=accepted,
            sheet=sheet.name,
            state=self.state[sheet.name],
            awaited=still_awaited(sheet.quorum, list(approvals.items())),
            decided_by=tuple(approvals),
            except_lines=tuple(sorted(self.excepted.get(sheet.name, ()))),
            zh=zh,
            en=en,
        )

    def rule(self, decisions: Decisions) -> Rulings:
        return Rulings(rulings=tuple(self.decide(one) for one in decisions.decisions))

    def keep_finding(self, finding: FindingReport) -> Ruling:
        if Role.FIELD not in OFFICERS.get(finding.officer, ()):
            return Ruling(accepted=False, sheet="", zh="不是外勤", en="not a field officer")
        if not is_proven(finding.officer, finding.evidence):
            return Ruling.model_validate({**UNPROVEN, "sheet": ""})
        self.findings.append(finding)
        return Ruling(accepted=True, sheet="", zh="好", en="ok")

    def keep_filing(self, filing: Filing) -> Ruling:
        if not is_proven(filing.officer, filing.evidence):
            return Ruling.model_validate({**UNPROVEN, "sheet": ""})
        if self.filing and self.filing != filing.number:
            return Ruling(accepted=False, sheet="", zh="已有立案号", en="another filing number is on record")
        self.filing = filing.number
        return Ruling(accepted=True, sheet="", zh="好", en="ok")

    def halt(self, halt: Halt) -> Ruling:
        if halt.officer not in OFFICERS:
            return Ruling(accepted=False, sheet="", zh="不在册", en="not in the register")
        self.halts.append(halt)
        return Ruling(accepted=True, sheet="", zh="已停手", en="halted")


def approvers(sheet: Sheet) -> Iterator[str]:
    """One officer for each role of its quorum."""
    for role in sheet.quorum:
        yield next(number for number, roles in OFFICERS.items() if role in roles)
