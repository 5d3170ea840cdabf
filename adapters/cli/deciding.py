"""`decide`, `sign`, `finding`, `halt` and `authority`: what officers say."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rich.markup import escape

from adapters.cli.cases import not_closed, visit_of
from adapters.cli.evidence import Code, OfficerWord, fields_of, sheets_named, signatory, split_sheets
from adapters.cli.failures import CommandError, Exit
from adapters.cli.keeping import say_or_keep
from adapters.cli.reporting import OfficerNumber
from adapters.cli.running import AsJson, RunName, World, ensure_worker, open_world, perform
from adapters.cli.saying import Told, Via, Word, refuse_unready
from adapters.cli.voice import Voice
from adapters.devices import UnusableKeyError, private_key, signed
from adapters.policy_file import load_policy
from adapters.settings import Settings
from domain.authority import AuthorityWord
from domain.evidence import SheetOnWord, decision_binding
from domain.findings import Finding
from domain.identifiers import full_sheet_name
from domain.sheets import Ruling, Verdict


def decide(
    words: Annotated[list[str], typer.Argument(metavar="CASE SHEET… [approve|reject]")],
    officer: OfficerWord,
    code: Code = "",
    reason: Annotated[str, typer.Option("--reason", help="In the officer's words.")] = "",
    via: Annotated[Via, typer.Option("--via")] = Via.UPDATE,
    excepted: Annotated[list[int] | None, typer.Option("--except", metavar="N", help="A line to leave out.")] = None,
    run: RunName = None,
    as_json: AsJson = False,
) -> None:
    """Decide on sheets with one code: of one case, or of several by full names (A2026-000123/F-03).

    Without a verdict they are approved. Exit 3 when one is decided already. While the engine does not answer, the
    decision is verified and kept by the register, and delivered when the engine is back.
    """
    voice = Voice(as_json)

    async def work(given: Settings) -> None:
        case, names, verdict = _asked(words)
        if excepted and len(names) > 1:
            raise CommandError(Exit.BAD_INPUT, "--except is for one sheet: decide the others by a word of their own.")
        word = Word(signatory(officer, code), verdict, reason, tuple(excepted or ()))
        async with open_world(given, voice, run, engine_may_wait=True) as world:
            asked = await sheets_named(world, case, names)
            for row, sheet in asked:
                refuse_unready(row, sheet)
            _say_told(voice, await say_or_keep(world, voice, asked, word, via))

    perform(voice, work)


def _asked(words: list[str]) -> tuple[str, list[str], Verdict]:
    """Case, sheets and verdict as typed. Raises CommandError."""
    verdict = Verdict.APPROVE
    if words[-1].lower() in {one.value for one in Verdict}:
        verdict, words = Verdict(words[-1].lower()), words[:-1]
    case, names = split_sheets(words or [""])
    return case, names, verdict


def _say_told(voice: Voice, told: Sequence[Told]) -> None:
    """What is on record first, then what was refused."""
    for one in told:
        if not one.refused:
            value = {
                "case": one.case,
                "sheet": one.sheet,
                "state": one.state,
                "awaited": list(one.awaited),
                "kept": one.kept,
                "said": one.said,
            }
            voice.tell(value, escape(one.said))
    refused = {one.refused: one.exit_code for one in told if one.refused}
    if refused:
        raise CommandError(next(iter(refused.values())), " ".join(refused))


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
        async with open_world(given, voice, run, engine_may_wait=True) as world:
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
            handle = world.client.get_workflow_handle(visit.id)
            async with not_closed(handle):
                said: str = await handle.execute_update(
                    "finding", {**fields_of(who), "finding": found.value, "remark": remark}, result_type=str
                )
            voice.tell({"workflow_id": visit.id, "finding": found.value, "said": said}, escape(said))

    perform(voice, work)


def halt(officer: OfficerNumber, run: RunName = None, as_json: AsJson = False) -> None:
    """停手: revoke the standing authority at once; nothing further leaves until it is given again."""
    voice = Voice(as_json)

    async def work(given: Settings) -> None:
        async with open_world(given, voice, run, engine_may_wait=True) as world:
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
        async with open_world(given, voice, run, engine_may_wait=True) as world:
            _say_ruling(voice, world, await world.register.give_authority(word))

    perform(voice, work)


def _say_ruling(voice: Voice, world: World, ruling: Ruling) -> None:
    if not ruling.accepted:
        raise CommandError(Exit.BAD_INPUT, f"Refused: {ruling.zh} / {ruling.en}.")
    voice.tell({"run": world.run, "accepted": True, "said": ruling.en}, f"{ruling.zh} / {ruling.en}")
