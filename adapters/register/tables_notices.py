"""Tables of notices: what officers are told of, committed with its cause, and how each letter left the house."""

from sqlalchemy import CheckConstraint, Index, Table, UniqueConstraint
from sqlalchemy import text as sql

from adapters.register.schema import count, json, metadata, moment, one_of, text, texts
from domain.notices import NoticeChannel, NoticeKind

notices = Table(
    "notices",
    metadata,
    text("notice", "derived from case and cause (domain.identifiers.notice_id)", key=True),
    text("case_id", "the case", to="cases.case_id"),
    text("cause", "what it is told for: each cause of a case makes one notice"),
    text("kind", "what it is about (domain.notices.NoticeKind)"),
    text("subject", "a sheet's name or an institution's code; else empty"),
    count("count", "how many accounts or orders it is about; 0: none in particular"),
    texts("roles", "who is told first"),
    moment("due", "the deadline it speaks of; null: none", null=True),
    moment("created_at", "committed together with its cause, or when the sweep found it"),
    count("sendings", "how often it was sent: on each rung once, on the last again and again"),
    moment("ring_at", "when it is sent next; null: acknowledged, or its cause is gone", null=True),
    moment("acknowledged_at", "when the first officer acknowledged it; null: nobody yet", null=True),
    text("acknowledged_by", "that officer", to="officers.number", null=True),
    json(
        "quiet", "roles told no more, the others are: of each the officer who acknowledged for it, and when", empty=True
    ),
    moment("closed_at", "when its cause was gone: decided, answered, ended; null: it stands", null=True),
    UniqueConstraint("case_id", "cause"),
    CheckConstraint(one_of("kind", list(NoticeKind)), name="kind"),
    CheckConstraint("count >= 0 AND sendings >= 0", name="counts"),
    CheckConstraint("(acknowledged_at IS NULL) = (acknowledged_by IS NULL)", name="acknowledged"),
    CheckConstraint("(ring_at IS NULL) = (acknowledged_at IS NOT NULL OR closed_at IS NOT NULL)", name="rings"),
    comment="what officers are told without asking; nothing personal is in it",
)
Index("ix_notices_ring_at", notices.c.ring_at, postgresql_where=sql("ring_at IS NOT NULL"))
Index("ix_notices_open", notices.c.case_id, notices.c.kind, postgresql_where=sql("closed_at IS NULL"))
# An institution's silence in a case is one cause, however many orders join it.
Index(
    "uq_notices_silence",
    notices.c.case_id,
    notices.c.subject,
    unique=True,
    postgresql_where=sql("kind = 'unknown' AND closed_at IS NULL"),
)

deliveries = Table(
    "deliveries",
    metadata,
    text("notice", "of which notice", to="notices.notice", key=True),
    count("sending", "which sending of it: 1, 2, 3 …", key=True),
    text("channel", "webhook, smtp or sms", key=True),
    count("rung", "0: who is told first; then up the ladder"),
    texts("roles", "whom it is for"),
    moment("try_at", "when it is tried next; null: taken, or needless by then", null=True),
    count("tries", "how often it left"),
    moment("sent_at", "when the channel took it; null: it did not", null=True),
    text("failed", "why the last try was in vain, as a code of our own; empty: it was not"),
    CheckConstraint(one_of("channel", list(NoticeChannel)), name="channel"),
    CheckConstraint("sending >= 1 AND rung >= 0 AND tries >= 0", name="counts"),
    CheckConstraint("try_at IS NULL OR sent_at IS NULL", name="tried"),
    comment="letters of notices, one for each sending and channel: sent at least once, each under a key of its own",
)
Index("ix_deliveries_try_at", deliveries.c.channel, deliveries.c.try_at, postgresql_where=sql("try_at IS NOT NULL"))
