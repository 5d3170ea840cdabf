"""The register: tables, and what the database itself refuses."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


_KEPT_AS_WRITTEN = (
    "events",
    "officer_history",
    "institution_history",
    "decisions",
    "findings",
    "documents",
    "statements",
    "transactions",
)
_FUNCTIONS = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is kept as it was written', TG_TABLE_NAME;
END $$;

CREATE FUNCTION claims_within_hold() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  hold holds%ROWTYPE;
  claimed bigint;
  frozen bigint;
BEGIN
  -- whoever changed a claim without the hold's lock takes it here
  SELECT * INTO hold FROM holds WHERE account = NEW.account FOR NO KEY UPDATE;
  SELECT coalesce(sum(claim_fen), 0), coalesce(sum(frozen_fen), 0) INTO claimed, frozen
    FROM claims WHERE account = NEW.account;
  IF frozen > hold.frozen_fen OR (hold.stop_order IS NULL AND claimed > hold.frozen_fen) THEN
    RAISE EXCEPTION 'claims exceed the hold' USING ERRCODE = 'check_violation', CONSTRAINT = 'claims_within_hold';
  END IF;
  RETURN NULL;
END $$;
"""
_ON_CLAIMS = """
CREATE CONSTRAINT TRIGGER claims_within_hold AFTER INSERT OR UPDATE ON claims DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (NEW.claim_fen > 0 OR NEW.frozen_fen > 0) EXECUTE FUNCTION claims_within_hold();
CREATE CONSTRAINT TRIGGER claims_within_hold AFTER UPDATE ON holds DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (NEW.frozen_fen < OLD.frozen_fen OR (OLD.stop_order IS NOT NULL AND NEW.stop_order IS NULL))
  EXECUTE FUNCTION claims_within_hold();
"""
_ON_ORDERS = """
CREATE TRIGGER kept_as_written BEFORE UPDATE ON orders FOR EACH ROW WHEN (
    OLD.content IS DISTINCT FROM NEW.content
    OR OLD.application_id <> NEW.application_id
    OR (OLD.answered_at IS NOT NULL AND OLD.outcome IS DISTINCT FROM NEW.outcome)
    OR (OLD.message_sha256 IS NOT NULL AND OLD.message_sha256 IS DISTINCT FROM NEW.message_sha256)
  ) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER never_deleted BEFORE DELETE ON orders FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER never_deleted BEFORE DELETE ON cases FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""


def _guards() -> None:
    op.execute("CREATE SEQUENCE case_numbers")
    op.execute(_FUNCTIONS)
    op.execute(_ON_CLAIMS)
    op.execute(_ON_ORDERS)
    for table in _KEPT_AS_WRITTEN:
        op.execute(
            f"CREATE TRIGGER kept_as_written BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change();"
            f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();"
        )


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("account", sa.Text(), nullable=False, comment="institution:number"),
        sa.Column("institution", sa.Text(), nullable=False, comment="where it is kept"),
        sa.Column("number", sa.Text(), nullable=False, comment="its number there"),
        sa.Column("name", sa.Text(), nullable=False, comment="its holder, as last named"),
        sa.Column("kind", sa.Text(), nullable=False, comment="person or corporate, as last known"),
        sa.CheckConstraint("account = institution || ':' || number", name=op.f("ck_accounts_key")),
        sa.CheckConstraint("kind IN ('person', 'corporate')", name=op.f("ck_accounts_kind")),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_accounts")),
        comment="accounts that cases came upon",
    )
    op.create_index("uq_accounts_institution_number", "accounts", ["institution", "number"], unique=True)
    op.create_table(
        "documents",
        sa.Column("sha256", sa.Text(), nullable=False, comment="of its bytes"),
        sa.Column("bytes", sa.LargeBinary(), nullable=False, comment="the document"),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_documents")),
        comment="legal documents as they were attached",
    )
    op.create_table(
        "institutions",
        sa.Column(
            "id", sa.Text(), nullable=False, comment="12-digit payment-system code, Z + 11 digits, or a carrier's code"
        ),
        sa.Column("code", sa.Text(), nullable=False, comment="short name, e.g. ICBC"),
        sa.Column("name", sa.Text(), nullable=False, comment="full name"),
        sa.Column("kind", sa.Text(), nullable=False, comment="bank, payment or carrier"),
        sa.Column("channel", sa.Text(), nullable=False, comment="how it is reached: platform, gateway or liaison"),
        sa.Column(
            "practice", sa.Boolean(), nullable=False, comment="true: a practice institution, never mixed with real ones"
        ),
        sa.CheckConstraint("channel IN ('platform', 'gateway', 'liaison')", name=op.f("ck_institutions_channel")),
        sa.CheckConstraint("kind IN ('bank', 'payment', 'carrier')", name=op.f("ck_institutions_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_institutions")),
        comment="institutions the centre can address",
    )
    op.create_table(
        "officers",
        sa.Column("number", sa.Text(), nullable=False, comment="police number"),
        sa.Column("name", sa.Text(), nullable=False, comment="as printed on orders"),
        sa.Column("unit", sa.Text(), nullable=False, comment="where the officer serves"),
        sa.Column(
            "roles",
            postgresql.ARRAY(sa.Text()),
            nullable=False,
            comment="what the officer may do (domain.officers.Role)",
        ),
        sa.Column("phone", sa.Text(), nullable=False, comment="as printed on orders; may be empty"),
        sa.Column("active", sa.Boolean(), nullable=False, comment="false: on record, but decides nothing any more"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_officers")),
        comment="officers of the register",
    )
    op.create_table(
        "authorities",
        sa.Column("authority_id", sa.Text(), nullable=False, comment="printed on each order that leaves under it"),
        sa.Column(
            "given",
            sa.BigInteger(),
            sa.Identity(always=True),
            nullable=False,
            comment="order of giving: the latest counts",
        ),
        sa.Column("handling", sa.Text(), nullable=False, comment="the duty officer who signs as handling officer"),
        sa.Column(
            "second", sa.Text(), nullable=False, comment="the duty officer who signs as second officer: another person"
        ),
        sa.Column("starts", postgresql.TIMESTAMP(timezone=True), nullable=False, comment="in force from"),
        sa.Column(
            "ends", postgresql.TIMESTAMP(timezone=True), nullable=False, comment="in force until, unless revoked"
        ),
        sa.Column("revoked_at", postgresql.TIMESTAMP(timezone=True), nullable=True, comment="when a halt revoked it"),
        sa.Column("revoked_by", sa.Text(), nullable=True, comment="the officer who halted"),
        sa.CheckConstraint("(revoked_at IS NULL) = (revoked_by IS NULL)", name=op.f("ck_authorities_revoked")),
        sa.CheckConstraint("handling <> second", name=op.f("ck_authorities_two_persons")),
        sa.CheckConstraint("starts < ends", name=op.f("ck_authorities_term")),
        sa.ForeignKeyConstraint(["handling"], ["officers.number"], name=op.f("fk_authorities_handling")),
        sa.ForeignKeyConstraint(["revoked_by"], ["officers.number"], name=op.f("fk_authorities_revoked_by")),
        sa.ForeignKeyConstraint(["second"], ["officers.number"], name=op.f("fk_authorities_second")),
        sa.PrimaryKeyConstraint("authority_id", name=op.f("pk_authorities")),
        sa.UniqueConstraint("given", name=op.f("uq_authorities_given")),
        comment="the standing authority of the duty officers for emergency stops",
    )
    op.create_table(
        "cases",
        sa.Column("case_id", sa.Text(), nullable=False, comment="random id; nothing of the report is in it"),
        sa.Column("case_number", sa.Text(), nullable=False, comment="the number people say, e.g. A2026-000123"),
        sa.Column(
            "identity",
            sa.Text(),
            nullable=False,
            comment="the report's source and reference, or a digest of its content: the same report joins",
        ),
        sa.Column("workflow_id", sa.Text(), nullable=False, comment="the one workflow of this case"),
        sa.Column("category", sa.Text(), nullable=False, comment="kind of fraud"),
        sa.Column(
            "received_at", postgresql.TIMESTAMP(timezone=True), nullable=False, comment="when the report was committed"
        ),
        sa.Column(
            "report",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            nullable=False,
            comment="the report as it was validated",
        ),
        sa.Column(
            "policy",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            nullable=True,
            comment="the policy the case started with; null: the caller kept it elsewhere",
        ),
        sa.Column("status", sa.Text(), nullable=False, comment="where it stands (domain.case.Status)"),
        sa.Column(
            "outcome", sa.Text(), nullable=False, comment="how it ended; open until it has (domain.case.CaseOutcome)"
        ),
        sa.Column("filing_number", sa.Text(), nullable=False, comment="the case filing; empty: not filed yet"),
        sa.Column("filing_officer", sa.Text(), nullable=True, comment="who entered the filing"),
        sa.Column(
            "filed_at", postgresql.TIMESTAMP(timezone=True), nullable=True, comment="when the filing was entered"
        ),
        sa.Column("loss_fen", sa.BigInteger(), nullable=False, comment="what the victim lost"),
        sa.Column(
            "held_fen", sa.BigInteger(), nullable=False, comment="of the loss: covered by an effective stop or freeze"
        ),
        sa.Column(
            "stop_pending_fen",
            sa.BigInteger(),
            nullable=False,
            comment="of the loss: in an account whose stop is sent and not answered",
        ),
        sa.Column(
            "in_motion_fen", sa.BigInteger(), nullable=False, comment="of the loss: uncovered in any other account"
        ),
        sa.Column("left_cash_fen", sa.BigInteger(), nullable=False, comment="of the loss: left as cash"),
        sa.Column("left_card_fen", sa.BigInteger(), nullable=False, comment="of the loss: left by card"),
        sa.Column("left_crypto_fen", sa.BigInteger(), nullable=False, comment="of the loss: left into crypto"),
        sa.Column("left_abroad_fen", sa.BigInteger(), nullable=False, comment="of the loss: left abroad"),
        sa.Column(
            "left_merchant_fen",
            sa.BigInteger(),
            nullable=False,
            comment="of the loss: uncovered at an honest merchant's",
        ),
        sa.Column("released_fen", sa.BigInteger(), nullable=False, comment="of the loss: let go by decision"),
        sa.Column("returned_fen", sa.BigInteger(), nullable=False, comment="of the loss: given back"),
        sa.Column("layers", sa.Integer(), autoincrement=False, nullable=False, comment="deepest layer of its accounts"),
        sa.Column(
            "accounts", sa.Integer(), autoincrement=False, nullable=False, comment="how many accounts its books name"
        ),
        sa.Column(
            "stops_allowed",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="the fuse: so many stops may leave before somebody is asked",
        ),
        sa.Column(
            "stops_sent", sa.Integer(), autoincrement=False, nullable=False, comment="so many stops were written"
        ),
        sa.Column(
            "papers",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="legal documents issued; numbers the next one",
        ),
        sa.Column(
            "event_count", sa.BigInteger(), nullable=False, comment="events in its chain: a chain cut short is found"
        ),
        sa.Column("event_head", sa.Text(), nullable=False, comment="hash of the latest event; empty: none yet"),
        sa.CheckConstraint("(status = 'closed') = (outcome <> 'open')", name=op.f("ck_cases_closed_has_outcome")),
        sa.CheckConstraint(
            "outcome IN ('open', 'held', 'partly_held', 'lost', 'released', 'no_loss', 'cancelled')",
            name=op.f("ck_cases_outcome"),
        ),
        sa.CheckConstraint(
            "status IN ('received', 'tracing', 'deciding', 'holding', 'closed')", name=op.f("ck_cases_status")
        ),
        sa.CheckConstraint(
            "held_fen + stop_pending_fen + in_motion_fen + left_cash_fen + left_card_fen + left_crypto_fen + left_abroad_fen + left_merchant_fen + released_fen + returned_fen = loss_fen",  # noqa: E501 - one condition, as the database keeps it
            name=op.f("ck_cases_books_add_up"),
        ),
        sa.CheckConstraint(
            "layers >= 0 AND accounts >= 0 AND stops_allowed >= 0 AND stops_sent >= 0 AND papers >= 0 AND event_count >= 0",  # noqa: E501 - one condition, as the database keeps it
            name=op.f("ck_cases_counts_not_negative"),
        ),
        sa.CheckConstraint(
            "least(loss_fen, held_fen, stop_pending_fen, in_motion_fen, left_cash_fen, left_card_fen, left_crypto_fen, left_abroad_fen, left_merchant_fen, released_fen, returned_fen) >= 0",  # noqa: E501 - one condition, as the database keeps it
            name=op.f("ck_cases_books_not_negative"),
        ),
        sa.CheckConstraint("stops_sent <= stops_allowed", name=op.f("ck_cases_fuse")),
        sa.ForeignKeyConstraint(["filing_officer"], ["officers.number"], name=op.f("fk_cases_filing_officer")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_cases")),
        sa.UniqueConstraint("case_number", name=op.f("uq_cases_case_number")),
        sa.UniqueConstraint("identity", name=op.f("uq_cases_identity")),
        sa.UniqueConstraint("workflow_id", name=op.f("uq_cases_workflow_id")),
        comment="cases; the row is the lock of the case's chain of events",
    )
    op.create_index("ix_cases_received_at", "cases", ["received_at"], unique=False)
    op.create_table(
        "institution_history",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False, comment="running number"),
        sa.Column("institution", sa.Text(), nullable=False, comment="whose entry changed"),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False, comment="when it changed"),
        sa.Column(
            "previous",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            nullable=True,
            comment="the entry before; null: added",
        ),
        sa.Column(
            "current",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            nullable=False,
            comment="the entry after",
        ),
        sa.ForeignKeyConstraint(["institution"], ["institutions.id"], name=op.f("fk_institution_history_institution")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_institution_history")),
        comment="append-only: every change of an institution's entry",
    )
    op.create_table(
        "officer_history",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False, comment="running number"),
        sa.Column("number", sa.Text(), nullable=False, comment="whose entry changed"),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False, comment="when it changed"),
        sa.Column(
            "previous",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            nullable=True,
            comment="the entry before; null: added",
        ),
        sa.Column(
            "current",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            nullable=False,
            comment="the entry after",
        ),
        sa.ForeignKeyConstraint(["number"], ["officers.number"], name=op.f("fk_officer_history_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officer_history")),
        comment="append-only: every change of an officer's entry",
    )
    op.create_table(
        "transactions",
        sa.Column("account", sa.Text(), nullable=False, comment="whose row"),
        sa.Column(
            "serial",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="order of effect over all institutions",
        ),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False, comment="the bank's time"),
        sa.Column("credit", sa.Boolean(), nullable=False, comment="true: into the account"),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False, comment="how much"),
        sa.Column("balance_fen", sa.BigInteger(), nullable=False, comment="balance after it"),
        sa.Column("done", sa.Boolean(), nullable=False, comment="false: a failed row that moved no money"),
        sa.Column("way", sa.Text(), nullable=False, comment="transfer, cash, card, crypto or abroad"),
        sa.Column("opponent_institution", sa.Text(), nullable=False, comment="the other account's bank; empty: none"),
        sa.Column("opponent_number", sa.Text(), nullable=False, comment="the other account"),
        sa.Column("opponent_name", sa.Text(), nullable=False, comment="its holder"),
        sa.Column("opponent_kind", sa.Text(), nullable=False, comment="person or corporate"),
        sa.Column("channel", sa.Text(), nullable=False, comment="counter, machine, online, mobile, telephone"),
        sa.Column("place", sa.Text(), nullable=False, comment="where"),
        sa.Column("merchant", sa.Text(), nullable=False, comment="at which merchant's"),
        sa.Column("ip", sa.Text(), nullable=False, comment="from which IP address"),
        sa.Column("mac", sa.Text(), nullable=False, comment="from which network card"),
        sa.Column("terminal", sa.Text(), nullable=False, comment="at which terminal"),
        sa.CheckConstraint("way IN ('transfer', 'cash', 'card', 'crypto', 'abroad')", name=op.f("ck_transactions_way")),
        sa.CheckConstraint("amount_fen >= 0", name=op.f("ck_transactions_amount")),
        sa.ForeignKeyConstraint(["account"], ["accounts.account"], name=op.f("fk_transactions_account")),
        sa.PrimaryKeyConstraint("account", "serial", name=op.f("pk_transactions")),
        comment="rows of statements, each once",
    )
    op.create_table(
        "case_accounts",
        sa.Column("case_id", sa.Text(), nullable=False, comment="the case"),
        sa.Column("account", sa.Text(), nullable=False, comment="one account its money reached"),
        sa.Column("layer", sa.Integer(), autoincrement=False, nullable=False, comment="steps from the victim"),
        sa.Column("attributed_fen", sa.BigInteger(), nullable=False, comment="this case's money in it now"),
        sa.Column("held_fen", sa.BigInteger(), nullable=False, comment="of it: covered"),
        sa.Column("stop_pending_fen", sa.BigInteger(), nullable=False, comment="of it: stop sent, unanswered"),
        sa.Column("in_motion_fen", sa.BigInteger(), nullable=False, comment="of it: uncovered"),
        sa.Column("merchant_fen", sa.BigInteger(), nullable=False, comment="of it: uncovered at an honest merchant's"),
        sa.Column("released_fen", sa.BigInteger(), nullable=False, comment="of it: let go"),
        sa.Column("frozen_fen", sa.BigInteger(), nullable=False, comment="of the held: covered by this case's freezes"),
        sa.Column("finding", sa.Text(), nullable=False, comment="what on-site verification found; empty: nothing yet"),
        sa.Column("cut", sa.Text(), nullable=False, comment="which bound of tracing stopped here; empty: none"),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False, comment="when this entry was last kept"),
        sa.CheckConstraint(
            "held_fen + stop_pending_fen + in_motion_fen + merchant_fen + released_fen = attributed_fen",
            name=op.f("ck_case_accounts_adds_up"),
        ),
        sa.CheckConstraint(
            "least(layer, attributed_fen, held_fen, stop_pending_fen, in_motion_fen, merchant_fen, released_fen, frozen_fen) >= 0",  # noqa: E501 - one condition, as the database keeps it
            name=op.f("ck_case_accounts_not_negative"),
        ),
        sa.ForeignKeyConstraint(["account"], ["accounts.account"], name=op.f("fk_case_accounts_account")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name=op.f("fk_case_accounts_case_id")),
        sa.PrimaryKeyConstraint("case_id", "account", name=op.f("pk_case_accounts")),
        comment="the books of a case, account by account",
    )
    op.create_index("ix_case_accounts_account", "case_accounts", ["account"], unique=False)
    op.create_table(
        "events",
        sa.Column("case_id", sa.Text(), nullable=False, comment="whose chain"),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False, comment="1, 2, 3 … without a gap"),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False, comment="when it happened"),
        sa.Column("kind", sa.Text(), nullable=False, comment="what happened"),
        sa.Column(
            "previous",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            nullable=True,
            comment="the value before; null: there was none",
        ),
        sa.Column(
            "current",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            nullable=False,
            comment="the value after",
        ),
        sa.Column("prev_hash", sa.Text(), nullable=False, comment="hash of the event before; empty for the first"),
        sa.Column("hash", sa.Text(), nullable=False, comment="SHA-256 over all the above"),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_events_seq")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name=op.f("fk_events_case_id")),
        sa.PrimaryKeyConstraint("case_id", "seq", name=op.f("pk_events")),
        comment="append-only and hash-chained, one chain a case",
    )
    op.create_table(
        "findings",
        sa.Column(
            "id", sa.BigInteger(), sa.Identity(always=True), nullable=False, comment="running number: the latest counts"
        ),
        sa.Column("case_id", sa.Text(), nullable=False, comment="the case"),
        sa.Column("account", sa.Text(), nullable=False, comment="which holder was visited"),
        sa.Column("officer", sa.Text(), nullable=False, comment="the field officer"),
        sa.Column("finding", sa.Text(), nullable=False, comment="what was found"),
        sa.Column("remark", sa.Text(), nullable=False, comment="in the officer's words"),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False, comment="when it was found"),
        sa.CheckConstraint("finding IN ('mule', 'victim', 'merchant', 'not_found')", name=op.f("ck_findings_finding")),
        sa.ForeignKeyConstraint(["account"], ["accounts.account"], name=op.f("fk_findings_account")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name=op.f("fk_findings_case_id")),
        sa.ForeignKeyConstraint(["officer"], ["officers.number"], name=op.f("fk_findings_officer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_findings")),
        sa.UniqueConstraint("case_id", "account", "officer", "at", name=op.f("uq_findings_case_id_account_officer_at")),
        comment="on-site verification",
    )
    op.create_table(
        "halts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False, comment="running number"),
        sa.Column("officer", sa.Text(), nullable=False, comment="who halted"),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False, comment="from when nothing leaves"),
        sa.Column(
            "lifted_by", sa.Text(), nullable=True, comment="the authority given afterwards; null: the halt stands"
        ),
        sa.ForeignKeyConstraint(["lifted_by"], ["authorities.authority_id"], name=op.f("fk_halts_lifted_by")),
        sa.ForeignKeyConstraint(["officer"], ["officers.number"], name=op.f("fk_halts_officer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_halts")),
        comment="halts: while one stands, nothing leaves but what lets go",
    )
    op.create_index("ix_halts_standing", "halts", ["id"], unique=False, postgresql_where=sa.text("lifted_by IS NULL"))
    op.create_table(
        "orders",
        sa.Column(
            "application_id",
            sa.Text(),
            nullable=False,
            comment="36 characters, derived from case, institution, target, kind and sequence: the idempotency key",
        ),
        sa.Column("case_id", sa.Text(), nullable=False, comment="whose order"),
        sa.Column("account", sa.Text(), nullable=True, comment="at which account; null: a number or a link"),
        sa.Column(
            "sequence",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="counts the messages of one kind to one target in the case",
        ),
        sa.Column(
            "sheet", sa.Text(), nullable=False, comment="the sheet that entitles it; empty: the standing authority"
        ),
        sa.Column("cause", sa.Text(), nullable=False, comment="of a lift or unfreeze; else empty"),
        sa.Column(
            "content",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            nullable=False,
            comment="the order, complete: the same content gives the same bytes; never changed",
        ),
        sa.Column(
            "measure",
            sa.Text(),
            sa.Computed("content ->> 'measure'", persisted=True),
            nullable=False,
            comment="what is asked (domain.orders.Measure)",
        ),
        sa.Column(
            "institution",
            sa.Text(),
            sa.Computed("content ->> 'institution'", persisted=True),
            nullable=False,
            comment="of whom",
        ),
        sa.Column(
            "handling",
            sa.Text(),
            sa.Computed("content -> 'handling' ->> 'number'", persisted=True),
            nullable=False,
            comment="handling officer",
        ),
        sa.Column(
            "second",
            sa.Text(),
            sa.Computed("content -> 'second' ->> 'number'", persisted=True),
            nullable=False,
            comment="second officer: another person",
        ),
        sa.Column(
            "authority",
            sa.Text(),
            sa.Computed("content ->> 'authority'", persisted=True),
            nullable=False,
            comment="what entitles it: the standing authority's id, or the sheet's name",
        ),
        sa.Column(
            "original",
            sa.Text(),
            sa.Computed("nullif(content ->> 'original', '')", persisted=True),
            nullable=True,
            comment="the order that this one ends or prolongs",
        ),
        sa.Column(
            "paper",
            sa.Text(),
            sa.Computed("nullif(content ->> 'paper', '')", persisted=True),
            nullable=True,
            comment="the legal document",
        ),
        sa.Column(
            "amount_fen",
            sa.BigInteger(),
            sa.Computed("(content ->> 'amount_fen')::bigint", persisted=True),
            nullable=True,
            comment="how much is asked; null: the whole account, or no amount",
        ),
        sa.Column("message_sha256", sa.Text(), nullable=True, comment="of the message's bytes; null: it never left"),
        sa.Column(
            "written_at",
            postgresql.TIMESTAMP(timezone=True),
            nullable=False,
            comment="first clock: when it was written, just before it was sent",
        ),
        sa.Column(
            "last_sent_at", postgresql.TIMESTAMP(timezone=True), nullable=False, comment="when the same bytes last left"
        ),
        sa.Column("sends", sa.Integer(), autoincrement=False, nullable=False, comment="how often they left"),
        sa.Column(
            "outcome",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            nullable=True,
            comment="what came of it; null: nothing yet",
        ),
        sa.Column(
            "outcome_kind",
            sa.Text(),
            sa.Computed("outcome ->> 'kind'", persisted=True),
            nullable=True,
            comment="executed, partial, refused, held_elsewhere or unknown",
        ),
        sa.Column(
            "code",
            sa.Text(),
            sa.Computed("outcome ->> 'code'", persisted=True),
            nullable=True,
            comment="the institution's own result code",
        ),
        sa.Column(
            "answered_at", postgresql.TIMESTAMP(timezone=True), nullable=True, comment="when the final answer was kept"
        ),
        sa.Column(
            "started_at",
            postgresql.TIMESTAMP(timezone=True),
            nullable=True,
            comment="second clock: when the institution says it began",
        ),
        sa.Column(
            "expires_at",
            postgresql.TIMESTAMP(timezone=True),
            nullable=True,
            comment="third clock: when the institution says it ends",
        ),
        sa.CheckConstraint(
            "(answered_at IS NOT NULL) = (coalesce(outcome_kind, 'unknown') <> 'unknown')",
            name=op.f("ck_orders_answered"),
        ),
        sa.CheckConstraint(
            "content ->> 'application_id' = application_id AND content ->> 'case_id' = case_id",
            name=op.f("ck_orders_content"),
        ),
        sa.CheckConstraint("measure <> 'freeze' OR sheet <> ''", name=op.f("ck_orders_freeze_has_sheet")),
        sa.CheckConstraint(
            "measure IN ('stop', 'lift', 'extend_stop', 'freeze', 'unfreeze', 'renew', 'query', 'holder', 'close_number', 'block_link')",  # noqa: E501 - one condition, as the database keeps it
            name=op.f("ck_orders_measure"),
        ),
        sa.CheckConstraint(
            "outcome_kind IN ('executed', 'partial', 'refused', 'held_elsewhere', 'unknown')",
            name=op.f("ck_orders_outcome"),
        ),
        sa.CheckConstraint("amount_fen >= 0", name=op.f("ck_orders_amount")),
        sa.CheckConstraint("handling <> second", name=op.f("ck_orders_two_persons")),
        sa.CheckConstraint("sends >= 0 AND sequence >= 1", name=op.f("ck_orders_counts")),
        sa.ForeignKeyConstraint(["account"], ["accounts.account"], name=op.f("fk_orders_account")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name=op.f("fk_orders_case_id")),
        sa.ForeignKeyConstraint(["handling"], ["officers.number"], name=op.f("fk_orders_handling")),
        sa.ForeignKeyConstraint(["original"], ["orders.application_id"], name=op.f("fk_orders_original")),
        sa.ForeignKeyConstraint(["paper"], ["documents.sha256"], name=op.f("fk_orders_paper")),
        sa.ForeignKeyConstraint(["second"], ["officers.number"], name=op.f("fk_orders_second")),
        sa.PrimaryKeyConstraint("application_id", name=op.f("pk_orders")),
        comment="orders: written before they are sent, with what came of them",
    )
    op.create_index("ix_orders_case_id", "orders", ["case_id"], unique=False)
    op.create_index(
        "ix_orders_open", "orders", ["account"], unique=False, postgresql_where=sa.text("answered_at IS NULL")
    )
    op.create_index(
        "ix_orders_original", "orders", ["original"], unique=False, postgresql_where=sa.text("original IS NOT NULL")
    )
    op.create_index(
        "ix_orders_stops", "orders", ["written_at"], unique=False, postgresql_where=sa.text("measure = 'stop'")
    )
    op.create_index(
        "uq_orders_freeze_of_sheet",
        "orders",
        ["case_id", "sheet", "account"],
        unique=True,
        postgresql_where=sa.text(
            "measure = 'freeze' AND coalesce(outcome_kind, '') NOT IN ('refused', 'held_elsewhere')"
        ),
    )
    op.create_table(
        "outbox",
        sa.Column("case_id", sa.Text(), nullable=False, comment="the case whose workflow is to be started"),
        sa.Column(
            "filed_at", postgresql.TIMESTAMP(timezone=True), nullable=False, comment="written together with the case"
        ),
        sa.Column(
            "started_at",
            postgresql.TIMESTAMP(timezone=True),
            nullable=True,
            comment="the workflow runs since; null: still to be started",
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name=op.f("fk_outbox_case_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_outbox")),
        comment="cases whose workflow must start: losing the engine loses no report",
    )
    op.create_index(
        "ix_outbox_open", "outbox", ["filed_at"], unique=False, postgresql_where=sa.text("started_at IS NULL")
    )
    op.create_table(
        "sheets",
        sa.Column("case_id", sa.Text(), nullable=False, comment="the case"),
        sa.Column("name", sa.Text(), nullable=False, comment="how officers name it, e.g. F-03"),
        sa.Column("kind", sa.Text(), nullable=False, comment="what it asks for"),
        sa.Column("digest", sa.Text(), nullable=False, comment="SHA-256 over everything the answer entitles"),
        sa.Column("state", sa.Text(), nullable=False, comment="pending, approved or rejected; silence is none of them"),
        sa.Column("requester", sa.Text(), nullable=False, comment="who asks; never one of those who decide"),
        sa.Column("quorum", postgresql.ARRAY(sa.Text()), nullable=False, comment="the roles that decide"),
        sa.Column(
            "except_lines",
            postgresql.ARRAY(sa.Integer()),
            nullable=False,
            comment="lines taken out by those who approved",
        ),
        sa.Column("made_at", postgresql.TIMESTAMP(timezone=True), nullable=False, comment="when it was fixed"),
        sa.Column(
            "decide_by",
            postgresql.TIMESTAMP(timezone=True),
            nullable=False,
            comment="then it climbs; it is never decided by silence",
        ),
        sa.Column(
            "content",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            nullable=False,
            comment="the whole sheet without its lines",
        ),
        sa.Column(
            "opened_stops",
            sa.Integer(),
            autoincrement=False,
            nullable=True,
            comment="of a fuse sheet: stops its yes has opened; null: not used yet",
        ),
        sa.CheckConstraint("kind IN ('freeze', 'release', 'fuse', 'cancel')", name=op.f("ck_sheets_kind")),
        sa.CheckConstraint(
            "opened_stops IS NULL OR (kind = 'fuse' AND state = 'approved' AND opened_stops >= 0)",
            name=op.f("ck_sheets_opened"),
        ),
        sa.CheckConstraint("state IN ('pending', 'approved', 'rejected')", name=op.f("ck_sheets_state")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name=op.f("fk_sheets_case_id")),
        sa.PrimaryKeyConstraint("case_id", "name", name=op.f("pk_sheets")),
        comment="questions to officers, fixed when made",
    )
    op.create_index(
        "ix_sheets_pending", "sheets", ["decide_by"], unique=False, postgresql_where=sa.text("state = 'pending'")
    )
    op.create_table(
        "decisions",
        sa.Column("case_id", sa.Text(), nullable=False, comment="the case"),
        sa.Column("sheet", sa.Text(), nullable=False, comment="the sheet"),
        sa.Column("officer", sa.Text(), nullable=False, comment="who decided: once for each sheet"),
        sa.Column("verdict", sa.Text(), nullable=False, comment="approve or reject"),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), nullable=False, comment="the officer's roles at that moment"),
        sa.Column("digest", sa.Text(), nullable=False, comment="of the sheet as it was decided"),
        sa.Column(
            "content",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            nullable=False,
            comment="the decision as it was given, evidence included",
        ),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False, comment="when"),
        sa.CheckConstraint("verdict IN ('approve', 'reject')", name=op.f("ck_decisions_verdict")),
        sa.ForeignKeyConstraint(
            ["case_id", "sheet"], ["sheets.case_id", "sheets.name"], name=op.f("fk_decisions_case_id_sheet")
        ),
        sa.ForeignKeyConstraint(["officer"], ["officers.number"], name=op.f("fk_decisions_officer")),
        sa.PrimaryKeyConstraint("case_id", "sheet", "officer", name=op.f("pk_decisions")),
        comment="accepted decisions; refused ones stand in the case's events",
    )
    op.create_table(
        "holds",
        sa.Column("account", sa.Text(), nullable=False, comment="one hold an account, shared by cases"),
        sa.Column("stop_order", sa.Text(), nullable=True, comment="the stop in force; null: none"),
        sa.Column(
            "stop_known_at",
            postgresql.TIMESTAMP(timezone=True),
            nullable=True,
            comment="when we learned that it is in force",
        ),
        sa.Column("stop_expires", postgresql.TIMESTAMP(timezone=True), nullable=True, comment="when the bank ends it"),
        sa.Column("pending_stop", sa.Text(), nullable=True, comment="a stop written and not answered; null: none"),
        sa.Column(
            "stops",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="stops so far, extensions included: the bank takes two",
        ),
        sa.Column("frozen_fen", sa.BigInteger(), nullable=False, comment="sum of the freezes in force"),
        sa.CheckConstraint("(stop_order IS NULL) = (stop_expires IS NULL)", name=op.f("ck_holds_stop")),
        sa.CheckConstraint("(stop_order IS NULL) = (stop_known_at IS NULL)", name=op.f("ck_holds_stop_known")),
        sa.CheckConstraint("stops >= 0 AND frozen_fen >= 0", name=op.f("ck_holds_not_negative")),
        sa.ForeignKeyConstraint(["account"], ["accounts.account"], name=op.f("fk_holds_account")),
        sa.ForeignKeyConstraint(["pending_stop"], ["orders.application_id"], name=op.f("fk_holds_pending_stop")),
        sa.ForeignKeyConstraint(["stop_order"], ["orders.application_id"], name=op.f("fk_holds_stop_order")),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_holds")),
        comment="what covers an account now; the row is the lock of its measures and claims",
    )
    op.create_table(
        "measures",
        sa.Column("application_id", sa.Text(), nullable=False, comment="the order that brought it into force"),
        sa.Column("case_id", sa.Text(), nullable=False, comment="whose order that was"),
        sa.Column("account", sa.Text(), nullable=False, comment="on which account"),
        sa.Column("kind", sa.Text(), nullable=False, comment="stop or freeze"),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True, comment="covered; null: the whole account"),
        sa.Column("started", postgresql.TIMESTAMP(timezone=True), nullable=True, comment="the bank's own start"),
        sa.Column("expires", postgresql.TIMESTAMP(timezone=True), nullable=True, comment="the bank's own end"),
        sa.Column(
            "ended_at", postgresql.TIMESTAMP(timezone=True), nullable=True, comment="when it ended; null: in force"
        ),
        sa.Column("ended_by", sa.Text(), nullable=False, comment="the order that ended it, or lapse; empty: in force"),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by = '')", name=op.f("ck_measures_ended")),
        sa.CheckConstraint("kind = 'stop' OR amount_fen IS NOT NULL", name=op.f("ck_measures_freeze_has_amount")),
        sa.CheckConstraint("kind IN ('stop', 'freeze')", name=op.f("ck_measures_kind")),
        sa.CheckConstraint("amount_fen >= 0", name=op.f("ck_measures_amount")),
        sa.ForeignKeyConstraint(["account"], ["accounts.account"], name=op.f("fk_measures_account")),
        sa.ForeignKeyConstraint(["application_id"], ["orders.application_id"], name=op.f("fk_measures_application_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name=op.f("fk_measures_case_id")),
        sa.PrimaryKeyConstraint("application_id", name=op.f("pk_measures")),
        comment="stops and freezes that came into force",
    )
    op.create_index("ix_measures_account", "measures", ["account"], unique=False)
    op.create_index(
        "ix_measures_standing", "measures", ["expires"], unique=False, postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_table(
        "sheet_lines",
        sa.Column("case_id", sa.Text(), nullable=False, comment="the case"),
        sa.Column("sheet", sa.Text(), nullable=False, comment="the sheet"),
        sa.Column("no", sa.Integer(), autoincrement=False, nullable=False, comment="the line's number on it"),
        sa.Column("account", sa.Text(), nullable=False, comment="which account"),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False, comment="how much of it"),
        sa.Column(
            "content",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            nullable=False,
            comment="the line as shown to officers",
        ),
        sa.CheckConstraint("amount_fen >= 0", name=op.f("ck_sheet_lines_amount")),
        sa.ForeignKeyConstraint(["account"], ["accounts.account"], name=op.f("fk_sheet_lines_account")),
        sa.ForeignKeyConstraint(
            ["case_id", "sheet"], ["sheets.case_id", "sheets.name"], name=op.f("fk_sheet_lines_case_id_sheet")
        ),
        sa.PrimaryKeyConstraint("case_id", "sheet", "no", name=op.f("pk_sheet_lines")),
        comment="one account on a sheet",
    )
    op.create_index("ix_sheet_lines_account", "sheet_lines", ["case_id", "sheet", "account"], unique=False)
    op.create_table(
        "statements",
        sa.Column("application_id", sa.Text(), nullable=False, comment="which query it answers"),
        sa.Column("account", sa.Text(), nullable=False, comment="of which account"),
        sa.Column(
            "stop_order",
            sa.Text(),
            nullable=True,
            comment="the stop in force since before the query was written; null: none",
        ),
        sa.Column(
            "since",
            postgresql.TIMESTAMP(timezone=True),
            nullable=True,
            comment="the period asked for; null: from the beginning",
        ),
        sa.Column(
            "until",
            postgresql.TIMESTAMP(timezone=True),
            nullable=True,
            comment="the period asked for; null: to the end",
        ),
        sa.Column("taken_at", postgresql.TIMESTAMP(timezone=True), nullable=False, comment="when the answer was kept"),
        sa.Column("complete", sa.Boolean(), nullable=False, comment="true: every row of the period is here"),
        sa.Column("opening_fen", sa.BigInteger(), nullable=False, comment="balance before its first done row"),
        sa.Column("balance_fen", sa.BigInteger(), nullable=False, comment="balance after its last done row"),
        sa.Column("kind", sa.Text(), nullable=False, comment="person or corporate, as the bank says"),
        sa.Column(
            "holder",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            nullable=False,
            comment="name and identity document of the holder, as the bank says",
        ),
        sa.Column(
            "earlier_measures",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            nullable=False,
            comment="measures that stood on the account",
        ),
        sa.Column("serials", postgresql.ARRAY(sa.BigInteger()), nullable=False, comment="its rows, in transactions"),
        sa.ForeignKeyConstraint(["account"], ["accounts.account"], name=op.f("fk_statements_account")),
        sa.ForeignKeyConstraint(
            ["application_id"], ["orders.application_id"], name=op.f("fk_statements_application_id")
        ),
        sa.ForeignKeyConstraint(["stop_order"], ["orders.application_id"], name=op.f("fk_statements_stop_order")),
        sa.PrimaryKeyConstraint("application_id", name=op.f("pk_statements")),
        comment="answers to queries",
    )
    op.create_index("ix_statements_account", "statements", ["account"], unique=False)
    op.create_table(
        "claims",
        sa.Column("account", sa.Text(), nullable=False, comment="on which hold"),
        sa.Column("case_id", sa.Text(), nullable=False, comment="whose claim"),
        sa.Column(
            "since",
            postgresql.TIMESTAMP(timezone=True),
            nullable=False,
            comment="since when the case claims the account",
        ),
        sa.Column("attributed_fen", sa.BigInteger(), nullable=False, comment="the case's money in the account"),
        sa.Column("claim_fen", sa.BigInteger(), nullable=False, comment="of it: held for this case"),
        sa.Column("frozen_fen", sa.BigInteger(), nullable=False, comment="this case's freezes in force"),
        sa.Column(
            "in_books",
            sa.Boolean(),
            nullable=False,
            comment="true: the case has put its books, attributed_fen is its word",
        ),
        sa.Column("released", sa.Boolean(), nullable=False, comment="true: the case has let go"),
        sa.CheckConstraint("NOT released OR claim_fen = 0", name=op.f("ck_claims_released_claims_nothing")),
        sa.CheckConstraint(
            "attributed_fen >= 0 AND claim_fen >= 0 AND frozen_fen >= 0", name=op.f("ck_claims_not_negative")
        ),
        sa.CheckConstraint("claim_fen <= attributed_fen", name=op.f("ck_claims_within_attributed")),
        sa.ForeignKeyConstraint(["account"], ["holds.account"], name=op.f("fk_claims_account")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name=op.f("fk_claims_case_id")),
        sa.PrimaryKeyConstraint("account", "case_id", name=op.f("pk_claims")),
        comment="what each case claims of a hold; the sum stays within the hold (trigger claims_within_hold)",
    )
    op.create_index("ix_claims_case_id", "claims", ["case_id"], unique=False)
    _guards()


def downgrade() -> None:
    op.drop_index("ix_claims_case_id", table_name="claims")
    op.drop_table("claims")
    op.drop_index("ix_statements_account", table_name="statements")
    op.drop_table("statements")
    op.drop_index("ix_sheet_lines_account", table_name="sheet_lines")
    op.drop_table("sheet_lines")
    op.drop_index("ix_measures_standing", table_name="measures", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_index("ix_measures_account", table_name="measures")
    op.drop_table("measures")
    op.drop_table("holds")
    op.drop_table("decisions")
    op.drop_index("ix_sheets_pending", table_name="sheets", postgresql_where=sa.text("state = 'pending'"))
    op.drop_table("sheets")
    op.drop_index("ix_outbox_open", table_name="outbox", postgresql_where=sa.text("started_at IS NULL"))
    op.drop_table("outbox")
    op.drop_index(
        "uq_orders_freeze_of_sheet",
        table_name="orders",
        postgresql_where=sa.text(
            "measure = 'freeze' AND coalesce(outcome_kind, '') NOT IN ('refused', 'held_elsewhere')"
        ),
    )
    op.drop_index("ix_orders_stops", table_name="orders", postgresql_where=sa.text("measure = 'stop'"))
    op.drop_index("ix_orders_original", table_name="orders", postgresql_where=sa.text("original IS NOT NULL"))
    op.drop_index("ix_orders_open", table_name="orders", postgresql_where=sa.text("answered_at IS NULL"))
    op.drop_index("ix_orders_case_id", table_name="orders")
    op.drop_table("orders")
    op.drop_index("ix_halts_standing", table_name="halts", postgresql_where=sa.text("lifted_by IS NULL"))
    op.drop_table("halts")
    op.drop_table("findings")
    op.drop_table("events")
    op.drop_index("ix_case_accounts_account", table_name="case_accounts")
    op.drop_table("case_accounts")
    op.drop_table("transactions")
    op.drop_table("officer_history")
    op.drop_table("institution_history")
    op.drop_index("ix_cases_received_at", table_name="cases")
    op.drop_table("cases")
    op.drop_table("authorities")
    op.drop_table("officers")
    op.drop_table("institutions")
    op.drop_table("documents")
    op.drop_index("uq_accounts_institution_number", table_name="accounts")
    op.drop_table("accounts")
    op.execute("DROP FUNCTION claims_within_hold(); DROP FUNCTION refuse_change(); DROP SEQUENCE case_numbers")
