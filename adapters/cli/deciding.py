"""`decide`, `sign`, `finding`, `halt` and `authority`: what officers say."""

import asyncio
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rich.markup import escape

from activities.ports import CaseRow, SheetRow
from adapters.cli.cases import refuse_closed, sheet_of, visit_of
from adapters.cli.evidence import Code, OfficerWord, fields_of, sheets_named, signatory, split_sheets
from adapters.cli.failures import CommandError, Exit
from adapters.cli.reporting import OfficerNumber
from adapters.cli.running import AsJson, RunName, World, ensure_worker, open_world, perform
from adapters.cli.voice import Voice
from adapters.devices import UnusableKeyError, private_key, signed
from adapters.policy_file import load_policy
from adapters.settings import Settings
from domain.authority import AuthorityWord
from domain.evidence import SheetOnWord, decision_binding
from domain.findings import Finding
from domain.identifiers import full_sheet_name
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
    words: Annotated[list[str], typer.Argument(metavar="CASE SHEET… [approve|reject]")],
    officer: OfficerWord,
    code: Code = "",
    reason: Annotated[str, typer.Option("--reason", help="In the officer's words.")] = "",
    via: Annotated[Via, typer.Option("--via")] = Via.SIGNAL,
    excepted: Annotated[list[int] | None, typer.Option("--except", metavar="N", help="A line to leave out.")] = None,
    run: RunName = None,
    as_json: AsJson = False,
) -> None:
    """Decide on sheets with one code: of one case, or of several by full names (A2026-000123/F-03).

    Without a verdict they are approved. Exit 3 when one is decided already.
    """
    voice = Voice(as_json)

    async def work(given: Settings) -> None:
        case, names, verdict = _asked(words)
        if excepted and len(names) > 1:
            raise CommandError(Exit.BAD_INPUT, "--except is for one sheet: decide the others by a word of their own.")
        who = signatory(officer, code)
        async with open_world(given, voice, run) as world:
            asked = await sheets_named(world, case, names)
            for row, sheet in asked:
                _refuse_decided(row, sheet)
            await ensure_worker(world, voice)
            said = {
                **fields_of(who),
                "sheets": [full_sheet_name(row.case_number, sheet.sheet.name) for row, sheet in asked],
                "verdict": verdict.value,
                "except": excepted or [],
                "reason": reason,
            }
            await _say(world, asked, said, via)
            for row, sheet in asked:
                heard = await _heard(world, row, sheet, who.officer)
                now = await sheet_of(world, row, sheet.sheet.name)
                value = {
                    "case": row.case_number,
                    "sheet": now.sheet.name,
                    "state": now.state,
                    "awaited": list(now.awaited),
                    "said": heard,
                }
                voice.tell(value, escape(heard))

    perform(voice, work)


def _asked(words: list[str]) -> tuple[str, list[str], Verdict]:
    """Case, sheets and verdict as typed. Raises CommandError."""
    verdict = Verdict.APPROVE
    if words[-1].lower() in {one.value for one in Verdict}:
        verdict, words = Verdict(words[-1].lower()), words[:-1]
    case, names = split_sheets(words or [""])
    return case, names, verdict


async def _say(world: World, asked: list[tuple[CaseRow, SheetRow]], said: dict[str, Any], via: Via) -> None:
    """The same word to every case it names."""
    for workflow_id in dict.fromkeys(row.workflow_id for row, _ in asked):
        workflow = world.client.get_workflow_handle(workflow_id)
        if via is Via.UPDATE:
            await workflow.execute_update("decide", said, result_type=str)
        else:
            await workflow.signal("decide", said)


def sign(
    words: Annotated[list[str], typer.Argument(metavar="CASE SHEET… [approve|reject]")],
    officer: OfficerNumber,
    key: Annotated[Path, typer.Option("--key", help="Your Ed25519 private key, PEM.")],
    excepted: Annotated[list[int] | None, typer.Option("--except", metavar="N", help="A line to leave out.")] = None,
    run: RunName = None,
    as_json: AsJson = False,
) -> None:
    """Sign a decision on your own device: the signature goes where the code would (decide --code, or in the UI)."""
    voice = Voice(as_json)

    async def work(given: Settings) -> None:
        case, names, verdict = _asked(words)
        if excepted and len(names) > 1:
            raise CommandError(Exit.BAD_INPUT, "--except is for one sheet: sign the others by themselves.")
        signing = _signing_key(key)
        async with open_world(given, voice, run) as world:
            on_word = [
                SheetOnWord(
                    name=full_sheet_name(row.case_number, sheet.sheet.name),
                    digest=sheet.sheet.digest,  # of what is read here, not of what somebody says it is
                    except_lines=tuple(excepted or ()),
                )
                for row, sheet in await sheets_named(world, case, names)
            ]
            binding = decision_binding(officer, verdict.value, on_word)
            signature = signed(signing, binding.text).value
            voice.note(binding.text)
            voice.tell({"officer": officer, "signature": signature, "binding": binding.text}, signature)

    perform(voice, work)


def _signing_key(file: Path) -> Ed25519PrivateKey:
    try:
        return private_key(file.read_bytes())
    except OSError as problem:
        raise CommandError(Exit.BAD_INPUT, f"The key {file} cannot be read ({problem.strerror}).") from None
    except UnusableKeyError as problem:
        raise CommandError(
            Exit.BAD_INPUT, f"The key {file} is {problem}: make one with `openssl genpkey -algorithm ed25519`."
        ) from None


def _refuse_decided(row: CaseRow, asked: SheetRow) -> None:
    refuse_closed(row)
    if asked.state != SheetState.PENDING:
        raise CommandError(Exit.CLOSED, f"Sheet {asked.sheet.name} of case {row.case_number} is {asked.state} already.")
    if asked.sheet.kind is SheetKind.FREEZE and not row.filing_number:
        raise CommandError(
            Exit.BAD_INPUT,
            f"Case {row.case_number} has no case filing yet, so no freeze is decided on: "
            f'enter it first with `starter.py filing {row.case_number} NUMBER --officer "NO CODE"`.',
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
    officer: OfficerWord,
    code: Code = "",
    remark: Annotated[str, typer.Option("--remark")] = "",
    run: RunName = None,
    as_json: AsJson = False,
) -> None:
    """Enter what a field officer found at an account's holder."""
    voice = Voice(as_json)

    async def work(given: Settings) -> None:
        who = signatory(officer, code)
        async with open_world(given, voice, run) as world:
            visit = await visit_of(world, name, last4)
            await ensure_worker(world, voice)
            said: str = await world.client.get_workflow_handle(visit.id).execute_update(
                "finding", {**fields_of(who), "finding": found.value, "remark": remark}, result_type=str
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
    handling: Annotated[str, typer.Option("--handling", metavar='"NO CODE"', help="The handling duty officer.")],
    second: Annotated[str, typer.Option("--second", metavar='"NO CODE"', help="The second duty officer.")],
    run: RunName = None,
    as_json: AsJson = False,
) -> None:
    """Both duty officers sign the standing authority for their shift; a halt ends with it."""
    voice = Voice(as_json)

    async def work(given: Settings) -> None:
        policy = load_policy(given)
        word = AuthorityWord(
            handling=signatory(handling),
            second=signatory(second),
            hours=policy.authority.hours,
            layers=policy.trace.most_layers,
            accounts=policy.trace.most_accounts,
            at=datetime.now(UTC),
        )
        async with open_world(given, voice, run) as world:
            _say_ruling(voice, world, await world.register.give_authority(word))

    perform(voice, work)


def _say_ruling(voice: Voice, world: World, ruling: Ruling) -> None:
    if not ruling.accepted:
        raise CommandError(Exit.BAD_INPUT, f"Refused: {ruling.zh} / {ruling.en}.")
    voice.tell({"run": world.run, "accepted": True, "said": ruling.en}, f"{ruling.zh} / {ruling.en}")
