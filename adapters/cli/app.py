"""The command line as a whole: which commands there are, and how a mistyped one is answered."""

import sys

import typer
from typer.exceptions import TyperException

from adapters.cli import (
    auditing,
    deciding,
    drills,
    inbox,
    keys,
    lasting,
    noticing,
    officers,
    papers,
    preparing,
    reporting,
)
from adapters.cli.failures import CommandError, Exit
from adapters.cli.voice import Voice

NAME = "starter.py"
app = typer.Typer(
    name=NAME,
    help="Holdfast: from a fraud report to frozen money. Intake, officers, auditors and trainers type here.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # a local may hold a name or an account number
)
app.command("demo")(drills.demo)
app.command("up")(lasting.up)
app.command("prepare")(preparing.prepare)
app.command("drill")(drills.drill)
app.command("report")(reporting.report)
app.command("filing")(reporting.filing)
app.command("list")(reporting.list_cases)
app.command("show")(reporting.show)
app.command("decide")(deciding.decide)
app.command("sign")(deciding.sign)
app.command("finding")(deciding.finding)
app.command("halt")(deciding.halt)
app.command("authority")(deciding.authority)
app.add_typer(inbox.app, name="inbox")
app.add_typer(noticing.app, name="notice")
app.add_typer(officers.app, name="officer")
app.add_typer(auditing.app, name="audit")
app.add_typer(keys.app, name="keys")
app.add_typer(papers.app, name="papers")


def main() -> None:
    """Run the command typed; a mistyped one is answered as JSON where JSON was asked for."""
    if "--json" not in sys.argv:
        app(prog_name=NAME)
        return
    try:
        code = app(prog_name=NAME, standalone_mode=False)
    except TyperException as problem:
        Voice(as_json=True).complain(CommandError(Exit.BAD_INPUT, f"{problem}: see `{NAME} --help`."))
        code = Exit.BAD_INPUT
    sys.exit(code)
