"""`report`, `filing`, `list` and `show`: cases taken in and read."""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.markup import escape

from adapters.cli.cases import case_of, not_closed, refuse_closed
from adapters.cli.evidence import Code, OfficerWord, fields_of, signatory
from adapters.cli.failures import CommandError, Exit
from adapters.cli.halted import halt_line, halt_lines, halt_value
from adapters.cli.outcome import case_url
from adapters.cli.papers import paper_value, papers_table
from adapters.cli.running import AsJson, RunName, World, ensure_worker, open_world, perform, progress
from adapters.cli.voice import Voice, amount, table, yuan
from adapters.drill.lasting import make_lasting
from adapters.drill.scenario import faults_of
from adapters.faults import Fault
from adapters.formats import doubts_of
from adapters.intake import Intake
from adapters.policy_file import load_policy
from adapters.register.awaiting import Question
from adapters.register.rows import CaseRow, SheetRow
from adapters.settings import LASTING_RUN, Settings
from adapters.temporal.stack import open_stack
from adapters.temporal.worlds import list_worlds
from domain.books import BookEntry
from domain.case import AWAITING_FINDINGS, STATUS_WORDS, CaseOutcome, Status
from domain.effects import effect_words
from domain.identifiers import masked
from domain.report import Receipt, Report
from domain.sheets import SHEET_WORDS, SheetState
from workflows.showing.headline import OUTCOME_WORDS

OfficerNumber = Annotated[str, typer.Option("--officer", metavar="NO", help="The officer's police number.")]
_MOST_CASES = 1000


def report(
    file: Annotated[
        str, typer.Argument(metavar="FILE|-", help="A report as JSON (docs/report.schema.json); - is stdin.")
    ],
    run: Annotated[str | None, typer.Option("--run", help="Default: the lasting world.")] = None,
    as_json: AsJson = False,
) -> None:
    """File a report. Refused with the path of each field; filed twice, it joins; of a closed case exit 3."""
    voice = Voice(as_json)

    async def work(given: Settings) -> int:
        filed = read_report(file)
        name = run or given.run or LASTING_RUN
        if name == LASTING_RUN and name not in [world.run for world in list_worlds(given)]:
            async with open_stack(given, progress=progress(voice)) as stack:
                await make_lasting(stack)
        async with open_world(given, voice, name, engine_may_wait=True) as world:
            institutions = await world.register.institutions()
            intake = Intake(world.register, world.client, load_policy(given), institutions)
            codes = {one.id: one.code for one in institutions}
            receipt = await intake.file(filed)
            halted = await halt_lines(world.register)  # a report is kept during a halt, and nothing is stopped for it
            return _say_receipt(voice, world, receipt, filed, codes, halted)

    perform(voice, work)


def read_report(file: str) -> Report:
    """A report from a file or stdin.

    Raises:
        CommandError: it cannot be read, or a field is missing or wrong.
    """
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        raw: Any = json.loads(text)
    except OSError as problem:
        raise CommandError(Exit.BAD_INPUT, f"The report {file} cannot be read ({problem.strerror}).") from None
    except (ValueError, RecursionError):
        raise CommandError(
            Exit.BAD_INPUT, f"The report {file} is not JSON in UTF-8: see docs/example-report.json."
        ) from None
    try:
        return Report.model_validate(raw)
    except ValidationError as problem:
        faults = faults_of(problem)
    raise refused_report(faults)


def refused_report(faults: list[Fault]) -> CommandError:
    """The refusal, with the path of each field."""
    said = "; ".join(fault.sentence for fault in faults)
    return CommandError(
        Exit.BAD_INPUT, f"The report is refused, nothing was kept: {said}. See docs/report.schema.json.", faults=faults
    )


def _say_receipt(
    voice: Voice, world: World, receipt: Receipt, filed: Report, codes: Mapping[str, str], halted: Sequence[str]
) -> int:
    number = receipt.case_number
    words = {
        "new": f"已受理，案件 {number} Case {number} is open ({receipt.case_id}).",
        "joined": f"同一报案已在办 The same report is running as case {number} ({receipt.case_id}): joined.",
        "closed": f"同一报案 The same report was case {number}, which is closed: file what is new as a new report.",
    }
    if receipt.standing == "closed":
        raise CommandError(Exit.CLOSED, words["closed"])
    if receipt.standing == "differs":
        raise refused_report([_other_content(number)])
    doubts = [{"field": path, "zh": problem.zh, "en": problem.en} for path, problem in doubts_of(filed)]
    asked = [f"请核对 please check {one['field']}: {one['zh']} / {one['en']}" for one in doubts]
    value = {**receipt.model_dump(mode="json"), "run": world.run, "doubts": doubts}
    voice.tell(value, *halted, words[receipt.standing], *_understood(filed, codes), *asked)
    return Exit.DONE


def _other_content(number: str) -> Fault:
    return Fault(
        path="source_ref",
        problem=f"编号已用于案件 {number}，内容不同 it is that of case {number}, whose content differs",
        remedy="新警情换一个编号 give each report a reference of its own",
    )


def _understood(filed: Report, codes: Mapping[str, str]) -> list[str]:
    """What was understood, to be read back: a wrong sum or account is stopped for nothing."""
    if not filed.transfers:
        return []
    payees = "，".join(
        f"{masked(codes.get(one.bank, one.bank), one.number)} {yuan(one.amount_fen)}" for one in filed.transfers
    )
    return [f"损失 loss {yuan(filed.loss_fen)}；收款 paid to {escape(payees)}。请与回单核对 please check"]


def filing(
    case: Annotated[str, typer.Argument(metavar="CASE")],
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="The case filing's number (立案号).")],
    officer: OfficerWord,
    code: Code = "",
    run: RunName = None,
    as_json: AsJson = False,
) -> None:
    """Enter the case filing (立案): freezes wait for it."""
    voice = Voice(as_json)

    async def work(given: Settings) -> None:
        who = signatory(officer, code)
        async with open_world(given, voice, run) as world:
            row = await case_of(world, case)
            refuse_closed(row)
            await ensure_worker(world, voice)
            handle = world.client.get_workflow_handle(row.workflow_id)
            async with not_closed(handle):
                said: str = await handle.execute_update("filing", {"number": number, **fields_of(who)}, result_type=str)
            voice.tell({"case": row.case_number, "filing_number": number, "said": said}, escape(said))

    perform(voice, work)


def list_cases(run: RunName = None, as_json: AsJson = False) -> None:
    """The cases of a world, the latest first, and the sheets that await decisions."""
    voice = Voice(as_json)

    async def work(given: Settings) -> None:
        async with open_world(given, voice, run, engine_may_wait=True) as world:
            rows = await world.register.list_cases(limit=_MOST_CASES)
            sheets = await world.register.pending_sheets()
            halt = await world.register.standing_halt()
            value = {
                "run": world.run,
                "halted": halt_value(halt),
                "cases": [row.model_dump(mode="json") for row in rows],
                "pending": [_sheet_value(sheet) for sheet in sheets],
            }
            numbers = ("损失\nloss", "已控制\nheld", "有风险\nat risk", "户\naccs")
            columns = ("案件\ncase", "类别\ncategory", "状态\nstatus", *numbers, "立案\nfiling", "待决\npending")
            made = table(f"run {world.run}", *columns, right=numbers)
            for row in rows:
                pending = [one.sheet.name for one in sheets if one.case_number == row.case_number]
                made.add_row(
                    *_case_cells(row, pending=bool(pending)),
                    row.filing_number and escape(row.filing_number),
                    " ".join(pending),
                )
            voice.tell(value, *halt_line(halt), made)

    perform(voice, work)


def _case_cells(row: CaseRow, *, pending: bool) -> list[str]:
    deciding = row.status == Status.DECIDING and not pending
    status = " ".join(AWAITING_FINDINGS if deciding else STATUS_WORDS[Status(row.status)])
    if row.status == Status.CLOSED:
        status += f" ({' '.join(OUTCOME_WORDS[CaseOutcome(row.outcome)])})"
    amounts = [amount(fen) for fen in (row.loss_fen, row.books.held_fen, row.books.at_risk_fen)]
    return [row.case_number, escape(row.category), status, *amounts, str(row.accounts)]


def show(
    case: Annotated[str, typer.Argument(metavar="CASE", help="Case id, case number or workflow id.")],
    run: RunName = None,
    as_json: AsJson = False,
) -> None:
    """One case: its books account by account, its sheets with the text to type, and orders without an answer."""
    voice = Voice(as_json)

    async def work(given: Settings) -> None:
        async with open_world(given, voice, run, engine_may_wait=True) as world:
            row = await case_of(world, case)
            entries = await world.register.entries_of(row.case_id)
            asked = await world.register.questions_of(row.case_id, datetime.now(UTC))
            orders = await world.register.orders_of(row.case_id)
            issued = await world.register.papers_of(row.case_id)
            open_orders = [one for one in orders if one.standing == "sent"]
            codes = {one.id: one.code for one in await world.register.institutions()}
            url = await case_url(world.stack, world.run, row.workflow_id) if row.started else None
            value = {
                "run": world.run,
                "case": row.model_dump(mode="json"),
                "accounts": [entry.model_dump(mode="json") for entry in entries],
                "sheets": [{**_sheet_value(one.row), "effect": one.effect.model_dump(mode="json")} for one in asked],
                "papers": [paper_value(one, codes) for one in issued],
                "orders": len(orders),
                "unanswered": [one.application_id for one in open_orders],
                "url": url,
            }
            voice.tell(
                value,
                _headline(row, pending=any(one.row.state == SheetState.PENDING for one in asked)),
                _accounts(entries, codes),
                _sheets([one.row for one in asked]),
                *_effects(asked),
                papers_table(issued, codes),
                f"{len(orders)} orders, {len(open_orders)} without an answer",
                *([f"Temporal UI: {url}"] if url else []),
            )

    perform(voice, work)


def _headline(row: CaseRow, *, pending: bool) -> str:
    books = row.books
    amounts = f"loss {yuan(row.loss_fen)} · held {yuan(books.held_fen)} · at risk {yuan(books.at_risk_fen)}"
    filing_number = escape(row.filing_number) or "[red]missing[/red]"
    title = f"[bold]{row.case_number}[/bold] {escape(row.category)} · {_case_cells(row, pending=pending)[2]}"
    return f"{title}\n{amounts} · case filing {filing_number}"


def _accounts(entries: list[BookEntry], codes: dict[str, str]) -> Any:  # noqa: ANN401 - a Rich table
    numbers = ("layer", "attributed", "held", "frozen", "at risk", "released")
    made = table("accounts", "account", *numbers, "finding", right=numbers)
    for entry in entries:
        amounts = (
            entry.attributed_fen,
            entry.held_fen,
            entry.frozen_fen,
            entry.stop_pending_fen + entry.in_motion_fen,
            entry.released_fen + entry.merchant_fen,
        )
        institution = entry.account.institution
        made.add_row(
            masked(codes.get(institution, institution), entry.account.number),
            str(entry.layer),
            *map(amount, amounts),
            entry.finding or (f"cut: {entry.cut}" if entry.cut else ""),
        )
    return made


def _sheets(sheets: list[SheetRow]) -> Any:  # noqa: ANN401 - a Rich table
    made = table("sheets", "sheet", "asks for", "lines", "sum", "state", "awaits", "to type", right=("lines", "sum"))
    for row in sheets:
        pending = row.state == "pending"
        made.add_row(
            row.sheet.name,
            " / ".join(SHEET_WORDS[row.sheet.kind]),
            str(len(row.sheet.lines)),
            amount(row.sheet.amount_fen),
            row.state,
            " ".join(row.awaited),
            f'decide {row.case_number} {row.sheet.name} --officer "NO CODE"' if pending else "",
        )
    return made


def _effects(asked: list[Question]) -> list[str]:
    """What waiting for each pending sheet costs."""
    words = [(one.row.sheet.name, effect_words(one.effect)) for one in asked if one.row.state == "pending"]
    return [f"{name}: {zh} / {en}" for name, (zh, en) in words if zh]


def _sheet_value(row: SheetRow) -> dict[str, Any]:
    return {
        "case": row.case_number,
        "sheet": row.sheet.name,
        "kind": row.sheet.kind.value,
        "state": row.state,
        "awaited": list(row.awaited),
        "decided_by": list(row.decided_by),
        "lines": len(row.sheet.lines),
        "amount_fen": row.sheet.amount_fen,
        "decide_by": row.sheet.decide_by.isoformat(),
    }
