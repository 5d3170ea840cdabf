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
from adapters.http.codec.endpoint import Endpoint
from adapters.http.codec.register_door import RegisterDoor
from adapters.http.codec.sessions import Sessions
from adapters.keyring import KeyRing, KeyRingError
from adapters.policy_file import load_policy
from adapters.register import Rules
from adapters.register.decodes import DecodeLog
from adapters.settings import Settings, SettingsError
from adapters.temporal.addresses import database_name, namespace, postgres_url, run_of, ui_url
from adapters.temporal.errors import StackError
from adapters.temporal.state import StateDir


def database_of(given: Settings) -> Callable[[str], str | None]:
    """Where the register of a namespace is; None: no world of ours."""

    def of(wanted: str) -> str | None:
        run = run_of(given, wanted)
        return None if run is None else postgres_url(given, database_name(run))

    return of


def worlds_of(given: Settings) -> Callable[[], list[str]]:
    """The namespaces there are, the latest first."""

    def of() -> list[str]:
        if given.temporal_profile is not None:
            return [namespace(given, "")]
        return [namespace(given, world.run) for world in reversed(StateDir(given.state_dir).worlds())]

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
    record, ring, policy = DecodeLog(database_of(given)), KeyRing.load(given), load_policy(given)
    door = RegisterDoor(worlds_of(given), database_of(given), Rules.of(policy), ring)
    endpoint = Endpoint(
        ring=ring,
        doorkeeper=door,
        record=record,
        sessions=Sessions(timedelta(minutes=policy.sealing.session_minutes)),
        login=policy.login,
        ui_origin=origin_of(given),
    )
    app = application(endpoint)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await record.close()
        await door.close()

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
