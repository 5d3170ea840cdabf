"""Cases: reports in with their outbox row, the books account by account, the close."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, literal_column, select, true, update
from sqlalchemy import case as sql_case
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from adapters.register.bulk import Mode, Write, Writes, as_json, run, statement_text
from adapters.register.chain import Chain, sha256_of
from adapters.register.engine import RegisterRefused
from adapters.register.ledger import Ledger
from adapters.register.locking import LockedCase, lock_case
from adapters.register.part import Part
from adapters.register.tables import BOOK_PARTS, case_accounts, case_numbers, cases, claims, outbox
from domain.books import BookEntry, Books
from domain.case import CaseOutcome, Status, move
from domain.clock import CST
from domain.identifiers import AccountKey, account_key, case_number, case_workflow_id, new_case_id
from domain.policy import Policy
from domain.report import Receipt, Report

_CASE = Write.of(cases, Mode.ADD)
_OUTBOX = Write.of(outbox, Mode.ADD)
_ENTRY = Write.of(case_accounts, Mode.PUT)
_IDENTITY = "uq_cases_identity"

_same = (
    select(
        cases.c.case_id, cases.c.case_number, cases.c.workflow_id, cases.c.status, cases.c.received_at, cases.c.report
    )
    .where(cases.c.identity == bindparam("identity", type_=Text))
    .subquery()
)
# The number is drawn only for a report that is new.
_FILED_BEFORE = statement_text(
    select(
        *_same.c, sql_case((_same.c.case_id.is_(None), case_numbers.next_value()), else_=0).label("running")
    ).select_from(select(literal_column("1")).subquery().outerjoin(_same, true()))
)
_UNSTARTED = statement_text(
    select(cases.c.case_id, cases.c.case_number, cases.c.workflow_id, cases.c.received_at, cases.c.report)
    .join(outbox, outbox.c.case_id == cases.c.case_id)
    .where(outbox.c.started_at.is_(None), outbox.c.filed_at <= bindparam("before", type_=TIMESTAMP(timezone=True)))
    .order_by(outbox.c.filed_at)
    .limit(bindparam("most"))
)
_STARTED = statement_text(
    update(outbox)
    .values(started_at=bindparam("now", type_=TIMESTAMP(timezone=True)))
    .where(outbox.c.case_id == bindparam("case_id", type_=Text), outbox.c.started_at.is_(None))
)
_KNOWN_ACCOUNTS = statement_text(
    select(case_accounts.c.account).where(
        case_accounts.c.case_id == bindparam("case_id", type_=Text),
        case_accounts.c.account == func.any(bindparam("accounts", type_=ARRAY(Text))),
    )
)
_CLAIMED = statement_text(select(claims.c.account).where(claims.c.case_id == bindparam("case_id", type_=Text)))
_LET_GO = statement_text(
    update(claims)
    .values(released=True, claim_fen=0)
    .where(claims.c.case_id == bindparam("case_id", type_=Text), claims.c.frozen_fen == 0, ~claims.c.released)
)


class Casework(Part):
    """The part of the register that cases go through."""

    async def file_report(self, report: Report, now: datetime, policy: Policy | None = None) -> Receipt:
        """Commit report, case and outbox row together; the same report again joins (decisions: obligations).

        Another report under the same reference is neither kept nor joined: its receipt says that it differs.
        `policy`: the one the case starts with, kept with it; its fuse is the case's.
        """
        while True:
            try:
                return await self._do(lambda connection: self._file(connection, report, now, policy))
            except RegisterRefused as conflict:
                if conflict.constraint != _IDENTITY:
                    raise
                # Somebody filed the same report this very moment: now it can be joined.

    async def _file(self, connection: AsyncConnection, report: Report, now: datetime, policy: Policy | None) -> Receipt:
        before = (await run(connection, _FILED_BEFORE, identity=report.identity)).one()
        if before.case_id is not None:
            if _report(before.report) != report:
                return _receipt(before, "differs")
            return _receipt(before, "closed" if before.status == Status.CLOSED else "joined")
        case_id = new_case_id()
        row: dict[str, object] = {
            "case_id": case_id,
            "case_number": case_number(now.astimezone(CST).year, before.running),
            "identity": report.identity,
            "workflow_id": case_workflow_id(case_id),
            "category": report.category,
            "received_at": now,
            "report": report,
            "policy": policy,
            "status": Status.RECEIVED,
            "outcome": CaseOutcome.OPEN,
            "filing_number": "",
            **_book_columns(Books(loss_fen=report.loss_fen, in_motion_fen=report.loss_fen)),
            "layers": 0,
            "accounts": 0,
            "stops_allowed": policy.fuse.accounts_per_case if policy else self._rules.stops_per_case,
            "stops_sent": 0,
            "papers": 0,
        }
        chain = Chain(case_id=case_id, count=0, head="")
        digest = sha256_of(report.model_dump(mode="json"))
        chain.note(now, "case_opened", {"report": digest, "loss_fen": report.loss_fen})
        writes = Writes()
        chain.write(writes, new_row=row)
        writes.add(_CASE, row)
        writes.add(_OUTBOX, {"case_id": case_id, "filed_at": now})
        await writes.flush(connection)
        return Receipt(
            case_id=case_id,
            case_number=str(row["case_number"]),
            workflow_id=case_workflow_id(case_id),
            standing="new",
            received_at=now,
        )

    async def unstarted(self, older_than_s: float, limit: int) -> list[tuple[str, Report, Receipt]]:
        """Cases whose outbox row is still open: (case_id, report, receipt)."""
        before = datetime.now(UTC) - timedelta(seconds=older_than_s)

        async def work(connection: AsyncConnection) -> list[tuple[str, Report, Receipt]]:
            rows = await run(connection, _UNSTARTED, before=before, most=limit)
            return [(row.case_id, _report(row.report), _receipt(row, "new")) for row in rows]

        return await self._do(work)

    async def note_started(self, case_id: str) -> None:
        """The workflow runs: the outbox row is closed."""
        await self._do(lambda connection: run(connection, _STARTED, case_id=case_id, now=datetime.now(UTC)))

    async def keep_books(
        self, case_id: str, books: Books, entries: Sequence[BookEntry], status: str, now: datetime
    ) -> None:
        """The case's books, account by account (only changed entries are sent); updates this case's claims.

        A claim never exceeds what covers the account: without a stop, this case's freezes. Raises LookupError for an
        unknown case, ValueError for a status or a move that the table does not allow. `closed` announces close_case,
        which says the outcome: the status changes there. The last books of a closed case may be kept once more.
        """
        await self._do(lambda connection: self._keep_books(connection, case_id, books, entries, Status(status), now))

    async def _keep_books(
        self,
        connection: AsyncConnection,
        case_id: str,
        books: Books,
        entries: Sequence[BookEntry],
        to: Status,
        now: datetime,
    ) -> None:
        case = await lock_case(connection, case_id)
        before = Status(case.row.status)
        if before is Status.CLOSED and _same_books(case, books):
            return
        move(before, to)
        after = before if to is Status.CLOSED else to
        by_account = {account_key(one.account.institution, one.account.number): one for one in entries}
        writes = Writes()
        ledger = await Ledger.of_accounts(connection, (one.account for one in entries), now)
        if entries:
            await ledger.load(connection)
            for measure in ledger.lapse(now):
                case.chain.note(now, "lapse_seen", {"measure": measure.application_id, "account": measure.account})
            known = {
                row.account
                for row in await run(connection, _KNOWN_ACCOUNTS, case_id=case_id, accounts=sorted(by_account))
            }
            case.chain.case_changes["accounts"] = case.row.accounts + len(by_account.keys() - known)
            case.chain.case_changes["layers"] = max(case.row.layers, *(one.layer for one in entries))
        for key, entry in by_account.items():
            writes.add(_ENTRY, _entry_row(case_id, key, entry, now))
            _claim(ledger, key, case_id, entry, now)
        ledger.write(writes)
        _note_books(case, books, by_account, after, now)
        case.chain.write(writes)
        await writes.flush(connection)

    async def close_case(self, case_id: str, outcome: str, now: datetime) -> None:
        """Status closed, with its outcome; idempotent. Claims without a freeze are let go.

        Raises LookupError for an unknown case, ValueError when it was closed with another outcome.
        """
        to = CaseOutcome(outcome)

        async def work(connection: AsyncConnection) -> None:
            case = await lock_case(connection, case_id)
            before = Status(case.row.status)
            if before is Status.CLOSED and case.row.outcome == to:
                return
            if before is Status.CLOSED or to is CaseOutcome.OPEN:
                raise ValueError(f"the case is {before}, {case.row.outcome}: it cannot be closed as {to}")
            current = {"status": move(before, Status.CLOSED), "outcome": to}
            case.chain.note(now, "case_closed", current, {"status": before, "outcome": case.row.outcome})
            case.chain.case_changes |= current
            keys = [row.account for row in await run(connection, _CLAIMED, case_id=case_id)]
            await Ledger.of_known(connection, keys, now)
            await run(connection, _LET_GO, case_id=case_id)
            writes = Writes()
            case.chain.write(writes)
            await writes.flush(connection)

        await self._do(work)


def _same_books(case: LockedCase, books: Books) -> bool:
    return all(getattr(case.row, name) == value for name, value in _book_columns(books).items())


def _note_books(
    case: LockedCase, books: Books, entries: dict[AccountKey, BookEntry], after: Status, now: datetime
) -> None:
    """One event when anything changed, with the values before and after."""
    columns = _book_columns(books)
    before = {name: getattr(case.row, name) for name in columns} | {"status": case.row.status}
    current = columns | {"status": after.value}
    changed = {name for name, value in current.items() if before[name] != value}
    if not changed and not entries:
        return
    current_values: dict[str, object] = {name: current[name] for name in sorted(changed)}
    if entries:
        current_values["accounts"] = {
            key: sha256_of(entry.model_dump(mode="json", exclude={"account"})) for key, entry in entries.items()
        }
    case.chain.note(now, "books_kept", current_values, {name: before[name] for name in sorted(changed)})
    case.chain.case_changes |= {name: current[name] for name in changed}


def _claim(ledger: Ledger, key: str, case_id: str, entry: BookEntry, now: datetime) -> None:
    """What this entry makes of the case's claim; money merely passing a cut or a merchant makes none."""
    wanted = entry.held_fen or entry.stop_pending_fen or (entry.in_motion_fen and not entry.cut)
    if (key, case_id) not in ledger.claims and not wanted:
        return
    claim = ledger.claim(key, case_id, now)
    claim.attributed_fen = entry.attributed_fen
    claim.in_books = claim.in_books or now >= claim.since  # books on their way when the stop was asked do not show why
    covered = entry.held_fen if ledger.holds[key].stopped else min(entry.held_fen, claim.frozen_fen)
    claim.claim_fen = 0 if claim.released else min(covered, entry.attributed_fen)
    ledger.touch(claim)


def _entry_row(case_id: str, key: str, entry: BookEntry, now: datetime) -> dict[str, object]:
    return {"case_id": case_id, "account": key, "at": now, **entry.model_dump(exclude={"account"})}


def _book_columns(books: Books) -> dict[str, object]:
    return {"loss_fen": books.loss_fen} | {part: getattr(books, part) for part in BOOK_PARTS}


def _report(kept: Any) -> Report:  # noqa: ANN401 - JSON of the database
    return Report.model_validate_json(as_json(kept))


def _receipt(row: Any, standing: str) -> Receipt:  # noqa: ANN401 - a database row
    return Receipt(
        case_id=row.case_id,
        case_number=row.case_number,
        workflow_id=row.workflow_id,
        standing=standing,
        received_at=row.received_at,
    )
