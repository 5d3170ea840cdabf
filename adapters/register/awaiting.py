"""The officers' inbox: pending sheets of all open cases, each with its effect, from how its accounts stand now."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from adapters.register.reading import SHEETS, Reading, approved_by, sheet_row
from adapters.register.rows import SheetRow
from adapters.register.tables import cases, claims, holds, sheet_lines, sheets
from domain.case import Status
from domain.effects import AccountNow, Effect, effect_of
from domain.frozen import Frozen
from domain.officers import Officer
from domain.sheets import SheetKind, SheetState, fills_a_role


class Question(Frozen):
    """One sheet as an inbox shows it."""

    row: SheetRow
    category: str
    filing_number: str
    """Empty: the case filing is missing."""
    effect: Effect

    @property
    def blocked(self) -> bool:
        """A freeze is not decided before the case filing is entered (rules R13)."""
        return self.row.sheet.kind is SheetKind.FREEZE and not self.filing_number


def _questions() -> Select[Any]:
    """Sheets with the standing of their accounts: what all cases together claim was stolen, and the stop in force."""
    disputed = (
        select(func.sum(claims.c.attributed_fen))
        .where(claims.c.account == sheet_lines.c.account, claims.c.released.is_(False))
        .correlate(sheet_lines)
        .scalar_subquery()
    )
    one = func.jsonb_build_object(
        "account",
        sheet_lines.c.account,
        "disputed_fen",
        func.coalesce(disputed, 0),
        "stopped",
        holds.c.stop_order.is_not(None),
        "stop_ends",
        holds.c.stop_expires,
    )
    standing = (
        select(func.jsonb_agg(one))
        .select_from(sheet_lines.outerjoin(holds, holds.c.account == sheet_lines.c.account))
        .where(sheet_lines.c.case_id == sheets.c.case_id, sheet_lines.c.sheet == sheets.c.name)
        .correlate(sheets)
        .scalar_subquery()
    )
    return SHEETS.add_columns(cases.c.category, cases.c.filing_number, standing.label("standing"))


_QUESTIONS = _questions()


class Awaiting(Reading):
    """The part of the register that shows officers what waits for them."""

    async def inbox(self, now: datetime, officer: Officer | None = None) -> list[Question]:
        """Pending sheets of open cases, the most urgent first.

        `officer`: only what this officer may decide: a role still awaited, not asked for and not decided by them.
        """
        wanted = _QUESTIONS.where(sheets.c.state == SheetState.PENDING, cases.c.status != Status.CLOSED.value).order_by(
            sheets.c.decide_by, cases.c.case_number, sheets.c.name
        )
        rows = await self._rows(wanted)
        return [_question(row, now) for row in rows if officer is None or _is_for(row, officer)]

    async def questions_of(self, case_id: str, now: datetime, names: Sequence[str] = ()) -> list[Question]:
        """The sheets of a case, pending or decided, in the order they were made; only the named ones where any are."""
        wanted = _QUESTIONS.where(sheets.c.case_id == case_id).order_by(sheets.c.made_at, sheets.c.name)
        if names:
            wanted = wanted.where(sheets.c.name.in_(list(names)))
        return [_question(row, now) for row in await self._rows(wanted)]


def _question(row: Any, now: datetime) -> Question:  # noqa: ANN401 - a database row
    kept = sheet_row(row)
    standing = {one["account"]: AccountNow.model_validate(one) for one in row.standing or []}
    return Question(
        row=kept,
        category=row.category,
        filing_number=row.filing_number,
        effect=effect_of(kept.sheet, standing, excepted=kept.except_lines, now=now),
    )


def _is_for(row: Any, officer: Officer) -> bool:  # noqa: ANN401 - a database row
    kept = sheet_row(row)
    ours = officer.number == kept.sheet.requester or officer.number in kept.decided_by
    return (
        not ours and officer.active and fills_a_role(kept.sheet.quorum, approved_by(row), officer.number, officer.roles)
    )
