"""A drill's result for people: the table of each report, the sums, and whatever differs."""

import asyncio
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from rich.markup import escape
from rich.table import Table
from temporalio.service import RPCError

from adapters.cli.engine import ANSWER_WITHIN_S
from adapters.cli.voice import Voice, amount, share, table, yuan
from adapters.drill.result import Difference, ReportResult, Result, Unseen, WitnessReport
from adapters.temporal.client import connect
from adapters.temporal.stack import StackView

_FEW = 3
"""So many reports stand side by side; more stand in rows."""
_ROWS = (
    *("loss, yuan", "held, yuan", "held / reachable", "exposed, minutes", "exposed / pursuer's", "layers", "accounts"),
    "receipt to first stop, ms",
)
_COLUMNS = ("loss", "held", "/reach.", "exp.min", "/purs.", "layers", "accs", "ms")


def tell_result(voice: Voice, result: Result, urls: Sequence[str | None] = ()) -> None:
    """The answer of one drill."""
    tables: list[str | Table] = [_reports(result), _sums(result)]
    if result.unseen:
        tables.append(_sides("Unseen: at institutions that did not answer, or moved on from there", result.unseen))
    if result.differences:
        tables.append(_sides("[red]Register and witness differ[/red]", result.differences))
    links = [f"Temporal UI: {url}" for url in urls if url]
    verdict = (
        "[green]Register and witness agree; every fen is accounted for.[/green]"
        if result.sound
        else f"[red]{len(result.differences)} differences, {result.violations} violations.[/red]"
    )
    voice.tell(result.model_dump(mode="json"), *tables, *links, verdict)


def _reports(result: Result) -> Table:
    title = f"{escape(result.scenario)} · run {result.run} · {result.seconds:.1f} s"
    theirs = {report.id: report for report in result.witness.reports}
    cells = {report.id: _cells(report, theirs[report.id]) for report in result.reports}
    if len(cells) <= _FEW:
        names = [escape(name) for name in cells]
        made = table(title, "report", *names, right=names)
        for number, row in enumerate(_ROWS):
            made.add_row(row, *(own[number] for own in cells.values()))
        return made
    made = table(title, "report", *_COLUMNS, right=_COLUMNS)
    for name, own in cells.items():
        made.add_row(escape(name), *own)
    held, reachable = result.total.held_fen, result.witness.reachable_fen
    made.add_section()
    made.add_row("total", amount(result.total.loss_fen), amount(held), share(held, reachable))
    return made


def _cells(ours: ReportResult, theirs: WitnessReport) -> list[str]:
    return [
        amount(ours.loss_fen),
        amount(ours.held_fen) or "0",
        share(ours.held_fen, theirs.reachable_fen),
        f"{theirs.exposed_min:.2f}",
        share(theirs.exposed_min, theirs.pursuer_exposed_min),
        str(ours.layers),
        str(ours.accounts),
        "–" if ours.first_stop_ms is None else str(ours.first_stop_ms),
    ]


def _sums(result: Result) -> Table:
    made = table("", "where the money is", "yuan", right=("yuan",))
    for name, fen in result.total.parts().items():
        if fen or name == "loss_fen":
            made.add_row(name.removesuffix("_fen"), amount(fen) or "0")
    made.add_section()
    made.add_row("orders · batches", f"{result.orders} · {result.engine.batches}")
    made.add_row("engine events · activities", f"{result.engine.events} · {result.engine.activities}")
    hold = result.witness.false_hold
    made.add_row("merchants stopped whole", str(result.witness.merchant_stops))
    made.add_row("others' money held, yuan-minutes", f"merchant {hold.merchant:.0f} · mule {hold.mule:.0f}")
    return made


def _sides(title: str, rows: Sequence[Unseen] | Sequence[Difference]) -> Table:
    made = table(title, "report", "where", "register", "witness")
    for row in rows:
        where = row.account if isinstance(row, Unseen) else row.where
        made.add_row(escape(row.report), where, _parts(row.centre), _parts(row.witness))
    return made


def _parts(parts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {yuan(fen)}" for name, fen in parts.items()) or "–"


async def case_url(stack: StackView, run: str, workflow_id: str) -> str | None:
    """The case in the Temporal UI; None where the service is somebody else's, or does not answer just now."""
    if stack.ui_url is None:
        return None
    client = await connect(stack.settings, run, lazy=True)
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            described = await client.get_workflow_handle(workflow_id).describe()
    except (RPCError, RuntimeError, TimeoutError):  # RuntimeError: a first connection that fails
        return None
    where = f"{client.namespace}/workflows/{quote(workflow_id, safe='')}/{described.run_id}/history"
    return f"{stack.ui_url}/namespaces/{where}"


def login_words(stack: StackView) -> list[str]:
    """Where one logs in to read what is sealed, and what has to be switched on once."""
    if stack.codec_url is None:
        return []
    return [
        f"To read and decide cases in the UI log in at {stack.codec_url} with officer number and one-time code;",
        "the page says what to switch on once in the UI's Codec Server dialog (glasses, top right).",
    ]
