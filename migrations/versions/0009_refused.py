"""Notices of refused stops and queries, and an index that finds those."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_BEFORE = "kind IN ('sheet', 'unknown', 'sheet_deadline', 'stops_end', 'filing')"
_NOW = "kind IN ('sheet', 'unknown', 'sheet_deadline', 'stops_end', 'filing', 'refused')"


def upgrade() -> None:
    op.drop_constraint(op.f("ck_notices_kind"), "notices", type_="check")
    op.create_check_constraint(op.f("ck_notices_kind"), "notices", _NOW)
    op.create_index(
        "ix_orders_refused",
        "orders",
        ["case_id", "account"],
        postgresql_where=sa.text("outcome_kind IN ('refused', 'held_elsewhere')"),
    )


def downgrade() -> None:
    op.drop_index("ix_orders_refused", "orders")
    op.execute("DELETE FROM deliveries WHERE notice IN (SELECT notice FROM notices WHERE kind = 'refused')")
    op.execute("DELETE FROM notices WHERE kind = 'refused'")
    op.drop_constraint(op.f("ck_notices_kind"), "notices", type_="check")
    op.create_check_constraint(op.f("ck_notices_kind"), "notices", _BEFORE)
