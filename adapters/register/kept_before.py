"""What kept words have said of sheets before their cases were told: they count as said, so nobody is asked twice."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Row, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from adapters.register.awaiting import Question
from adapters.register.bulk import run, statement_text
from adapters.register.part import Part
from adapters.register.refusals import Refusal
from adapters.register.sheets import refuse_unawaited
from adapters.register.tables import decisions, kept_decisions, officers
from domain.identifiers import full_sheet_name
from domain.officers import Officer, Role
from domain.sheets import Ruling, Verdict

_WAITING = statement_text(
    select(kept_decisions.c.officer, kept_decisions.c.verdict, kept_decisions.c.sheets, officers.c.roles)
    .join(officers, officers.c.number == kept_decisions.c.officer)
    .where(
        kept_decisions.c.state == "waiting",
        kept_decisions.c.case_id == func.any(bindparam("cases", type_=ARRAY(Text))),
    )
    .order_by(kept_decisions.c.at)
)
_APPROVED = statement_text(
    select(decisions.c.case_id, decisions.c.sheet, decisions.c.officer, decisions.c.roles)
    .where(
        decisions.c.verdict == Verdict.APPROVE.value,
        decisions.c.case_id == func.any(bindparam("cases", type_=ARRAY(Text))),
    )
    .order_by(decisions.c.at, decisions.c.officer)
)

Approved = tuple[str, tuple[Role, ...]]
"""An officer, and the roles held."""


async def words_waiting(connection: AsyncConnection, cases: Collection[str]) -> Sequence[Row[Any]]:
    """The kept words that wait for these cases (by id), in the order given: officer, roles, verdict, sheets."""
    return (await run(connection, _WAITING, cases=sorted(cases))).all()


def approved_in_waiting(waiting: Iterable[Row[Any]], officer: str, name: str) -> list[Approved]:
    """Who has approved this sheet (by full name) in a word that waits.

    Raises Refusal: this officer has a word on it there, or somebody has rejected it.
    """
    approved: list[Approved] = []
    for row in waiting:
        if name not in row.sheets:
            continue
        if row.officer == officer:
            raise Refusal("kept_before", f"您对 {name} 的决定已保存，等待送达", f"your word on {name} is kept already")
        if row.verdict == Verdict.REJECT:
            raise Refusal("decided", f"{name} 已有驳回待送达", f"a rejection of {name} is kept already")
        approved.append((row.officer, tuple(Role(role) for role in row.roles)))
    return approved


class KeptBefore(Part):
    """The part of the register that says what kept words leave an officer to decide."""

    async def refused_for_kept(self, officer: Officer, asked: Sequence[Question]) -> dict[str, Ruling]:
        """The refusal of each sheet that kept words leave this officer nothing to say on, by its full name.

        `asked`: pending sheets that await the officer but for those words.
        """
        cases = {one.row.sheet.case_id for one in asked}

        async def work(connection: AsyncConnection) -> dict[str, Ruling]:
            waiting = await words_waiting(connection, cases)
            if not waiting:
                return {}
            approved: dict[tuple[str, str], list[Approved]] = defaultdict(list)
            for row in await run(connection, _APPROVED, cases=sorted(cases)):
                approved[row.case_id, row.sheet].append((row.officer, tuple(Role(role) for role in row.roles)))
            refused = {}
            for one in asked:
                sheet, name = one.row.sheet, full_sheet_name(one.row.case_number, one.row.sheet.name)
                try:
                    kept = approved_in_waiting(waiting, officer.number, name)
                    refuse_unawaited(sheet.quorum, [*approved[sheet.case_id, sheet.name], *kept], officer)
                except Refusal as refusal:
                    refused[name] = refusal.ruling(sheet.name)
            return refused

        return await self._do(work)
