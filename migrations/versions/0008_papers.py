"""Papers: every one issued, and the series of their numbers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_KINDS = "kind IN ('stop', 'extend', 'lift', 'freeze', 'renew', 'unfreeze', 'query')"
_NUMBERS = "legal documents issued; numbers the next one"
_COUNTS = "legal documents issued"
_KEPT_AS_WRITTEN = """
CREATE TRIGGER kept_as_written BEFORE UPDATE OR DELETE ON papers FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON papers FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER only_upwards BEFORE UPDATE ON paper_series FOR EACH ROW
  WHEN (NEW.last < OLD.last OR NEW.kind <> OLD.kind OR NEW.year <> OLD.year) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER never_deleted BEFORE DELETE ON paper_series FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""
# Numbers that orders bear already are not given again: of a register from before the series, or on the way up again.
_GO_ON = """
INSERT INTO paper_series (kind, year, last)
SELECT CASE measure WHEN 'extend_stop' THEN 'extend' WHEN 'holder' THEN 'query' ELSE measure END,
    found[1]::integer, max(found[2]::integer)
FROM orders CROSS JOIN LATERAL regexp_match(content ->> 'paper_number', '〔([0-9]{4})〕([0-9]{1,9})号$') AS found
WHERE found IS NOT NULL AND measure NOT IN ('close_number', 'block_link') AND found[2]::integer > 0
GROUP BY 1, 2
"""


def upgrade() -> None:
    op.create_table(
        "paper_series",
        sa.Column("kind", sa.Text(), nullable=False, comment="of which papers (domain.papers.PaperKind)"),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False, comment="of which year, China's"),
        sa.Column(
            "last",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="the last number given; the row is the lock of the series",
        ),
        sa.CheckConstraint(_KINDS, name=op.f("ck_paper_series_kind")),
        sa.CheckConstraint("last >= 1", name=op.f("ck_paper_series_last")),
        sa.PrimaryKeyConstraint("kind", "year", name=op.f("pk_paper_series")),
        comment="series of numbers, without gaps: a number is given in the transaction that keeps its paper",
    )
    op.create_table(
        "papers",
        sa.Column("number", sa.Text(), nullable=False, comment="as printed on it"),
        sa.Column("kind", sa.Text(), nullable=False, comment="which document (domain.papers.PaperKind)"),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False, comment="the year of its series"),
        sa.Column(
            "ordinal",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="its number in the series: 1, 2, 3 … without a gap",
        ),
        sa.Column("case_id", sa.Text(), nullable=False, comment="of which case"),
        sa.Column("institution", sa.Text(), nullable=False, comment="to whom"),
        sa.Column(
            "sheet",
            sa.Text(),
            nullable=False,
            comment="the sheet that its orders rest on; empty: the standing authority",
        ),
        sa.Column("sha256", sa.Text(), nullable=False, comment="the document"),
        sa.Column("accounts", sa.Integer(), autoincrement=False, nullable=False, comment="how many accounts it names"),
        sa.Column("issued_at", postgresql.TIMESTAMP(timezone=True), nullable=False, comment="when"),
        sa.CheckConstraint(_KINDS, name=op.f("ck_papers_kind")),
        sa.CheckConstraint("ordinal >= 1 AND accounts >= 1", name=op.f("ck_papers_counts")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name=op.f("fk_papers_case_id")),
        sa.ForeignKeyConstraint(["sha256"], ["documents.sha256"], name=op.f("fk_papers_sha256")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_papers")),
        sa.UniqueConstraint("kind", "year", "ordinal", name=op.f("uq_papers_kind_year_ordinal")),
        comment="legal documents as they were issued",
    )
    op.create_index("ix_papers_case_id", "papers", ["case_id"])
    op.execute(_KEPT_AS_WRITTEN)
    op.execute(_GO_ON)
    _comment(_NUMBERS, _COUNTS)


def downgrade() -> None:
    _comment(_COUNTS, _NUMBERS)
    op.drop_index("ix_papers_case_id", table_name="papers")
    op.drop_table("papers")
    op.drop_table("paper_series")


def _comment(before: str, after: str) -> None:
    op.alter_column(
        "cases", "papers", existing_type=sa.Integer(), existing_nullable=False, existing_comment=before, comment=after
    )
