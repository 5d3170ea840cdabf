"""The words of papers: with which each was printed, those of the house as they came into force, and faults of them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_KINDS = "kind IN ('stop', 'extend', 'lift', 'freeze', 'renew', 'unfreeze', 'query')"
_KEPT_AS_WRITTEN = """
CREATE TRIGGER kept_as_written BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    # nullable: a worker of before, still running while others are new, goes on issuing
    op.add_column(
        "papers",
        sa.Column(
            "words",
            sa.Text(),
            nullable=True,
            comment="the text it was printed with, among documents; null: from before texts were kept",
        ),
    )
    op.create_table(
        "paper_words",
        sa.Column("kind", sa.Text(), nullable=False, comment="of which papers (domain.papers.PaperKind)"),
        sa.Column(
            "since",
            postgresql.TIMESTAMP(timezone=True),
            nullable=False,
            comment="when a worker began to print with them",
        ),
        sa.Column("sha256", sa.Text(), nullable=False, comment="the words"),
        sa.Column("series", sa.Text(), nullable=False, comment="the word in the numbers of these papers"),
        sa.CheckConstraint(_KINDS, name=op.f("ck_paper_words_kind")),
        sa.ForeignKeyConstraint(["sha256"], ["documents.sha256"], name=op.f("fk_paper_words_sha256")),
        sa.PrimaryKeyConstraint("kind", "since", name=op.f("pk_paper_words")),
        comment="words of the house as they came into force; the latest of each kind are those of the next start",
    )
    op.create_table(
        "paper_faults",
        sa.Column(
            "since",
            postgresql.TIMESTAMP(timezone=True),
            nullable=False,
            comment="when a worker that started found it so",
        ),
        sa.Column(
            "faults",
            postgresql.ARRAY(sa.Text()),
            nullable=False,
            comment="what was wrong with templates or seal; empty: nothing any more",
        ),
        sa.PrimaryKeyConstraint("since", name=op.f("pk_paper_faults")),
        comment="faults for which workers go on with former words; the latest row is how it stands",
    )
    for table in ("paper_words", "paper_faults"):
        op.execute(_KEPT_AS_WRITTEN.format(table=table))


def downgrade() -> None:
    op.drop_table("paper_faults")
    op.drop_table("paper_words")
    op.drop_column("papers", "words")
