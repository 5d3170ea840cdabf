"""Decodes: who read what at the codec endpoint."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_KEPT_AS_WRITTEN = """
CREATE TRIGGER kept_as_written BEFORE UPDATE OR DELETE ON decode_log FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON decode_log FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    op.create_table(
        "decode_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False, comment="running number"),
        sa.Column("officer", sa.Text(), nullable=False, comment="police number of the officer who read"),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False, comment="when the payloads were opened"),
        sa.Column("namespace", sa.Text(), nullable=False, comment="the namespace they are of"),
        sa.Column(
            "workflow_id",
            sa.Text(),
            nullable=False,
            comment="the workflow they are of; empty: what an officer's session had sealed",
        ),
        sa.Column("payloads", sa.Integer(), autoincrement=False, nullable=False, comment="how many"),
        sa.Column("masked", sa.Boolean(), nullable=False, comment="true: shown with names and numbers masked"),
        sa.CheckConstraint("payloads > 0", name=op.f("ck_decode_log_payloads")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decode_log")),
        comment="append-only: every decode at the codec endpoint, kept before anything was shown",
    )
    op.create_index("ix_decode_log_workflow_id", "decode_log", ["workflow_id", "at"])
    op.create_index("ix_decode_log_officer", "decode_log", ["officer", "at"])
    op.execute(_KEPT_AS_WRITTEN)


def downgrade() -> None:
    op.drop_index("ix_decode_log_officer", table_name="decode_log")
    op.drop_index("ix_decode_log_workflow_id", table_name="decode_log")
    op.drop_table("decode_log")
