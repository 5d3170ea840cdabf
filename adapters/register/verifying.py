"""What officers bring to a case from outside: findings of on-site verification, and the case filing."""

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from adapters.register.bulk import Mode, Write, Writes, run, statement_text
from adapters.register.evidence import Verifier, Word
from adapters.register.locking import LockedCase, lock_case
from adapters.register.part import Part
from adapters.register.refusals import Refusal, officer_of, unknown_case
from adapters.register.ruling import Refusable, ruled
from adapters.register.tables import accounts, findings
from domain.bookkeeping import Filing
from domain.evidence import Proof, filing_binding, filing_claims, finding_binding, finding_claims
from domain.findings import FINDING_WORDS, Finding, FindingReport
from domain.identifiers import account_key
from domain.officers import Role
from domain.sheets import Ruling
from domain.words import LONGEST_FILING_NUMBER

_FINDING = Write.of(findings, Mode.ADD)
_FOUND = statement_text(
    select(findings.c.officer, findings.c.finding)
    .where(
        findings.c.case_id == bindparam("case_id", type_=Text), findings.c.account == bindparam("account", type_=Text)
    )
    .order_by(findings.c.id.desc())
    .limit(1)
)
_ACCOUNT_KNOWN = statement_text(
    select(accounts.c.account).where(accounts.c.account == bindparam("account", type_=Text))
)


class Verifying(Part):
    """The part of the register that findings and filings go through."""

    async def keep_finding(self, finding: FindingReport) -> Ruling:
        """Check the officer (role field) and the evidence; keep the finding with its proof (rules section 8).

        One visit has one finding: the same again of the same officer is on record already, another one is refused.
        """

        async def work(connection: AsyncConnection) -> Ruling:
            case = await lock_case(connection, finding.case_id)
            account = account_key(finding.institution, finding.number)
            what = {"account": account, "officer": finding.officer, "finding": finding.finding}
            binding = finding_binding(finding.officer, finding.case_id, account, finding.finding, finding.remark)
            word = Word(finding.officer, binding, finding.evidence, finding.at)

            async def accept(writes: Writes) -> Ruling:
                await _may_find(connection, finding.officer, account)
                verifier = Verifier(connection, self._ring, self._rules.evidence, writes)
                proof = await verifier.prove(word, *finding_claims(finding.case_id, account, finding.finding))
                if not await _is_found(connection, finding, account):
                    kept = {"case_id": finding.case_id, "at": finding.at, "remark": finding.remark, "proof": proof}
                    writes.add(_FINDING, {**kept, **what})
                    shown = {**what, "remark": finding.remark, "evidence": proof.kind, "binding": proof.binding}
                    case.chain.note(finding.at, "finding_kept", shown)
                return Ruling(accepted=True, sheet="", zh="查证结果已记录", en="the finding is on record")

            return await ruled(connection, [case.chain], Refusable(word, "finding_refused", what), accept)

        try:
            return await self._do(work)
        except LookupError:
            return unknown_case().ruling()

    async def keep_filing(self, filing: Filing) -> Ruling:
        """The case filing (立案, rules R13): check officer and evidence, keep the number once; another is refused."""
        number = filing.number.strip()

        async def work(connection: AsyncConnection) -> Ruling:
            case = await lock_case(connection, filing.case_id)
            word = Word(
                filing.officer, filing_binding(filing.officer, filing.case_id, number), filing.evidence, filing.at
            )
            what = {"number": number, "officer": filing.officer}

            async def accept(writes: Writes) -> Ruling:
                await _may_file(connection, case, number, filing.officer)
                proof = await Verifier(connection, self._ring, self._rules.evidence, writes).prove(
                    word, *filing_claims(filing.case_id, number)
                )
                if not case.row.filing_number:
                    _file(case, filing, number, proof)
                return Ruling(accepted=True, sheet="", zh=f"已立案，编号 {number}", en=f"filed under {number}")

            return await ruled(connection, [case.chain], Refusable(word, "filing_refused", what), accept)

        try:
            return await self._do(work)
        except LookupError:
            return unknown_case().ruling()


async def _may_find(connection: AsyncConnection, number: str, account: str) -> None:
    officer = await officer_of(connection, number)
    if Role.FIELD not in officer.roles:
        raise Refusal("not_in_role", f"警号 {number} 不是外勤", f"officer {number} is not a field officer")
    if (await run(connection, _ACCOUNT_KNOWN, account=account)).one_or_none() is None:
        raise Refusal("unknown_account", "没有这个账户", "this account is not known")


async def _is_found(connection: AsyncConnection, finding: FindingReport, account: str) -> bool:
    """Whether this officer's same finding is on record. Raises Refusal when another one is."""
    before = (await run(connection, _FOUND, case_id=finding.case_id, account=account)).one_or_none()
    if before is None or (before.officer, before.finding) == (finding.officer, finding.finding):
        return before is not None
    zh, en = FINDING_WORDS[Finding(before.finding)]
    raise Refusal(
        "found",
        f"已有查证结果：{zh}（警号 {before.officer}）",
        f"a finding was entered already: {en}, by officer {before.officer}",
    )


async def _may_file(connection: AsyncConnection, case: LockedCase, number: str, officer: str) -> None:
    await officer_of(connection, officer)
    if not number or len(number) > LONGEST_FILING_NUMBER:
        raise Refusal(
            "filing_number", "立案编号为空或过长", f"a filing number has 1 to {LONGEST_FILING_NUMBER} characters"
        )
    before = case.row.filing_number
    if before and before != number:
        raise Refusal("filed", f"该案已立案，编号 {before}", f"the case is filed already, under {before}")


def _file(case: LockedCase, filing: Filing, number: str, proof: Proof) -> None:
    what = {"number": number, "officer": filing.officer}
    case.chain.note(filing.at, "filing_kept", {**what, "evidence": proof.kind, "binding": proof.binding})
    case.chain.case_changes |= {
        "filing_number": number,
        "filing_officer": filing.officer,
        "filed_at": filing.at,
        "filing_proof": proof,
    }
