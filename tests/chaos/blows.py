"""Blows against a running drill, and the verdict on it afterwards."""

import asyncio
import contextlib
import dataclasses
import inspect
import os
import signal
import threading

import psycopg

from adapters.drill.drill import Plan
from adapters.temporal.addresses import database_name
from tests.chaos.book import Book
from tests.patience import PATIENCE_S

PLAYED_S = 280
"""A drill of these tests ends by itself within this, or it hangs."""
NOBODY_YET = Plan(officers=False, until_closed=True)
"""What waits for officers waits until `officers_come`: a blow finds it there, however long it takes to fall."""


async def play(drill, *blows):
    """Play it, and strike meanwhile; the first error of either side ends both."""
    playing = asyncio.create_task(drill.play(), name="play")
    striking = [asyncio.create_task(blow, name="blow") for blow in blows]
    try:
        async with asyncio.timeout(PLAYED_S):
            await asyncio.wait({playing, *striking}, return_when=asyncio.FIRST_EXCEPTION)
            for blow in striking:
                if blow.done():
                    blow.result()
            result = await playing
            assert all(blow.done() for blow in striking), "the drill was over before every blow had fallen"
            return result
    finally:
        for task in (playing, *striking):
            task.cancel()
        await asyncio.gather(playing, *striking, return_exceptions=True)


async def until(holds, within_s=PATIENCE_S):
    """Wait for a condition; it may be a coroutine."""
    async with asyncio.timeout(within_s):
        while True:
            said = holds()
            if await said if inspect.isawaitable(said) else said:
                return
            await asyncio.sleep(0.05)


def officers_come(drill):
    """To a drill that began without them."""
    drill.plan = dataclasses.replace(drill.plan, officers=True)


async def kill(stack, name):
    """Kill -9 a child, and wait until it is back."""
    before = stack.restarts(name)
    os.kill(stack.children[name], signal.SIGKILL)
    await until(lambda: stack.restarts(name) > before and name in stack.children)


@contextlib.asynccontextmanager
async def down(stack, name):
    """Kill -9 a child and keep it from being started again as long as the block lasts."""
    child = stack._children[name]
    spec, gate = child.spec, threading.Event()

    def before():
        gate.wait(PLAYED_S)
        spec.before()

    child.spec = dataclasses.replace(spec, before=before)
    restarts = stack.restarts(name)
    os.kill(stack.children[name], signal.SIGKILL)
    try:
        yield
    finally:
        child.spec = spec
        gate.set()
        await until(lambda: stack.restarts(name) > restarts)


async def orders_of(drill):
    """The register's orders: key and moment of writing."""
    async with await psycopg.AsyncConnection.connect(drill.stack.postgres_url(database_name(drill.run))) as db:
        return dict(await (await db.execute("SELECT application_id, written_at FROM orders")).fetchall())


async def assert_nothing_lost_nothing_doubled(drill, result) -> Book:
    """By the institutions' own book: each order arrived once and took effect once, and both sides' money agrees."""
    book = Book((drill.directory / "book.ndjson").read_text(encoding="utf-8"))
    assert book.doubled() == []
    assert result.violations == 0
    assert result.differences == ()
    assert result.unseen == ()
    assert result.sound
    assert book.keys() == set(await orders_of(drill)), "an order of the register never arrived, or a stranger's did"
    answered = {record["application_id"] for record in book.of("answered", "refused")}
    assert book.keys() == answered, "an order was never answered"
    assert all(case.status == "closed" or not case.at_risk_fen for case in drill.look.cases)
    return book
