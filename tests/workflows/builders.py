"""Synthetic cases: a town of banks with money moving in it, and the case's own procedures fed with its answers."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from adapters.policy_file import house_policy
from domain.case_start import CaseStart
from domain.errands import Errand, ErrandKind, ErrandResult
from domain.identifiers import account_key
from domain.institutions import Channel, Directory, Institution, InstitutionKind
from domain.orders import AccountKind, Executed, Measure, Outcome
from domain.policy import Policy
from domain.report import Line, Report, Transfer, Victim
from domain.statement import Digest, Passage, Way
from workflows.casework import holding, pursuit
from workflows.casework.case import Case
from workflows.casework.state import CaseState

ROOT = Path(__file__).parents[2]
T0 = datetime(2026, 11, 22, 18, 40, tzinfo=UTC)
"""Three at night less twenty minutes, in China: when such cases come in."""

BANKS = ("ICBC", "ABC", "BOC", "CCB", "CMB", "PSBC")
HOLDER = "测试持有人"
"""Every holder's name begins with it: no text for people may contain it."""


def default_policy() -> Policy:
    return house_policy()


def directory() -> Directory:
    banks = [
        Institution(
            id=f"10{no}302000011",
            code=code,
            name=code,
            kind=InstitutionKind.BANK,
            channel=Channel.PLATFORM,
            practice=True,
        )
        for no, code in enumerate(BANKS, start=2)
    ]
    carrier = Institution(
        id="CARRIER-A",
        code="CA",
        name="Carrier A",
        kind=InstitutionKind.CARRIER,
        channel=Channel.GATEWAY,
        practice=True,
    )
    return Directory(institutions=(*banks, carrier))


@dataclass(frozen=True)
class Holder:
    institution: str
    number: str
    kind: AccountKind = AccountKind.PERSON

    @property
    def key(self) -> str:
        return account_key(self.institution, self.number)

    @property
    def name(self) -> str:
        return f"{HOLDER}{self.number[-6:]}"


def holder(no: int, kind: AccountKind = AccountKind.PERSON) -> Holder:
    """The n-th account of the town: nineteen digits, the banks in turn."""
    return Holder(f"10{2 + no % len(BANKS)}302000011", f"62170000{no * 7919 % 10**11:011d}", kind)


@dataclass
class Town:
    """Accounts and what was paid between them; serials ascend in the order of payment."""

    victim: Holder = field(default_factory=lambda: holder(0))
    rows: dict[Holder, list[Passage]] = field(default_factory=dict)
    opening: dict[Holder, int] = field(default_factory=dict)
    balance: dict[Holder, int] = field(default_factory=dict)
    serial: int = 0
    at: datetime = T0 - timedelta(minutes=30)

    def holders(self) -> list[Holder]:
        return [one for one in self.rows if one != self.victim]

    def pay(self, source: Holder, to: Holder | Way, amount_fen: int) -> None:
        self.serial += 1
        self.at += timedelta(seconds=1)
        other = to if isinstance(to, Holder) else None
        way = Way.TRANSFER if other else Way(str(to))
        self._row(source, other, amount_fen, way, credit=False)
        if other:
            self._row(other, source, amount_fen, way, credit=True)

    def _row(self, one: Holder, other: Holder | None, amount_fen: int, way: Way, *, credit: bool) -> None:
        opponent = (
            {"institution": other.institution, "number": other.number, "name": other.name, "kind": other.kind}
            if other
            else {}
        )
        self.rows.setdefault(one, []).append(
            Passage(serial=self.serial, at=self.at, credit=credit, amount_fen=amount_fen, way=way, **opponent)  # type: ignore[arg-type]
        )
        self.balance[one] = self.balance.get(one, self.opening.get(one, 0)) + (amount_fen if credit else -amount_fen)

    def digest(self, one: Holder) -> Digest:
        return Digest(
            opening_fen=self.opening.get(one, 0),
            balance_fen=self.balance.get(one, 0),
            kind=one.kind,
            passages=tuple(self.rows.get(one, ())),
        )


def fan(accounts: int, *, layers: int = 5, loss_fen: int = 86_000_000, seed: int = 1, companies: int = 2) -> Town:
    """A tree of accounts: the loss enters one or two, splits layer by layer, and some of it leaves the banks."""
    chance, town = random.Random(seed), Town()
    town.opening[town.victim] = town.balance[town.victim] = loss_fen
    first = [holder(no) for no in range(1, 2 + (accounts > 12))]
    shares = _split(loss_fen, len(first), chance)
    for one, share in zip(first, shares, strict=True):
        town.pay(town.victim, one, share)
    made, layer = len(first), first
    for depth in range(2, layers + 1):
        width = (
            accounts - made
            if depth == layers
            else min(accounts - made, max(1, round(len(layer) * (accounts / 4) ** (1 / (layers - 1)))))
        )
        following = [
            holder(made + no + 1, AccountKind.CORPORATE if depth == layers and no < companies else AccountKind.PERSON)
            for no in range(width)
        ]
        made += width
        for no, parent in enumerate(layer):
            children = following[no :: len(layer)]
            money = town.balance[parent] * chance.randint(80, 100) // 100 if children else 0
            for child, share in zip(children, _split(money, len(children), chance), strict=True):
                if share:
                    if child.kind is AccountKind.CORPORATE:
                        town.opening.setdefault(child, 50_000_000)
                    town.pay(parent, child, share)
        layer = following
    for no, one in enumerate(town.holders()):
        if no % 5 == 4 and town.balance[one] > 10_000 and one.kind is AccountKind.PERSON:
            town.pay(
                one,
                (Way.CASH, Way.CRYPTO, Way.ABROAD, Way.CARD)[no // 5 % 4],
                town.balance[one] // chance.randint(1, 3),
            )
    return town


def _split(amount: int, parts: int, chance: random.Random) -> list[int]:
    if not parts:
        return []
    weights = [chance.random() ** 2 + 0.15 for _ in range(parts)]
    shares = [int(amount * weight / sum(weights)) for weight in weights]
    shares[0] += amount - sum(shares)
    return shares


def case_of(town: Town, *, category: str = "虚假征信", lines: Sequence[Line] = (), links: Sequence[str] = ()) -> Case:
    """The case of the victim's own transfers, not yet begun."""
    transfers = []
    for passage in town.rows.get(town.victim, ()):
        payee = next(
            one for one in town.rows if one.number == passage.number and one.institution == passage.institution
        )
        transfers.append(
            Transfer(
                bank=payee.institution,
                number=payee.number,
                name=payee.name,
                amount_fen=passage.amount_fen,
                time=passage.at,
                account_kind=payee.kind,
            )
        )
    report = Report(
        category=category,
        victim=Victim(
            name=f"{HOLDER}甲", phone="13900000001", account=town.victim.number, bank=town.victim.institution
        ),
        transfers=tuple(transfers),
        lines=tuple(lines),
        links=tuple(links),
    )
    start = CaseStart(
        case_id="c-0123456789abcdef",
        case_number="A2026-000123",
        received_at=T0,
        report=report,
        policy=default_policy(),
        directory=directory(),
    )
    return Case(start, CaseState(begun=True), T0)


def done(errand: Errand) -> Outcome:
    """The bank did it two seconds ago."""
    return Executed(
        code="0000",
        at=T0,
        started=T0 - timedelta(seconds=2),
        expires=T0 + timedelta(hours=48),
        amount_fen=errand.amount_fen,
    )


Answer = Callable[[Errand], Outcome | None]
"""What a bank answers to an errand; None: nothing yet."""


def trace(case: Case, town: Town, answer: Answer = done) -> Case:
    """Play the case's own tracing until nothing more is asked."""
    homes = {one.key: one for one in town.rows}
    if not case.state.accounts:
        pursuit.begin(case)
    while case.errands:
        errands, case.errands = case.errands, []
        for errand in errands:
            outcome = answer(errand)
            if errand.account is None or outcome is None:
                continue
            home = homes[account_key(errand.account.institution, errand.account.number)]
            measure = {
                ErrandKind.FREEZE: Measure.FREEZE,
                ErrandKind.LIFT: Measure.LIFT,
                ErrandKind.UNFREEZE: Measure.UNFREEZE,
            }.get(errand.kind)
            if measure:
                holding.take_measure(
                    case, errand, ErrandResult(no=errand.no, complete=True, outcomes={measure: outcome})
                )
                continue
            outcomes = {Measure.STOP: outcome} if errand.kind is not ErrandKind.QUERY else {}
            result = ErrandResult(no=errand.no, complete=True, outcomes=outcomes, digest=town.digest(home))
            pursuit.take_result(case, errand, result)
        pursuit.follow(case)
        pursuit.decide_companies(case)
    return case
