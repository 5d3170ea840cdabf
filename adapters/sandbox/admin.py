"""The trainer's side: worlds made, started, jumped and read; findings told, faults set. Not for the centre."""

import asyncio
import re
import time
from collections.abc import Callable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.sandbox.book import published, records_of
from adapters.sandbox.edges import ADMIN_BODY, RefusedError, SpokenJson, body_of, number, objects, text, whole
from adapters.sandbox.faults import CHANNEL_DOWN, CHANNELS, KINDS, Fault
from adapters.sandbox.ledger import Record
from adapters.sandbox.scenario import FASTEST_CLOCK, SLOWEST_CLOCK, check
from adapters.sandbox.witness import measure
from adapters.sandbox.world import World
from adapters.sandbox.worlds import Worlds

FINDINGS: Final = ("mule", "victim", "merchant", "not_found")
MOST_AT_ONCE: Final = 100_000
LAST_YEAR: Final = 253_000_000_000  # the last moments a bank's time text can say


def world_of(request: Request) -> World:
    """The world a call is about. Refuses 404."""
    worlds: Worlds = request.app.state.worlds
    return worlds.get(request.path_params["run"])


def _running(request: Request) -> World:
    world = world_of(request)
    if world.state != "running":
        raise RefusedError(409, "run", f"the world is {world.state}, not running", "start it first, or read only")
    return world


async def create(request: Request) -> Response:
    """A new world of a scenario; nothing is made unless all of it can be played."""
    worlds: Worlds = request.app.state.worlds
    said = await body_of(request, ADMIN_BODY)
    run = text(said, "run")
    worlds.is_new(run)
    time_scale = number(said, "time_scale", SLOWEST_CLOCK, FASTEST_CLOCK, 0.0)
    seed = whole(said, "seed") or 0
    scenario, problems = await asyncio.to_thread(check, said.get("scenario"))
    if scenario is None:
        errors = [{"path": fault.path, "problem": fault.problem, "remedy": fault.remedy} for fault in problems]
        return SpokenJson({"errors": errors}, status_code=422)
    worlds.create(run, said["scenario"], scenario, time_scale or scenario.time_scale, seed)
    made = {"run": run, "accounts": len(scenario.accounts), "moves": len(scenario.moves)}
    return SpokenJson(made, status_code=201)


async def start(request: Request) -> Response:
    """The first report comes in."""
    world = world_of(request)
    said = await body_of(request, ADMIN_BODY)
    t0 = number(said, "t0", 0, LAST_YEAR, -1.0)
    if t0 > time.time():
        raise RefusedError(422, "t0", "lies in the future", "leave it out for now, or give an earlier moment")
    world.start(None if t0 < 0 else t0)
    clock = world.clock
    return SpokenJson({"t0": clock.t0, "first_s": clock.first_s, "time_scale": clock.time_scale})


async def status(request: Request) -> Response:
    """Where the world stands."""
    return SpokenJson(world_of(request).status())


async def jump(request: Request) -> Response:
    """Skip the time in which nothing can happen."""
    world = world_of(request)
    said = await body_of(request, ADMIN_BODY)
    beyond = number(said, "not_beyond_s", 0, LAST_YEAR, -1.0)
    jumped = world.jump(None if beyond < 0 else beyond)
    now = world.status()
    return SpokenJson({"jumped": jumped, "at_s": now["at_s"], "can_move": now["can_move"]})


def _account(world: World, said: dict[str, Any], path: str = "") -> str:
    account = world.ledger.find(text(said, "institution", path), text(said, "number", path))
    if account is None:
        raise RefusedError(422, path + "number", "no such account at this institution", "name an account of the file")
    return account.file.id


async def findings(request: Request) -> Response:
    """What the field officers found out, for the witness."""
    world = _running(request)
    said = await body_of(request, ADMIN_BODY)
    records: list[Record] = []
    for i, finding in enumerate(objects(said, "findings", MOST_AT_ONCE)):
        path = f"findings[{i}]."
        found = text(finding, "finding", path)
        if found not in FINDINGS:
            raise RefusedError(422, f"{path}finding", "unknown", f"write one of {', '.join(FINDINGS)}")
        records.append({"kind": "finding", "account": _account(world, finding, path), "finding": found})
    with world.turn() as now:
        for record in records:
            world.write(record, now)
    return SpokenJson({"recorded": len(records)})


async def end(request: Request) -> Response:
    """Stop the world's clock."""
    return SpokenJson({"at_s": round(world_of(request).end(), 3)})


async def book(request: Request) -> Response:
    """The published book, NDJSON."""
    world = world_of(request)
    world.status()
    return Response(await asyncio.to_thread(published, world.book.path), media_type="application/x-ndjson")


async def measures(request: Request) -> Response:
    """The witness's measures, computed from this world's records alone."""
    world = world_of(request)
    at_s = world.status()["at_s"]
    t0 = world.clock.t0
    if t0 is None:
        raise RefusedError(409, "run", "the world has not been started", "start it first")
    pending = {"pending": world.letters.unanswered()}
    path, scenario, scale = world.book.path, world.scenario, world.clock.time_scale

    def witness() -> dict[str, Any]:
        return measure(scenario, records_of(path), t0=t0, time_scale=scale, at_s=at_s, state=pending)

    return SpokenJson(await asyncio.to_thread(witness))


def _fault(said: dict[str, Any], world: World, path: str) -> Fault:
    kind = text(said, "kind", path)
    if kind not in KINDS:
        raise RefusedError(422, f"{path}kind", "unknown", f"write one of {', '.join(KINDS)}")
    institution = said.get("channel" if kind == CHANNEL_DOWN else "institution")
    if kind == CHANNEL_DOWN and institution not in {None, *CHANNELS}:
        raise RefusedError(422, f"{path}channel", "unknown", f"write one of {', '.join(CHANNELS)}, or null for all")
    if kind != CHANNEL_DOWN and institution is not None and institution not in world.letters.institutions:
        raise RefusedError(422, f"{path}institution", "not announced here", "name one of this world, or null for all")
    code = text(said, "code", path) if kind == "refuse" else ""
    if code and not re.fullmatch(r"[0-9]{4,6}", code):
        raise RefusedError(422, f"{path}code", "not a Result of 4 to 6 digits", "write the code of the contract")
    seed = whole(said, "seed", path)
    return Fault(
        kind=kind,
        institution=institution,
        probability=number(said, "probability", 0, 1, 1.0, path),
        seconds=number(said, "seconds", 0, LAST_YEAR, 0.0, path),
        count=whole(said, "count", path),
        code=code,
        seed=world.seed if seed is None else seed,
    )


async def set_faults(request: Request) -> Response:
    """Add faults on demand."""
    world = world_of(request)
    said = await body_of(request, ADMIN_BODY)
    faults = objects(said, "faults", MOST_AT_ONCE)
    world.set_faults([_fault(fault, world, f"faults[{i}].") for i, fault in enumerate(faults)])
    return SpokenJson({"active": len(world.faults.active)})


async def clear_faults(request: Request) -> Response:
    """End all faults."""
    world_of(request).clear_faults()
    return SpokenJson({"active": 0})


async def earlier_freeze(request: Request) -> Response:
    """A freeze of another authority, in effect from now."""
    world = _running(request)
    said = await body_of(request, ADMIN_BODY)
    account, authority = _account(world, said), text(said, "authority")
    if not authority.isprintable():
        raise RefusedError(422, "authority", "contains a control character", "write a name")
    if "amount_fen" not in said:
        raise RefusedError(422, "amount_fen", "missing", "write fen, or null for the whole account")
    amount = whole(said, "amount_fen")
    expires = int(number(said, "expires", 0, LAST_YEAR, 0.0))
    if expires <= time.time():
        raise RefusedError(422, "expires", "missing, or over", "write a Unix time in the future")
    world.freeze_earlier(account, amount, authority, expires)
    return SpokenJson({"account": account})


def _route(path: str, call: Callable[[Request], Any], method: str) -> Route:
    return Route(f"/admin/worlds{path}", call, methods=[method])


ROUTES: Final = [
    _route("", create, "POST"),
    _route("/{run}", status, "GET"),
    _route("/{run}/start", start, "POST"),
    _route("/{run}/jump", jump, "POST"),
    _route("/{run}/findings", findings, "POST"),
    _route("/{run}/end", end, "POST"),
    _route("/{run}/book", book, "GET"),
    _route("/{run}/measures", measures, "GET"),
    _route("/{run}/faults", set_faults, "POST"),
    _route("/{run}/faults", clear_faults, "DELETE"),
    _route("/{run}/earlier-freeze", earlier_freeze, "POST"),
]
