"""`audit replay`, `audit chain` and `audit papers`: whether what happened can be proved."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from adapters.cli.cases import case_of
from adapters.cli.failures import CommandError, Exit
from adapters.cli.paper_trails import audit_value, audit_words
from adapters.cli.replaying import Replayed, histories, replay
from adapters.cli.running import AsJson, RunName, open_world, perform
from adapters.cli.voice import Voice
from adapters.settings import Settings

app = typer.Typer(help="Replays, chains and papers: whether what happened can be proved.", no_args_is_help=True)

CaseOrNone = Annotated[str | None, typer.Argument(metavar="CASE")]
All = Annotated[bool, typer.Option("--all", help="Every case of the world.")]


def _one_or_all(case: str | None, every: bool) -> None:
    if (case is None) == (not every):
        raise CommandError(Exit.BAD_INPUT, "Name one CASE, or say --all.")


@app.command("replay")
def replay_command(
    case: CaseOrNone = None,
    every: All = False,
    save: Annotated[Path | None, typer.Option("--save", help="Keep the histories as JSON in this directory.")] = None,
    run: RunName = None,
    as_json: AsJson = False,
) -> None:
    """Replay every run of a case, or of all cases, on this code. Exit 1 names the command that differs."""
    voice = Voice(as_json)

    async def work(given: Settings) -> int:
        _one_or_all(case, every)
        async with open_world(given, voice, run) as world:
            prefix = None if case is None else (await case_of(world, case)).workflow_id
            results: list[Replayed] = []
            async for history in histories(world.client, prefix):
                if save is not None:
                    save.mkdir(parents=True, exist_ok=True)
                    name = f"{history.workflow_id}-{history.run_id}".replace("/", "_")
                    (save / f"{name}.json").write_text(history.to_json(), encoding="utf-8")
                results.append(await replay(history, world.client.namespace, world.client.data_converter))
            failed = [one for one in results if one.differs]
            value = {"run": world.run, "replayed": len(results), "failed": [one.model_dump() for one in failed]}
            words = [f"[red]{one.workflow_id} ({one.run_id}): {escape(one.differs)}[/red]" for one in failed]
            voice.tell(value, *words, f"{len(results)} histories replayed, {len(failed)} differ")
            return Exit.DIFFERENCE if failed else Exit.DONE

    perform(voice, work)


@app.command("chain")
def chain_command(case: CaseOrNone = None, every: All = False, run: RunName = None, as_json: AsJson = False) -> None:
    """Check the hash chain of a case's events, or of all cases. Exit 1 names each event that was changed."""
    voice = Voice(as_json)

    async def work(given: Settings) -> int:
        _one_or_all(case, every)
        async with open_world(given, voice, run) as world:
            if case is None:
                faults = await world.register.verify_all()
            else:
                faults = await world.register.verify_chain((await case_of(world, case)).case_id)
            value = {"run": world.run, "faults": [one.model_dump(mode="json") for one in faults]}
            words = [f"[red]{one.case_id} event {one.seq}: {escape(one.what)}[/red]" for one in faults]
            voice.tell(value, *words, f"{len(faults)} faults in the chain of events")
            return Exit.DIFFERENCE if faults else Exit.DONE

    perform(voice, work)


@app.command("papers")
def papers_command(
    case: CaseOrNone = None,
    every: All = False,
    of: Annotated[
        str, typer.Option("--of", metavar="ORDER|NUMBER", help="Only the paper of this order, or of this number.")
    ] = "",
    run: RunName = None,
    as_json: AsJson = False,
) -> None:
    """Each paper with its orders, sheet and deciding officers, and whether chain, list, orders and document agree.

    With --all also whether the series of numbers are without gaps. Exit 1 names each fault.
    """
    voice = Voice(as_json)

    async def work(given: Settings) -> int:
        _one_or_all(case, every)
        async with open_world(given, voice, run, engine_may_wait=True) as world:
            codes = {one.id: one.code for one in await world.register.institutions()}
            ids = [(await case_of(world, case)).case_id] if case is not None else await world.register.every_case()
            audits = [await world.register.audit_papers(case_id) for case_id in ids]
            if of:
                audits = [one for audit in audits if (one := audit.only(of)) is not None]
            if of and not audits:
                raise CommandError(Exit.NOT_FOUND, f"There is no paper of {of}: see `starter.py papers list CASE`.")
            series = await world.register.series_faults() if every else []
            faults = [*series, *(fault for audit in audits for fault in audit.faults)]
            voice.tell(audit_value(world.run, audits, faults), *audit_words(audits, faults, codes, shown=not every))
            return Exit.DIFFERENCE if faults else Exit.DONE

    perform(voice, work)
