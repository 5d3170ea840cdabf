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
    case_restarts,
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
from adapters.register.tables_kept import kept_decisions
from adapters.register.tables_notices import deliveries, notices
from adapters.register.tables_papers import paper_faults, paper_series, paper_words, papers
from adapters.register.tables_people import (
    attempts,
    authorities,
    enrolments,
    halts,
    institution_history,
    institutions,
    officer_history,
    officers,
    used_codes,
)

__all__ = [
    "BOOK_PARTS",
    "accounts",
    "attempts",
    "authorities",
    "case_accounts",
    "case_numbers",
    "case_restarts",
    "cases",
    "claims",
    "decisions",
    "decode_log",
    "deliveries",
    "documents",
    "enrolments",
    "events",
    "findings",
    "halts",
    "holds",
    "institution_history",
    "institutions",
    "kept_decisions",
    "measures",
    "metadata",
    "notices",
    "officer_history",
    "officers",
    "orders",
    "outbox",
    "paper_faults",
    "paper_series",
    "paper_words",
    "papers",
    "sheet_lines",
    "sheets",
    "statements",
    "transactions",
    "used_codes",
]
