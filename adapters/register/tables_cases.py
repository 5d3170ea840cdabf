"""Tables of cases: reports, books, sheets and decisions, findings, the chain of events, the outbox."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Sequence,
    Table,
    UniqueConstraint,
)
from sqlalchemy import (
    text as sql,
)
from sqlalchemy.dialects.postgresql import ARRAY

from adapters.register.schema import count, fen, json, metadata, moment, one_of, running_number, text, texts
from domain.books import Books
from domain.case import CaseOutcome, Status
from domain.findings import Finding
from domain.sheets import SheetKind, SheetState, Verdict

case_numbers = Sequence("case_numbers", metadata=metadata)

BOOK_PARTS = tuple(name for name in Books.model_fields if name != "loss_fen")
_PART_WORDS = {
    "held_fen": "covered by an effective stop or freeze",
    "stop_pending_fen": "in an account whose stop is sent and not answered",
    "in_motion_fen": "uncovered in any other account",
    "left_cash_fen": "left as cash",
    "left_card_fen": "left by card",
    "left_crypto_fen": "left into crypto",
    "left_abroad_fen": "left abroad",
    "left_merchant_fen": "uncovered at an honest merchant's",
    "released_fen": "let go by decision",
    "returned_fen": "given back",
}

cases = Table(
    "cases",
    metadata,
    text("case_id", "random id; nothing of the report is in it", key=True),
    text("case_number", "the number people say, e.g. A2026-000123"),
    text("identity", "the report's source and reference, or a digest of its content: the same report joins"),
    text("workflow_id", "the one workflow of this case"),
    text("category", "kind of fraud"),
    moment("received_at", "when the report was committed"),
    json("report", "the report as it was validated"),
    json("policy", "the policy the case started with; null: the caller kept it elsewhere", null=True),
    text("status", "where it stands (domain.case.Status)"),
    text("outcome", "how it ended; open until it has (domain.case.CaseOutcome)"),
    text("filing_number", "the case filing; empty: not filed yet"),
    text("filing_officer", "who entered the filing", to="officers.number", null=True),
    moment("filed_at", "when the filing was entered", null=True),
    json("filing_proof", "that the evidence for the filing was verified", null=True),
    fen("loss_fen", "what the victim lost"),
    *(fen(part, f"of the loss: {_PART_WORDS[part]}") for part in BOOK_PARTS),
    count("layers", "deepest layer of its accounts"),
    count("accounts", "how many accounts its books name"),
    count("stops_allowed", "the fuse: so many stops may leave before somebody is asked"),
    count("stops_sent", "so many stops were written"),
    count("papers", "legal documents issued"),
    Column("event_count", BigInteger, nullable=False, comment="events in its chain: a chain cut short is found"),
    text("event_head", "hash of the latest event; empty: none yet"),
    UniqueConstraint("case_number"),
    UniqueConstraint("identity"),
    UniqueConstraint("workflow_id"),
    CheckConstraint(one_of("status", list(Status)), name="status"),
    CheckConstraint(one_of("outcome", list(CaseOutcome)), name="outcome"),
    CheckConstraint("(status = 'closed') = (outcome <> 'open')", name="closed_has_outcome"),
    CheckConstraint(f"{' + '.join(BOOK_PARTS)} = loss_fen", name="books_add_up"),
    CheckConstraint(f"least(loss_fen, {', '.join(BOOK_PARTS)}) >= 0", name="books_not_negative"),
    CheckConstraint(
        "layers >= 0 AND accounts >= 0 AND stops_allowed >= 0 AND stops_sent >= 0 AND papers >= 0 AND event_count >= 0",
        name="counts_not_negative",
    ),
    # A stop is written only under the fuse: not even a faulty program gets past it.
    CheckConstraint("stops_sent <= stops_allowed", name="fuse"),
    comment="cases; the row is the lock of the case's chain of events",
)
Index("ix_cases_received_at", cases.c.received_at)

outbox = Table(
    "outbox",
    metadata,
    text("case_id", "the case whose workflow is to be started", to="cases.case_id", key=True),
    moment("filed_at", "written together with the case"),
    moment("started_at", "the workflow runs since; null: still to be started", null=True),
    comment="cases whose workflow must start: losing the engine loses no report",
)
Index("ix_outbox_open", outbox.c.filed_at, postgresql_where=sql("started_at IS NULL"))

Index("ix_cases_open", cases.c.case_id, postgresql_where=sql("status <> 'closed'"))

case_restarts = Table(
    "case_restarts",
    metadata,
    text("case_id", "the case whose workflow was gone from the engine", to="cases.case_id", key=True),
    count("count", "how often it was started again"),
    moment("at", "when, the last time"),
    CheckConstraint("count >= 1", name="count"),
    comment="only the latest start of a case speaks for it",
)

case_accounts = Table(
    "case_accounts",
    metadata,
    text("case_id", "the case", to="cases.case_id", key=True),
    text("account", "one account its money reached", to="accounts.account", key=True),
    count("layer", "steps from the victim"),
    fen("attributed_fen", "this case's money in it now"),
    fen("held_fen", "of it: covered"),
    fen("stop_pending_fen", "of it: stop sent, unanswered"),
    fen("in_motion_fen", "of it: uncovered"),
    fen("merchant_fen", "of it: uncovered at an honest merchant's"),
    fen("released_fen", "of it: let go"),
    fen("frozen_fen", "of the held: covered by this case's freezes"),
    text("finding", "what on-site verification found; empty: nothing yet"),
    text("cut", "which bound of tracing stopped here; empty: none"),
    moment("at", "when this entry was last kept"),
    CheckConstraint(
        "held_fen + stop_pending_fen + in_motion_fen + merchant_fen + released_fen = attributed_fen", name="adds_up"
    ),
    CheckConstraint(
        "least(layer, attributed_fen, held_fen, stop_pending_fen, in_motion_fen, merchant_fen, released_fen,"
        " frozen_fen) >= 0",
        name="not_negative",
    ),
    comment="the books of a case, account by account",
)
Index("ix_case_accounts_account", case_accounts.c.account)

events = Table(
    "events",
    metadata,
    text("case_id", "whose chain", to="cases.case_id", key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False, comment="1, 2, 3 … without a gap"),
    moment("at", "when it happened"),
    text("kind", "what happened"),
    json("previous", "the value before; null: there was none", null=True),
    json("current", "the value after"),
    text("prev_hash", "hash of the event before; empty for the first"),
    text("hash", "SHA-256 over all the above"),
    CheckConstraint("seq >= 1", name="seq"),
    comment="append-only and hash-chained, one chain a case",
)

sheets = Table(
    "sheets",
    metadata,
    text("case_id", "the case", to="cases.case_id", key=True),
    text("name", "how officers name it, e.g. F-03", key=True),
    text("kind", "what it asks for"),
    text("digest", "SHA-256 over everything the answer entitles"),
    text("state", "pending, approved, rejected, or settled by other decisions; silence is none of them"),
    text("requester", "who asks; never one of those who decide"),
    texts("quorum", "the roles that decide"),
    Column("except_lines", ARRAY(Integer), nullable=False, comment="lines taken out by those who approved"),
    moment("made_at", "when it was fixed"),
    moment("decide_by", "then it climbs; it is never decided by silence"),
    json("content", "the whole sheet without its lines"),
    count("opened_stops", "of a fuse sheet: stops its yes has opened; null: not used yet", null=True),
    CheckConstraint(one_of("kind", list(SheetKind)), name="kind"),
    CheckConstraint(one_of("state", list(SheetState)), name="state"),
    CheckConstraint(
        "opened_stops IS NULL OR (kind = 'fuse' AND state = 'approved' AND opened_stops >= 0)", name="opened"
    ),
    comment="questions to officers, fixed when made",
)
Index("ix_sheets_pending", sheets.c.decide_by, postgresql_where=sql("state = 'pending'"))

sheet_lines = Table(
    "sheet_lines",
    metadata,
    text("case_id", "the case", key=True),
    text("sheet", "the sheet", key=True),
    count("no", "the line's number on it", key=True),
    text("account", "which account", to="accounts.account"),
    fen("amount_fen", "how much of it"),
    json("content", "the line as shown to officers"),
    ForeignKeyConstraint(["case_id", "sheet"], ["sheets.case_id", "sheets.name"]),
    CheckConstraint("amount_fen >= 0", name="amount"),
    comment="one account on a sheet",
)
Index("ix_sheet_lines_account", sheet_lines.c.case_id, sheet_lines.c.sheet, sheet_lines.c.account)

decisions = Table(
    "decisions",
    metadata,
    text("case_id", "the case", key=True),
    text("sheet", "the sheet", key=True),
    text("officer", "who decided: once for each sheet", to="officers.number", key=True),
    text("verdict", "approve or reject"),
    texts("roles", "the officer's roles at that moment"),
    text("digest", "of the sheet as it was decided"),
    json("content", "the decision as it was given, without its code"),
    json("proof", "that its evidence was verified; null: decided before evidence was asked for", null=True),
    moment("at", "when"),
    ForeignKeyConstraint(["case_id", "sheet"], ["sheets.case_id", "sheets.name"]),
    CheckConstraint(one_of("verdict", list(Verdict)), name="verdict"),
    comment="accepted decisions; refused ones stand in the case's events",
)

findings = Table(
    "findings",
    metadata,
    running_number("running number: the latest counts"),
    text("case_id", "the case", to="cases.case_id"),
    text("account", "which holder was visited", to="accounts.account"),
    text("officer", "the field officer", to="officers.number"),
    text("finding", "what was found"),
    text("remark", "in the officer's words"),
    json("proof", "that its evidence was verified; null: found before evidence was asked for", null=True),
    moment("at", "when it was found"),
    UniqueConstraint("case_id", "account", "officer", "at"),
    CheckConstraint(one_of("finding", list(Finding)), name="finding"),
    comment="on-site verification",
)

documents = Table(
    "documents",
    metadata,
    text("sha256", "of its bytes", key=True),
    Column("bytes", LargeBinary, nullable=False, comment="the document"),
    comment="legal documents as they were attached",
)
