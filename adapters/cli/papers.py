"""`papers check`, `sample`, `list` and `get`: the legal documents, for lawyers and for whoever reads a case."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from adapters.cli.cases import case_of
from adapters.cli.drafts import drafts_of
from adapters.cli.failures import CommandError, Exit
from adapters.cli.running import AsJson, RunName, World, open_world, perform
from adapters.cli.voice import Voice, table
from adapters.faults import Fault
from adapters.papers import Printer
from adapters.papers.printing import fit, seal_of, templates_of
from adapters.papers.sample import sample
from adapters.papers.seal import SealError, seal_from
from adapters.papers.templates import BUILT_IN, Template, TemplateError, ignored
from adapters.policy_file import load_policy
from adapters.register.part import Rules
from adapters.settings import Settings
from domain.papers import IssuedPaper, PaperKind

app = typer.Typer(help="Legal documents: templates, samples, and the papers of a case.", no_args_is_help=True)

_SAMPLE_ACCOUNTS = 3
_ID_CHARACTERS = 8


@app.command("check")
def check(
    directory: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="Templates; default: those in force by the settings.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Whether templates and seal can be used: every fault with file, line, field, remedy. Exit 2 when there is one."""
    voice = Voice(as_json)

    async def work(given: Settings) -> None:
        templates = _templates(given, directory, seal_too=True)
        checked = _directory(given, directory)
        beside = ignored(checked) if checked is not None else []
        value = {
            "directory": str(checked or BUILT_IN),
            "kinds": [kind.value for kind in templates],
            "ignored": beside,
        }
        titles = [f"{kind.value}: {escape(one.title)}" for kind, one in templates.items()]
        left = [f"ignored, no templates: {escape(', '.join(beside))}"] if beside else []
        voice.tell(value, *titles, *left, "no fault found")

    perform(voice, work)


@app.command("sample")
def sample_command(
    kind: Annotated[PaperKind | None, typer.Option("--kind", help="One kind; default: all.")] = None,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the PDFs go.")] = Path(),
    templates: Annotated[
        Path | None, typer.Option("--templates", metavar="DIR", help="Default: those in force by the settings.")
    ] = None,
    seal: Annotated[bool, typer.Option("--seal", help="With the seal of the settings, not the practice seal.")] = False,
    as_json: AsJson = False,
) -> None:
    """One sample of each kind, for one account and for several, with invented content and the practice seal."""
    voice = Voice(as_json)

    async def work(given: Settings) -> None:
        used = _templates(given, templates)
        own = seal_from(given.paper_seal) if seal and given.paper_seal is not None else None
        printer = Printer(used, signature=given.paper_signature, seal=own, practice=own is None)
        out.mkdir(parents=True, exist_ok=True)
        written = []
        for one in [kind] if kind is not None else list(PaperKind):
            for accounts in (1, _SAMPLE_ACCOUNTS):
                shown = sample(
                    one,
                    series=used[one].series,
                    issuer=given.organisation_name,
                    organ=given.paper_organ,
                    accounts=accounts,
                )
                file = out / f"{one.value}-{accounts}.pdf"
                document = printer.render(shown)
                file.write_bytes(document)
                written.append({"file": str(file), "bytes": len(document)})
        voice.tell({"written": written}, *(f"{escape(str(one['file']))}: {one['bytes']} bytes" for one in written))

    perform(voice, work)


@app.command("list")
def list_papers(
    case: Annotated[str, typer.Argument(metavar="CASE")], run: RunName = None, as_json: AsJson = False
) -> None:
    """The papers issued in a case, and the drafts that its sheets were put to approval with."""
    voice = Voice(as_json)

    async def work(given: Settings) -> None:
        async with open_world(given, voice, run, engine_may_wait=True) as world:
            row = await case_of(world, case)
            issued = await world.register.papers_of(row.case_id)
            codes = {one.id: one.code for one in await world.register.institutions()}
            drafts = await _drafts(world, row.case_id, codes)
            made = table("drafts", "draft", "institution", "sha256")
            for one in drafts:
                made.add_row(one["draft"], one["institution"], one["sha256"][:_ID_CHARACTERS])
            value = {"case": row.case_number, "papers": [paper_value(one, codes) for one in issued], "drafts": drafts}
            voice.tell(value, papers_table(issued, codes), made)

    perform(voice, work)


@app.command("get")
def get(
    case: Annotated[str, typer.Argument(metavar="CASE")],
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="Its number, or of a draft a name such as F-01/CCB.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the PDF goes.")],
    run: RunName = None,
    as_json: AsJson = False,
) -> None:
    """Write a paper of a case to a file. Exit 1 when its bytes are not the ones that were issued and sent."""
    voice = Voice(as_json)

    async def work(given: Settings) -> int:
        async with open_world(given, voice, run, engine_may_wait=True) as world:
            row = await case_of(world, case)
            codes = {one.id: one.code for one in await world.register.institutions()}
            hashes = {one.number: one.sha256 for one in await world.register.papers_of(row.case_id)}
            hashes |= {one["draft"]: one["sha256"] for one in await _drafts(world, row.case_id, codes)}
            sha256 = hashes.get(number)
            if sha256 is None:
                raise CommandError(
                    Exit.NOT_FOUND,
                    f"Case {row.case_number} has no paper {number}: see `starter.py papers list {row.case_number}`.",
                )
            document = await world.register.kept_document(sha256)
            out.write_bytes(document)
            whole = hashlib.sha256(document).hexdigest() == sha256
            words = f"{out}: {len(document)} bytes, SHA-256 {sha256}"
            if not whole:
                words += " on record, and these bytes are others: the paper was changed"
            if others := await world.register.paper_of_orders(row.case_id, number) - {sha256}:
                whole = False
                words += f"; its orders left with another document, {', '.join(sorted(others))}: see `audit papers`"
            voice.tell({"file": str(out), "number": number, "sha256": sha256, "whole": whole}, escape(words))
            return Exit.DONE if whole else Exit.DIFFERENCE

    perform(voice, work)


def paper_value(paper: IssuedPaper, codes: Mapping[str, str]) -> dict[str, Any]:
    """A paper for programs."""
    return {**paper.model_dump(mode="json"), "institution_code": codes.get(paper.institution, "")}


def papers_table(papers: list[IssuedPaper], codes: Mapping[str, str]) -> Any:  # noqa: ANN401 - a Rich table
    """Papers for people."""
    made = table("papers", "number", "kind", "to", "accs", "sheet", "sha256", right=("accs",))
    for one in papers:
        made.add_row(
            one.number,
            one.kind.value,
            codes.get(one.institution, one.institution),
            str(one.accounts),
            one.sheet,
            one.sha256[:_ID_CHARACTERS],
        )
    return made


async def _drafts(world: World, case_id: str, codes: Mapping[str, str]) -> list[dict[str, str]]:
    found = []
    for row in await world.register.sheets_of(case_id):
        for code, name, sha256 in drafts_of(row.sheet, codes):
            found.append({"draft": name, "institution": code, "sha256": sha256})
    return found


def _directory(given: Settings, named: Path | None) -> Path | None:
    return named.absolute() if named is not None else given.paper_templates_dir


def _templates(given: Settings, named: Path | None, *, seal_too: bool = False) -> dict[PaperKind, Template]:
    """Templates that are without fault and fit their page.

    Raises:
        CommandError: they are not, or the seal is not where it is asked for; every fault is named.
    """
    directory = _directory(given, named)
    templates: dict[PaperKind, Template] = {}
    faults: list[Fault] = []
    try:
        templates = templates_of(given.model_copy(update={"paper_templates_dir": directory}))
        fit(Printer(templates, signature=given.paper_signature), Rules.of(load_policy(given)).basis, directory)
    except TemplateError as problem:
        faults += [
            Fault(f"{one.file}:{one.line} {one.field}".rstrip(" :0"), one.problem, one.remedy) for one in problem.faults
        ]
    try:
        seal_of(given, practice=not seal_too)
    except SealError as problem:
        told, _, remedy = str(problem).partition("; ")
        faults.append(Fault("HOLDFAST_PAPER_SEAL", told.partition(": ")[2], remedy))
    if faults:
        every = "\n".join(one.sentence for one in faults)
        raise CommandError(Exit.BAD_INPUT, f"The templates cannot be used:\n{every}", faults=faults)
    return templates
