"""Papers that orders bear and the list has lost are listed again.

The list comes with 0008, which on the way up restores the series only: what was issued before a way down and up was on
its orders and in no list. Numbers from before the series (counted within a case) have no place in it.
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_LIST_AGAIN = """
INSERT INTO papers (number, kind, year, ordinal, case_id, institution, sheet, sha256, accounts, issued_at)
SELECT content ->> 'paper_number',
    CASE measure WHEN 'extend_stop' THEN 'extend' WHEN 'holder' THEN 'query' ELSE measure END AS kind,
    found[1]::integer, found[2]::integer, case_id, institution,
    CASE WHEN min(sheet) = max(sheet) THEN min(sheet) ELSE '' END,
    paper, count(DISTINCT account), min(written_at)
FROM orders CROSS JOIN LATERAL regexp_match(content ->> 'paper_number', '〔([0-9]{4})〕([0-9]{1,9})号$') AS found
WHERE found IS NOT NULL AND measure NOT IN ('close_number', 'block_link') AND found[2]::integer > 0
  AND paper IS NOT NULL
GROUP BY 1, 2, 3, 4, 5, 6, 8
ON CONFLICT DO NOTHING
"""


def upgrade() -> None:
    op.execute(_LIST_AGAIN)


def downgrade() -> None:
    """Nothing: a paper that is listed is no other for it."""
