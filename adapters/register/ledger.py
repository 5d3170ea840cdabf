"""Holds, claims and measures of some accounts while their hold rows are locked: loaded, changed here, written back.

The hold row is the lock of everything on its account. Coverage only ever shrinks here together with the claims that
stood on it, so that the hold is never below its claims (decisions: shared accounts; checked again at commit).
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, func, literal_column, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from adapters.register.bulk import Mode, Write, Writes, as_json, columns_of, rows_parameter, run, statement_text
from adapters.register.tables import accounts, cases, claims, holds, measures
from domain.identifiers import account_key
from domain.orders import AccountRef

LAPSE = "lapse"
_HOLD = Write.of(holds, Mode.PUT)
_CLAIM = Write.of(claims, Mode.PUT)
_MEASURE = Write.of(measures, Mode.PUT)
_NEW_CLAIM = Write(claims, Mode.PUT, _CLAIM.columns, replaced=("released",))
_CLAIM_ANEW = Write(claims, Mode.PUT, _CLAIM.columns, replaced=("released", "in_books", "since"))


@dataclass
class Hold:
    """What covers one account now."""

    account: str
    stop_order: str | None = None
    stop_known_at: datetime | None = None
    stop_expires: datetime | None = None
    pending_stop: str | None = None
    stops: int = 0
    frozen_fen: int = 0

    @property
    def stopped(self) -> bool:
        """Whether a stop covers the whole account."""
        return self.stop_order is not None


@dataclass
class Claim:
    """What one case claims of a hold."""

    account: str
    case_id: str
    since: datetime
    attributed_fen: int = 0
    claim_fen: int = 0
    frozen_fen: int = 0
    in_books: bool = False
    released: bool = False
    case_closed: bool = False
    """Read along; not a column of claims."""

    def uncovered(self) -> bool:
        """Whether something of it, as the books have it, is covered by no freeze."""
        return not self.released and not self.case_closed and self.attributed_fen > self.frozen_fen

    def holds_on(self, now: datetime, patience: timedelta) -> bool:
        """Whether the stop is still needed for this claim of another case.

        A case that has not put its books since it asked for the stop is given some patience: what it knows of its money
        there is not known here yet, whatever its freezes covered before.
        """
        if self.released or self.case_closed:
            return False
        return self.uncovered() or (not self.in_books and now - self.since < patience)


@dataclass
class MeasureRow:
    """One stop or freeze that came into force."""

    application_id: str
    case_id: str
    account: str
    kind: str
    amount_fen: int | None
    started: datetime | None
    expires: datetime | None
    ended_at: datetime | None = None
    ended_by: str = ""


def _upsert_and_lock() -> str:
    # One round trip makes account and hold where they are new, and locks the hold where it is not, all in the order
    # of accounts: two transactions that share accounts wait for each other in one direction only.
    given = rows_parameter("refs", [accounts.c[name] for name in ("account", "institution", "number", "name", "kind")])
    account = insert(accounts).from_select(
        ["account", "institution", "number", "name", "kind"], select(*given.c).order_by(given.c.account)
    )
    account = account.on_conflict_do_update(
        index_elements=["account"],
        set_={"name": account.excluded.name, "kind": account.excluded.kind},
        where=or_(accounts.c.name != account.excluded.name, accounts.c.kind != account.excluded.kind),
    )
    fresh = select(given.c.account, literal_column("0"), literal_column("0")).order_by(given.c.account)
    hold = insert(holds).from_select(["account", "stops", "frozen_fen"], fresh).add_cte(account.cte("accounts_kept"))
    hold = hold.on_conflict_do_update(index_elements=["account"], set_={"stops": holds.c.stops})
    return statement_text(hold.returning(*holds.c, _due()))


def _due() -> Any:  # noqa: ANN401 - a labelled scalar
    now = bindparam("now", type_=measures.c.expires.type)
    due = select(true()).where(
        measures.c.account == holds.c.account, measures.c.ended_at.is_(None), measures.c.expires <= now
    )
    return due.exists().label("due")


def _keys(name: str) -> Any:  # noqa: ANN401 - a bound parameter
    return func.any(bindparam(name, type_=ARRAY(Text)))


_UPSERT_AND_LOCK = _upsert_and_lock()
_LOCK = statement_text(
    select(*holds.c, _due())
    .where(holds.c.account == _keys("accounts"))
    .order_by(holds.c.account)
    .with_for_update(of=holds, key_share=True)
)
_CLAIMS = statement_text(
    select(*claims.c, (cases.c.status == "closed").label("case_closed"))
    .join(cases, cases.c.case_id == claims.c.case_id)
    .where(claims.c.account == _keys("accounts"))
)
_MEASURES = statement_text(
    select(*measures.c).where(
        or_(
            (measures.c.account == _keys("accounts")) & measures.c.ended_at.is_(None),
            measures.c.application_id == _keys("named"),
        )
    )
)


_HOLD_FIELDS = tuple(one.name for one in fields(Hold))
assert tuple(holds.c.keys()) == _HOLD_FIELDS, "both statements that lock give the hold's columns first, in this order"


class Ledger:
    """The locked holds, and what changes about them."""

    def __init__(self, rows: Iterable[Row[Any]]) -> None:
        self.holds: dict[str, Hold] = {}
        self.due = False
        """Whether some measure's end has passed: load and lapse before anything else."""
        for row in rows:
            self.holds[row.account] = Hold(*row[: len(_HOLD_FIELDS)])
            self.due = self.due or row.due
        self.claims: dict[tuple[str, str], Claim] = {}
        self.measures: dict[str, MeasureRow] = {}
        self._loaded = False
        self._changed: dict[tuple[Write, str, str], Hold | Claim | MeasureRow] = {}

    @classmethod
    async def of_accounts(cls, connection: AsyncConnection, refs: Iterable[AccountRef], now: datetime) -> "Ledger":
        """Lock the holds of these accounts, making what is not there yet."""
        rows = {account_key(ref.institution, ref.number): ref for ref in refs}
        if not rows:
            return cls([])
        given = as_json([{"account": key, **ref.model_dump()} for key, ref in rows.items()])
        return cls((await run(connection, _UPSERT_AND_LOCK, refs=given, now=now)).all())

    @classmethod
    async def of_known(cls, connection: AsyncConnection, keys: Iterable[str], now: datetime) -> "Ledger":
        """Lock the holds of accounts that have one."""
        named = sorted(set(keys))
        if not named:
            return cls([])
        return cls((await run(connection, _LOCK, accounts=named, now=now)).all())

    async def load(self, connection: AsyncConnection, *, named: Iterable[str] = ()) -> None:
        """All claims and standing measures of the accounts, and the named measures even if they have ended."""
        if self._loaded:
            return
        self._loaded = True
        keys = sorted(self.holds)
        for row in await run(connection, _CLAIMS, accounts=keys):
            self.claims[row.account, row.case_id] = Claim(**columns_of(row))
        for row in await run(connection, _MEASURES, accounts=keys, named=sorted(named)):
            self.measures[row.application_id] = MeasureRow(**columns_of(row))

    # ------------------------------------------------------------ changes

    def lapse(self, now: datetime) -> list[MeasureRow]:
        """End the measures whose end has passed (rules R7, F4)."""
        over = [
            one
            for one in self.measures.values()
            if one.ended_at is None and one.expires is not None and one.expires <= now and one.account in self.holds
        ]
        for measure in over:
            self.end(measure.application_id, measure.expires or now, LAPSE)
        self.due = False
        return over

    def begin(self, measure: MeasureRow, *, known_at: datetime, term: timedelta) -> None:
        """A stop or freeze is in force."""
        hold = self.holds[measure.account]
        if measure.kind == "stop":
            if hold.stop_order not in {None, measure.application_id}:
                self.end(str(hold.stop_order), known_at, measure.application_id)
            measure.expires = measure.expires or (measure.started or known_at) + term
            hold.stop_order, hold.stop_known_at, hold.stop_expires = measure.application_id, known_at, measure.expires
            hold.stops += 1
        else:
            amount = measure.amount_fen or 0
            hold.frozen_fen += amount
            claim = self.claim(measure.account, measure.case_id, known_at)
            claim.frozen_fen += amount
            self.touch(claim)
        self.measures[measure.application_id] = measure
        self.touch(measure)
        self.touch(hold)

    def end(self, application_id: str, at: datetime, by: str) -> None:
        """A measure has ended; claims shrink to what still covers them."""
        measure = self.measures.get(application_id)
        if measure is None or measure.ended_at is not None:
            return
        measure.ended_at, measure.ended_by = at, by
        self.touch(measure)
        hold = self.holds[measure.account]
        if hold.stop_order == application_id:
            hold.stop_order = hold.stop_known_at = hold.stop_expires = None
        if measure.kind == "freeze":
            amount = measure.amount_fen or 0
            hold.frozen_fen -= amount
            claim = self.claim(measure.account, measure.case_id, at)
            claim.frozen_fen -= amount
            self.touch(claim)
        self.touch(hold)
        if not hold.stopped:
            for claim in self.on(measure.account):
                if claim.claim_fen > claim.frozen_fen:
                    claim.claim_fen = claim.frozen_fen
                    self.touch(claim)

    def prolong(self, application_id: str, expires: datetime | None) -> None:
        """A measure ends later; an extension of a stop counts as a stop (rules R5)."""
        measure = self.measures.get(application_id)
        if measure is None or measure.ended_at is not None or expires is None:
            return
        measure.expires = expires
        self.touch(measure)
        hold = self.holds[measure.account]
        if hold.stop_order == application_id:
            hold.stop_expires = expires
            hold.stops += 1
            self.touch(hold)

    def settle(self, account: str, stop: str) -> None:
        """A stop is no longer awaited."""
        hold = self.holds[account]
        if hold.pending_stop == stop:
            hold.pending_stop = None
            self.touch(hold)

    def on(self, account: str) -> list[Claim]:
        """All claims on one account."""
        return [claim for (key, _), claim in self.claims.items() if key == account]

    def claim(self, account: str, case_id: str, now: datetime) -> Claim:
        """The case's claim on the account, made where there is none."""
        return self.claims.setdefault((account, case_id), Claim(account=account, case_id=case_id, since=now))

    def touch(self, one: Hold | Claim | MeasureRow) -> None:
        """It changed: write it back."""
        match one:
            case Hold():
                self._changed[_HOLD, one.account, ""] = one
            case Claim():
                self._changed[_CLAIM, one.account, one.case_id] = one
            case MeasureRow():
                self._changed[_MEASURE, one.application_id, ""] = one

    def stake(self, writes: Writes, account: str, case_id: str, now: datetime, *, anew: bool) -> None:
        """The case wants the account held: a claim, whatever it may hold already, that is not let go.

        `anew`: for money that its books may not show yet.
        """
        if self._loaded:
            claim = self.claim(account, case_id, now)
            claim.released = False
            if anew:
                claim.in_books, claim.since = False, now
            self.touch(claim)
            return
        fresh = Claim(account=account, case_id=case_id, since=now)
        writes.add(_CLAIM_ANEW if anew else _NEW_CLAIM, vars(fresh))

    def write(self, writes: Writes) -> None:
        """Add the changes to what the transaction writes."""
        for (kind, _, _), one in self._changed.items():
            writes.add(kind, vars(one))
        self._changed = {}
