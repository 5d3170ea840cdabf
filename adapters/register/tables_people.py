"""Tables of persons and institutions: officers, standing authorities, halts."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Index, LargeBinary, Table
from sqlalchemy import text as sql

from adapters.register.schema import flag, json, metadata, moment, one_of, running_number, text, texts
from domain.evidence import Purpose
from domain.institutions import Channel, InstitutionKind


def _history(name: str, whose: str, *, of: str, to: str) -> Table:
    return Table(
        name,
        metadata,
        running_number(),
        text(of, "whose entry changed", to=to),
        moment("at", "when it changed"),
        json("previous", "the entry before; null: added", null=True),
        json("current", "the entry after"),
        comment=f"append-only: every change of {whose}'s entry",
    )


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

officer_history = _history("officer_history", "an officer", of="number", to="officers.number")

enrolments = Table(
    "enrolments",
    metadata,
    running_number(),
    text("officer", "whose device it is", to="officers.number"),
    text("key_id", "the key of the ring that opens the secret"),
    Column(
        "sealed", LargeBinary, nullable=False, comment="the secret of the codes, sealed and bound to officer and number"
    ),
    text("public_key", "Ed25519, 32 bytes in base64url, for signatures; null: codes only", null=True),
    moment("enrolled_at", "since when its codes count"),
    text("first_administrator", "who enrolled it; null: the first setup, or practice", to="officers.number", null=True),
    text("second_administrator", "another person who enrolled it", to="officers.number", null=True),
    moment("replaced_at", "when another took its place, or the officer left; null: in use", null=True),
    moment("locked_until", "after too many wrong codes; null: not locked", null=True),
    moment("counted_from", "wrong codes before this count no more: the duty chief has unlocked", null=True),
    CheckConstraint("first_administrator <> second_administrator", name="two_persons"),
    CheckConstraint("(first_administrator IS NULL) = (second_administrator IS NULL)", name="both"),
    comment="devices of officers: what their evidence is verified with",
)
Index("uq_enrolments_in_use", enrolments.c.officer, unique=True, postgresql_where=sql("replaced_at IS NULL"))

used_codes = Table(
    "used_codes",
    metadata,
    text("officer", "whose code", key=True),
    Column(
        "step", BigInteger, primary_key=True, autoincrement=False, comment="which half minute since 1970: one code each"
    ),
    text("purpose", "what it was used for"),
    text("binding", "SHA-256 of the one text it was given for; it serves no other"),
    moment("at", "first use"),
    CheckConstraint(one_of("purpose", list(Purpose)), name="purpose"),
    comment="append-only: codes used, each once in the whole centre; the code itself is kept nowhere",
)

attempts = Table(
    "attempts",
    metadata,
    running_number(),
    text("officer", "the number that was given; perhaps nobody's"),
    text("purpose", "what it was for"),
    text("binding", "SHA-256 of the text it was given for; empty: it did not come so far"),
    text("kind", "totp, signature, or empty where no evidence came"),
    text("result", "accepted, or the stable code of the refusal"),
    moment("at", "when"),
    CheckConstraint(one_of("purpose", list(Purpose)), name="purpose"),
    comment="append-only: every attempt to speak as an officer; no code is in it",
)
Index("ix_attempts_wrong", attempts.c.officer, attempts.c.at, postgresql_where=sql("result = 'wrong_code'"))

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

institution_history = _history("institution_history", "an institution", of="institution", to="institutions.id")

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
    json(
        "content",
        "what both signed, line by line: officers, hours, bounds; null: given before it was proven",
        null=True,
    ),
    json("handling_proof", "that the handling officer's evidence was verified", null=True),
    json("second_proof", "that the second officer's evidence was verified", null=True),
    moment("revoked_at", "when a halt revoked it", null=True),
    text("revoked_by", "the officer who halted", to="officers.number", null=True),
    CheckConstraint("handling <> second", name="two_persons"),
    CheckConstraint("starts < ends", name="term"),
    CheckConstraint(
        "(content IS NULL) = (handling_proof IS NULL) AND (content IS NULL) = (second_proof IS NULL)", name="proven"
    ),
    CheckConstraint("(revoked_at IS NULL) = (revoked_by IS NULL)", name="revoked"),
    comment="the standing authority of the duty officers for emergency stops",
)

halts = Table(
    "halts",
    metadata,
    running_number(),
    text("officer", "who halted", to="officers.number"),
    moment("at", "from when nothing leaves"),
    text(
        "lifted_by", "the authority given afterwards; null: the halt stands", to="authorities.authority_id", null=True
    ),
    comment="halts: while one stands, nothing leaves but what lets go",
)
Index("ix_halts_standing", halts.c.id, postgresql_where=sql("lifted_by IS NULL"))
