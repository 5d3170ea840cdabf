"""How a command speaks: for people through Rich, for programs one JSON value on stdout; complaints on stderr."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console, OverflowMethod
from rich.markup import escape
from rich.table import Table

from adapters.cli.failures import CommandError
from domain.money import shown


@dataclass
class Voice:
    """One command's voice."""

    as_json: bool = False
    out: Console = field(default_factory=lambda: Console(highlight=False, soft_wrap=True))
    err: Console = field(default_factory=lambda: Console(stderr=True, highlight=False, soft_wrap=True))

    def tell(self, value: Any, *words: str | Table) -> None:  # noqa: ANN401 - whatever the command's JSON is
        """The answer: the value for a program, the words for a person."""
        if self.as_json:
            self.out.file.write(json.dumps(value, ensure_ascii=False) + "\n")
            self.out.file.flush()
            return
        for word in words:
            self.out.print(word)

    def note(self, words: str) -> None:
        """Something on the way; programs are not told."""
        if not self.as_json:
            self.err.print(f"[dim]{escape(words)}[/dim]")

    def complain(self, failure: CommandError) -> None:
        """Why it failed."""
        if self.as_json:
            faults = [{"path": one.path, "problem": one.problem, "remedy": one.remedy} for one in failure.faults]
            said = {"error": failure.sentence, "exit": int(failure.exit_code), **({"errors": faults} if faults else {})}
            self.err.file.write(json.dumps(said, ensure_ascii=False) + "\n")
            self.err.file.flush()
            return
        self.err.print(f"[red]{escape(failure.sentence)}[/red]")


def table(title: str, *columns: str, right: Sequence[str] = ()) -> Table:
    """An empty table; the columns named in `right` hold numbers."""
    made = Table(title=title or None, title_justify="left", header_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for number, column in enumerate(columns):
        whole = number == 0 or column in right
        # Chinese has no spaces to wrap at: folded, nothing of it is lost on a narrow terminal
        overflow: OverflowMethod = "ellipsis" if whole else "fold"
        made.add_column(column, justify="right" if column in right else "left", no_wrap=whole, overflow=overflow)
    return made


def yuan(fen: int) -> str:
    """An amount for people."""
    return shown(fen)


def amount(fen: int) -> str:
    """An amount in a table's cell, in yuan: fen only where there are any, nothing for nothing."""
    return "" if not fen else f"{fen // 100:,}" + (f".{fen % 100:02d}" if fen % 100 else "")


def share(part: float, whole: float) -> str:
    """A part of a whole for people: three decimals, a dash where there is no whole."""
    return "–" if whole <= 0 else f"{part / whole:.3f}"
