"""Where notices of a centre arrive: a webhook, an SMS gateway and a mailbox, each letter kept in the world's book.

A letter that arrives once more under its key is taken and kept as such: whoever reads the book sees both.
"""

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.sandbox.admin import world_of
from adapters.sandbox.edges import RefusedError, SpokenJson, body_of, listed, text
from adapters.sandbox.faults import CHANNEL_DOWN
from adapters.sandbox.world import World

LETTER_BODY: Final = 64 * 1024
MOST_ROLES: Final = 20


def keep(world: World, channel: str, key: str, to: list[str], said: dict[str, Any]) -> None:
    """Keep a letter in the book. Refuses 503 where a fault says that the channel is down."""
    with world.turn() as now:
        down = world.faults.strike(CHANNEL_DOWN, [channel]) is not None
        if not down:
            again = {"again": True} if (channel, key) in world.noticed else {}
            record = {"kind": "notice", "channel": channel, "key": key, "to": to, **said, **again}
            world.write(record, now)
    if down:
        raise RefusedError(503, "$", "this channel is down", "hand the same letter in later, under the same key")


def _to(said: dict[str, Any]) -> list[str]:
    to = listed(said, "to", MOST_ROLES)
    if not to or not all(isinstance(one, str) and one for one in to):
        raise RefusedError(422, "to", "names nobody", "write the roles on duty as texts")
    return to


async def webhook(request: Request) -> Response:
    """One notice as JSON; its key in the header `Idempotency-Key`."""
    world = world_of(request)
    said = await body_of(request, LETTER_BODY)
    key = request.headers.get("idempotency-key", "")
    if not key:
        raise RefusedError(422, "Idempotency-Key", "missing", "send the letter's key in this header")
    keep(world, "webhook", key, _to(said), {"text": text(said, "text"), "link": said.get("link", "")})
    return SpokenJson({"taken": key})


async def sms(request: Request) -> Response:
    """One short message to duty telephones, which the gateway knows by their role."""
    world = world_of(request)
    said = await body_of(request, LETTER_BODY)
    key = text(said, "key")
    keep(world, "sms", key, _to(said), {"text": text(said, "text")})
    return SpokenJson({"taken": key})


ROUTES: Final = [
    Route("/w/{run}/notices/webhook", webhook, methods=["POST"]),
    Route("/w/{run}/notices/sms", sms, methods=["POST"]),
]
