"""What those who show it read of the register: cases, sheets, orders, books, documents, and whether it is sound."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, func, or_, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ports import OpenedOrder
from adapters.register.bulk import as_json, columns_of
from adapters.register.chain import ChainFault, chain_faults
from adapters.register.issuing import KINDS
from adapters.register.openings import OUTCOME
from adapters.register.part import Part
from adapters.register.rows import CaseRow, SheetRow
from adapters.register.tables import (
    BOOK_PARTS,
    accounts,
    case_accounts,
    cases,
    decisions,
    documents,
    orders,
    outbox,
    papers,
    sheet_lines,
    sheets,
)
from domain.books import BookEntry, Books
from domain.officers import Role
from domain.orders import AccountKind, AccountRef, Measure, Order, is_final
from domain.papers import IssuedPaper
from domain.policy import Policy
from domain.report import Report
from domain.sheets import Sheet, SheetState, Verdict, still_awaited

_CASES = select(
    *(one for one in cases.c if one.name not in {"report", "policy"}), outbox.c.started_at.is_not(None).label("started")
).join(outbox, outbox.c.case_id == cases.c.case_id)


def _sheets() -> Select[Any]:
    lines = (
        select(func.jsonb_agg(aggregate_order_by(sheet_lines.c.content, sheet_lines.c.no)))
        .where(sheet_lines.c.case_id == sheets.c.case_id, sheet_lines.c.sheet == sheets.c.name)
        .scalar_subquery()
    )
    one = func.jsonb_build_object(
        "officer", decisions.c.officer, "verdict", decisions.c.verdict, "roles", decisions.c.roles
    )
    taken = (
        select(func.jsonb_agg(aggregate_order_by(one, decisions.c.at, decisions.c.officer)))
        .where(decisions.c.case_id == sheets.c.case_id, decisions.c.sheet == sheets.c.name)
        .scalar_subquery()
    )
    return select(
        sheets.c.content,
        sheets.c.state,
        sheets.c.except_lines,
        cases.c.case_number,
        lines.label("lines"),
        taken.label("taken"),
    ).join(cases, cases.c.case_id == sheets.c.case_id)


SHEETS = _sheets()
"""Sheets as `sheet_row` reads them."""


class Reading(Part):
    """The part of the register that only reads."""

    async def list_cases(self, limit: int = 100, *, status: str = "", before: datetime | None = None) -> list[CaseRow]:
        """Cases, the latest first; of one status when it is named; received before a moment for the next page."""
        wanted = _CASES.order_by(cases.c.received_at.desc(), cases.c.case_id).limit(limit)
        if status:
            wanted = wanted.where(cases.c.status == status)
        if before is not None:
            wanted = wanted.where(cases.c.received_at < before)
        return [_case_row(row) for row in await self._rows(wanted)]

    async def case(self, name: str) -> CaseRow:
        """One case by its id or number. Raises LookupError."""
        rows = await self._rows(_CASES.where(or_(cases.c.case_id == name, cases.c.case_number == name)))
        if not rows:
            raise LookupError(f"the register has no case {name}")
        return _case_row(rows[0])

    async def report(self, case_id: str) -> Report:
        """The report a case was opened with. Raises LookupError."""
        row = await self._one(select(cases.c.report).where(cases.c.case_id == case_id), f"case {case_id}")
        return Report.model_validate_json(as_json(row.report))

    async def policy(self, case_id: str) -> Policy | None:
        """The policy a case was opened with, None when it was not kept here. Raises LookupError."""
        row = await self._one(select(cases.c.policy).where(cases.c.case_id == case_id), f"case {case_id}")
        return None if row.policy is None else Policy.model_validate_json(as_json(row.policy))

    async def pending_sheets(self) -> list[SheetRow]:
        """Sheets that await a decision, the most urgent first."""
        wanted = SHEETS.where(sheets.c.state == SheetState.PENDING).order_by(sheets.c.decide_by, sheets.c.name)
        return [sheet_row(row) for row in await self._rows(wanted)]

    async def sheets_of(self, case_id: str) -> list[SheetRow]:
        """All sheets of a case, in the order they were made."""
        wanted = SHEETS.where(sheets.c.case_id == case_id).order_by(sheets.c.made_at, sheets.c.name)
        return [sheet_row(row) for row in await self._rows(wanted)]

    async def sheet(self, case_id: str, name: str) -> SheetRow:
        """One sheet. Raises LookupError."""
        wanted = SHEETS.where(sheets.c.case_id == case_id, sheets.c.name == name)
        return sheet_row(await self._one(wanted, f"sheet {name}"))

    async def orders_of(self, case_id: str) -> list[OpenedOrder]:
        """All orders of a case in the order written: answered, or sent."""
        wanted = _ORDERS.where(orders.c.case_id == case_id).order_by(orders.c.written_at, orders.c.application_id)
        return [_opened(row) for row in await self._rows(wanted)]

    async def unknown_orders(self, older_than_s: float) -> list[OpenedOrder]:
        """Orders of all cases written so long ago and still without a final answer, the oldest first."""
        before = datetime.now(UTC) - timedelta(seconds=older_than_s)
        wanted = _ORDERS.where(orders.c.answered_at.is_(None), orders.c.written_at <= before).order_by(
            orders.c.written_at
        )
        return [_opened(row) for row in await self._rows(wanted)]

    async def tombstoned(self, application_ids: Iterable[str]) -> set[str]:
        """Which of these have a lift or unfreeze written against them: they must not be sent again."""
        wanted = select(orders.c.original).where(
            orders.c.original.in_(sorted(set(application_ids))), orders.c.measure.in_(["lift", "unfreeze"])
        )
        return {row.original for row in await self._rows(wanted)}

    async def entries_of(self, case_id: str) -> list[BookEntry]:
        """The books of a case, account by account, layer by layer."""
        wanted = (
            select(case_accounts, accounts.c.institution, accounts.c.number, accounts.c.name, accounts.c.kind)
            .join(accounts, accounts.c.account == case_accounts.c.account)
            .where(case_accounts.c.case_id == case_id)
            .order_by(case_accounts.c.layer, case_accounts.c.account)
        )
        return [_entry(row) for row in await self._rows(wanted)]

    async def paper(self, sha256: str) -> bytes:
        """A stored document. Raises LookupError."""
        if (recent := self._papers.get(sha256)) is not None:
            return recent
        return await self.kept_document(sha256)

    async def papers_of(self, case_id: str) -> list[IssuedPaper]:
        """The papers issued in a case, in the order of issue; also those that only its orders tell of."""
        listed = await self._rows(select(papers).where(papers.c.case_id == case_id))
        found = [IssuedPaper.model_validate(columns_of(row)) for row in listed]
        found += [_unlisted(row) for row in await self._rows(_UNLISTED.where(orders.c.case_id == case_id))]
        return sorted(found, key=lambda one: (one.issued_at, one.number))

    async def paper_of_orders(self, case_id: str, number: str) -> set[str]:
        """Which documents (SHA-256) the orders that bear a paper's number carry: one, where nothing was changed."""
        wanted = select(orders.c.paper).where(orders.c.case_id == case_id, number == NUMBER_ON_ORDER).distinct()
        return {row.paper or "" for row in await self._rows(wanted)}

    async def kept_document(self, sha256: str) -> bytes:
        """A stored document as it lies in the register, whatever is remembered of it. Raises LookupError."""
        row = await self._one(select(documents.c.bytes).where(documents.c.sha256 == sha256), f"document {sha256}")
        return bytes(row.bytes)

    async def verify_chain(self, case_id: str) -> list[ChainFault]:
        """What is wrong with a case's chain of events; nothing: it is whole. Raises LookupError for an unknown case."""
        await self._one(select(cases.c.case_id).where(cases.c.case_id == case_id), f"case {case_id}")
        return await self._do(lambda connection: _faults(connection, case_id))

    async def verify_all(self) -> list[ChainFault]:
        """What is wrong with any chain; nothing: the register is whole."""
        return await self._do(lambda connection: _faults(connection, None))

    async def _rows(self, wanted: Select[Any]) -> list[Row[Any]]:
        async def work(connection: AsyncConnection) -> list[Row[Any]]:
            return list((await connection.execute(wanted)).all())

        return await self._do(work)

    async def _one(self, wanted: Select[Any], what: str) -> Row[Any]:
        rows = await self._rows(wanted)
        if not rows:
            raise LookupError(f"the register has no {what}")
        return rows[0]


NUMBER_ON_ORDER = orders.c.content["paper_number"].astext
"""The number of the paper that an order carries."""
# Papers from before they were listed, or whose list a way down and up of the tables has lost (migration 0008).
_UNLISTED = (
    select(
        NUMBER_ON_ORDER.label("number"),
        func.min(orders.c.measure).label("measure"),
        orders.c.institution,
        orders.c.paper,
        func.min(orders.c.sheet).label("sheet"),
        (func.min(orders.c.sheet) == func.max(orders.c.sheet)).label("one_sheet"),
        func.count(orders.c.account.distinct()).label("accounts"),
        func.min(orders.c.written_at).label("issued_at"),
    )
    .where(orders.c.paper.is_not(None), NUMBER_ON_ORDER != "", orders.c.measure.in_(list(KINDS)))
    .where(
        ~select(papers.c.number)
        .where(papers.c.number == NUMBER_ON_ORDER, papers.c.case_id == orders.c.case_id)
        .exists()
    )
    .group_by(NUMBER_ON_ORDER, orders.c.institution, orders.c.paper)
)
_ORDERS = select(orders.c.application_id, orders.c.content, orders.c.outcome, orders.c.last_sent_at)


async def _faults(connection: AsyncConnection, case_id: str | None) -> list[ChainFault]:
    return [fault async for fault in chain_faults(connection, case_id)]


def _unlisted(row: Any) -> IssuedPaper:  # noqa: ANN401 - a row of _UNLISTED
    kind = KINDS[Measure(row.measure)]
    sheet = row.sheet if row.one_sheet else ""  # formerly one paper let go what several sheets did
    kept = {**columns_of(row), "kind": kind, "sheet": sheet, "sha256": row.paper}
    return IssuedPaper.model_validate(kept)


def _case_row(row: Any) -> CaseRow:  # noqa: ANN401 - a database row
    kept = columns_of(row)
    books = Books.model_validate({"loss_fen": kept["loss_fen"]} | {part: kept[part] for part in BOOK_PARTS})
    return CaseRow.model_validate({**kept, "books": books})


def approved_by(row: Any) -> list[tuple[str, tuple[Role, ...]]]:  # noqa: ANN401 - a database row
    """Who approved a sheet so far, in which roles."""
    taken = row.taken or []
    return [(one["officer"], tuple(map(Role, one["roles"]))) for one in taken if one["verdict"] == Verdict.APPROVE]


def sheet_row(row: Any) -> SheetRow:  # noqa: ANN401 - a database row
    """A sheet with what was decided on it."""
    sheet = Sheet.model_validate({**row.content, "lines": row.lines or []})
    taken = row.taken or []
    awaited = still_awaited(sheet.quorum, approved_by(row)) if row.state == SheetState.PENDING else ()
    return SheetRow(
        sheet=sheet,
        case_number=row.case_number,
        state=row.state,
        awaited=tuple(role.value for role in awaited),
        decided_by=tuple(one["officer"] for one in taken),
        except_lines=tuple(row.except_lines),
    )


def _opened(row: Any) -> OpenedOrder:  # noqa: ANN401 - a database row
    outcome = None if row.outcome is None else OUTCOME.validate_python(row.outcome)
    return OpenedOrder(
        application_id=row.application_id,
        standing="answered" if is_final(outcome) else "sent",
        order=Order.model_validate(row.content),
        outcome=outcome,
        last_sent_at=row.last_sent_at,
    )


def _entry(row: Any) -> BookEntry:  # noqa: ANN401 - a database row
    kept = columns_of(row)
    ref = AccountRef(institution=row.institution, number=row.number, name=row.name, kind=AccountKind(row.kind))
    amounts = {name: kept[name] for name in BookEntry.model_fields if name != "account"}
    return BookEntry.model_validate({"account": ref, **amounts})
