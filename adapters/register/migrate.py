"""Bringing a database to the form this code needs, without alembic.ini and without a shell."""

from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from adapters.register.engine import RegisterError, driver_url, translated

if TYPE_CHECKING:
    from alembic.config import Config

# Alembic keeps its context in a global: one migration at a time in a process. Between processes env.py takes a lock.
_ONE_AT_A_TIME = Lock()
_SCRIPTS = Path(__file__).resolve().parents[2] / "migrations"


def _config(url: str | URL) -> "Config":
    from alembic.config import Config  # a tenth of a second that only those who migrate should pay

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["url"] = driver_url(url)
    return config


def migrate(url: str | URL) -> None:
    """Up to the newest form; nothing to do is nothing done. Blocks: call it before there is a loop, or in a thread.

    Raises:
        RegisterError: the database does not answer, has a form newer than this code, or somebody holds a lock that is
            needed; nothing was changed.
    """
    from alembic import command
    from alembic.util import CommandError

    with _ONE_AT_A_TIME:
        try:
            command.upgrade(_config(url), "head")
        except DBAPIError as problem:
            raise translated(problem) from None
        except CommandError as problem:
            raise RegisterError(f"its form is not one of this code's: {problem}") from None


def downgrade(url: str | URL, to: str = "base") -> None:
    """Down to an older form, by default to nothing at all: what the tables held is gone."""
    from alembic import command

    with _ONE_AT_A_TIME:
        command.downgrade(_config(url), to)
