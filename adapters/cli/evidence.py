"""What an officer brings to a command: number and code, or a signature; and which sheets are meant by full names."""

import sys
from typing import Annotated

import typer

from adapters.cli.cases import case_of, sheet_of
from adapters.cli.failures import CommandError, Exit
from adapters.cli.running import World
from adapters.register.rows import CaseRow, SheetRow
from domain.evidence import KeptWord, Signatory, Signature, Totp
from domain.identifiers import full_sheet_name, parts_of_sheet
from domain.words import MOST_SHEETS, evidence_word

OfficerWord = Annotated[
    str, typer.Option("--officer", metavar='"NO CODE"', help="Your police number, and the code of your authenticator.")
]
Code = Annotated[
    str, typer.Option("--code", help="The code, or a signature of `starter.py sign`; asked for where it is missing.")
]
_WORDS = 2


def signatory(said: str, code: str = "") -> Signatory:
    """An officer with evidence, from "NO CODE", or NO and a code of its own; a terminal is asked for a missing one.

    Raises:
        CommandError: there is no code, or it is none.
    """
    number, *more = said.split() or [""]
    if len(more) >= _WORDS or (more and code) or not number.isdigit():
        raise CommandError(Exit.BAD_INPUT, f'"{number} …" is no officer with a code: type --officer "NO CODE".')
    given = more[0] if more else code
    if not given and sys.stdin.isatty():
        given = typer.prompt(f"Code of officer {number}", hide_input=True, err=True)
    if not given:
        raise CommandError(Exit.BAD_INPUT, f'The code of officer {number} is missing: type --officer "{number} CODE".')
    evidence = evidence_word(given)
    if evidence is None:
        raise CommandError(Exit.BAD_INPUT, "That is no code: six digits of your authenticator, or a signature.")
    return Signatory(officer=number, evidence=evidence)


def fields_of(who: Signatory) -> dict[str, str]:
    """Officer and evidence as a case's handlers take them."""
    match who.evidence:
        case Totp():
            return {"officer": who.officer, "code": who.evidence.code}
        case Signature():
            return {"officer": who.officer, "signature": who.evidence.value}
        case KeptWord():
            return {"officer": who.officer, "kept": who.evidence.word}
        case None:
            return {"officer": who.officer}


def split_sheets(words: list[str]) -> tuple[str, list[str]]:
    """Case and sheets from `CASE SHEET…` or full names `A2026-000123/F-03…`.

    Raises:
        CommandError: no sheet is named, or more than one word decides.
    """
    case, *short = ("", *words) if parts_of_sheet(words[0].upper()) else words
    names = [name.upper() for name in short]
    wrong = [name for name in names if parts_of_sheet(full_sheet_name("A2026-000000", name)) is None]
    if not names or wrong:
        raise CommandError(
            Exit.BAD_INPUT,
            f"{wrong[0]} is neither a sheet nor approve or reject." if wrong else "Name the sheets: CASE SHEET… .",
        )
    if len(names) > MOST_SHEETS:
        raise CommandError(Exit.BAD_INPUT, f"One word decides at most {MOST_SHEETS} sheets.")
    return case, names


async def sheets_named(world: World, case: str, names: list[str]) -> list[tuple[CaseRow, SheetRow]]:
    """The sheets that are meant, each with its case.

    Raises:
        CommandError: there is no such case or sheet.
    """
    found = []
    cases: dict[str, CaseRow] = {}
    for name in names:
        parts = parts_of_sheet(name)
        number, short = parts or (case, name)
        if number not in cases:
            cases[number] = await case_of(world, number)
        found.append((cases[number], await sheet_of(world, cases[number], short)))
    return found
