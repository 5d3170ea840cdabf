"""Tables of accounts: statements, orders, and who holds what."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Computed, ForeignKey, Index, Table, Text
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY

from adapters.register.schema import count, fen, flag, json, metadata, moment, one_of, text
from domain.orders import AccountKind, Measure
from domain.statement import Way


def _from_content(name: str, path: str, comment: str, *, to: str = "", null: bool = False) -> Column[str]:
    """A column the database itself reads out of the order, so that the two can never differ."""
    reference = [ForeignKey(to)] if to else []
    expression = f"nullif(content {path}, '')" if null else f"content {path}"
    return Column(name, Text, Computed(expression, persisted=True), *reference, nullable=null, comment=comment)


accounts = Table(
    "accounts",
    metadata,
    text("account", "institution:number", key=True),
    text("institution", "where it is kept"),
    text("number", "its number there"),
    text("name", "its holder, as last named"),
    text("kind", "person or corporate, as last known"),
    Index("uq_accounts_institution_number", "institution", "number", unique=True),
    CheckConstraint("account = institution || ':' || number", name="key"),
    CheckConstraint(one_of("kind", list(AccountKind)), name="kind"),
    comment="accounts that cases came upon",
)

transactions = Table(
    "transactions",
    metadata,
    text("account", "whose row", to="accounts.account", key=True),
    Column(
        "serial", BigInteger, primary_key=True, autoincrement=False, comment="order of effect over all institutions"
    ),
    moment("at", "the bank's time"),
    flag("credit", "true: into the account"),
    fen("amount_fen", "how much"),
    fen("balance_fen", "balance after it"),
    flag("done", "false: a failed row that moved no money"),
    text("way", "transfer, cash, card, crypto or abroad"),
    text("opponent_institution", "the other account's bank; empty: none"),
    text("opponent_number", "the other account"),
    text("opponent_name", "its holder"),
    text("opponent_kind", "person or corporate"),
    text("channel", "counter, machine, online, mobile, telephone"),
    text("place", "where"),
    text("merchant", "at which merchant's"),
    text("ip", "from which IP address"),
    text("mac", "from which network card"),
    text("terminal", "at which terminal"),
    CheckConstraint("amount_fen >= 0", name="amount"),
    CheckConstraint(one_of("way", list(Way)), name="way"),
    comment="rows of statements, each once",
)

orders = Table(
    "orders",
    metadata,
    text(
        "application_id",
        "36 characters, derived from case, institution, target, kind and sequence: the idempotency key",
        key=True,
    ),
    text("case_id", "whose order", to="cases.case_id"),
    text("account", "at which account; null: a number or a link", to="accounts.account", null=True),
    count("sequence", "counts the messages of one kind to one target in the case"),
    text("sheet", "the sheet that entitles it; empty: the standing authority or a finding"),
    text("cause", "of a lift or unfreeze; else empty"),
    json("content", "the order, complete: the same content gives the same bytes; never changed"),
    _from_content("measure", "->> 'measure'", "what is asked (domain.orders.Measure)"),
    _from_content("institution", "->> 'institution'", "of whom"),
    _from_content("handling", "-> 'handling' ->> 'number'", "handling officer", to="officers.number"),
    _from_content("second", "-> 'second' ->> 'number'", "second officer: another person", to="officers.number"),
    _from_content("authority", "->> 'authority'", "what entitles it: the standing authority's id, or the sheet's name"),
    _from_content(
        "original", "->> 'original'", "the order that this one ends or prolongs", to="orders.application_id", null=True
    ),
    _from_content("paper", "->> 'paper'", "the legal document", to="documents.sha256", null=True),
    Column(
        "amount_fen",
        BigInteger,
        Computed("(content ->> 'amount_fen')::bigint", persisted=True),
        comment="how much is asked; null: the whole account, or no amount",
    ),
    text("message_sha256", "of the message's bytes; null: it never left", null=True),
    moment("written_at", "first clock: when it was written, just before it was sent"),
    moment("last_sent_at", "when the same bytes last left"),
    count("sends", "how often they left"),
    json("outcome", "what came of it; null: nothing yet", null=True),
    Column(
        "outcome_kind",
        Text,
        Computed("outcome ->> 'kind'", persisted=True),
        comment="executed, partial, refused, held_elsewhere or unknown",
    ),
    Column("code", Text, Computed("outcome ->> 'code'", persisted=True), comment="the institution's own result code"),
    moment("answered_at", "when the final answer was kept", null=True),
    moment("started_at", "second clock: when the institution says it began", null=True),
    moment("expires_at", "third clock: when the institution says it ends", null=True),
    CheckConstraint(
        "content ->> 'application_id' = application_id AND content ->> 'case_id' = case_id", name="content"
    ),
    CheckConstraint(one_of("measure", list(Measure)), name="measure"),
    CheckConstraint("handling <> second", name="two_persons"),
    CheckConstraint("amount_fen >= 0", name="amount"),
    CheckConstraint("sends >= 0 AND sequence >= 1", name="counts"),
    CheckConstraint("measure <> 'freeze' OR sheet <> ''", name="freeze_has_sheet"),
    CheckConstraint(
        one_of("outcome_kind", ["executed", "partial", "refused", "held_elsewhere", "unknown"]), name="outcome"
    ),
    CheckConstraint("(answered_at IS NOT NULL) = (coalesce(outcome_kind, 'unknown') <> 'unknown')", name="answered"),
    comment="orders: written before they are sent, with what came of them",
)
Index("ix_orders_case_id", orders.c.case_id)
Index("ix_orders_original", orders.c.original, postgresql_where=sql("original IS NOT NULL"))
Index("ix_orders_open", orders.c.account, postgresql_where=sql("answered_at IS NULL"))
Index("ix_orders_stops", orders.c.written_at, postgresql_where=sql("measure = 'stop'"))
Index(
    "ix_orders_refused",
    orders.c.case_id,
    orders.c.account,
    postgresql_where=sql("outcome_kind IN ('refused', 'held_elsewhere')"),
)
# One approval entitles one freeze of an account; after a refusal it entitles another try.
Index(
    "uq_orders_freeze_of_sheet",
    orders.c.case_id,
    orders.c.sheet,
    orders.c.account,
    unique=True,
    postgresql_where=sql("measure = 'freeze' AND coalesce(outcome_kind, '') NOT IN ('refused', 'held_elsewhere')"),
)

statements = Table(
    "statements",
    metadata,
    text("application_id", "which query it answers", to="orders.application_id", key=True),
    text("account", "of which account", to="accounts.account"),
    text(
        "stop_order",
        "the stop in force since before the query was written; null: none",
        to="orders.application_id",
        null=True,
    ),
    moment("since", "the period asked for; null: from the beginning", null=True),
    moment("until", "the period asked for; null: to the end", null=True),
    moment("taken_at", "when the answer was kept"),
    flag("complete", "true: every row of the period is here"),
    fen("opening_fen", "balance before its first done row"),
    fen("balance_fen", "balance after its last done row"),
    text("kind", "person or corporate, as the bank says"),
    json("holder", "name and identity document of the holder, as the bank says"),
    json("earlier_measures", "measures that stood on the account"),
    Column("serials", ARRAY(BigInteger), nullable=False, comment="its rows, in transactions"),
    comment="answers to queries",
)
Index("ix_statements_account", statements.c.account)

holds = Table(
    "holds",
    metadata,
    text("account", "one hold an account, shared by cases", to="accounts.account", key=True),
    text("stop_order", "the stop in force; null: none", to="orders.application_id", null=True),
    moment("stop_known_at", "when we learned that it is in force", null=True),
    moment("stop_expires", "when the bank ends it", null=True),
    text("pending_stop", "a stop written and not answered; null: none", to="orders.application_id", null=True),
    count("stops", "stops so far, extensions included: the bank takes two"),
    fen("frozen_fen", "sum of the freezes in force"),
    CheckConstraint("stops >= 0 AND frozen_fen >= 0", name="not_negative"),
    CheckConstraint("(stop_order IS NULL) = (stop_expires IS NULL)", name="stop"),
    CheckConstraint("(stop_order IS NULL) = (stop_known_at IS NULL)", name="stop_known"),
    comment="what covers an account now; the row is the lock of its measures and claims",
)

measures = Table(
    "measures",
    metadata,
    text("application_id", "the order that brought it into force", to="orders.application_id", key=True),
    text("case_id", "whose order that was", to="cases.case_id"),
    text("account", "on which account", to="accounts.account"),
    text("kind", "stop or freeze"),
    fen("amount_fen", "covered; null: the whole account", null=True),
    moment("started", "the bank's own start", null=True),
    moment("expires", "the bank's own end", null=True),
    moment("ended_at", "when it ended; null: in force", null=True),
    text("ended_by", "the order that ended it, or lapse; empty: in force"),
    CheckConstraint("kind IN ('stop', 'freeze')", name="kind"),
    CheckConstraint("amount_fen >= 0", name="amount"),
    CheckConstraint("kind = 'stop' OR amount_fen IS NOT NULL", name="freeze_has_amount"),
    CheckConstraint("(ended_at IS NULL) = (ended_by = '')", name="ended"),
    comment="stops and freezes that came into force",
)
Index("ix_measures_standing", measures.c.expires, postgresql_where=sql("ended_at IS NULL"))
Index("ix_measures_account", measures.c.account)

claims = Table(
    "claims",
    metadata,
    text("account", "on which hold", to="holds.account", key=True),
    text("case_id", "whose claim", to="cases.case_id", key=True),
    moment("since", "since when the case claims the account"),
    fen("attributed_fen", "the case's money in the account"),
    fen("claim_fen", "of it: held for this case"),
    fen("frozen_fen", "this case's freezes in force"),
    Column("in_books", Boolean, nullable=False, comment="true: the case has put its books, attributed_fen is its word"),
    flag("released", "true: the case has let go"),
    CheckConstraint("attributed_fen >= 0 AND claim_fen >= 0 AND frozen_fen >= 0", name="not_negative"),
    CheckConstraint("claim_fen <= attributed_fen", name="within_attributed"),
    CheckConstraint("NOT released OR claim_fen = 0", name="released_claims_nothing"),
    comment="what each case claims of a hold; the sum stays within the hold (trigger claims_within_hold)",
)
Index("ix_claims_case_id", claims.c.case_id)
