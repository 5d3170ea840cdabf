"""Drafts: the papers that a sheet's approval will issue, as the approver may read them beforehand.

They are kept like every document, and the sheet's digest holds their SHA-256: whoever approves the sheet approves
these very words. Number, date, officers and seal come when the paper is issued, and lines excepted are left out.
"""

from collections.abc import Callable

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from adapters.register.bulk import Writes, run, statement_text
from adapters.register.issuing import keep_document, term_words
from adapters.register.locking import LockedCase
from adapters.register.part import Rules
from adapters.register.tables import institutions
from domain.orders import OfficerCard
from domain.papers import Paper, PaperKind, PaperLine
from domain.sheets import Sheet, SheetKind

_NAMES = statement_text(
    select(institutions.c.id, institutions.c.name).where(
        institutions.c.id == func.any(bindparam("ids", type_=ARRAY(Text)))
    )
)
_NOBODY_YET = OfficerCard(number="", name="")


async def with_drafts(
    connection: AsyncConnection,
    case: LockedCase,
    sheet: Sheet,
    rules: Rules,
    render: Callable[[Paper], bytes],
    writes: Writes,
) -> Sheet:
    """A freeze sheet with its papers, one for each institution in order of their ids; other sheets as they are."""
    if sheet.kind is not SheetKind.FREEZE:
        return sheet
    ids = institutions_of(sheet)
    names = {row.id: row.name for row in await run(connection, _NAMES, ids=ids)}
    drafts = [_draft(case, sheet, rules, one, names.get(one, one)) for one in ids]
    return sheet.model_copy(update={"documents": tuple(keep_document(render(draft), writes) for draft in drafts)})


def institutions_of(sheet: Sheet) -> list[str]:
    """In the order of the sheet's documents."""
    return sorted({line.account.institution for line in sheet.lines})


def _draft(case: LockedCase, sheet: Sheet, rules: Rules, institution: str, name: str) -> Paper:
    lines = [line for line in sheet.lines if line.account.institution == institution]
    return Paper(
        kind=PaperKind.FREEZE,
        number="",
        case_number=case.row.case_number,
        category=case.row.category,
        institution_name=name,
        organ=rules.issuer,
        lines=tuple(
            PaperLine(number=line.account.number, name=line.account.name, amount_fen=line.amount_fen) for line in lines
        ),
        handling=_NOBODY_YET,
        second=_NOBODY_YET,
        issued_at=sheet.made_at,
        term=term_words(sheet.term_months),
        basis=sheet.basis or rules.basis.get(PaperKind.FREEZE, ""),
        level=sheet.quorum,
        interest=rules.interest,
        draft=True,
        accounts_most=rules.accounts_most if len(lines) > rules.accounts_most else 0,
    )
