"""A scenario file as a trainer reads it: who reports what, and what the played officers will find.

The practice institutions check the file (docs/wire.md section 6); what they took is read here without further
questions. Money in fen, times in scenario seconds, `decide_s` in real seconds.
"""

import json
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from adapters.drill.errors import RefusedError
from adapters.faults import Fault

_FILE_REMEDY = "give a scenario file as docs/wire.md and the ones in scenarios/ show it"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class PlayedOfficers(_Part):
    """How long the played officers take, in real seconds."""

    decide_s: tuple[float, float]


class Account(_Part):
    """One account. `role` is what a field officer finds out."""

    id: str
    institution: str
    number: str
    name: str
    role: Literal["victim", "mule", "merchant"]


class Line(_Part):
    """A telephone number of the fraudsters, and its carrier."""

    number: str
    carrier: str


class Move(_Part):
    """One payment."""

    id: str
    at_s: float
    to: str
    amount_fen: int


class FiledReport(_Part):
    """What a victim tells the centre, and when."""

    id: str
    at_s: float
    victim: str
    victim_name: str
    victim_phone: str
    category: str
    moves: tuple[str, ...]
    lines: tuple[str, ...]
    links: tuple[str, ...]
    text: str


class Scenario(_Part):
    """The parts of a scenario that the trainer acts on."""

    scenario: str
    time_scale: float
    officers: PlayedOfficers
    accounts: tuple[Account, ...]
    lines: tuple[Line, ...]
    moves: tuple[Move, ...]
    reports: tuple[FiledReport, ...]

    @property
    def first_s(self) -> float:
        """The scenario second of the first report."""
        return min((report.at_s for report in self.reports), default=0.0)

    @cached_property
    def account(self) -> dict[str, Account]:
        """Accounts by their name in the file."""
        return {account.id: account for account in self.accounts}

    @cached_property
    def holder(self) -> dict[tuple[str, str], Account]:
        """Accounts by institution and number."""
        return {(account.institution, account.number): account for account in self.accounts}

    @cached_property
    def move(self) -> dict[str, Move]:
        """Moves by their name in the file."""
        return {move.id: move for move in self.moves}

    @cached_property
    def carrier(self) -> dict[str, str]:
        """The carrier of each number."""
        return {line.number: line.carrier for line in self.lines}


def read_file(path: Path) -> Any:  # noqa: ANN401 - any JSON value; the practice institutions judge it
    """The JSON value of a scenario file.

    Raises:
        RefusedError: the file cannot be read or is no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise RefusedError(str(path), [Fault("$", f"cannot be read ({problem.strerror})", _FILE_REMEDY)]) from None
    except (ValueError, RecursionError) as problem:
        where = f"line {problem.lineno} column {problem.colno}" if isinstance(problem, json.JSONDecodeError) else "$"
        raise RefusedError(str(path), [Fault(where, "is not JSON in UTF-8", _FILE_REMEDY)]) from None


def taken(raw: object) -> Scenario:
    """The scenario that the practice institutions have taken.

    Raises:
        RefusedError: it lacks something that only the trainer needs.
    """
    try:
        return Scenario.model_validate(raw)
    except ValidationError as problem:
        raise RefusedError("The scenario", faults_of(problem)) from None


def faults_of(problem: ValidationError, prefix: str = "") -> list[Fault]:
    """Each error with the path of its field, as `reports[0].victim`; no value is quoted."""
    return [
        Fault(path_of(prefix, error["loc"]), error["msg"].removeprefix("Value error, "))
        for error in problem.errors(include_input=False, include_url=False, include_context=False)
    ]


def path_of(prefix: str, location: tuple[int | str, ...]) -> str:
    """A JSON path in the form of docs/wire.md."""
    text = prefix + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.removeprefix(".") or "$"
