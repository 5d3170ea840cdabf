"""Second look: sheets of a kind of their own, and sheets that other decisions have settled."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_STATE = "pending, approved or rejected; silence is none of them"
_STATE_OR_SETTLED = "pending, approved, rejected, or settled by other decisions; silence is none of them"


def upgrade() -> None:
    _check("kind", "'freeze', 'release', 'fuse', 'cancel', 'look'")
    _check("state", "'pending', 'approved', 'rejected', 'settled'")
    _describe_state(_STATE, _STATE_OR_SETTLED)


def downgrade() -> None:
    _describe_state(_STATE_OR_SETTLED, _STATE)
    # sheets are evidence: those of the second look stay as they are, only new ones are refused
    _check("state", "'pending', 'approved', 'rejected'", not_valid=True)
    _check("kind", "'freeze', 'release', 'fuse', 'cancel'", not_valid=True)


def _check(column: str, values: str, *, not_valid: bool = False) -> None:
    name = op.f(f"ck_sheets_{column}")
    op.drop_constraint(name, "sheets", type_="check")
    op.create_check_constraint(name, "sheets", f"{column} IN ({values})", postgresql_not_valid=not_valid)


def _describe_state(before: str, after: str) -> None:
    op.alter_column(
        "sheets", "state", existing_type=sa.Text(), existing_nullable=False, existing_comment=before, comment=after
    )
