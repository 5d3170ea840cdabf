"""What an empty sheet says of a paper and of an order: a release by a finding has none either."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_COLUMNS = (("papers", "the sheet that its orders rest on; empty: "), ("orders", "the sheet that entitles it; empty: "))
_BEFORE, _NOW = "the standing authority", "the standing authority or a finding"


def upgrade() -> None:
    _say(_NOW, _BEFORE)


def downgrade() -> None:
    _say(_BEFORE, _NOW)


def _say(now: str, before: str) -> None:
    for table, words in _COLUMNS:
        op.alter_column(table, "sheet", existing_type=sa.Text(), comment=words + now, existing_comment=words + before)
