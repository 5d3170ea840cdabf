"""Composition of the codec endpoint: settings -> key ring, doorkeeper, record -> one HTTP process.

    python -m adapters.http.codec --port 16233

Beside a Temporal service of others: HOLDFAST_CODEC_ORIGIN names the origin of its Web UI, whose operators set
`--ui-codec-endpoint` (or TEMPORAL_CODEC_ENDPOINT) to this address, with TLS in front.
"""

import argparse
import contextlib
import sys
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import uvicorn
from fastapi import FastAPI

from adapters import logs, settings
from adapters.http.codec.app import application
from adapters.http.codec.doorkeeper import ClosedDoor, Doorkeeper
from adapters.http.codec.endpoint import Endpoint
from adapters.http.codec.sessions import Sessions
from adapters.keyring import KeyRing, KeyRingError
from adapters.policy_file import load_policy
from adapters.register.decodes import DecodeLog
from adapters.settings import Settings, SettingsError
from adapters.temporal.addresses import database_name, postgres_url, run_of, ui_url
from adapters.temporal.errors import StackError


def doorkeeper_of(given: Settings) -> Doorkeeper:
    """Who checks officers' codes. The register of authenticators takes this place."""
    del given
    return ClosedDoor()


def database_of(given: Settings) -> Callable[[str], str | None]:
    """Where the register of a namespace is; None: no world of ours."""

    def of(namespace: str) -> str | None:
        run = run_of(given, namespace)
        return None if run is None else postgres_url(given, database_name(run))

    return of


def origin_of(given: Settings) -> Callable[[], str | None]:
    """The UI's origin, read anew: an embedded UI starts after us, and may move to another port."""

    def of() -> str | None:
        if given.codec_origin is not None:
            return given.codec_origin
        with contextlib.suppress(StackError, KeyError):
            return ui_url(given)
        return None

    return of


def composed(given: Settings) -> FastAPI:
    """The endpoint over the real parts.

    Raises:
        KeyRingError: there is no key ring that can be used.
        SettingsError: the policy cannot be read.
    """
    record = DecodeLog(database_of(given))
    endpoint = Endpoint(
        ring=KeyRing.load(given),
        doorkeeper=doorkeeper_of(given),
        record=record,
        sessions=Sessions(timedelta(minutes=load_policy(given).sealing.session_minutes)),
        ui_origin=origin_of(given),
    )
    app = application(endpoint)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await record.close()

    app.router.lifespan_context = lifespan
    return app


def main() -> int:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m adapters.http.codec", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, required=True, help="port to listen on")
    asked = parser.parse_args()
    try:
        given = settings.load()
        logs.configure(given.log_level, process="codec")
        app = composed(given)
    except (KeyRingError, SettingsError) as problem:
        print(problem, file=sys.stderr)  # noqa: T201 - a person is reading
        return 2
    uvicorn.run(
        app,
        host=asked.host,
        port=asked.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
