"""Notices: what officers are told without asking, and how each letter left the house."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notices",
        _text("notice", "derived from case and cause (domain.identifiers.notice_id)"),
        _text("case_id", "the case"),
        _text("cause", "what it is told for: each cause of a case makes one notice"),
        _text("kind", "what it is about (domain.notices.NoticeKind)"),
        _text("subject", "a sheet's name or an institution's code; else empty"),
        _count("count", "how many accounts or orders it is about; 0: none in particular"),
        _texts("roles", "who is told first"),
        _moment("due", "the deadline it speaks of; null: none", null=True),
        _moment("created_at", "committed together with its cause, or when the sweep found it"),
        _count("sendings", "how often it was sent: on each rung once, on the last again and again"),
        _moment("ring_at", "when it is sent next; null: acknowledged, or its cause is gone", null=True),
        _moment("acknowledged_at", "when the first officer acknowledged it; null: nobody yet", null=True),
        _text("acknowledged_by", "that officer", null=True),
        _moment("closed_at", "when its cause was gone: decided, answered, ended; null: it stands", null=True),
        sa.CheckConstraint(
            "kind IN ('sheet', 'unknown', 'sheet_deadline', 'stops_end', 'filing')", name=op.f("ck_notices_kind")
        ),
        sa.CheckConstraint("count >= 0 AND sendings >= 0", name=op.f("ck_notices_counts")),
        sa.CheckConstraint(
            "(acknowledged_at IS NULL) = (acknowledged_by IS NULL)", name=op.f("ck_notices_acknowledged")
        ),
        sa.CheckConstraint(
            "(ring_at IS NULL) = (acknowledged_at IS NOT NULL OR closed_at IS NOT NULL)",
            name=op.f("ck_notices_rings"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name=op.f("fk_notices_case_id")),
        sa.ForeignKeyConstraint(["acknowledged_by"], ["officers.number"], name=op.f("fk_notices_acknowledged_by")),
        sa.PrimaryKeyConstraint("notice", name=op.f("pk_notices")),
        sa.UniqueConstraint("case_id", "cause", name=op.f("uq_notices_case_id_cause")),
        comment="what officers are told without asking; nothing personal is in it",
    )
    op.create_index("ix_notices_ring_at", "notices", ["ring_at"], postgresql_where=sa.text("ring_at IS NOT NULL"))
    op.create_index("ix_notices_open", "notices", ["case_id", "kind"], postgresql_where=sa.text("closed_at IS NULL"))
    op.create_index(
        "uq_notices_silence",
        "notices",
        ["case_id", "subject"],
        unique=True,
        postgresql_where=sa.text("kind = 'unknown' AND closed_at IS NULL"),
    )
    op.create_table(
        "deliveries",
        _text("notice", "of which notice"),
        _count("sending", "which sending of it: 1, 2, 3 …"),
        _text("channel", "webhook, smtp or sms"),
        _count("rung", "0: who is told first; then up the ladder"),
        _texts("roles", "whom it is for"),
        _moment("try_at", "when it is tried next; null: taken, or needless by then", null=True),
        _count("tries", "how often it left"),
        _moment("sent_at", "when the channel took it; null: it did not", null=True),
        _text("failed", "why the last try was in vain, as a code of our own; empty: it was not"),
        sa.CheckConstraint("channel IN ('webhook', 'smtp', 'sms')", name=op.f("ck_deliveries_channel")),
        sa.CheckConstraint("sending >= 1 AND rung >= 0 AND tries >= 0", name=op.f("ck_deliveries_counts")),
        sa.CheckConstraint("try_at IS NULL OR sent_at IS NULL", name=op.f("ck_deliveries_tried")),
        sa.ForeignKeyConstraint(["notice"], ["notices.notice"], name=op.f("fk_deliveries_notice")),
        sa.PrimaryKeyConstraint("notice", "sending", "channel", name=op.f("pk_deliveries")),
        comment="letters of notices, one for each sending and channel: sent at least once, each under a key of its own",
    )
    op.create_index(
        "ix_deliveries_try_at", "deliveries", ["channel", "try_at"], postgresql_where=sa.text("try_at IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_table("deliveries")
    op.drop_table("notices")


def _text(name: str, comment: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=null, comment=comment)


def _texts(name: str, comment: str) -> sa.Column[list[str]]:
    return sa.Column(name, postgresql.ARRAY(sa.Text()), nullable=False, comment=comment)


def _count(name: str, comment: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), autoincrement=False, nullable=False, comment=comment)


def _moment(name: str, comment: str, *, null: bool = False) -> sa.Column[object]:
    return sa.Column(name, postgresql.TIMESTAMP(timezone=True), nullable=null, comment=comment)
