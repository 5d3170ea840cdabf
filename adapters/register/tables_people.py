"""Tables of persons and institutions: officers, standing authorities, halts."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Index, Table
from sqlalchemy import text as sql

from adapters.register.schema import flag, json, metadata, moment, one_of, text, texts
from domain.institutions import Channel, InstitutionKind

officers = Table(
    "officers",
    metadata,
    text("number", "police number", key=True),
    text("name", "as printed on orders"),
    text("unit", "where the officer serves"),
    texts("roles", "what the officer may do (domain.officers.Role)"),
    text("phone", "as printed on orders; may be empty"),
    flag("active", "false: on record, but decides nothing any more"),
    comment="officers of the register",
)

officer_history = Table(
    "officer_history",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True, comment="running number"),
    text("number", "whose entry changed", to="officers.number"),
    moment("at", "when it changed"),
    json("previous", "the entry before; null: added", null=True),
    json("current", "the entry after"),
    comment="append-only: every change of an officer's entry",
)

institutions = Table(
    "institutions",
    metadata,
    text("id", "12-digit payment-system code, Z + 11 digits, or a carrier's code", key=True),
    text("code", "short name, e.g. ICBC"),
    text("name", "full name"),
    text("kind", "bank, payment or carrier"),
    text("channel", "how it is reached: platform, gateway or liaison"),
    flag("practice", "true: a practice institution, never mixed with real ones"),
    CheckConstraint(one_of("kind", list(InstitutionKind)), name="kind"),
    CheckConstraint(one_of("channel", list(Channel)), name="channel"),
    comment="institutions the centre can address",
)

institution_history = Table(
    "institution_history",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True, comment="running number"),
    text("institution", "whose entry changed", to="institutions.id"),
    moment("at", "when it changed"),
    json("previous", "the entry before; null: added", null=True),
    json("current", "the entry after"),
    comment="append-only: every change of an institution's entry",
)

authorities = Table(
    "authorities",
    metadata,
    text("authority_id", "printed on each order that leaves under it", key=True),
    Column(
        "given",
        BigInteger,
        Identity(always=True),
        nullable=False,
        unique=True,
        comment="order of giving: the latest counts",
    ),
    text("handling", "the duty officer who signs as handling officer", to="officers.number"),
    text("second", "the duty officer who signs as second officer: another person", to="officers.number"),
    moment("starts", "in force from"),
    moment("ends", "in force until, unless revoked"),
    moment("revoked_at", "when a halt revoked it", null=True),
    text("revoked_by", "the officer who halted", to="officers.number", null=True),
    CheckConstraint("handling <> second", name="two_persons"),
    CheckConstraint("starts < ends", name="term"),
    CheckConstraint("(revoked_at IS NULL) = (revoked_by IS NULL)", name="revoked"),
    comment="the standing authority of the duty officers for emergency stops",
)

halts = Table(
    "halts",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True, comment="running number"),
    text("officer", "who halted", to="officers.number"),
    moment("at", "from when nothing leaves"),
    text(
        "lifted_by", "the authority given afterwards; null: the halt stands", to="authorities.authority_id", null=True
    ),
    comment="halts: while one stands, nothing leaves but what lets go",
)
Index("ix_halts_standing", halts.c.id, postgresql_where=sql("lifted_by IS NULL"))
