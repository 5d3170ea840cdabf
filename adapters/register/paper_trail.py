"""The papers of a case as an auditor proves them: in the chain, in the list, on the orders, as a document, entitled.

All of these must say the same. Whoever has the database's password can change the list, orders and documents; the event
that wrote them is part of the case's chain (chain.py: whoever changes it breaks it). What entitled each order is looked
at as before the wire (warrants.py), without what a process remembers. One case is one snapshot.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.register.chain import chain_faults
from adapters.register.entitlement import IS_WHOLE
from adapters.register.issuing import KINDS
from adapters.register.orders_written import ORDERS_WRITTEN, SaidOfPapers
from adapters.register.part import Part
from adapters.register.reading import NUMBER_ON_ORDER
from adapters.register.rows import DecidedBy, PaperAudit, PaperFault, PaperTrail
from adapters.register.tables import cases, decisions, documents, events, orders, paper_series, papers
from adapters.register.warrants import Warranting
from domain.orders import Measure
from domain.papers import PaperKind

# Read while the case works: all of it as it stood at one moment.
_SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
_BY_SHEET = frozenset({PaperKind.FREEZE, PaperKind.RENEW})
_SHOWN = 12
"""Characters of a hash that are enough to tell two apart."""


class PaperAuditing(Part):
    """The part of the register that proves papers; it only reads."""

    async def every_case(self) -> list[str]:
        """All cases by their ids, the oldest first."""

        async def work(connection: AsyncConnection) -> list[str]:
            rows = await connection.execute(select(cases.c.case_id).order_by(cases.c.received_at, cases.c.case_id))
            return [row.case_id for row in rows]

        return await self._do(work)

    async def audit_papers(self, case_id: str) -> PaperAudit:
        """Every paper and order of a case compared with its event, its list and its document, and what entitled it.

        Raises LookupError for an unknown case.
        """
        ring = self._ring
        if ring is None:
            raise LookupError("key ring: without it no proof can be verified")

        async def work(connection: AsyncConnection) -> PaperAudit:
            await connection.exec_driver_sql(_SNAPSHOT)
            case_number = (
                await connection.execute(select(cases.c.case_number).where(cases.c.case_id == case_id))
            ).scalar_one_or_none()
            if case_number is None:
                raise LookupError(f"the register has no case {case_id}")
            kept = await _read(connection, case_id)
            fresh = Warranting(self._engine, self._rules, ring)  # what a process remembers proves nothing of now
            why = {
                row.application_id: why for row, why in await fresh.entitlements(connection, ring, list(kept.orders))
            }
            faults = [
                PaperFault(what=f"chain, event {one.seq}: {one.what}")
                async for one in chain_faults(connection, case_id)
            ]
            faults += [one for number in kept.numbers for one in kept.faults_of_paper(number)]
            faults += [one for key in kept.orders for one in kept.faults_of_order(key, why)]
            faults += kept.lost_orders()
            return PaperAudit(
                case_number=case_number,
                papers=tuple(trail for number in kept.numbers if (trail := kept.trail(number)) is not None),
                orders=len(kept.orders),
                faults=tuple(one.model_copy(update={"case_number": case_number}) for one in faults),
            )

        return await self._do(work)

    async def series_faults(self) -> list[PaperFault]:
        """Whether the numbers of each kind and year are 1, 2, 3 … to the last one given, each once."""

        async def work(connection: AsyncConnection) -> list[PaperFault]:
            await connection.exec_driver_sql(_SNAPSHOT)
            last = {(row.kind, row.year): row.last for row in await connection.execute(select(paper_series))}
            given: dict[tuple[str, int], Counter[int]] = defaultdict(Counter)
            for row in await connection.execute(select(papers.c.kind, papers.c.year, papers.c.ordinal)):
                given[row.kind, row.year][row.ordinal] += 1
            return [
                PaperFault(what=f"series {kind} {year}: {what}")
                for kind, year in sorted(last.keys() | given.keys())
                for what in _gaps(given[kind, year], last.get((kind, year), 0))
            ]

        return await self._do(work)


def _gaps(given: Mapping[int, int], last: int) -> Iterator[str]:
    if missing := sorted(set(range(1, last + 1)) - given.keys()):
        yield f"numbers {_few(missing)} are missing"
    if doubled := sorted(ordinal for ordinal, times in given.items() if times > 1):
        yield f"numbers {_few(doubled)} were given more than once"
    if beyond := sorted(ordinal for ordinal in given if not 1 <= ordinal <= last):
        yield f"numbers {_few(beyond)} lie outside the series, which ends at {last}"


def _few(numbers: Sequence[int], most: int = 10) -> str:
    return ", ".join(map(str, numbers[:most])) + (f" and {len(numbers) - most} more" if len(numbers) > most else "")


async def _read(connection: AsyncConnection, case_id: str) -> "_Kept":
    async def rows(wanted: Select[Any]) -> list[Any]:
        return list(await connection.execute(wanted))

    written = select(events.c.seq, events.c.current).where(events.c.case_id == case_id, events.c.kind == ORDERS_WRITTEN)
    own = await rows(
        select(orders, NUMBER_ON_ORDER.label("number")).where(orders.c.case_id == case_id).order_by(orders.c.written_at)
    )
    listed = await rows(select(papers).where(papers.c.case_id == case_id))
    sha256s = {one for row in listed for one in (row.sha256, row.words)} | {row.paper for row in own}
    whole = await rows(
        select(documents.c.sha256, IS_WHOLE.label("whole")).where(
            documents.c.sha256.in_(sorted(one for one in sha256s if one))
        )
    )
    taken = await rows(select(decisions).where(decisions.c.case_id == case_id).order_by(decisions.c.at))
    said = SaidOfPapers.in_events([(row.seq, row.current) for row in await rows(written.order_by(events.c.seq))])
    return _Kept(
        said=said,
        orders={row.application_id: row for row in own},
        listed={row.number: row for row in listed},
        whole={row.sha256: row.whole for row in whole},
        taken=taken,
    )


@dataclass(frozen=True)
class _Kept:
    """What the register holds of one case's papers."""

    said: SaidOfPapers
    orders: Mapping[str, Any]
    listed: Mapping[str, Any]
    whole: Mapping[str, bool]
    taken: Sequence[Any]

    @property
    def numbers(self) -> list[str]:
        """Of all papers that the chain, the list or an order names, in the order of their events."""
        named = {row.number for row in self.orders.values() if row.number}
        found = self.said.papers.keys() | self.listed.keys() | named
        return sorted(found, key=lambda number: (self.said.events.get(number, 0), number))

    def _carriers(self, number: str) -> list[Any]:
        return [row for row in self.orders.values() if row.number == number]

    def faults_of_paper(self, number: str) -> Iterator[PaperFault]:
        """What does not agree about one paper."""
        listed, carried = self.listed.get(number), self._carriers(number)
        said = self.said.papers.get(number)
        if said is None:
            yield PaperFault(paper=number, what="no event of the chain names it")
        if listed is None and said:  # before the list there was none to be in
            yield PaperFault(paper=number, what="the list of papers does not have it")
        if not carried:
            yield PaperFault(paper=number, what="no order carries it")
        on_orders = {row.paper or "" for row in carried}
        hashes = [("event", said), ("list", listed and listed.sha256), *(("order", one) for one in sorted(on_orders))]
        if len({sha256 for _, sha256 in hashes if sha256}) > 1:
            shown = ", ".join(f"{where} {sha256[:_SHOWN]}" for where, sha256 in hashes if sha256)
            yield PaperFault(paper=number, what=f"not one document: {shown}")
        named = [("the document", one) for one in sorted({*on_orders, listed.sha256 if listed else ""})]
        if listed is not None:  # null: from before texts were kept
            named.append(("the text it was printed with,", listed.words or ""))
        for which, sha256 in named:
            if sha256 and (whole := self.whole.get(sha256)) is not True:
                what = "is missing" if whole is None else "was changed: its bytes hash to something else"
                yield PaperFault(paper=number, what=f"{which} {sha256[:_SHOWN]} {what}")
        if listed is not None:
            yield from _listed_otherwise(listed, carried)

    def faults_of_order(self, key: str, why: Mapping[str, str]) -> Iterator[PaperFault]:
        """What does not agree about one order, and whether what entitled it is proven."""
        row, said = self.orders[key], self.said.orders.get(key)
        if said is None:
            yield PaperFault(paper=row.number, order=key, what="no event of the chain names this order")
        elif not said.is_of(row.content):
            yield PaperFault(paper=row.number, order=key, what="the order's content is not what its event wrote")
        if reason := why.get(key, "it cannot be looked at"):
            yield PaperFault(paper=row.number, order=key, what=f"the order is not entitled: {reason}")

    def lost_orders(self) -> list[PaperFault]:
        """Orders that the chain names and the register has not any more."""
        gone = sorted(self.said.orders.keys() - self.orders.keys())
        return [PaperFault(order=key, what="the chain names this order, and it is gone") for key in gone]

    def trail(self, number: str) -> PaperTrail | None:
        """The paper with what stands behind it; None: nothing but its number is left."""
        listed, carried = self.listed.get(number), self._carriers(number)
        if not carried or Measure(carried[0].measure) not in KINDS:
            return None
        first = carried[0]
        kind, institution, sheet = _to_whom(first, listed.sheet if listed else "")
        return PaperTrail(
            number=number,
            kind=PaperKind(kind),
            institution=institution,
            sha256=listed.sha256 if listed else first.paper or "",
            accounts=len({row.account for row in carried}),
            issued_at=first.written_at,
            event=self.said.events.get(number, 0),
            says_hash=bool(self.said.papers.get(number)),
            orders=tuple(row.application_id for row in carried),
            sheet=sheet,
            authority=first.authority,
            cause="" if kind in _BY_SHEET else first.cause,  # a freeze bears that of the lift that follows it
            handling=first.handling,
            second=first.second,
            decided=tuple(_decided(one) for one in self.taken if one.sheet == (sheet or first.authority)),
        )


def _listed_otherwise(listed: Any, carried: Sequence[Any]) -> Iterator[PaperFault]:  # noqa: ANN401 - rows
    """Where a paper's entry in the list is another than its orders and its own number say."""
    if not listed.number.endswith(f"〔{listed.year}〕{listed.ordinal:06d}号"):
        where = f"number {listed.ordinal} of {listed.year}"
        yield PaperFault(paper=listed.number, what=f"the list has it as {where}, which is not what is printed on it")
    accounts = {len(carried), len({row.account for row in carried})}  # formerly each order counted as an account
    says = (listed.kind, listed.institution, listed.sheet, listed.accounts)
    meant = {
        (*_to_whom(row, listed.sheet), listed.accounts if listed.accounts in accounts else min(accounts))
        for row in carried
    }
    for other in sorted(meant - {says}):
        spelled = [" ".join(str(part) for part in one if part != "") for one in (says, other)]
        yield PaperFault(paper=listed.number, what=f"the list says {spelled[0]}, its orders say {spelled[1]}")


def _to_whom(row: Any, listed: str) -> tuple[str, str, str]:  # noqa: ANN401 - a row of orders
    """Kind, institution and sheet of the paper that this order is to carry; `listed`: the sheet that the list says.

    What a sheet let go had papers without a sheet formerly.
    """
    kind = KINDS.get(Measure(row.measure))
    return kind or "", row.institution, row.sheet if kind in _BY_SHEET or listed else ""


def _decided(row: Any) -> DecidedBy:  # noqa: ANN401 - a row of decisions
    evidence = "" if row.proof is None else str(row.proof["kind"])
    return DecidedBy(officer=row.officer, roles=tuple(row.roles), verdict=row.verdict, evidence=evidence, at=row.at)
