"""Proof: officers' devices, codes used once, attempts, and the proofs kept with what they entitled."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_PURPOSES = "purpose IN ('decision', 'finding', 'filing', 'authority', 'administration', 'login')"
_JSON = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())
_PROVEN = "(content IS NULL) = (handling_proof IS NULL) AND (content IS NULL) = (second_proof IS NULL)"
_ADDED = (
    (
        "authorities",
        "content",
        "what both signed, line by line: officers, hours, bounds; null: given before it was proven",
    ),
    ("authorities", "handling_proof", "that the handling officer's evidence was verified"),
    ("authorities", "second_proof", "that the second officer's evidence was verified"),
    ("cases", "filing_proof", "that the evidence for the filing was verified"),
    ("decisions", "proof", "that its evidence was verified; null: decided before evidence was asked for"),
    ("findings", "proof", "that its evidence was verified; null: found before evidence was asked for"),
)
_GIVEN_AS_IS = ("the decision as it was given, evidence included", "the decision as it was given, without its code")
_GUARDS = """
CREATE TRIGGER proven_as_given BEFORE UPDATE ON authorities FOR EACH ROW WHEN (
    OLD.content IS DISTINCT FROM NEW.content
    OR OLD.handling_proof IS DISTINCT FROM NEW.handling_proof
    OR OLD.second_proof IS DISTINCT FROM NEW.second_proof
  ) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER enrolled_as_given BEFORE UPDATE ON enrolments FOR EACH ROW WHEN (
    OLD.officer <> NEW.officer OR OLD.key_id <> NEW.key_id OR OLD.sealed <> NEW.sealed
    OR OLD.public_key IS DISTINCT FROM NEW.public_key
  ) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER never_deleted BEFORE DELETE ON enrolments FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""


def _guard(table: str) -> None:
    op.execute(
        f"CREATE TRIGGER kept_as_written BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change();"
        f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();"
    )


def _number() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False, comment="running number")


def _text(name: str, comment: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=null, comment=comment)


def _moment(name: str, comment: str, *, null: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, postgresql.TIMESTAMP(timezone=True), nullable=null, comment=comment)


def _officer(column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["officers.number"], name=op.f(f"fk_enrolments_{column}"))


def upgrade() -> None:
    op.create_table(
        "enrolments",
        _number(),
        _text("officer", "whose device it is"),
        _text("key_id", "the key of the ring that opens the secret"),
        sa.Column(
            "sealed",
            sa.LargeBinary(),
            nullable=False,
            comment="the secret of the codes, sealed and bound to officer and number",
        ),
        _text("public_key", "Ed25519, 32 bytes in base64url, for signatures; null: codes only", null=True),
        _moment("enrolled_at", "since when its codes count"),
        _text("first_administrator", "who enrolled it; null: the first setup, or practice", null=True),
        _text("second_administrator", "another person who enrolled it", null=True),
        _moment("replaced_at", "when another took its place, or the officer left; null: in use", null=True),
        _moment("locked_until", "after too many wrong codes; null: not locked", null=True),
        _moment("counted_from", "wrong codes before this count no more: the duty chief has unlocked", null=True),
        sa.CheckConstraint("first_administrator <> second_administrator", name=op.f("ck_enrolments_two_persons")),
        sa.CheckConstraint(
            "(first_administrator IS NULL) = (second_administrator IS NULL)", name=op.f("ck_enrolments_both")
        ),
        _officer("officer"),
        _officer("first_administrator"),
        _officer("second_administrator"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolments")),
        comment="devices of officers: what their evidence is verified with",
    )
    op.create_index(
        "uq_enrolments_in_use",
        "enrolments",
        ["officer"],
        unique=True,
        postgresql_where=sa.text("replaced_at IS NULL"),
    )
    op.create_table(
        "used_codes",
        _text("officer", "whose code"),
        sa.Column(
            "step",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="which half minute since 1970: one code each",
        ),
        _text("purpose", "what it was used for"),
        _text("binding", "SHA-256 of the one text it was given for; it serves no other"),
        _moment("at", "first use"),
        sa.CheckConstraint(_PURPOSES, name=op.f("ck_used_codes_purpose")),
        sa.PrimaryKeyConstraint("officer", "step", name=op.f("pk_used_codes")),
        comment="append-only: codes used, each once in the whole centre; the code itself is kept nowhere",
    )
    op.create_table(
        "attempts",
        _number(),
        _text("officer", "the number that was given; perhaps nobody's"),
        _text("purpose", "what it was for"),
        _text("binding", "SHA-256 of the text it was given for; empty: it did not come so far"),
        _text("kind", "totp, signature, or empty where no evidence came"),
        _text("result", "accepted, or the stable code of the refusal"),
        _moment("at", "when"),
        sa.CheckConstraint(_PURPOSES, name=op.f("ck_attempts_purpose")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
        comment="append-only: every attempt to speak as an officer; no code is in it",
    )
    op.create_index(
        "ix_attempts_wrong",
        "attempts",
        ["officer", "at"],
        unique=False,
        postgresql_where=sa.text("result = 'wrong_code'"),
    )
    for table, column, comment in _ADDED:
        op.add_column(table, sa.Column(column, _JSON, nullable=True, comment=comment))
    op.alter_column("decisions", "content", comment=_GIVEN_AS_IS[1], existing_comment=_GIVEN_AS_IS[0])
    op.create_check_constraint(op.f("ck_authorities_proven"), "authorities", _PROVEN)
    op.execute(_GUARDS)
    _guard("used_codes")
    _guard("attempts")


def downgrade() -> None:
    op.execute("DROP TRIGGER proven_as_given ON authorities")
    op.drop_constraint(op.f("ck_authorities_proven"), "authorities")
    for table, column, _ in _ADDED:
        op.drop_column(table, column)
    op.alter_column("decisions", "content", comment=_GIVEN_AS_IS[0], existing_comment=_GIVEN_AS_IS[1])
    op.drop_table("attempts")
    op.drop_table("used_codes")
    op.drop_table("enrolments")
