"""What all tables share: the metadata, names of constraints, and short ways to say a column.

Every column carries a comment, kept in the database too: whoever opens it with psql reads what it means.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Identity, Integer, MetaData, Text
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def text(name: str, comment: str, *, to: str = "", key: bool = False, null: bool = False) -> Column[str]:
    """A text column; `to` names the column it refers to."""
    reference = [ForeignKey(to)] if to else []
    return Column(name, Text, *reference, primary_key=key, nullable=null and not key, comment=comment)


def fen(name: str, comment: str, *, null: bool = False) -> Column[int]:
    """An amount in fen."""
    return Column(name, BigInteger, nullable=null, comment=comment)


def count(name: str, comment: str, *, null: bool = False, key: bool = False) -> Column[int]:
    """A small whole number."""
    return Column(name, Integer, nullable=null, primary_key=key, autoincrement=False, comment=comment)


def running_number(comment: str = "running number") -> Column[int]:
    """The key of a table whose rows are only counted: `id`, given by the database."""
    return Column("id", BigInteger, Identity(always=True), primary_key=True, comment=comment)


def moment(name: str, comment: str, *, null: bool = False, key: bool = False) -> Column[datetime]:
    """A moment, UTC."""
    return Column(name, TIMESTAMP(timezone=True), nullable=null, primary_key=key, comment=comment)


def flag(name: str, comment: str) -> Column[bool]:
    """Yes or no."""
    return Column(name, Boolean, nullable=False, comment=comment)


def json(name: str, comment: str, *, null: bool = False, empty: bool = False) -> Column[Any]:
    """A whole value as JSON; `empty`: an empty object where a program from before the column writes none."""
    default = sql("'{}'") if empty else None
    return Column(name, JSONB(none_as_null=True), nullable=null, server_default=default, comment=comment)


def texts(name: str, comment: str) -> Column[list[str]]:
    """A list of texts."""
    return Column(name, ARRAY(Text), nullable=False, comment=comment)


def one_of(column: str, values: Sequence[str]) -> str:
    """The condition that a text column holds one of these values."""
    listed = ", ".join(f"'{value}'" for value in values)
    return f"{column} IN ({listed})"
