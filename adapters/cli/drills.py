"""`drill` and `demo`: scenarios played in worlds of their own."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from adapters.cli.failures import CommandError, Exit
from adapters.cli.live import watched
from adapters.cli.outcome import case_url, login_words, tell_result
from adapters.cli.running import INTERRUPTED, AsJson, perform, progress
from adapters.cli.voice import Voice
from adapters.drill.drill import Drill, Plan
from adapters.drill.errors import RefusedError
from adapters.drill.naming import run_name
from adapters.drill.result import Result
from adapters.drill.scenario import read_file
from adapters.faults import Fault
from adapters.settings import PROJECT_ROOT, Settings, SettingsError, is_run
from adapters.temporal.stack import StackView, open_stack
from adapters.temporal.worlds import list_worlds

DEMO = ("first-case", "xiamen-2020")


SHIFT_S = 12 * 3600.0
"""A drill that waits for people ends with their shift."""


class Officers(StrEnum):
    """Who plays the officers: the program, nobody, or people, for whom the drill waits until every case is closed."""

    AUTO = "auto"
    NONE = "none"
    PEOPLE = "people"

    def plan(self) -> Plan:
        """How a drill is played with them."""
        if self is Officers.PEOPLE:
            return Plan(officers=False, until_closed=True, longest_s=SHIFT_S)
        return Plan(officers=self is Officers.AUTO)


def drill(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Scenario files.")],
    book: Annotated[Path | None, typer.Option("--book", help="Write what the institutions saw and did.")] = None,
    time_scale: Annotated[float | None, typer.Option("--time-scale", help="Scenario seconds per real second.")] = None,
    officers: Annotated[
        Officers, typer.Option(help="Who plays the officers; with people it waits until every case is closed.")
    ] = Officers.AUTO,
    run: Annotated[str | None, typer.Option("--run", help="Name of the new world.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of the played officers and the institutions.")] = 0,
    fault_file: Annotated[Path | None, typer.Option("--fault-file", help="JSON list of faults set first.")] = None,
    as_json: AsJson = False,
) -> None:
    """Play scenario files, each in a world of its own, and compare the books. Exit 1 where they differ."""
    voice = Voice(as_json)

    async def work(given: Settings) -> int:
        if len(files) > 1 and (run or book):
            raise CommandError(
                Exit.BAD_INPUT, "--run and --book are for one scenario: give one FILE, or leave them out."
            )
        faults = _faults(fault_file) if fault_file else ()
        scenarios = [(file, read_file(file)) for file in files]
        names = _names(given, [raw for _, raw in scenarios], run)
        plan = replace(officers.plan(), time_scale=time_scale, seed=seed, faults=faults, book=book)
        sound = True
        async with open_stack(given, progress=progress(voice)) as stack:
            for (file, raw), name in zip(scenarios, names, strict=True):
                result = await _play(stack, raw, name, plan, voice, file.name)
                tell_result(voice, result)
                sound = sound and result.sound
        return Exit.DONE if sound else Exit.DIFFERENCE

    perform(voice, work)


def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave the stack up until Ctrl-C.")] = False,
    as_json: AsJson = False,
) -> None:
    """Play two scenarios and show what became of every fen, with the Temporal UI open on the cases."""
    voice = Voice(as_json)
    played: list[bool] = []

    def verdict() -> int:
        return Exit.DONE if all(played) else Exit.DIFFERENCE

    async def work(given: Settings) -> int:
        files = [PROJECT_ROOT / "scenarios" / f"{name}.json" for name in DEMO]
        scenarios = [(file, read_file(file)) for file in files]
        names = _names(given, [raw for _, raw in scenarios], None)
        async with open_stack(given, progress=progress(voice)) as stack:
            for (file, raw), name in zip(scenarios, names, strict=True):
                result = await _play(stack, raw, name, Plan(keep=keep), voice, file.name)
                played.append(result.sound)
                urls = [await case_url(stack, name, report.workflow_id) for report in result.reports]
                tell_result(voice, result, urls)
            if keep:
                voice.note(f"The stack stays up until Ctrl-C; Temporal UI: {stack.ui_url}")
                for words in login_words(stack):
                    voice.note(words)
                await stack.watch()
            else:
                voice.note("The UI goes with the stack: `starter.py demo --keep` or `make up` leave it open.")
        return verdict()

    perform(voice, work, ctrl_c=lambda: verdict() if len(played) == len(DEMO) else INTERRUPTED)


async def _play(stack: StackView, raw: object, name: str, plan: Plan, voice: Voice, file: str) -> Result:
    if stack.ui_url is not None:
        voice.note(f"{name} in the Temporal UI: {stack.ui_url}/namespaces/{name}/workflows")
    if plan.until_closed:
        voice.note(f"Officers are people: decide with `--run {name}`; it ends when every case is closed.")
        for words in login_words(stack):
            voice.note(words)
    with watched(voice, name) as watch:
        return await Drill(stack, raw, run=name, plan=replace(plan), watch=watch, name=file).play()


def _names(given: Settings, scenarios: Sequence[object], named: str | None) -> list[str]:
    """A new world for each.

    Raises:
        SettingsError: the given name cannot be one.
        CommandError: it is taken.
    """
    taken = {world.run for world in list_worlds(given)}
    if named is not None:
        if not is_run(named):
            raise SettingsError(f"A run cannot be called {named!r}: name it with 1 to 40 of a-z, 0-9 and -.")
        if named in taken:
            raise CommandError(Exit.BAD_INPUT, f"The run {named} exists already: choose another name with --run.")
        return [named]
    names: list[str] = []
    for raw in scenarios:
        name = run_name(raw, datetime.now(UTC), {*taken, *names})
        names.append(name)
    return names


def _faults(file: Path) -> Sequence[dict[str, Any]]:
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
    except OSError as problem:
        raise RefusedError(str(file), [Fault("$", f"cannot be read ({problem.strerror})")]) from None
    except ValueError:
        raise RefusedError(str(file), [Fault("$", "is not JSON in UTF-8")]) from None
    faults = said.get("faults") if isinstance(said, dict) else said
    if not isinstance(faults, list) or not all(isinstance(fault, dict) for fault in faults):
        raise RefusedError(str(file), [Fault("$", "is not a list of faults", "see docs/wire.md section 6")])
    return faults
