"""`decide`, `finding`, `halt` and `authority`: what officers say."""

import asyncio
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer
from rich.markup import escape

from activities.ports import CaseRow, SheetRow
from adapters.cli.cases import case_of, refuse_closed, sheet_of, visit_of
from adapters.cli.failures import CommandError, Exit
from adapters.cli.reporting import OfficerNumber
from adapters.cli.running import AsJson, RunName, World, ensure_worker, open_world, perform
from adapters.cli.voice import Voice
from adapters.policy_file import load_policy
from adapters.settings import Settings
from domain.findings import Finding
from domain.sheets import Ruling, SheetKind, SheetState

_SEEN_WITHIN_S = 5.0  # a signal is kept within milliseconds where a worker runs
_LOOK_S = 0.1


class Verdict(StrEnum):
    """What an officer says to a sheet."""

    APPROVE = "approve"
    REJECT = "reject"


class Via(StrEnum):
    """How it is said: a signal is heard, an update is answered."""

    SIGNAL = "signal"
    UPDATE = "update"


def decide(
    case: Annotated[str, typer.Argument(metavar="CASE")],
    sheet: Annotated[str, typer.Argument(metavar="SHEET")],
    verdict: Annotated[Verdict, typer.Argument()],
    officer: OfficerNumber,
    reason: Annotated[str, typer.Option("--reason", help="In the officer's words.")] = "",
    via: Annotated[Via, typer.Option("--via")] = Via.SIGNAL,
    excepted: Annotated[list[int] | None, typer.Option("--except", metavar="N", help="A line to leave out.")] = None,
    run: RunName = None,
    as_json: AsJson = False,
) -> None:
    """Decide on a sheet. Exit 3 when it is decided already."""
    voice = Voice(as_json)

    async def work(given: Settings) -> None:
        async with open_world(given, voice, run) as world:
            row = await case_of(world, case)
            asked = await sheet_of(world, row, sheet)
            _refuse_decided(row, asked)
            await ensure_worker(world, voice)
            words = {
                "sheet": asked.sheet.name,
                "officer": officer,
                "verdict": verdict.value,
                "except": excepted or [],
                "reason": reason,
            }
            handle = world.client.get_workflow_handle(row.workflow_id)
            if via is Via.UPDATE:
                said: str = await handle.execute_update("decide", words, result_type=str)
            else:
                await handle.signal("decide", words)
                said = await _heard(world, row, asked, officer)
            now = await sheet_of(world, row, asked.sheet.name)
            value = {
                "case": row.case_number,
                "sheet": now.sheet.name,
                "state": now.state,
                "awaited": list(now.awaited),
                "said": said,
            }
            voice.tell(value, escape(said))

    perform(voice, work)


def _refuse_decided(row: CaseRow, asked: SheetRow) -> None:
    refuse_closed(row)
    if asked.state != SheetState.PENDING:
        raise CommandError(Exit.CLOSED, f"Sheet {asked.sheet.name} of case {row.case_number} is {asked.state} already.")
    if asked.sheet.kind is SheetKind.FREEZE and not row.filing_number:
        raise CommandError(
            Exit.BAD_INPUT,
            f"Case {row.case_number} has no case filing yet, so no freeze is decided on: "
            f"enter it first with `starter.py filing {row.case_number} NUMBER --officer NO`.",
        )


async def _heard(world: World, row: CaseRow, asked: SheetRow, officer: str) -> str:
    """What became of a signal: it has no answer of its own, so the register is watched for a moment."""
    loop = asyncio.get_running_loop()
    until = loop.time() + _SEEN_WITHIN_S
    while loop.time() < until:
        now = await sheet_of(world, row, asked.sheet.name)
        if officer in now.decided_by and officer not in asked.decided_by:
            awaits = f", still awaits {', '.join(now.awaited)}" if now.awaited else ""
            return f"{now.sheet.name}: {now.state}{awaits}"
        await asyncio.sleep(_LOOK_S)
    raise CommandError(
        Exit.BAD_INPUT,
        f"The decision was sent and has had no effect on {asked.sheet.name}: the case's details in the UI say why, "
        "or decide again with --via update to be told.",
    )


def finding(
    name: Annotated[str, typer.Argument(metavar="CASE|WORKFLOW")],
    last4: Annotated[str, typer.Argument(metavar="ACCOUNT-LAST4")],
    found: Annotated[Finding, typer.Argument(metavar="FINDING", help="mule, victim, merchant or not_found")],
    officer: OfficerNumber,
    remark: Annotated[str, typer.Option("--remark")] = "",
    run: RunName = None,
    as_json: AsJson = False,
) -> None:
    """Enter what a field officer found at an account's holder."""
    voice = Voice(as_json)

    async def work(given: Settings) -> None:
        async with open_world(given, voice, run) as world:
            visit = await visit_of(world, name, last4)
            await ensure_worker(world, voice)
            said: str = await world.client.get_workflow_handle(visit.id).execute_update(
                "finding", {"officer": officer, "finding": found.value, "remark": remark}, result_type=str
            )
            voice.tell({"workflow_id": visit.id, "finding": found.value, "said": said}, escape(said))

    perform(voice, work)


def halt(officer: OfficerNumber, run: RunName = None, as_json: AsJson = False) -> None:
    """停手: revoke the standing authority at once; nothing further leaves until it is given again."""
    voice = Voice(as_json)

    async def work(given: Settings) -> None:
        async with open_world(given, voice, run) as world:
            _say_ruling(voice, world, await world.register.halt(officer, datetime.now(UTC)))

    perform(voice, work)


def authority(
    handling: Annotated[str, typer.Option("--handling", metavar="NO", help="The handling duty officer.")],
    second: Annotated[str, typer.Option("--second", metavar="NO", help="The second duty officer.")],
    run: RunName = None,
    as_json: AsJson = False,
) -> None:
    """Both duty officers sign the standing authority for their shift; a halt ends with it."""
    voice = Voice(as_json)

    async def work(given: Settings) -> None:
        hours = load_policy(given).authority.hours
        async with open_world(given, voice, run) as world:
            _say_ruling(voice, world, await world.register.give_authority(handling, second, hours, datetime.now(UTC)))

    perform(voice, work)


def _say_ruling(voice: Voice, world: World, ruling: Ruling) -> None:
    if not ruling.accepted:
        raise CommandError(Exit.BAD_INPUT, f"Refused: {ruling.zh} / {ruling.en}.")
    voice.tell({"run": world.run, "accepted": True, "said": ruling.en}, f"{ruling.zh} / {ruling.en}")
