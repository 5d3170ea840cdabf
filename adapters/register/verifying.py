"""What officers bring to a case from outside: findings of on-site verification, and the case filing."""

from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from adapters.register.bulk import Mode, Write, Writes, run, statement_text
from adapters.register.locking import LockedCase, lock_case
from adapters.register.part import Part
from adapters.register.refusals import Refusal, officer_of, unknown_case
from adapters.register.tables import accounts, findings
from domain.findings import FindingReport
from domain.identifiers import account_key
from domain.officers import Role
from domain.sheets import Ruling

_FINDING = Write.of(findings, Mode.KEEP)
_LONGEST_FILING = 60  # characters of a filing number; the longest in use are under 40
_ACCOUNT_KNOWN = statement_text(
    select(accounts.c.account).where(accounts.c.account == bindparam("account", type_=Text))
)


class Verifying(Part):
    """The part of the register that findings and filings go through."""

    async def keep_finding(self, finding: FindingReport) -> Ruling:
        """Check the officer (role field); keep the finding (DOMAIN section 8). The same again is accepted once more."""

        async def work(connection: AsyncConnection) -> Ruling:
            case = await lock_case(connection, finding.case_id)
            account = account_key(finding.institution, finding.number)
            what = {"account": account, "officer": finding.officer, "finding": finding.finding}
            writes = Writes()
            try:
                await _may_find(connection, finding.officer, account)
            except Refusal as refusal:
                refusal.note(case.chain, finding.at, "finding_refused", what)
                ruling = refusal.ruling()
            else:
                writes.add(_FINDING, {"case_id": finding.case_id, "at": finding.at, "remark": finding.remark, **what})
                case.chain.note(finding.at, "finding_kept", {**what, "remark": finding.remark})
                ruling = Ruling(accepted=True, sheet="", zh="查证结果已记录", en="the finding is on record")
            case.chain.write(writes)
            await writes.flush(connection)
            return ruling

        try:
            return await self._do(work)
        except LookupError:
            return unknown_case().ruling()

    async def keep_filing(self, case_id: str, number: str, officer: str, now: datetime) -> Ruling:
        """The case filing (立案, DOMAIN R13): check the officer, keep the number once; another later is refused."""

        async def work(connection: AsyncConnection) -> Ruling:
            case = await lock_case(connection, case_id)
            writes = Writes()
            try:
                ruling = await _file_number(connection, case, number.strip(), officer, now)
            except Refusal as refusal:
                refusal.note(case.chain, now, "filing_refused", {"number": number, "officer": officer})
                ruling = refusal.ruling()
            case.chain.write(writes)
            await writes.flush(connection)
            return ruling

        try:
            return await self._do(work)
        except LookupError:
            return unknown_case().ruling()


async def _may_find(connection: AsyncConnection, number: str, account: str) -> None:
    officer = await officer_of(connection, number)
    if Role.FIELD not in officer.roles:
        raise Refusal(f"警号 {number} 不是外勤", f"officer {number} is not a field officer")
    if (await run(connection, _ACCOUNT_KNOWN, account=account)).one_or_none() is None:
        raise Refusal("没有这个账户", "this account is not known")


async def _file_number(
    connection: AsyncConnection, case: LockedCase, number: str, officer: str, now: datetime
) -> Ruling:
    await officer_of(connection, officer)
    if not number or len(number) > _LONGEST_FILING:
        raise Refusal("立案编号为空或过长", f"a filing number has 1 to {_LONGEST_FILING} characters")
    before = case.row.filing_number
    if before and before != number:
        raise Refusal(f"该案已立案, 编号 {before}", f"the case is filed already, under {before}")
    if not before:
        case.chain.note(now, "filing_kept", {"number": number, "officer": officer})
        case.chain.case_changes |= {"filing_number": number, "filing_officer": officer, "filed_at": now}
    return Ruling(accepted=True, sheet="", zh=f"已立案, 编号 {number}", en=f"filed under {number}")
