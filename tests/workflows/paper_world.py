"""Banks on paper: what a case's orders meet in tests, with every effect in plain sight.

The banks do what they are asked, keep a book of it, and answer as they are told to: executed, refused with a code,
held back by the register, or not at all. The same key gets the same answer.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from domain.case_start import CaseStart
from domain.errands import STEPS, Errand, ErrandBatch, ErrandResult
from domain.identifiers import account_key
from domain.institutions import Channel, Directory, Institution, InstitutionKind
from domain.orders import AccountKind, Executed, HeldBack, Measure, Outcome, Partial, Refused, Unknown
from domain.policy import Policy
from domain.report import Line, Report, Transfer, Victim
from domain.statement import Digest, Passage, Way
from tests.workflows.paper_policy import POLICY
from tests.workflows.paper_register import PaperRegister

T0 = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
TERM = timedelta(hours=48)
VICTIM = "6222020000000001"

BANKS = {"ICBC": "102302000011", "ABC": "103302000018", "CCB": "105302000015"}
CARRIER = "CA"
DIRECTORY = Directory(
    institutions=(
        *(
            Institution(
                id=one, code=code, name=code, kind=InstitutionKind.BANK, channel=Channel.PLATFORM, practice=True
            )
            for code, one in BANKS.items()
        ),
        Institution(
            id=CARRIER,
            code="CA",
            name="Carrier A",
            kind=InstitutionKind.CARRIER,
            channel=Channel.GATEWAY,
            practice=True,
        ),
    )
)


class Silent:
    """Sent, and no answer comes."""


SILENT = Silent()
Behaviour = Silent | Outcome


def refused(code: str, kind: AccountKind | None = None) -> Refused:
    return Refused(code=code, at=T0, account_kind=kind)


def held_back(reason: str) -> HeldBack:
    return HeldBack.model_validate({"reason": reason})


@dataclass(frozen=True)
class Asked:
    """One order as a bank or carrier got it."""

    measure: Measure
    target: str
    sequence: int
    amount_fen: int | None = None
    cause: str = ""
    sheet: str = ""


@dataclass
class Home:
    """One account at its bank."""

    institution: str
    number: str
    name: str
    kind: AccountKind = AccountKind.PERSON
    opening_fen: int = 0
    balance_fen: int = 0
    rows: list[Passage] = field(default_factory=list)
    stopped: bool = False
    freezes: dict[int, int] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return account_key(self.institution, self.number)

    def may_pay(self, amount_fen: int) -> bool:
        return not self.stopped and self.balance_fen - sum(self.freezes.values()) >= amount_fen


class PaperWorld:
    """All banks, one case's register, and what each is told to answer."""

    def __init__(self) -> None:
        self.homes: dict[str, Home] = {}
        self.asked: list[Asked] = []
        self.first_asked: dict[tuple[Measure, str, int], datetime] = {}
        self.queues: dict[str, list[str]] = {}
        """By account number, on which queues its errands travelled."""
        self.batches: list[ErrandBatch] = []
        self.answers: dict[tuple[Measure, str, int], Outcome] = {}
        self.said: dict[tuple[Measure, str], list[Behaviour]] = {}
        self.register = PaperRegister()
        self._serial = 0
        self._transfers: list[Transfer] = []
        self._at = T0 - timedelta(minutes=30)
        self.open("victim", "ICBC", number=VICTIM, opening_fen=10**12)

    # ------------------------------------------------------------ the town

    def open(
        self,
        name: str,
        bank: str = "ICBC",
        *,
        kind: AccountKind = AccountKind.PERSON,
        opening_fen: int = 0,
        number: str = "",
    ) -> Home:
        home = Home(
            institution=BANKS.get(bank, bank),
            number=number or f"62170{len(self.homes):011d}",
            name=name,
            kind=kind,
            opening_fen=opening_fen,
            balance_fen=opening_fen,
        )
        self.homes[home.key] = home
        return home

    def pay(self, source: Home, to: Home | Way, amount_fen: int) -> bool:
        """Money moves if it can; False when the bank blocks it."""
        if not source.may_pay(amount_fen):
            return False
        self._serial += 1
        self._at += timedelta(seconds=1)
        other = to if isinstance(to, Home) else None
        way = Way.TRANSFER if other else Way(str(to))
        self._row(source, other, amount_fen, way, credit=False)
        if other is not None:
            self._row(other, source, amount_fen, way, credit=True)
        return True

    def _row(self, one: Home, other: Home | None, amount_fen: int, way: Way, *, credit: bool) -> None:
        passage = Passage(serial=self._serial, at=self._at, credit=credit, amount_fen=amount_fen, way=way)
        if other is not None:
            passage = passage.model_copy(
                update={
                    "institution": other.institution,
                    "number": other.number,
                    "name": other.name,
                    "kind": other.kind,
                }
            )
        one.rows.append(passage)
        one.balance_fen += amount_fen if credit else -amount_fen

    def defraud(self, to: Home, amount_fen: int) -> None:
        """The victim's own transfer, as the report will name it."""
        victim = self.homes[account_key(BANKS["ICBC"], VICTIM)]
        assert self.pay(victim, to, amount_fen)
        self._transfers.append(
            Transfer(
                bank=to.institution,
                number=to.number,
                name=to.name,
                amount_fen=amount_fen,
                time=self._at,
                account_kind=to.kind,
            )
        )

    def start(
        self,
        policy: Policy = POLICY,
        *,
        case_id: str = "c-0123456789abcdef",
        received_at: datetime = T0,
        lines: tuple[Line, ...] = (),
        links: tuple[str, ...] = (),
    ) -> CaseStart:
        report = Report.model_validate(
            {
                "kind": "loss" if self._transfers else "clue",
                "category": "虚假征信",
                "victim": Victim(name="测试甲", phone="13900000001", account=VICTIM, bank=BANKS["ICBC"]),
                "transfers": tuple(self._transfers),
                "lines": lines,
                "links": links,
            }
        )
        return CaseStart(
            case_id=case_id,
            case_number="A2026-000123",
            received_at=received_at,
            report=report,
            policy=policy,
            directory=DIRECTORY,
        )

    # ------------------------------------------------------------ what they are told to answer

    def say(self, measure: Measure, target: Home | str, *behaviours: Behaviour) -> None:
        """The next answers to this measure there; the last one stays until something else is said."""
        self.said[measure, _name(target)] = list(behaviours)

    def speak(self, measure: Measure, target: Home | str) -> None:
        """From now on an ordinary answer."""
        self.said.pop((measure, _name(target)), None)

    # ------------------------------------------------------------ carrying out

    def carry_out(self, errand: Errand, now: datetime) -> ErrandResult:
        """One errand, as far as it gets now."""
        self._at = max(self._at, now)
        outcomes: dict[Measure, Outcome] = {}
        digest: Digest | None = None
        for measure in STEPS[errand.kind]:
            outcome = self._order(errand, measure, now)
            outcomes[measure] = outcome
            if isinstance(outcome, Unknown):
                return ErrandResult(no=errand.no, complete=False, outcomes=outcomes)
            if isinstance(outcome, HeldBack):
                final = outcome.reason in {"other_claims", "nothing_to_end"}
                return ErrandResult(no=errand.no, complete=final, outcomes=outcomes)
            if measure is Measure.QUERY and isinstance(outcome, Executed):
                digest = self.digest(self.home(errand))
            if measure is Measure.FREEZE and not isinstance(outcome, Executed | Partial):
                break
        return ErrandResult(no=errand.no, complete=True, outcomes=outcomes, digest=digest)

    def home(self, errand: Errand) -> Home:
        assert errand.account is not None
        return self.homes[account_key(errand.account.institution, errand.account.number)]

    def digest(self, home: Home) -> Digest:
        return Digest(
            opening_fen=home.opening_fen, balance_fen=home.balance_fen, kind=home.kind, passages=tuple(home.rows)
        )

    def _order(self, errand: Errand, measure: Measure, now: datetime) -> Outcome:
        target = self.home(errand).key if errand.account else errand.target
        sequence = errand.query_sequence if measure is Measure.QUERY else errand.sequence
        key = (measure, target, sequence)
        if key in self.answers:
            return self.answers[key]
        behaviours = self.said.get((measure, target), [])
        told = behaviours[0] if len(behaviours) == 1 else behaviours.pop(0) if behaviours else None
        if isinstance(told, HeldBack):
            return told
        if measure is Measure.LIFT and told is None and not self.home(errand).stopped:
            return HeldBack(reason="nothing_to_end")
        since = self.first_asked.setdefault(key, now)
        self.asked.append(Asked(measure, target, sequence, errand.amount_fen, errand.cause, errand.sheet))
        if isinstance(told, Silent):
            return Unknown(since=since)
        outcome = told if told is not None else self._effect(errand, measure, now)
        if isinstance(outcome, Executed | Partial) and told is not None:
            self._effect(errand, measure, now, outcome.amount_fen)
        self.answers[key] = outcome
        return outcome

    def _effect(self, errand: Errand, measure: Measure, now: datetime, amount_fen: int | None = None) -> Outcome:
        if errand.account is None:
            return Executed(code="0000", at=now)
        home = self.home(errand)
        match measure:
            case Measure.STOP:
                if home.kind is AccountKind.CORPORATE and errand.account.kind is AccountKind.PERSON:
                    return Refused(code="0303", at=now, account_kind=AccountKind.CORPORATE)
                home.stopped = True
                return Executed(code="0000", at=now, started=now, expires=now + TERM, balance_fen=home.balance_fen)
            case Measure.LIFT:
                home.stopped = False
            case Measure.FREEZE:
                done = amount_fen if amount_fen is not None else errand.amount_fen or 0
                home.freezes[errand.sequence] = done
                return Executed(code="0000", at=now, started=now, amount_fen=done)
            case Measure.UNFREEZE:
                home.freezes.pop(errand.sequence, None)
        return Executed(code="0000", at=now)

    def orders(self, measure: Measure, target: Home | str | None = None) -> list[Asked]:
        """What the banks got of this measure."""
        return [one for one in self.asked if one.measure is measure and (target is None or one.target == _name(target))]


def _name(target: Home | str) -> str:
    return target.key if isinstance(target, Home) else target
