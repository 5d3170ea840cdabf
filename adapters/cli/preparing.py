"""`prepare`: what a world needs on services of one's own, made before its workers start (deploy/README.md)."""

import asyncio
from datetime import timedelta
from typing import Annotated

import typer

from adapters.cli.failures import CommandError, Exit
from adapters.cli.running import AsJson, perform
from adapters.cli.voice import Voice
from adapters.drill.lasting import make_lasting
from adapters.register import migrate
from adapters.settings import LASTING_RUN, Settings
from adapters.temporal.addresses import namespace, postgres_url
from adapters.temporal.stack import StackView
from adapters.temporal.worlds import RETENTION, make_world, retention
from workflows.worklist import SEARCH_ATTRIBUTES

Practice = Annotated[
    bool, typer.Option("--practice", help="Also the practice institutions of HOLDFAST_SANDBOX_URL and their officers.")
]


def prepare(practice: Practice = False, as_json: AsJson = False) -> None:
    """Make what the world lacks on services that the settings name: database, tables, search attributes.

    Again, it does nothing. The world is HOLDFAST_RUN, default `main`.
    """
    voice = Voice(as_json)

    async def work(given: Settings) -> None:
        run = given.run or LASTING_RUN
        _services_are_named(given, practice=practice)
        if practice:
            if run != LASTING_RUN:
                raise CommandError(Exit.BAD_INPUT, f"Practice institutions are of the world {LASTING_RUN}, not {run}.")
            await make_lasting(StackView(given))
        world = await make_world(given, run, SEARCH_ATTRIBUTES)
        await asyncio.to_thread(migrate, postgres_url(given, world.database))
        kept = await retention(given, run)
        name = namespace(given, run)
        value = {"run": run, "database": world.database, "namespace": name, "retention_days": kept.days}
        voice.tell(
            value, f"The world {run} is prepared: database {world.database}, namespace {name}.", *_short(kept, name)
        )

    perform(voice, work)


def _services_are_named(given: Settings, *, practice: bool) -> None:
    named = {
        "HOLDFAST_TEMPORAL_PROFILE": given.temporal_profile,
        "HOLDFAST_POSTGRES_URL": given.postgres_url,
        **({"HOLDFAST_SANDBOX_URL": given.sandbox_url} if practice else {}),
    }
    missing = [name for name, value in named.items() if value is None]
    if missing:
        raise CommandError(
            Exit.BAD_INPUT, f"{', '.join(missing)} must name a service; the embedded one prepares itself (`make up`)."
        )


def _short(kept: timedelta, name: str) -> list[str]:
    """A closed case has to stay readable and replayable; the namespace's own default is days."""
    if kept >= RETENTION:
        return []
    command = f"temporal operator namespace update --namespace {name} --retention {RETENTION // timedelta(hours=1)}h"
    return [f"Closed cases stay in the engine for {kept.days} days only: `{command}`"]
