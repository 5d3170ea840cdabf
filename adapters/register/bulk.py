"""Many rows in one statement, many tables in one round trip.

Rows travel as one JSON parameter and become a table inside PostgreSQL (`jsonb_to_recordset`): the statement's text
does not depend on how many they are, so it is compiled and prepared once, and 60 rows cost about what one costs.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from typing import Any, TypeVar

from pydantic import BaseModel
from pydantic_core import from_json, to_json
from sqlalchemy import Column, CursorResult, String, Table, and_, bindparam, cast, column, func, literal_column, select
from sqlalchemy import update as sql_update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.dialects.postgresql.psycopg import PGCompiler_psycopg, PGDialect_psycopg
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.selectable import TableValuedAlias

Row = Mapping[str, object]
_Model = TypeVar("_Model", bound=BaseModel)


class _Compiler(PGCompiler_psycopg):
    """Writes constants into the statement: only then do prepared statements use our partial indexes."""

    def visit_bindparam(self, bindparam: Any, *given: Any, **options: Any) -> Any:  # noqa: ANN401 - as it is above
        """Named parameters stay parameters; constants of the program are unnamed."""
        if bindparam.unique:
            options["literal_binds"] = True
        return super().visit_bindparam(bindparam, *given, **options)  # type: ignore[no-untyped-call]


class _Dialect(PGDialect_psycopg):
    statement_compiler = _Compiler
    supports_statement_cache = True


_DIALECT = _Dialect()  # type: ignore[no-untyped-call]


class Mode(Enum):
    """What a write does with rows that are there already."""

    ADD = auto()
    """They must not be there."""
    KEEP = auto()
    """What is there stands."""
    PUT = auto()
    """What is there is replaced, column by column."""
    CHANGE = auto()
    """They are there: the named columns change."""


@dataclass(frozen=True)
class Write:
    """One kind of write: into which table, how, which columns."""

    table: Table
    mode: Mode
    columns: tuple[str, ...]
    replaced: tuple[str, ...] = ()
    """Of a PUT: only these columns are replaced where the row is there; empty: all."""

    @classmethod
    def of(cls, table: Table, mode: Mode, *columns: str) -> "Write":
        """All columns that a program writes, unless some are named (the primary key always comes along)."""
        # plain texts: SQLAlchemy's own kind of names makes JSON four times slower
        keys = tuple(str(one.name) for one in table.primary_key.columns if one.identity is None)
        ours = tuple(str(one.name) for one in table.columns if one.computed is None and one.identity is None)
        return cls(table, mode, tuple(dict.fromkeys((*keys, *columns))) if columns else ours)


def statement_text(statement: ClauseElement) -> str:
    """A statement compiled once and for all, for `exec_driver_sql` with named parameters."""
    compiled = statement.compile(dialect=_DIALECT)
    text = str(compiled)
    for name, constant in compiled.params.items():  # with constants written out: only named parameters are bound later
        if isinstance(constant, int):
            text = text.replace(f"%({name})s", str(int(constant)))
    return text


def rows_parameter(name: str, columns: Iterable[Column[Any]]) -> TableValuedAlias:
    """The rows of one JSON parameter, as a table with these columns."""
    parameter = cast(bindparam(name, type_=String), JSONB)
    values = func.jsonb_to_recordset(parameter).table_valued(*(column(one.name, one.type) for one in columns))
    return values.render_derived(name=f"given_{name}", with_types=True)


def _cleaned(value: object) -> object:
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd")
    if isinstance(value, dict):
        return {key: _cleaned(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_cleaned(one) for one in value]
    return value


def as_json(value: object) -> str:
    """JSON that PostgreSQL takes: a NUL, which no text of it can hold, becomes the replacement character."""
    encoded = to_json(value)
    return to_json(_cleaned(from_json(encoded))).decode() if b"\\u0000" in encoded else encoded.decode()


def as_kept(model: _Model) -> _Model:
    """The model as it will be read from the register: what is told of it now is what will be told of it later."""
    return model.model_validate_json(as_json(model)) if "\\u0000" in model.model_dump_json() else model


class Writes:
    """What a transaction is about to write; `flush` sends all of it in one round trip.

    Rows of one kind must differ in their key: PostgreSQL writes each row once in a statement.
    """

    def __init__(self) -> None:
        self._rows: dict[Write, list[Row]] = {}

    def add(self, write: Write, row: Row) -> None:
        """One row more."""
        self._rows.setdefault(write, []).append(row)

    def __bool__(self) -> bool:
        return bool(self._rows)

    async def flush(self, connection: AsyncConnection) -> None:
        """Write everything; the collection is empty afterwards."""
        if not self._rows:
            return
        kinds = tuple(
            sorted(self._rows, key=lambda kind: (kind.table.name, kind.mode.value, kind.columns, kind.replaced))
        )
        parameters = {f"w{number}": as_json(self._rows[kind]) for number, kind in enumerate(kinds)}
        self._rows = {}
        await connection.exec_driver_sql(_combined(kinds), parameters)


@lru_cache(maxsize=512)
def _combined(kinds: tuple[Write, ...]) -> str:
    parts = (_one(kind, f"w{number}") for number, kind in enumerate(kinds))
    return statement_text(select(literal_column("1")).add_cte(*parts))


def _one(write: Write, name: str) -> Any:  # noqa: ANN401 - SQLAlchemy types no CTE of a write without RETURNING
    columns = [write.table.c[one] for one in write.columns]
    keys = [one.name for one in write.table.primary_key.columns]
    given = rows_parameter(name, columns)
    if write.mode is Mode.CHANGE:
        here = and_(*(write.table.c[key] == given.c[key] for key in keys))
        changes = {one: given.c[one] for one in write.columns if one not in keys}
        return sql_update(write.table).values(changes).where(here).cte(f"{name}_done")
    # In the order of their keys: two transactions that meet here wait for each other in one direction only.
    ordered = select(*given.c).order_by(*(given.c[key] for key in keys if key in given.c))
    added = insert(write.table).from_select(list(write.columns), ordered)
    if write.mode is Mode.KEEP:
        added = added.on_conflict_do_nothing()
    elif write.mode is Mode.PUT:
        replaced = write.replaced or tuple(one for one in write.columns if one not in keys)
        changes = {one: added.excluded[one] for one in replaced}
        added = added.on_conflict_do_update(index_elements=keys, set_=changes)
    return added.cte(f"{name}_done")


async def run(connection: AsyncConnection, text: str, **parameters: object) -> CursorResult[Any]:
    """Execute a statement made by `statement_text`."""
    return await connection.exec_driver_sql(text, parameters)


def columns_of(row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row of any statement
    """A row's columns by name."""
    return dict(row._mapping)  # noqa: SLF001 - public in SQLAlchemy, in spite of its name
