"""Decisions taken while the engine was away: verified when they were given, delivered when it is back."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, Table
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY

from adapters.register.schema import json, metadata, moment, one_of, text, texts
from domain.sheets import Verdict

KEPT_STATES = ("waiting", "delivered", "refused")

kept_decisions = Table(
    "kept_decisions",
    metadata,
    text("word", "one word of one officer", key=True),
    text("case_id", "one of the cases it names", to="cases.case_id", key=True),
    text("officer", "whose word", to="officers.number"),
    text("verdict", "approve or reject"),
    texts("sheets", "all sheets that the evidence was given for, by full names, also of other cases"),
    Column("except_lines", ARRAY(Integer), nullable=False, comment="lines left out, where one sheet is named"),
    text("reason", "in the officer's words"),
    json("proof", "that its evidence was verified when it was given"),
    moment("at", "when it was given"),
    text("state", "waiting for the engine, delivered to the case, or refused by it"),
    text("said", "why it was refused; else empty"),
    moment("settled_at", "when it was delivered or refused; null: it waits", null=True),
    CheckConstraint(one_of("verdict", list(Verdict)), name="verdict"),
    CheckConstraint(one_of("state", KEPT_STATES), name="state"),
    CheckConstraint("(state = 'waiting') = (settled_at IS NULL)", name="settled"),
    comment="decisions taken while the engine was away; they entitle nothing until their case has taken them",
)
Index("ix_kept_decisions_waiting", kept_decisions.c.at, postgresql_where=sql("state = 'waiting'"))
Index("ix_kept_decisions_case_id", kept_decisions.c.case_id)
