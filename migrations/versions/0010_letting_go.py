"""Notices of what an institution does not let go, and acknowledgements role by role."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_BEFORE = "kind IN ('sheet', 'unknown', 'sheet_deadline', 'stops_end', 'filing', 'refused')"
_NOW = "kind IN ('sheet', 'unknown', 'sheet_deadline', 'stops_end', 'filing', 'refused', 'not_ended')"


def upgrade() -> None:
    op.drop_constraint(op.f("ck_notices_kind"), "notices", type_="check")
    op.create_check_constraint(op.f("ck_notices_kind"), "notices", _NOW)
    op.add_column(
        "notices",
        sa.Column(
            "quiet",
            postgresql.JSONB(),
            nullable=False,
            server_default=sa.text("'{}'"),  # a program from before still keeps sheets, with their notices
            comment="roles told no more, the others are: of each the officer who acknowledged for it, and when",
        ),
    )


def downgrade() -> None:
    op.drop_column("notices", "quiet")
    op.execute("DELETE FROM deliveries WHERE notice IN (SELECT notice FROM notices WHERE kind = 'not_ended')")
    op.execute("DELETE FROM notices WHERE kind = 'not_ended'")
    op.drop_constraint(op.f("ck_notices_kind"), "notices", type_="check")
    op.create_check_constraint(op.f("ck_notices_kind"), "notices", _BEFORE)
