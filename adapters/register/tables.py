"""All tables by name; importing this module fills the metadata."""

from adapters.register.schema import metadata
from adapters.register.tables_accounts import (
    accounts,
    claims,
    holds,
    measures,
    orders,
    statements,
    transactions,
)
from adapters.register.tables_cases import (
    BOOK_PARTS,
    case_accounts,
    case_numbers,
    cases,
    decisions,
    documents,
    events,
    findings,
    outbox,
    sheet_lines,
    sheets,
)
from adapters.register.tables_decodes import decode_log
from adapters.register.tables_people import (
    authorities,
    halts,
    institution_history,
    institutions,
    officer_history,
    officers,
)

__all__ = [
    "BOOK_PARTS",
    "accounts",
    "authorities",
    "case_accounts",
    "case_numbers",
    "cases",
    "claims",
    "decisions",
    "decode_log",
    "documents",
    "events",
    "findings",
    "halts",
    "holds",
    "institution_history",
    "institutions",
    "measures",
    "metadata",
    "officer_history",
    "officers",
    "orders",
    "outbox",
    "sheet_lines",
    "sheets",
    "statements",
    "transactions",
]
