"""How migrations run: one at a time, and never waiting for long on a register that is at work."""

from alembic import context
from sqlalchemy import create_engine, pool, text
from sqlalchemy.engine import URL

from adapters.register.engine import driver_url
from adapters.register.tables import metadata

_LOCK = 7_240_000  # advisory; the others of the register follow it


def _url() -> URL:
    url: URL | None = context.config.attributes.get("url")
    return url if url is not None else driver_url(context.config.get_main_option("sqlalchemy.url") or "")


def _run() -> None:
    engine = create_engine(
        _url(),
        poolclass=pool.NullPool,
        hide_parameters=True,
        # A migration that cannot have its lock at once gives up rather than hold up stops behind it.
        connect_args={"options": "-c timezone=UTC -c lock_timeout=5s -c statement_timeout=60s"},
    )
    with engine.connect() as connection, connection.begin():
        # Two processes that start together: the second waits here, then finds nothing to do.
        connection.execute(text("SET LOCAL lock_timeout = '60s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        connection.execute(text("SET LOCAL lock_timeout = '5s'"))
        context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
        context.run_migrations()
    engine.dispose()


_run()
