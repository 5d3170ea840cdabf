"""The one way into the database: connections, transactions with their retries, and errors that quote nothing personal.

RegisterError          the register could not do it; the message names state and constraint, never a value
└── RegisterRefused    the database refused it: a constraint or a trigger holds an invariant
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

_T = TypeVar("_T")
_DRIVER = "postgresql+psycopg"
# Two transactions met: nothing is wrong with either, the loser starts again.
_AGAIN = frozenset({"40001", "40P01"})
_ATTEMPTS = 6
_CONSTRAINT_CLASS = "23"
_OUR_FAULT_CLASS = "42"  # of a statement, not of a value: its message quotes nobody
_RAISED_BY_TRIGGER = "P0001"
# Each of these saves milliseconds on every statement or bounds what one can cost:
_SESSION = " ".join(
    f"-c {setting}"
    for setting in (
        "timezone=UTC",  # UTC inside (domain.clock)
        "jit=off",  # compiling a plan takes tens of milliseconds, our statements take one
        "plan_cache_mode=force_generic_plan",  # planned once a connection, not at each of the first five calls
        "enable_seqscan=off",  # a plan made while a table was empty must still serve when it is full
        "lock_timeout=10s",
        "statement_timeout=30s",
        "idle_in_transaction_session_timeout=60s",
    )
)


class RegisterError(Exception):
    """The register could not do it. Whoever sees this may try again: every method is idempotent."""


class RegisterRefused(RegisterError):  # noqa: N818 - a refusal, in the words of the house
    """The database refused: `constraint` names the invariant that held."""

    def __init__(self, constraint: str) -> None:
        super().__init__(f"the register refuses this: {constraint}")
        self.constraint = constraint


def driver_url(url: str | URL) -> URL:
    """The URL with our driver, from any spelling libpq or SQLAlchemy understands."""
    return make_url(url).set(drivername=_DRIVER)


def open_engine(url: str | URL, *, connections: int) -> AsyncEngine:
    """An engine; it connects when first used."""
    return create_async_engine(
        driver_url(url),
        pool_size=connections,
        max_overflow=0,
        pool_timeout=30,
        pool_use_lifo=True,  # the connection that worked last has its statements prepared
        hide_parameters=True,  # names and account numbers stay out of errors and logs
        connect_args={"options": _SESSION, "prepare_threshold": 2, "application_name": "holdfast"},
    )


def translated(problem: DBAPIError) -> RegisterError:
    """The same problem without the values that a driver's message quotes."""
    state = str(getattr(problem.orig, "sqlstate", None) or "")
    diagnosis = getattr(problem.orig, "diag", None)
    if state.startswith(_CONSTRAINT_CLASS):
        return RegisterRefused(
            str(getattr(diagnosis, "constraint_name", "") or getattr(diagnosis, "column_name", "") or state)
        )
    if state == _RAISED_BY_TRIGGER:  # our own triggers name only tables
        return RegisterRefused(str(getattr(diagnosis, "message_primary", "") or state))
    said = str(getattr(diagnosis, "message_primary", "") or "") if state.startswith(_OUR_FAULT_CLASS) else ""
    return RegisterError(f"PostgreSQL error {state or type(problem.orig).__name__} {said}".rstrip())


async def in_transaction(engine: AsyncEngine, work: Callable[[AsyncConnection], Awaitable[_T]]) -> _T:
    """Do the work in one transaction, again when it met another one or the connection was lost.

    Doing it again is safe because every method of the register is idempotent, a lost commit included.

    Raises:
        RegisterError: it cannot be done, or not now.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            async with engine.begin() as connection:
                return await work(connection)
        except PoolTimeoutError:
            raise RegisterError("no connection was free in time") from None
        except DBAPIError as problem:
            met_another = str(getattr(problem.orig, "sqlstate", "")) in _AGAIN
            if attempt == _ATTEMPTS or not (met_another or problem.connection_invalidated):
                raise translated(problem) from None
            # Not in step with the one that was met; short, because money leaves in seconds.
            await asyncio.sleep(random.uniform(0.001, 0.01) * 2**attempt)  # noqa: S311 - not cryptography
    raise AssertionError("unreachable")
