"""Sheets and decisions: what officers are asked, who may answer, what their answers make of it; the fuse."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from adapters.register.bulk import Mode, Write, Writes, run, statement_text
from adapters.register.locking import LockedCase, lock_case
from adapters.register.part import Part
from adapters.register.refusals import Refusal, officer_of, unknown_case
from adapters.register.tables import accounts, decisions, sheet_lines, sheets
from domain.identifiers import account_key
from domain.officers import Officer, Role
from domain.sheets import Decision, Ruling, Sheet, SheetKind, SheetState, Verdict, role_words, still_awaited

_SHEET = Write.of(sheets, Mode.ADD)
_LINE = Write.of(sheet_lines, Mode.ADD)
_ACCOUNT = Write.of(accounts, Mode.KEEP)
_DECISION = Write.of(decisions, Mode.ADD)
_DECIDED = Write.of(sheets, Mode.CHANGE, "state", "except_lines")
_OPENED = Write.of(sheets, Mode.CHANGE, "opened_stops")
_STATE_WORDS = {SheetState.PENDING: "待决", SheetState.APPROVED: "已批准", SheetState.REJECTED: "已驳回"}


def _read() -> str:
    taken = (
        select(
            func.jsonb_agg(
                aggregate_order_by(
                    func.jsonb_build_object(
                        "officer", decisions.c.officer, "verdict", decisions.c.verdict, "roles", decisions.c.roles
                    ),
                    decisions.c.at,
                    decisions.c.officer,
                )
            )
        )
        .where(decisions.c.case_id == sheets.c.case_id, decisions.c.sheet == sheets.c.name)
        .scalar_subquery()
    )
    numbers = (
        select(func.jsonb_agg(sheet_lines.c.no))
        .where(sheet_lines.c.case_id == sheets.c.case_id, sheet_lines.c.sheet == sheets.c.name)
        .scalar_subquery()
    )
    return statement_text(
        select(sheets, taken.label("taken"), numbers.label("line_numbers")).where(
            sheets.c.case_id == bindparam("case_id", type_=Text), sheets.c.name == bindparam("name", type_=Text)
        )
    )


_READ = _read()


class _Kept:
    """A sheet as the register keeps it, with what was decided on it."""

    def __init__(self, row: Any) -> None:  # noqa: ANN401 - a database row
        self.row = row
        self.state = SheetState(row.state)
        self.quorum = tuple(Role(role) for role in row.quorum)
        self.approved = [
            (one["officer"], tuple(Role(role) for role in one["roles"]))
            for one in row.taken or []
            if one["verdict"] == Verdict.APPROVE
        ]
        self.verdicts = {one["officer"]: Verdict(one["verdict"]) for one in row.taken or []}

    @property
    def awaited(self) -> tuple[Role, ...]:
        """The roles that no decision fills yet."""
        return still_awaited(self.quorum, self.approved)

    def standing(self) -> dict[str, Any]:
        """How it stands, as fields of a ruling."""
        pending = self.state is SheetState.PENDING
        return {
            "state": self.state,
            "awaited": self.awaited if pending else (),
            "decided_by": tuple(self.verdicts),
            "except_lines": tuple(self.row.except_lines),
        }


class Deciding(Part):
    """The part of the register that sheets and decisions go through."""

    async def keep_sheet(self, sheet: Sheet) -> None:
        """Keep a sheet; idempotent by case and name.

        Raises LookupError for an unknown case, ValueError when another sheet has this name.
        """

        async def work(connection: AsyncConnection) -> None:
            case = await lock_case(connection, sheet.case_id)
            before = (await run(connection, _READ, case_id=sheet.case_id, name=sheet.name)).one_or_none()
            if before is not None:
                if before.digest != sheet.digest:
                    raise ValueError(f"sheet {sheet.name} is kept already with other content")
                return
            writes = Writes()
            _write_sheet(writes, sheet)
            current = {"sheet": sheet.name, "kind": sheet.kind, "digest": sheet.digest, "amount_fen": sheet.amount_fen}
            case.chain.note(sheet.made_at, "sheet_kept", current)
            case.chain.write(writes)
            await writes.flush(connection)

        await self._do(work)

    async def decide(self, decision: Decision) -> Ruling:
        """Check officer, role, persons and standing of the sheet; keep the decision; say what it makes of the sheet.

        Refusals are rulings, not errors, and are on the case's record. The evidence is kept as it was given.
        """

        async def work(connection: AsyncConnection) -> Ruling:
            case = await lock_case(connection, decision.case_id)
            row = (await run(connection, _READ, case_id=decision.case_id, name=decision.sheet)).one_or_none()
            kept = None if row is None else _Kept(row)
            writes = Writes()
            try:
                ruling = await _ruling(connection, case, kept, decision, writes)
            except Refusal as refusal:
                what = {"sheet": decision.sheet, "officer": decision.officer, "verdict": decision.verdict}
                refusal.note(case.chain, decision.at, "decision_refused", what)
                ruling = refusal.ruling(decision.sheet, **(kept.standing() if kept else {}))
            case.chain.write(writes)
            await writes.flush(connection)
            return ruling

        try:
            return await self._do(work)
        except LookupError:
            return unknown_case().ruling(decision.sheet)

    async def raise_fuse(self, case_id: str, by: int, sheet: str) -> None:
        """A yes to the fuse opens more stops for this case; once for each sheet.

        Raises LookupError when there is no such sheet, ValueError when it is no approved fuse sheet.
        """

        async def work(connection: AsyncConnection) -> None:
            case = await lock_case(connection, case_id)
            row = (await run(connection, _READ, case_id=case_id, name=sheet)).one_or_none()
            if row is None:
                raise LookupError(f"the case has no sheet {sheet}")
            if row.kind != SheetKind.FUSE or row.state != SheetState.APPROVED or by < 0:
                raise ValueError(f"sheet {sheet} does not open the fuse: it is {row.kind}, {row.state}")
            if row.opened_stops is not None:
                return
            allowed = case.row.stops_allowed
            writes = Writes()
            writes.add(_OPENED, {"case_id": case_id, "name": sheet, "opened_stops": by})
            current = {"stops_allowed": allowed + by, "sheet": sheet}
            case.chain.note(datetime.now(UTC), "fuse_raised", current, {"stops_allowed": allowed})
            case.chain.case_changes["stops_allowed"] = allowed + by
            case.chain.write(writes)
            await writes.flush(connection)

        await self._do(work)


def _write_sheet(writes: Writes, sheet: Sheet) -> None:
    writes.add(
        _SHEET,
        {
            **sheet.model_dump(include={"case_id", "name", "kind", "requester", "quorum", "made_at", "decide_by"}),
            "digest": sheet.digest,
            "state": SheetState.PENDING,
            "except_lines": [],
            "content": sheet.model_dump(mode="json", exclude={"lines"}),
        },
    )
    for line in sheet.lines:
        account = account_key(line.account.institution, line.account.number)
        writes.add(
            _LINE,
            {
                "case_id": sheet.case_id,
                "sheet": sheet.name,
                "no": line.no,
                "account": account,
                "amount_fen": line.amount_fen,
                "content": line,
            },
        )
        writes.add(_ACCOUNT, {"account": account, **line.account.model_dump()})


async def _ruling(
    connection: AsyncConnection, case: LockedCase, kept: _Kept | None, decision: Decision, writes: Writes
) -> Ruling:
    """Accept a decision. Raises Refusal."""
    if kept is None:
        raise Refusal(f"没有审批单 {decision.sheet}", f"there is no sheet {decision.sheet}")
    before = kept.verdicts.get(decision.officer)
    if before is not None:
        if before is not decision.verdict:
            raise Refusal(
                "您对此单已作出决定, 不能更改", "you have decided this sheet already; a decision is not changed"
            )
        return Ruling(
            accepted=True,
            sheet=decision.sheet,
            zh="您的决定早已记录",
            en="your decision was on record",
            **kept.standing(),
        )
    _still_pending(kept, decision)
    officer = await officer_of(connection, decision.officer)
    if officer.number == kept.row.requester:
        raise Refusal(
            "申请人不能审批自己的申请", "who asks does not decide: requester and deciders are different persons"
        )
    _fills_a_role(kept, officer)
    missing = sorted(set(decision.except_lines) - set(kept.row.line_numbers or []))
    if missing:
        listed = ", ".join(str(number) for number in missing)
        raise Refusal(f"单上没有第 {listed} 行", f"the sheet has no line {listed}")
    return _accept(case, kept, decision, officer, writes)


def _still_pending(kept: _Kept, decision: Decision) -> None:
    if kept.state is not SheetState.PENDING:
        raise Refusal(
            f"审批单 {decision.sheet} {_STATE_WORDS[kept.state]}", f"sheet {decision.sheet} is {kept.state} already"
        )


def _fills_a_role(kept: _Kept, officer: Officer) -> None:
    awaited = kept.awaited
    if len(still_awaited(kept.quorum, [*kept.approved, (officer.number, officer.roles)])) == len(awaited):
        zh, en = role_words(awaited)
        raise Refusal(f"您的职务不在待签之列, 尚待: {zh}", f"none of your roles is awaited here; awaited: {en}")


def _accept(case: LockedCase, kept: _Kept, decision: Decision, officer: Officer, writes: Writes) -> Ruling:
    before = kept.state
    excepted = set(kept.row.except_lines)
    if decision.verdict is Verdict.REJECT:
        kept.state = SheetState.REJECTED
    else:
        excepted |= set(decision.except_lines)
        kept.approved.append((officer.number, officer.roles))
        kept.state = SheetState.PENDING if kept.awaited else SheetState.APPROVED
    kept.verdicts[officer.number] = decision.verdict
    key = {"case_id": decision.case_id, "sheet": decision.sheet, "officer": officer.number}
    kept_decision = {**key, "verdict": decision.verdict, "roles": officer.roles, "digest": kept.row.digest}
    writes.add(_DECISION, {**kept_decision, "content": decision, "at": decision.at})
    decided = {
        "case_id": decision.case_id,
        "name": decision.sheet,
        "state": kept.state,
        "except_lines": sorted(excepted),
    }
    writes.add(_DECIDED, decided)
    current = {
        "sheet": decision.sheet,
        "digest": kept.row.digest,
        "officer": officer.number,
        "verdict": decision.verdict,
        "reason": decision.reason,
        "except_lines": sorted(excepted),
        "state": kept.state,
    }
    case.chain.note(decision.at, "decision_kept", current, {"state": before})
    ruling = kept.standing() | {"except_lines": tuple(sorted(excepted))}
    zh, en = role_words(ruling["awaited"])
    if ruling["awaited"]:
        return Ruling(
            accepted=True, sheet=decision.sheet, zh=f"已记录, 尚待: {zh}", en=f"on record; awaited: {en}", **ruling
        )
    return Ruling(accepted=True, sheet=decision.sheet, zh=_STATE_WORDS[kept.state], en=str(kept.state), **ruling)
