"""Work that is looked after again and again beside a worker, and bears whatever is down."""

import asyncio
import time
from collections.abc import Awaitable, Callable


async def make_rounds(
    work: Callable[[], Awaitable[int]],
    *,
    did: Callable[[int], object],
    failed: Callable[[str], object],
    pause_s: Callable[[float], float],
) -> None:
    """For ever: one round, then a pause of `pause_s(seconds the round took)`.

    `did` is told how much a round did, when it did something; `failed` the kind of an error, once until a round
    succeeds or fails otherwise: what is down for an hour needs no line a second.
    """
    failing = ""
    while True:
        began = time.monotonic()
        try:
            if count := await work():
                did(count)
            failing = ""
        except Exception as error:  # noqa: BLE001 - whatever is down now may be up in a second
            if failing != type(error).__name__:
                failing = type(error).__name__
                failed(failing)
        await asyncio.sleep(pause_s(time.monotonic() - began))
