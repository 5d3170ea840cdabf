"""`inbox`: what waits for a decision over all open cases, and deciding several sheets with one code."""

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markup import escape

from adapters.cli.evidence import Code, OfficerWord, sheets_named, signatory
from adapters.cli.failures import CommandError, Exit
from adapters.cli.faulty import faulty_line, faulty_value
from adapters.cli.halted import halt_line, halt_value
from adapters.cli.inbox_words import EVIDENCE_WORDS, full_name, listed, told_table, value_of, whole
from adapters.cli.keeping import say_or_keep
from adapters.cli.running import AsJson, RunName, World, open_world, perform
from adapters.cli.saying import Told, Via, Word, refuse_unready
from adapters.cli.voice import Voice
from adapters.cli.watching import Asked, watch
from adapters.faults import Fault
from adapters.policy_file import load_policy
from adapters.register.awaiting import Question
from adapters.settings import Settings
from domain.evidence import EvidenceKind, Signatory
from domain.identifiers import parts_of_sheet
from domain.officers import Officer
from domain.sheets import Ruling, Verdict
from domain.watchlist import Order
from domain.words import MOST_SHEETS

app = typer.Typer(
    help="Sheets that wait for decisions over all open cases. Without a command: the list.",
    invoke_without_command=True,
)

NOTHING = (
    "无待决审批单 Nothing waits for a decision. 待查证、待复核、缺立案看 For findings, second looks, missing filings: "
    "starter.py inbox --watch"
)

Names = Annotated[list[str] | None, typer.Argument(metavar="SHEET…", help="Full names, e.g. A2026-000123/F-03.")]
All = Annotated[bool, typer.Option("--all", help="All that wait for this officer and need this kind of evidence.")]
Reason = Annotated[str, typer.Option("--reason", help="In the officer's words.")]


@app.callback()
def inbox(
    ctx: typer.Context,
    officer: Annotated[
        str | None, typer.Option("--officer", metavar="NO", help="Only what this officer may decide.")
    ] = None,
    watching: Annotated[
        bool, typer.Option("--watch", help="A live view: sheets, unknown outcomes and deadlines of all cases.")
    ] = False,
    order: Annotated[Order, typer.Option("--order", help="Of --watch: by deadline, or by yuan a minute.")] = (
        Order.DEADLINE
    ),
    every: Annotated[float, typer.Option("--every", min=0.2, help="Of --watch: seconds between two looks.")] = 2.0,
    once: Annotated[bool, typer.Option("--once", help="Of --watch: one look, and no keys.")] = False,
    run: RunName = None,
    as_json: AsJson = False,
) -> None:
    """Sheets that wait for decisions over all open cases, the most urgent first."""
    if ctx.invoked_subcommand is not None:
        return
    voice = Voice(as_json)

    async def work(given: Settings) -> None:
        async with open_world(given, voice, run, engine_may_wait=True) as world:
            if watching:
                await watch(world, voice, load_policy(given), Asked(order, every, once))
                return
            now = datetime.now(UTC)
            asked = await world.register.inbox(now, await _officer(world, officer) if officer else None)
            halt = await world.register.standing_halt()
            faulty = await world.register.paper_faults()
            value = {
                "run": world.run,
                "at": now.isoformat(),
                "officer": officer,
                "halted": halt_value(halt),
                "papers_faulty": faulty_value(faulty),
                "sheets": _values(asked, now),
            }
            rows = listed(asked, now, f"run {world.run}") if asked else NOTHING
            voice.tell(value, *halt_line(halt), *faulty_line(faulty), rows)

    perform(voice, work)


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(metavar="SHEET", help="Its full name, e.g. A2026-000123/F-03.")],
    run: RunName = None,
    as_json: AsJson = False,
) -> None:
    """One sheet as a whole: what it would do, what waiting costs, who is awaited, and every account on it."""
    voice = Voice(as_json)

    async def work(given: Settings) -> None:
        (wanted,) = _full([name])
        async with open_world(given, voice, run, engine_may_wait=True) as world:
            now = datetime.now(UTC)
            ((case, sheet),) = await sheets_named(world, "", [wanted])
            (asked,) = await world.register.questions_of(case.case_id, now, [sheet.sheet.name])
            codes = {one.id: one.code for one in await world.register.institutions()}
            voice.tell({"run": world.run, **value_of(asked, now, codes)}, *whole(asked, now, codes))

    perform(voice, work)


def _deciding(verdict: Verdict, words: str) -> None:
    """The command of one verdict."""

    def decide(
        officer: OfficerWord,
        names: Names = None,
        every: All = False,
        code: Code = "",
        reason: Reason = "",
        run: RunName = None,
        as_json: AsJson = False,
    ) -> None:
        _decide(Voice(as_json), verdict, officer, names, every, code, reason, run)

    app.command(verdict.value, help=words)(decide)


_deciding(
    Verdict.APPROVE,
    "Approve several sheets, also of several cases, with one code. Exit 2 when one was refused; each is told.",
)
_deciding(
    Verdict.REJECT,
    "Reject several sheets, also of several cases, with one code: what they name is let go.",
)


def _decide(
    voice: Voice,
    verdict: Verdict,
    officer: str,
    names: list[str] | None,
    every: bool,
    code: str,
    reason: str,
    run: str | None,
) -> None:
    async def work(given: Settings) -> int:
        if every == bool(names):
            raise CommandError(Exit.BAD_INPUT, "Name the sheets in full, or say --all.")
        wanted = _full(names or [])
        word = Word(signatory(officer, code), verdict, reason)
        async with open_world(given, voice, run, engine_may_wait=True) as world:
            now = datetime.now(UTC)
            found = await _officer(world, word.who.officer)
            waiting = await world.register.inbox(now, found)
            left: list[Fault] = []
            if every:
                chosen, left = choose(waiting, word.who, await world.register.refused_for_kept(found, waiting))
                wanted = [full_name(one) for one in chosen]
                _confirm(voice, chosen, now, verdict)
            told = await _say(world, voice, wanted, waiting, word) if wanted else []
            value = {
                "run": world.run,
                "verdict": verdict.value,
                "officer": word.who.officer,
                "sheets": [_told_value(one) for one in told],
                "left": [{"sheet": one.path, "why": one.problem} for one in left],
            }
            rest = [f"未决定 left: {escape(one.sentence)}" for one in left]
            voice.tell(value, told_table(told) if told else "均未决定 Nothing was decided.", *rest)
            return next((one.exit_code for one in told if one.refused), Exit.DONE)

    perform(voice, work)


def choose(
    waiting: Sequence[Question], who: Signatory, refused: Mapping[str, Ruling]
) -> tuple[list[Question], list[Fault]]:
    """What `--all` decides with this evidence, in order of deadline, and what is left, with the reason.

    A code decides what needs a code, a signature what needs one: a signature is given for named sheets only.
    `refused`: what kept words have answered, by full names: one such sheet would have the whole word refused.
    """
    chosen: list[Question] = []
    left: list[Fault] = []
    for one in waiting:
        if (before := refused.get(full_name(one))) is not None:
            left.append(Fault(full_name(one), f"{before.zh} / {before.en}"))
        elif one.blocked:
            left.append(Fault(full_name(one), "尚未立案 / its case has no case filing yet"))
        elif who.evidence is not None and who.evidence.kind != one.row.sheet.needs.value:
            left.append(
                Fault(
                    full_name(one), f"需要{EVIDENCE_WORDS[one.row.sheet.needs][0]} / needs {one.row.sheet.needs.value}"
                )
            )
        elif len(chosen) == MOST_SHEETS:
            left.append(
                Fault(full_name(one), f"一次最多决定 {MOST_SHEETS} 张 / one word decides at most {MOST_SHEETS} sheets")
            )
        else:
            chosen.append(one)
    return chosen, left


async def _say(world: World, voice: Voice, names: Sequence[str], waiting: Sequence[Question], word: Word) -> list[Told]:
    """Say the word to all of them, or to none: what is sure to be refused is refused before anything is said."""
    asked = await sheets_named(world, "", list(names))
    ours = {full_name(one) for one in waiting}
    faults: list[Fault] = []
    for name, (row, sheet) in zip(names, asked, strict=True):
        try:
            refuse_unready(row, sheet)
        except CommandError as problem:
            faults.append(Fault(name, problem.sentence))
            continue
        if name not in ours:
            number = word.who.officer
            faults.append(Fault(name, f"不需警号 {number} 决定 (或已签) / does not await officer {number} (any more)"))
        elif sheet.sheet.needs is EvidenceKind.SIGNATURE and _kind(word.who) is EvidenceKind.TOTP:
            faults.append(Fault(name, "需要签名，不是验证码 / needs a signature, not a code", "`starter.py sign`"))
    if faults:
        said = " ".join(fault.sentence for fault in faults)
        raise CommandError(Exit.BAD_INPUT, f"均未决定 / Nothing was decided. {said}", faults=faults)
    return await say_or_keep(world, voice, asked, word, Via.UPDATE)


def _kind(who: Signatory) -> EvidenceKind | None:
    return None if who.evidence is None else EvidenceKind(who.evidence.kind)


def _confirm(voice: Voice, chosen: Sequence[Question], now: datetime, verdict: Verdict) -> None:
    """Whoever says "all" at a terminal sees first what that is: sheets may have come since the list was read."""
    if not chosen or voice.as_json or not sys.stdin.isatty():
        return
    voice.err.print(listed(chosen, now, f"to {verdict.value}"))
    if not typer.confirm(f"{verdict.value} all {len(chosen)}?", err=True):
        raise CommandError(Exit.BAD_INPUT, "均未决定 / Nothing was decided.")


def _full(names: Sequence[str]) -> list[str]:
    """Full names as typed, each once. Raises CommandError."""
    upper = list(dict.fromkeys(name.upper() for name in names))
    for name in upper:
        if parts_of_sheet(name) is None:
            raise CommandError(Exit.BAD_INPUT, f"{name} is no full name of a sheet: type A2026-000123/F-03.")
    if len(upper) > MOST_SHEETS:
        raise CommandError(Exit.BAD_INPUT, f"One word decides at most {MOST_SHEETS} sheets.")
    return upper


async def _officer(world: World, number: str) -> Officer:
    found = next((one for one in await world.register.officers() if one.number == number and one.active), None)
    if found is None:
        raise CommandError(
            Exit.NOT_FOUND, f"No active officer {number} is in the register: see `starter.py officer list`."
        )
    return found


def _values(asked: Sequence[Question], now: datetime) -> list[dict[str, object]]:
    return [value_of(one, now) for one in asked]


def _told_value(one: Told) -> dict[str, object]:
    return {
        "sheet": one.name,
        "accepted": not one.refused,
        "state": one.state,
        "awaited": list(one.awaited),
        "kept": one.kept,
        "said": one.said,
    }
