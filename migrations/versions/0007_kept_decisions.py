"""Decisions taken while the engine is away are kept, and delivered when it is back."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_MOMENT = postgresql.TIMESTAMP(timezone=True)
_GUARDS = """
CREATE FUNCTION kept_as_given() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'waiting' OR (to_jsonb(OLD) - '{state,said,settled_at}'::text[])
        <> (to_jsonb(NEW) - '{state,said,settled_at}'::text[]) THEN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kept_as_given BEFORE UPDATE ON kept_decisions FOR EACH ROW EXECUTE FUNCTION kept_as_given();
CREATE TRIGGER never_deleted BEFORE DELETE ON kept_decisions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON kept_decisions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    op.create_table(
        "kept_decisions",
        sa.Column("word", sa.Text(), nullable=False, comment="one word of one officer"),
        sa.Column("case_id", sa.Text(), nullable=False, comment="one of the cases it names"),
        sa.Column("officer", sa.Text(), nullable=False, comment="whose word"),
        sa.Column("verdict", sa.Text(), nullable=False, comment="approve or reject"),
        sa.Column(
            "sheets",
            postgresql.ARRAY(sa.Text()),
            nullable=False,
            comment="all sheets that the evidence was given for, by full names, also of other cases",
        ),
        sa.Column(
            "except_lines",
            postgresql.ARRAY(sa.Integer()),
            nullable=False,
            comment="lines left out, where one sheet is named",
        ),
        sa.Column("reason", sa.Text(), nullable=False, comment="in the officer's words"),
        sa.Column(
            "proof",
            postgresql.JSONB(none_as_null=True),
            nullable=False,
            comment="that its evidence was verified when it was given",
        ),
        sa.Column("at", _MOMENT, nullable=False, comment="when it was given"),
        sa.Column(
            "state",
            sa.Text(),
            nullable=False,
            comment="waiting for the engine, delivered to the case, or refused by it",
        ),
        sa.Column("said", sa.Text(), nullable=False, comment="why it was refused; else empty"),
        sa.Column("settled_at", _MOMENT, nullable=True, comment="when it was delivered or refused; null: it waits"),
        sa.CheckConstraint("verdict IN ('approve', 'reject')", name=op.f("ck_kept_decisions_verdict")),
        sa.CheckConstraint("state IN ('waiting', 'delivered', 'refused')", name=op.f("ck_kept_decisions_state")),
        sa.CheckConstraint("(state = 'waiting') = (settled_at IS NULL)", name=op.f("ck_kept_decisions_settled")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name=op.f("fk_kept_decisions_case_id")),
        sa.ForeignKeyConstraint(["officer"], ["officers.number"], name=op.f("fk_kept_decisions_officer")),
        sa.PrimaryKeyConstraint("word", "case_id", name=op.f("pk_kept_decisions")),
        comment="decisions taken while the engine was away; they entitle nothing until their case has taken them",
    )
    op.create_index(
        "ix_kept_decisions_waiting", "kept_decisions", ["at"], postgresql_where=sa.text("state = 'waiting'")
    )
    op.create_index("ix_kept_decisions_case_id", "kept_decisions", ["case_id"])
    op.execute(_GUARDS)


def downgrade() -> None:
    op.drop_table("kept_decisions")
    op.execute("DROP FUNCTION kept_as_given")
