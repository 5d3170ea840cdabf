"""Proof: officers' devices, codes used once, attempts, and the proofs kept with what they entitled."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_PURPOSES = "purpose IN ('decision', 'finding', 'filing', 'authority', 'administration', 'login')"
_JSON = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())
_MOMENT = postgresql.TIMESTAMP(timezone=True)
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


def upgrade() -> None:
    op.create_table(
        "enrolments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False, comment="running number"),
        sa.Column("officer", sa.Text(), nullable=False, comment="whose device it is"),
        sa.Column("key_id", sa.Text(), nullable=False, comment="the key of the ring that opens the secret"),
        sa.Column(
            "sealed",
            sa.LargeBinary(),
            nullable=False,
            comment="the secret of the codes, sealed and bound to officer and number",
        ),
        sa.Column(
            "public_key",
            sa.Text(),
            nullable=True,
            comment="Ed25519, 32 bytes in base64url, for signatures; null: codes only",
        ),
        sa.Column("enrolled_at", _MOMENT, nullable=False, comment="since when its codes count"),
        sa.Column(
            "first_administrator",
            sa.Text(),
            nullable=True,
            comment="who enrolled it; null: the first setup, or practice",
        ),
        sa.Column("second_administrator", sa.Text(), nullable=True, comment="another person who enrolled it"),
        sa.Column(
            "replaced_at",
            _MOMENT,
            nullable=True,
            comment="when another took its place, or the officer left; null: in use",
        ),
        sa.Column("locked_until", _MOMENT, nullable=True, comment="after too many wrong codes; null: not locked"),
        sa.Column(
            "counted_from",
            _MOMENT,
            nullable=True,
            comment="wrong codes before this count no more: the duty chief has unlocked",
        ),
        sa.CheckConstraint("first_administrator <> second_administrator", name=op.f("ck_enrolments_two_persons")),
        sa.CheckConstraint(
            "(first_administrator IS NULL) = (second_administrator IS NULL)", name=op.f("ck_enrolments_both")
        ),
        sa.ForeignKeyConstraint(["officer"], ["officers.number"], name=op.f("fk_enrolments_officer")),
        sa.ForeignKeyConstraint(
            ["first_administrator"], ["officers.number"], name=op.f("fk_enrolments_first_administrator")
        ),
        sa.ForeignKeyConstraint(
            ["second_administrator"], ["officers.number"], name=op.f("fk_enrolments_second_administrator")
        ),
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
        sa.Column("officer", sa.Text(), nullable=False, comment="whose code"),
        sa.Column(
            "step",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="which half minute since 1970: one code each",
        ),
        sa.Column("purpose", sa.Text(), nullable=False, comment="what it was used for"),
        sa.Column(
            "binding",
            sa.Text(),
            nullable=False,
            comment="SHA-256 of the one text it was given for; it serves no other",
        ),
        sa.Column("at", _MOMENT, nullable=False, comment="first use"),
        sa.CheckConstraint(_PURPOSES, name=op.f("ck_used_codes_purpose")),
        sa.PrimaryKeyConstraint("officer", "step", name=op.f("pk_used_codes")),
        comment="append-only: codes used, each once in the whole centre; the code itself is kept nowhere",
    )
    op.create_table(
        "attempts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False, comment="running number"),
        sa.Column("officer", sa.Text(), nullable=False, comment="the number that was given; perhaps nobody's"),
        sa.Column("purpose", sa.Text(), nullable=False, comment="what it was for"),
        sa.Column(
            "binding",
            sa.Text(),
            nullable=False,
            comment="SHA-256 of the text it was given for; empty: it did not come so far",
        ),
        sa.Column("kind", sa.Text(), nullable=False, comment="totp, signature, or empty where no evidence came"),
        sa.Column("result", sa.Text(), nullable=False, comment="accepted, or the stable code of the refusal"),
        sa.Column("at", _MOMENT, nullable=False, comment="when"),
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
