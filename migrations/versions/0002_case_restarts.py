"""Cases started again from the register: how often, and when."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "case_restarts",
        sa.Column("case_id", sa.Text(), nullable=False, comment="the case whose workflow was gone from the engine"),
        sa.Column("count", sa.Integer(), autoincrement=False, nullable=False, comment="how often it was started again"),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False, comment="when, the last time"),
        sa.CheckConstraint("count >= 1", name=op.f("ck_case_restarts_count")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name=op.f("fk_case_restarts_case_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_restarts")),
        comment="only the latest start of a case speaks for it",
    )
    op.create_index("ix_cases_open", "cases", ["case_id"], unique=False, postgresql_where=sa.text("status <> 'closed'"))


def downgrade() -> None:
    """What it held is gone."""
    op.drop_index("ix_cases_open", table_name="cases", postgresql_where=sa.text("status <> 'closed'"))
    op.drop_table("case_restarts")
