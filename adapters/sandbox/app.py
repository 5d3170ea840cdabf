"""The routes of the institutions' side, and the errors of both sides."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.sandbox import admin, notices
from adapters.sandbox.doors import LONGEST_WAIT_S, MOST_KEYS, MOST_LETTERS, Door
from adapters.sandbox.edges import LETTERS_BODY, RefusedError, SpokenJson, body_of, listed, number, objects, refusal
from adapters.sandbox.worlds import Worlds

LOG: Final = logging.getLogger("sandbox")


async def health(_request: Request) -> Response:
    """Whether the process lives, and which one it is."""
    return SpokenJson({"ok": True, "pid": os.getpid()})


async def institutions(request: Request) -> Response:
    """The announcement: who can be reached here, and that it is practice."""
    world = admin.world_of(request)
    announced = [
        {"id": item.id, "code": item.code, "name": item.name, "kind": item.kind, "channel": item.channel,
         "practice": True}
        for item in world.scenario.institutions
    ]  # fmt: skip
    return SpokenJson({"practice": True, "run": world.run, "institutions": announced})


def _door(request: Request, place: str) -> Door:
    world = admin.world_of(request)
    worlds: Worlds = request.app.state.worlds
    institution = request.path_params.get("institution")
    return Door(world, worlds.waiters(world.run), place if institution is None else f"{place}/{institution}")


def _letter(said: dict[str, Any], i: int) -> tuple[str, str, str]:
    key, serial, message = said.get("key"), said.get("serial"), said.get("message")
    if not (isinstance(key, str) and isinstance(serial, str) and isinstance(message, str)):
        raise RefusedError(422, f"letters[{i}]", "key, serial and message are not all texts", "write all three")
    return key, serial, message


def _hand_in(place: str) -> Callable[[Request], Any]:
    async def letters(request: Request) -> Response:
        said = await body_of(request, LETTERS_BODY)
        handed = [_letter(letter, i) for i, letter in enumerate(objects(said, "letters", MOST_LETTERS))]
        return SpokenJson({"receipts": _door(request, place).hand_in(handed)})

    return letters


def _fetch(place: str) -> Callable[[Request], Any]:
    async def answers(request: Request) -> Response:
        said = await body_of(request, LETTERS_BODY)
        keys = listed(said, "keys", MOST_KEYS)
        for i, key in enumerate(keys):
            if not isinstance(key, str):
                raise RefusedError(422, f"keys[{i}]", "not a text", "write the letter's key")
        wait_s = number(said, "wait_s", 0, LONGEST_WAIT_S, 0.0)
        linger_s = number(said, "linger_s", 0, LONGEST_WAIT_S, 0.0)
        return SpokenJson(await _door(request, place).fetch(keys, wait_s, linger_s))

    return answers


async def _refused(_request: Request, refused: Exception) -> Response:
    assert isinstance(refused, RefusedError)
    return refusal(refused)


async def _no_such_call(_request: Request, wrong: Exception) -> Response:
    status = wrong.status_code if isinstance(wrong, HTTPException) else 404
    return refusal(RefusedError(status, "$", "no such call", "see the contract of the wire for what can be called"))


async def _failed(_request: Request, _failed: Exception) -> Response:
    return refusal(RefusedError(500, "$", "the sandbox failed", "send the same bytes again; see its log"))


class _Quiet:
    """Answers what no handler foresaw, without the server's trace: it could show values that are personal."""

    def __init__(self, app: Any) -> None:  # noqa: ANN401 - an ASGI application
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            raise
        except ClientDisconnect:
            return  # hung up in the middle of a body, at a time limit of its own: nothing was kept, nobody listens
        except Exception as failed:
            if scope["type"] != "http":
                raise
            LOG.error("a call failed with %s", type(failed).__name__)  # noqa: TRY400 - values in a trace are personal


def application(worlds: Worlds) -> Any:  # noqa: ANN401 - an ASGI application
    """The whole HTTP side over these worlds; its start takes up the worlds that were running."""
    routes = [
        Route("/health", health),
        Route("/w/{run}/institutions", institutions),
        *admin.ROUTES,
        *notices.ROUTES,
    ]
    for place, path in (
        ("platform", "/w/{run}/platform"),
        ("liaison", "/w/{run}/liaison/{institution}"),
        ("carriers", "/w/{run}/carriers/{institution}"),
    ):
        routes.append(Route(f"{path}/letters", _hand_in(place), methods=["POST"]))
        routes.append(Route(f"{path}/answers", _fetch(place), methods=["POST"]))

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        worlds.take_up()
        yield
        worlds.close()

    app = Starlette(
        routes=routes,
        lifespan=lifespan,
        exception_handlers={RefusedError: _refused, HTTPException: _no_such_call, Exception: _failed},
    )
    app.state.worlds = worlds
    return _Quiet(app)
