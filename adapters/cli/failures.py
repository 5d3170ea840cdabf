"""How a command fails: one clear sentence with the remedy, and an exit code that says what kind of failure it was."""

from collections.abc import Sequence
from enum import IntEnum

from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from adapters.drill.errors import DrillError, NotPracticeError, RefusedError, TakenError, UnreachableError
from adapters.faults import Fault
from adapters.keyring import KeyRingError
from adapters.papers.seal import SealError
from adapters.papers.templates import TemplateError
from adapters.register import RegisterError
from adapters.settings import SettingsError
from adapters.temporal.errors import StackError


class Exit(IntEnum):
    """Exit codes of every command."""

    DONE = 0
    DIFFERENCE = 1
    """A check failed: books that differ, a history that does not replay, a broken chain."""
    BAD_INPUT = 2
    CLOSED = 3
    """What was asked for is closed or decided already."""
    NOT_FOUND = 4
    """There is no such thing, or it cannot be reached."""


class CommandError(Exception):
    """A command's failure, in words for the person who typed it. `faults`: fields of an input, each with its path."""

    def __init__(self, exit_code: Exit, sentence: str, *, faults: Sequence[Fault] = ()) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code
        self.sentence = sentence
        self.faults = tuple(faults)


EXPECTED = (
    CommandError,
    SettingsError,
    KeyRingError,
    StackError,
    DrillError,
    TemplateError,
    SealError,
    RegisterError,
    RPCError,
    WorkflowUpdateFailedError,
    LookupError,
    TimeoutError,
)
"""What a command may fail with; anything else is a fault of ours and shows its traceback."""

_AS_SAID: tuple[tuple[tuple[type[Exception], ...], Exit], ...] = (
    (
        (RefusedError, SettingsError, KeyRingError, TakenError, NotPracticeError, TemplateError, SealError),
        Exit.BAD_INPUT,
    ),
    ((StackError, UnreachableError), Exit.NOT_FOUND),
    ((DrillError,), Exit.DIFFERENCE),
)
"""Errors whose own sentence is for a person; the first row that fits counts."""


def failure_of(problem: Exception) -> CommandError:
    """The one place where errors become exit codes and sentences."""
    if isinstance(problem, CommandError):
        return problem
    for kinds, code in _AS_SAID:
        if isinstance(problem, kinds):
            return CommandError(code, str(problem), faults=getattr(problem, "faults", ()))
    if isinstance(problem, WorkflowUpdateFailedError):
        return _refused_by_case(problem)
    if isinstance(problem, RPCError):
        return _engine(problem)
    return CommandError(Exit.NOT_FOUND, _not_there(problem))


def _not_there(problem: Exception) -> str:
    if isinstance(problem, RegisterError):
        return f"The register does not answer as it should ({problem}): is the stack up (`make up`)?"
    if isinstance(problem, TimeoutError):
        return "No answer in time: is a worker running (`make up`)?"
    return f"Not found: {problem.args[0] if problem.args else problem}."


def _refused_by_case(problem: WorkflowUpdateFailedError) -> CommandError:
    cause = problem.cause
    words = cause.message if isinstance(cause, ApplicationError) else str(cause)
    return CommandError(Exit.BAD_INPUT, f"Refused: {words}")


def _engine(problem: RPCError) -> CommandError:
    if problem.status == RPCStatusCode.NOT_FOUND:
        return CommandError(Exit.NOT_FOUND, "The engine knows no such workflow: name a case of this run (see list).")
    return CommandError(
        Exit.NOT_FOUND, f"The engine does not answer ({problem.status.name.lower()}): is the stack up (`make up`)?"
    )
