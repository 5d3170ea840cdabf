"""`keys add`, `keys list` and `keys retire`: the ring that seals payloads. No command ever shows a key."""

from datetime import datetime
from typing import Annotated, Any

import typer

from adapters.cli.running import AsJson, perform
from adapters.cli.voice import Voice, table
from adapters.keyring import Key, KeyRing
from adapters.settings import Settings
from domain.clock import CST

app = typer.Typer(help="The key ring: what payloads are sealed and opened with.", no_args_is_help=True)


@app.command("add")
def add(as_json: AsJson = False) -> None:
    """Add a key, which seals from now on; running processes take it up within a second. Makes the ring if need be."""
    voice = Voice(as_json)

    async def work(given: Settings) -> None:
        is_new = given.keys is None and not given.keys_path.exists()
        ring = KeyRing.load_or_make(given)
        key = ring.keys[-1] if is_new else ring.add()
        voice.tell(_value(key, seals=True), f"Key {key.id} seals from now on; every older key goes on opening.")

    perform(voice, work)


@app.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """The keys by id: when each was made and retired, and which one seals."""
    voice = Voice(as_json)

    async def work(given: Settings) -> None:
        ring = KeyRing.load(given)
        sealing = ring.sealing_id
        made = table("keys", "key", "made", "retired", "seals")
        for key in ring.keys:
            made.add_row(key.id, _shown(key.made), _shown(key.retired), "yes" if key.id == sealing else "")
        voice.tell({"keys": [_value(key, seals=key.id == sealing) for key in ring.keys]}, made)

    perform(voice, work)


@app.command("retire")
def retire(key: Annotated[str, typer.Argument(metavar="KEY", help="Its id.")], as_json: AsJson = False) -> None:
    """Let a key seal no more. It goes on opening what it sealed: a case is read again ten years later."""
    voice = Voice(as_json)

    async def work(given: Settings) -> None:
        retired = KeyRing.load(given).retire(key)
        voice.tell(_value(retired, seals=False), f"Key {retired.id} seals no more and goes on opening.")

    perform(voice, work)


def _value(key: Key, *, seals: bool) -> dict[str, Any]:
    return {**key.model_dump(mode="json", exclude={"secret"}), "seals": seals}


def _shown(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment.astimezone(CST):%Y-%m-%d %H:%M}"
