"""Opening orders: entitle, claim, write, in one transaction.

locked      the cases (their fuses, papers and chains), then the holds of all accounts named, in order
read        authority, halt, fuse, sheets; what is written already under the same keys; what joins need
decided     draft by draft (openings.py)
numbered    the papers, by series: the last lock (numbering.py)
written     papers, orders, holds, claims, an event a case, the case rows: one round trip
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from activities.ports import Ask, OpenedOrder, OpenOrders
from adapters.register.bulk import Mode, Write, Writes, as_json, as_kept, rows_parameter, run, statement_text
from adapters.register.entitlement import HALTED, Entitlement
from adapters.register.issuing import Desk, Issued, NewOrder, wanted_numbers
from adapters.register.ledger import Ledger
from adapters.register.locking import HALT_LOCK, LockedCase, lock_cases
from adapters.register.numbering import take_numbers
from adapters.register.openings import FreshStop, FuseOfAMinute, Openings, draft_account, draft_id
from adapters.register.orders_written import ORDERS_WRITTEN, written_as
from adapters.register.part import Part
from adapters.register.statements import digests, shared_queries, shared_statements
from adapters.register.tables import orders
from adapters.register.together import Together, together, unsealed
from domain.clock import CST
from domain.institutions import Institution
from domain.orders import ENDS_A_HOLD, Measure, Order
from domain.papers import Paper

_ORDER = Write.of(
    orders,
    Mode.ADD,
    "case_id",
    "account",
    "sequence",
    "sheet",
    "cause",
    "content",
    "written_at",
    "last_sent_at",
    "message_sha256",
    "sends",
)
_ON_STOPS = frozenset({Measure.STOP, Measure.LIFT, Measure.EXTEND_STOP})
"""What looks at the stop that stands on the account."""
_ENDS = frozenset({Measure.LIFT, Measure.UNFREEZE, Measure.RENEW})
_lifts = orders.alias("lifts")
# A lift tombstones its stop, an unfreeze its freeze: whatever comes of it, the one it ends is never sent again.
TOMBSTONED = (
    select(_lifts.c.application_id)
    .where(_lifts.c.original == orders.c.application_id, _lifts.c.measure.in_([Measure.LIFT, Measure.UNFREEZE]))
    .exists()
)
KNOWN = statement_text(
    select(
        orders.c.application_id,
        orders.c.case_id,
        orders.c.content,
        orders.c.outcome,
        orders.c.last_sent_at,
        TOMBSTONED.label("tombstoned"),
    ).where(orders.c.application_id == func.any(bindparam("ids", type_=ARRAY(Text))))
)


class Ordering(Part):
    """The part of the register that writes orders and notes their sendings."""

    async def open_orders(self, request: OpenOrders, render: Callable[[Paper], bytes]) -> list[OpenedOrder]:
        """Entitle, claim, write, as within a turn (activities.ports.OrderBook.turns), in a transaction of its own.

        Raises LookupError for an unknown case, ValueError for a draft that is not of the request's institution.
        """

        def rendered(paper: Paper) -> bytes:
            document = render(paper)
            self._papers.put(document)
            return document

        opened = await self._do(lambda connection: self._open(connection, [Ask(request, unsealed)], rendered))
        return opened[0]

    async def _open(
        self, connection: AsyncConnection, asks: Sequence[Ask], render: Callable[[Paper], bytes]
    ) -> list[list[OpenedOrder]]:
        """Open orders of any cases, at any institutions, together."""
        request = together(asks)
        now = request.now
        keys = [asked.key for asked in request.asked]
        drafts = [asked.draft for asked in request.asked]
        cases = await lock_cases(connection, request.drafts, to_send=True)
        entitlements = await Entitlement.read(connection, request.drafts, now)
        stops = sum(draft.measure is Measure.STOP for draft in drafts)
        stops_left = await next(iter(entitlements.values())).stops_left(connection, stops, self._rules)
        accounts = [draft.account for draft in drafts if draft.account is not None]
        ledger = await Ledger.of_accounts(connection, accounts, now)
        writes = Writes()
        known = await _known(connection, request, keys, ledger, cases)
        statements, queries = await _read_for_joins(connection, request, ledger)
        minute, fresh = FuseOfAMinute(stops_left), dict[str, FreshStop]()
        openings = {
            case_id: Openings(
                case_id=case_id,
                now=now,
                rules=self._rules,
                entitlement=entitlements[case_id],
                ledger=ledger,
                known=known,
                fresh=fresh,
                statements=statements,
                queries=queries,
                writes=writes,
                stops_left_case=case.row.stops_allowed - case.row.stops_sent,
                minute=minute,
            )
            for case_id, case in cases.items()
        }
        decided: dict[str, OpenedOrder | NewOrder] = {}
        for asked in request.asked:
            if asked.key not in decided:
                decided[asked.key] = openings[asked.case_id].decide(asked.draft, asked.key)
        kept = await digests(connection, {key for one in openings.values() for key in one.needs_digest})
        written = await self._write_orders(connection, request, decided, cases, entitlements, render, writes)
        for case_id, case in cases.items():
            _note(case, openings[case_id], {k: one for k, one in written.items() if one.case_id == case_id}, now)
        ledger.write(writes)
        for case in cases.values():
            case.chain.write(writes)
        await writes.flush(connection)
        standings: list[OpenedOrder] = []
        for own_key, draft in zip(keys, drafts, strict=True):
            standing = decided[own_key]
            key = standing.application_id
            if isinstance(standing, NewOrder):
                standings.append(OpenedOrder(application_id=key, standing="new", order=written[key], last_sent_at=now))
            elif key in kept and draft.measure is Measure.QUERY:
                standings.append(standing.model_copy(update={"digest": kept[key]}))
            else:
                standings.append(standing)
        return request.apart(standings)

    async def _write_orders(
        self,
        connection: AsyncConnection,
        request: Together,
        decided: Mapping[str, OpenedOrder | NewOrder],
        cases: Mapping[str, LockedCase],
        entitlements: Mapping[str, Entitlement],
        render: Callable[[Paper], bytes],
        writes: Writes,
    ) -> dict[str, Order]:
        """The new orders with their papers and the seals of their letters, by application id.

        The series of the papers' numbers stay locked from here to the end: nothing but the writing may come after.
        """
        at = {asked.key: asked for asked in request.asked}
        new: dict[str, list[NewOrder]] = {}
        for one in decided.values():
            if isinstance(one, NewOrder):
                new.setdefault(at[one.application_id].case_id, []).append(one)
        institutions = {key: asked.institution for key, asked in at.items()}
        desks = {
            case_id: Desk(self._rules, request.now, institutions, cases[case_id], entitlements[case_id])
            for case_id in new
        }
        groups = {case_id: desks[case_id].groups(of_case) for case_id, of_case in new.items()}
        wanted = wanted_numbers(group for of_case in groups.values() for group in of_case)
        numbers = await take_numbers(connection, wanted, request.now.astimezone(CST).year)
        written = {}
        for case_id, of_case in new.items():
            issued = desks[case_id].issue(groups[case_id], numbers, render, writes)
            for one in of_case:
                key = one.application_id
                paper = issued.get(key, Issued())
                written[key] = _order(one, at[key].institution, cases[case_id], paper, request.now)
                sealed = at[key].seal(written[key], paper.document)
                writes.add(_ORDER, _row(one, written[key], sealed, request.now))
        return written

    async def note_sealed(self, sealed: Sequence[tuple[str, str]]) -> None:
        """Keep the message digests of letters about to leave; another digest than before is a fault."""
        if not sealed:
            return
        rows = as_json([{"application_id": key, "message_sha256": sha256} for key, sha256 in dict(sealed).items()])

        async def work(connection: AsyncConnection) -> None:
            kept = {row.application_id for row in await run(connection, _SEAL, sealed=rows)}
            if wrong := [key for key, _ in sealed if key not in kept]:
                raise ValueError(f"order {wrong[0]} is unknown or was sealed with other bytes before")

        await self._do(work)

    async def note_sent_again(self, application_ids: Sequence[str], now: datetime) -> list[str]:
        """The same bytes are about to leave once more. Returns those that may.

        A halt holds back everything but what lets go; what a lift has tombstoned never leaves again.
        """
        ids = sorted(set(application_ids))
        if not ids:
            return []

        async def work(connection: AsyncConnection) -> list[str]:
            await run(connection, _WAIT_FOR_HALT)
            return [row.application_id for row in await run(connection, _SENT_AGAIN, ids=ids, now=now)]

        return await self._do(work)


def _seal() -> str:
    given = rows_parameter("sealed", [orders.c.application_id, orders.c.message_sha256])
    before = orders.c.message_sha256
    return statement_text(
        orders.update()
        .values(message_sha256=given.c.message_sha256, sends=func.greatest(orders.c.sends, 1))
        .where(orders.c.application_id == given.c.application_id)
        .where(before.is_(None) | (before == given.c.message_sha256))
        .returning(orders.c.application_id)
    )


_SEAL = _seal()
_WAIT_FOR_HALT = statement_text(select(func.pg_advisory_xact_lock_shared(HALT_LOCK)))
# These leave although a halt stands. A freeze bears the cause of the lift that follows it, and coerces all the same.
_LETS_GO = and_(orders.c.measure.in_([Measure.LIFT, Measure.UNFREEZE]), orders.c.cause.in_(sorted(ENDS_A_HOLD)))
_SENT_AGAIN = statement_text(
    orders.update()
    .values(last_sent_at=bindparam("now", type_=orders.c.last_sent_at.type), sends=orders.c.sends + 1)
    .where(orders.c.application_id == func.any(bindparam("ids", type_=ARRAY(Text))))
    .where(~TOMBSTONED)
    .where(or_(_LETS_GO, ~HALTED))
    .returning(orders.c.application_id)
)


async def _known(
    connection: AsyncConnection,
    request: Together,
    keys: Sequence[str],
    ledger: Ledger,
    cases: Mapping[str, LockedCase],
) -> dict[str, object]:
    """Orders under the drafts' keys, and those that stand on the holds."""
    if ledger.due:
        await ledger.load(connection, named=_freezes(request))
        for measure in ledger.lapse(request.now):
            current = {"measure": measure.application_id, "account": measure.account}
            case = cases.get(measure.case_id) or next(iter(cases.values()))  # its own if it is here, else who found it
            case.chain.note(request.now, "lapse_seen", current)
    on_stops = {draft_account(draft) for draft in (one.draft for one in request.asked) if draft.measure in _ON_STOPS}
    ids = set(keys)
    for hold in ledger.holds.values():
        if hold.account in on_stops:
            ids |= {one for one in (hold.stop_order, hold.pending_stop) if one}
    return {row.application_id: row for row in await run(connection, KNOWN, ids=sorted(ids))}


def _freezes(request: Together) -> list[str]:
    ends = [one for one in request.asked if one.draft.measure in {Measure.UNFREEZE, Measure.RENEW}]
    return [draft_id(one.case_id, one.institution.id, one.draft, measure=Measure.FREEZE) for one in ends]


async def _read_for_joins(
    connection: AsyncConnection, request: Together, ledger: Ledger
) -> tuple[Sequence[Any], Sequence[Any]]:
    """Statements and unanswered queries that may serve; only what these drafts can need, which mostly is nothing."""
    drafts = [one.draft for one in request.asked]
    held = {hold.account for hold in ledger.holds.values() if hold.stopped or hold.pending_stop}
    joins = any(draft.measure is Measure.STOP and draft_account(draft) in held for draft in drafts)
    if joins or any(draft.measure in _ENDS for draft in drafts):
        await ledger.load(connection, named=_freezes(request))
    stopped = {hold.account for hold in ledger.holds.values() if hold.stopped}
    asked = {draft_account(draft) for draft in drafts if draft.measure is Measure.QUERY and draft.sequence == 1}
    if not (shared := stopped & asked):
        return (), ()
    return await shared_statements(connection, shared), await shared_queries(connection, shared)


def _order(one: NewOrder, institution: Institution, case: LockedCase, paper: Issued, now: datetime) -> Order:
    draft = one.draft
    order = Order(
        application_id=one.application_id,
        case_id=case.row.case_id,
        case_number=case.row.case_number,
        category=case.row.category,
        measure=draft.measure,
        institution=institution.id,
        institution_name=institution.name,
        account=draft.account,
        target=draft.target,
        evidence=draft.evidence,
        amount_fen=draft.amount_fen,
        original=one.original,
        since=draft.since,
        until=draft.until,
        requested_at=now,
        handling=one.entitled.handling,
        second=one.entitled.second,
        paper=paper.sha256,
        paper_number=paper.number,
        authority=one.entitled.authority,
    )
    return as_kept(order)


def _row(one: NewOrder, order: Order, sealed: str, now: datetime) -> dict[str, object]:
    return {
        "application_id": one.application_id,
        "case_id": order.case_id,
        "account": draft_account(one.draft) or None,
        "sequence": one.draft.sequence,
        "sheet": one.draft.sheet,
        "cause": one.draft.cause,
        "content": order,
        "written_at": now,
        "last_sent_at": now,
        "message_sha256": sealed or None,
        "sends": 1 if sealed else 0,
    }


def _note(case: LockedCase, openings: Openings, written: dict[str, Order], now: datetime) -> None:
    chain = case.chain
    if openings.released:
        chain.note(now, "claims_released", {"accounts": openings.released})
    if openings.joined:
        chain.note(now, "stops_joined", openings.joined)
    if written:
        chain.note(now, ORDERS_WRITTEN, written_as(written))
    if openings.stops_new:
        chain.case_changes["stops_sent"] = case.row.stops_sent + openings.stops_new
