"""Drafts: the papers that a sheet's approval will issue, as the approver may read them beforehand.

They are kept like every document, and the sheet's digest holds their SHA-256: whoever approves the sheet approves
these very words. The text they are printed with is the last of the sheet's documents, and what is issued is printed
with it, whatever the templates say by then. Number, date, officers and seal come on issue, without lines excepted.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from adapters.papers.words import with_names
from adapters.register.bulk import Writes, run, statement_text
from adapters.register.issuing import keep_document, term_words
from adapters.register.part import Printed, Rules
from adapters.register.tables import cases, institutions
from domain.orders import OfficerCard
from domain.papers import Paper, PaperKind, PaperLine
from domain.sheets import Sheet, SheetKind

_NAMES = statement_text(
    select(institutions.c.id, institutions.c.name).where(
        institutions.c.id == func.any(bindparam("ids", type_=ARRAY(Text)))
    )
)
_CASE = statement_text(
    select(cases.c.case_number, cases.c.category).where(cases.c.case_id == bindparam("case_id", type_=Text))
)
_NOBODY_YET = OfficerCard(number="", name="")


async def with_drafts(
    connection: AsyncConnection,
    sheet: Sheet,
    rules: Rules,
    render: Callable[[Paper], bytes],
    writes: Writes,
) -> Sheet:
    """A freeze sheet with its papers, one for each institution in order of their ids; other sheets as they are.

    For before the case is locked: two thousand lines take a twentieth of a second, in a thread. What it reads of the
    case never changes.
    """
    if sheet.kind is not SheetKind.FREEZE:
        return sheet
    case = (await run(connection, _CASE, case_id=sheet.case_id)).one_or_none()
    if case is None:
        return sheet  # whoever locks it says so
    ids = institutions_of(sheet)
    names = {row.id: row.name for row in await run(connection, _NAMES, ids=ids)}
    house = rules.words.get(PaperKind.FREEZE, "")
    text = with_names(house, names) if house else ""
    printed = rules.printed_with(PaperKind.FREEZE, text)
    drafts = [_draft(case, sheet, printed, one, names.get(one, one), rules.accounts_most) for one in ids]
    rendered = await asyncio.to_thread(lambda: [render(draft) for draft in drafts])
    kept = [keep_document(one, writes) for one in rendered]
    if text:
        kept.append(keep_document(text.encode(), writes))
    return sheet.model_copy(update={"documents": tuple(kept)})


def institutions_of(sheet: Sheet) -> list[str]:
    """In the order of the sheet's documents; the words, where it has them, are one document more."""
    return sorted({line.account.institution for line in sheet.lines})


def _draft(
    case: Any,  # noqa: ANN401 - a row of cases
    sheet: Sheet,
    printed: Printed,
    institution: str,
    name: str,
    accounts_most: int,
) -> Paper:
    lines = [line for line in sheet.lines if line.account.institution == institution]
    return Paper(
        kind=PaperKind.FREEZE,
        number="",
        case_number=case.case_number,
        category=case.category,
        institution_name=name,
        organ=printed.issuer,
        lines=tuple(
            PaperLine(number=line.account.number, name=line.account.name, amount_fen=line.amount_fen) for line in lines
        ),
        handling=_NOBODY_YET,
        second=_NOBODY_YET,
        issued_at=sheet.made_at,
        term=term_words(sheet.term_months),
        basis=sheet.basis or printed.basis,
        level=sheet.quorum,
        interest=printed.interest,
        draft=True,
        accounts_most=accounts_most if len(lines) > accounts_most else 0,
        words=printed.text,
    )
