"""A small world for the register's tests: officers, a bank, reports, and short ways to say an order."""

import hashlib
import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from activities.ports import Answered, Draft, Kept, OpenedOrder, OpenOrders
from adapters.devices import code_of, key_from, public_part, signed, step_at
from adapters.keyring import KeyRing
from adapters.register import Register
from adapters.register.enrolling import Device
from domain.authority import AuthorityWord
from domain.books import BookEntry, Books
from domain.evidence import Evidence, SheetOnWord, Signatory, Signature, Totp, decision_binding
from domain.findings import Finding, FindingReport
from domain.identifiers import account_key, full_sheet_name
from domain.institutions import Channel, Institution, InstitutionKind
from domain.officers import Officer, Role
from domain.orders import AccountRef, Cause, Executed, FourElements, Measure, Outcome
from domain.papers import Paper
from domain.report import Report, Transfer, Victim
from domain.sheets import WHYS, Decision, Ruling, Sheet, SheetKind, SheetLine, StopsUsed, Verdict, Why
from domain.statement import Row, Statement

NOW = datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)
ICBC = Institution(
    id="102302000011", code="ICBC", name="工商银行", kind=InstitutionKind.BANK, channel=Channel.PLATFORM, practice=True
)
ABC = ICBC.model_copy(update={"id": "103302000016", "code": "ABC", "name": "农业银行"})
CARRIER = Institution(
    id="CT", code="CT", name="电信", kind=InstitutionKind.CARRIER, channel=Channel.GATEWAY, practice=True
)
HANDLING, SECOND, COUNTY, CHIEF, FIELD, GONE = "012301", "012302", "012303", "012304", "012305", "012306"
SECOND_TOO = "012307"


def officer(number: str, *roles: Role, active: bool = True) -> Officer:
    return Officer(number=number, name=f"警员{number[-2:]}", unit="反诈中心", roles=roles, phone="0510", active=active)


OFFICERS = (
    officer(HANDLING, Role.STOP_DESK, Role.INTAKE),
    officer(SECOND, Role.SECOND_OFFICER),
    officer(COUNTY, Role.APPROVER_COUNTY),
    officer(CHIEF, Role.DUTY_CHIEF),
    officer(FIELD, Role.FIELD),
    officer(GONE, Role.DUTY_CHIEF, Role.APPROVER_COUNTY, active=False),
    officer(SECOND_TOO, Role.SECOND_OFFICER),
)

RING = KeyRing.of_one_key()
_count = itertools.count(1)


def secret_of(number: str) -> bytes:
    """What the officer's authenticator holds."""
    return hashlib.sha256(f"authenticator {number}".encode()).digest()[:20]


def signing_key(number: str):
    return key_from(hashlib.sha256(f"signing key {number}".encode()).digest())


def device(number: str) -> Device:
    return Device(officer=number, secret=secret_of(number), public_key=public_part(signing_key(number)))


def code(number: str, at: datetime, later: int = 0) -> Totp:
    """What the authenticator shows then, or so many half minutes later."""
    return Totp(code=code_of(secret_of(number), step_at(at) + later))


def ref(number: str = "6222000000000001", institution: str = ICBC.id) -> AccountRef:
    return AccountRef(institution=institution, number=number, name="测试甲")


def key(account: AccountRef) -> str:
    return account_key(account.institution, account.number)


def numbered(count: int, start: int = 1) -> list[AccountRef]:
    return [ref(f"62220000{number:08d}") for number in range(start, start + count)]


def report(source_ref: str | None = None, loss_fen: int = 1_000_000) -> Report:
    return Report(
        source_ref=source_ref or f"r-{next(_count)}",
        category="虚假投资理财",
        victim=Victim(name="测试害", phone="13900000000"),
        transfers=(Transfer(bank=ICBC.id, number="6222000000000001", name="测试甲", amount_fen=loss_fen, time=NOW),),
    )


def evidence(amount_fen: int = 1_000_000) -> FourElements:
    return FourElements(
        payer_institution=ABC.id, payer_name="测试害", payer_number="6228000000000009", amount_fen=amount_fen, at=NOW
    )


def stop(account: AccountRef, sequence: int = 1) -> Draft:
    return Draft(measure=Measure.STOP, account=account, evidence=evidence(), sequence=sequence)


def query(account: AccountRef, since: datetime | None = NOW - timedelta(hours=1), sequence: int = 1) -> Draft:
    return Draft(measure=Measure.QUERY, account=account, since=since, sequence=sequence)


def freeze(account: AccountRef, amount_fen: int, sheet: str = "F-01", sequence: int = 1) -> Draft:
    return Draft(
        measure=Measure.FREEZE,
        account=account,
        amount_fen=amount_fen,
        sheet=sheet,
        sequence=sequence,
        cause=Cause.COVERED,
    )


def lift(account: AccountRef, cause: str = "covered", sequence: int = 1) -> Draft:
    return Draft(measure=Measure.LIFT, account=account, cause=Cause(cause), sequence=sequence)


def unfreeze(account: AccountRef, cause: str = "finding", sequence: int = 1) -> Draft:
    return Draft(measure=Measure.UNFREEZE, account=account, cause=Cause(cause), sequence=sequence)


def found_at(case_id: str, account: AccountRef, finding: Finding) -> FindingReport:
    """What the field officer found, with the code of the moment."""
    return FindingReport(
        case_id=case_id,
        institution=account.institution,
        number=account.number,
        officer=FIELD,
        finding=finding,
        evidence=code(FIELD, NOW),
        at=NOW,
    )


def render(paper: Paper) -> bytes:
    return b"%PDF " + paper.model_dump_json().encode()


def executed(at: datetime = NOW, *, hours: float = 48, **more: object) -> Executed:
    return Executed.model_validate(
        {"code": "0000", "at": at, "started": at, "expires": at + timedelta(hours=hours), **more}
    )


def statement(rows: Sequence[Row] = (), *, total: int | None = None, balance_fen: int = 0) -> Statement:
    return Statement(balance_fen=balance_fen, total_rows=len(rows) if total is None else total, rows=tuple(rows))


def row(serial: int, *, credit: bool = True, amount_fen: int = 100, balance_fen: int = 100, done: bool = True) -> Row:
    return Row(
        serial=serial,
        at=NOW + timedelta(seconds=serial),
        credit=credit,
        amount_fen=amount_fen,
        balance_fen=balance_fen,
        done=done,
        opponent_institution=ABC.id,
        opponent_number="6228000000000009",
        opponent_name="测试乙",
        channel="mobile",
        ip="10.0.0.1",
        mac="00-00-5E-00-53-01",
        terminal="T1",
    )


class Given:
    """One register with short ways to use it."""

    def __init__(self, register: Register) -> None:
        self.register = register
        self._shown: set[tuple[str, int]] = set()

    async def duty(self, hours: float = 12, now: datetime = NOW) -> str:
        ruling = await self.register.give_authority(await self.shift(HANDLING, SECOND, hours, now))
        assert ruling.accepted, ruling.en
        return ruling.sheet

    async def shift(self, handling: str, second: str, hours: float, now: datetime = NOW) -> AuthorityWord:
        """The standing authority as these two sign it, each with a code not used yet."""
        both = [Signatory(officer=one, evidence=await self.fresh_code(one, now)) for one in (handling, second)]
        return AuthorityWord(handling=both[0], second=both[1], hours=hours, layers=12, accounts=5000, at=now)

    async def fresh_code(self, number: str, now: datetime = NOW) -> Totp | None:
        """A code that counts now and was not used yet; None when all of them were."""
        used = await self.register.used_steps(step_at(now) - 1)
        for later in (0, 1, -1):
            step = (number, step_at(now) + later)
            if step not in used and step not in self._shown:
                self._shown.add(step)
                return code(number, now, later)
        return None

    async def case(self, loss_fen: int = 1_000_000) -> str:
        return (await self.register.file_report(report(loss_fen=loss_fen), NOW)).case_id

    async def open(
        self, case_id: str, *drafts: Draft, now: datetime = NOW, institution: Institution = ICBC
    ) -> list[OpenedOrder]:
        request = OpenOrders(case_id=case_id, institution=institution, drafts=drafts, now=now)
        return await self.register.open_orders(request, render)

    async def answer(
        self,
        *orders: OpenedOrder,
        outcome: Outcome | None = None,
        statement: Statement | None = None,
        now: datetime = NOW,
    ) -> list[Kept]:
        return await self.register.keep_answers(
            [
                Answered(application_id=one.application_id, outcome=outcome or executed(now), statement=statement)
                for one in orders
            ],
            now,
        )

    async def stopped(self, case_id: str, *accounts: AccountRef, now: datetime = NOW) -> list[OpenedOrder]:
        """Stops written and executed."""
        opened = await self.open(case_id, *(stop(account) for account in accounts), now=now)
        await self.answer(*opened, now=now)
        return opened

    async def books(
        self,
        case_id: str,
        account: AccountRef,
        attributed: int,
        *,
        held: int | None = None,
        loss_fen: int = 1_000_000,
        status: str = "tracing",
        now: datetime = NOW,
    ) -> None:
        kept = attributed if held is None else held
        books = Books(loss_fen=loss_fen, held_fen=kept, in_motion_fen=loss_fen - kept)
        entry = BookEntry(
            account=account, layer=1, attributed_fen=attributed, held_fen=kept, in_motion_fen=attributed - kept
        )
        await self.register.keep_books(case_id, books, [entry], status, now)

    async def unanswered(self) -> int:
        """How many orders are without a final answer; NOW may lie ahead of the real clock."""
        return len(await self.register.unknown_orders(-1_000_000_000))

    def sheet(
        self,
        case_id: str,
        *lines: tuple[AccountRef, int],
        name: str = "F-01",
        kind: SheetKind = SheetKind.FREEZE,
        requester: str = "centre",
        quorum: Sequence[Role] = (Role.APPROVER_COUNTY, Role.SECOND_OFFICER),
        why: Why | None = None,
    ) -> Sheet:
        return Sheet(
            name=name,
            case_id=case_id,
            kind=kind,
            why=why or min(WHYS[kind]),
            stops=StopsUsed(asked=400, allowed=500) if kind is SheetKind.FUSE else None,
            lines=tuple(
                SheetLine(no=no, account=account, amount_fen=amount, balance_fen=amount, layer=1)
                for no, (account, amount) in enumerate(lines, 1)
            ),
            term_months=6,
            made_at=NOW,
            decide_by=NOW + timedelta(minutes=30),
            requester=requester,
            quorum=tuple(quorum),
            policy_version="test",
        )

    def look(
        self,
        case_id: str,
        *lines: tuple[AccountRef, int],
        name: str = "L-01",
        why: Why = Why.SECOND_LOOK,
        requester: str = "centre",
    ) -> Sheet:
        """A second look at stops, unless it says otherwise."""
        return self.sheet(
            case_id,
            *lines,
            name=name,
            kind=SheetKind.LOOK,
            quorum=[Role.SECOND_OFFICER],
            why=why,
            requester=requester,
        )

    async def decide(
        self, sheet: Sheet, by: str, verdict: Verdict = Verdict.APPROVE, except_lines: Sequence[int] = ()
    ) -> Ruling:
        """Decided with a code, or with a signature when no code of the moment is left."""
        evidence: Evidence | None = await self.fresh_code(by)
        if evidence is None:
            evidence = await self.signature(by, verdict, sheet, except_lines=except_lines)
        return await self.register.decide(self.word(sheet, by, evidence, verdict, except_lines))

    def word(
        self,
        sheet: Sheet,
        by: str,
        evidence: Evidence | None,
        verdict: Verdict = Verdict.APPROVE,
        except_lines: Sequence[int] = (),
        **more: object,
    ) -> Decision:
        said = {"officer": by, "verdict": verdict, "except_lines": tuple(except_lines), "at": NOW, **more}
        return Decision.model_validate(
            {"case_id": sheet.case_id, "sheet": sheet.name, "evidence": evidence and evidence.model_dump(), **said}
        )

    async def signature(self, by: str, verdict: Verdict, *sheets: Sheet, except_lines: Sequence[int] = ()) -> Signature:
        """The officer's signature over these sheets, as they are."""
        on_word = []
        for sheet in sheets:
            number = (await self.register.case(sheet.case_id)).case_number
            name = full_sheet_name(number, sheet.name)
            on_word.append(SheetOnWord(name=name, digest=sheet.digest, except_lines=tuple(except_lines)))
        return signed(signing_key(by), decision_binding(by, verdict, on_word).text)

    async def approved(self, sheet: Sheet) -> Sheet:
        """Kept and approved by everybody it needs."""
        await self.register.keep_sheet(sheet)
        for role, number in (
            (Role.APPROVER_COUNTY, COUNTY),
            (Role.SECOND_OFFICER, SECOND_TOO),
            (Role.DUTY_CHIEF, CHIEF),
        ):
            if role in sheet.quorum:
                ruling = await self.decide(sheet, number)
                assert ruling.accepted, ruling.en
        return sheet

    async def frozen(
        self, case_id: str, account: AccountRef, amount: int, name: str = "F-01", sequence: int = 1, now: datetime = NOW
    ) -> OpenedOrder:
        """An approved and executed freeze."""
        await self.approved(self.sheet(case_id, (account, amount), name=name))
        (opened,) = await self.open(case_id, freeze(account, amount, name, sequence), now=now)
        assert opened.standing == "new", opened.outcome
        await self.answer(opened, outcome=executed(now, hours=24 * 180, amount_fen=amount), now=now)
        return opened
