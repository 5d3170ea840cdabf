"""What never reaches a log: names, account and telephone numbers, identity numbers, and errors that quote their input.

The rule errs on the side of cutting: a value is cut unless its key, or its very shape, is known to be harmless.
Runs of seven digits and more become "[16 digits]"; so do groups of digits with spaces or hyphens between them.
"""

import math
import re
import sys
import traceback
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from structlog.typing import EventDict, WrappedLogger

WITHHELD = "[withheld]"
_LONG = 7  # digits: shorter ones are counts, ports, last fours; telephone and account numbers are longer
_LONG_NUMBER = 10**_LONG
_DEPTH = 8  # a log line that nests deeper is a mistake
_CAUSES = 5  # of an error

# Whatever stands under these keys is a person's, or a secret, or somebody's free text.
_PERSONAL_KEYS = re.compile(
    r"(?:.*_)?(?:number|no|phone|mobile|id_card|ip|mac|password|secret|token|api_key|otp|text|url|link|address)"
    r"|(?:.*_)?(?:account|person|full|victim|holder|opponent|payee)(?:_?name)?"
    r"|(?:.*_)?(?:payloads?|names?_of_.*|subscriber|remark|content|body)",
    re.IGNORECASE,
)
# These look like it and are not: counts, and addresses of our own services (a password in one has its own key above).
_HARMLESS_KEYS = frozenset({"case_number", "line_no", "temporal_address", "ui_url", "sandbox_url"})
# Numbers under these keys are amounts, durations, sizes, moments and positions.
_MEASURE_KEYS = re.compile(
    r"(?:.*_)?(?:fen|ms|s|ns|us|bytes|seconds|count|total|ports?|pid)|at|real|lineno|rows", re.IGNORECASE
)
# Text under these keys is of our own making.
_OWN_KEYS = frozenset({"timestamp", "level", "logger", "process"})
_INSTITUTION_KEYS = frozenset({"institution", "institutions", "organisation", "organisation_id", "bank_id"})
_APPLICATION_KEYS = re.compile(r"(?:.*_)?application_ids?|ends")

_SHAPES = (
    r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"  # run ids
    r"|\bc-[0-9a-f]{16}\b"  # our case ids: random
    r"|\bA20[0-9]{2}-[0-9]{6}\b"  # our case numbers: a count
    r"|\b20[0-9]{2}-[01][0-9]-[0-3][0-9](?![0-9 -]*[0-9]{4})"  # dates, with or without a time
    r"(?:[T ][0-2][0-9]:[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?(?:Z|[+-][0-9:]{5})?)?\b"
)
_DIGITS = r"\d(?:[ \-\u2010-\u2015\u00a0]?\d){6,}"
_SCAN = re.compile(f"(?P<keep>{_SHAPES})|(?P<cut>{_DIGITS})")
_INSTITUTION = re.compile(r"[0-9A-Z]{4,12}")
_APPLICATION = re.compile(r"[0-9]{36}")

# Where libraries quote the input of an error.
_QUOTES = (
    # pydantic, the whole sentence: a validator's own words may quote as well
    (re.compile(r"(?<=\n)  [^\n].*?\[type=(\w+)[^\n]*?\](?=\n|$)", re.DOTALL), r"  [type=\1]"),
    (re.compile(r"input_value=.*?(?=, input_type=|\Z)", re.DOTALL), f"input_value={WITHHELD}"),
    (re.compile(r"Key \(([^()]*)\)=\(.*?\)(?= (?:already|is|conflicts)|$)", re.MULTILINE), rf"Key (\1)={WITHHELD}"),
    (re.compile(r"Failing row contains \(.*?\)\.", re.DOTALL), f"Failing row contains {WITHHELD}."),  # PostgreSQL
    (re.compile(r"\[parameters: .*?\](?=\n|$)", re.DOTALL), f"[parameters: {WITHHELD}]"),  # SQLAlchemy
)


def cut_personal(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """The processor: the same line without anything personal, made of JSON's own types only."""
    return {str(key): _clean(str(key), value, 0) for key, value in event.items()}


def cut_exception(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Turn `exc_info` into text that quotes no input."""
    info = event.pop("exc_info", None)
    problem = info[1] if isinstance(info, tuple) else info
    if problem is True:
        problem = sys.exc_info()[1]
    if isinstance(problem, BaseException):
        event["exception"] = describe(problem)
    return event


def describe(problem: BaseException) -> str:
    """An error with its causes and code locations, without the values in it."""
    parts: list[str] = []
    seen: BaseException | None = problem
    while seen is not None and len(parts) < _CAUSES:
        lines = [
            f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}'
            for frame in traceback.extract_tb(seen.__traceback__)
        ]
        parts.append("\n".join((*lines, f"{type(seen).__name__}: {_said(seen)}")))
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return "\ncaused by\n".join(parts)


def replace_digits(text: str, word: Callable[[str], str]) -> str:
    """The text with a word in place of each long run of digits that has no harmless shape."""
    return _SCAN.sub(lambda found: found["keep"] if found["keep"] is not None else word(found["cut"]), text)


def mask(text: str) -> str:
    """The text without long digit runs and without the input that error messages quote."""
    for pattern, replacement in _QUOTES:
        text = pattern.sub(replacement, text)
    return _SCAN.sub(_cut_digits, text)


def _said(problem: BaseException) -> str:
    if isinstance(problem, ValidationError):
        # neither the input nor the message of a validator, which may quote it
        errors = problem.errors(include_input=False, include_url=False, include_context=False)
        found = "; ".join(f"{'.'.join(map(str, error['loc']))}: {error['type']}" for error in errors)
        return f"{problem.error_count()} in {problem.title}: {found}"
    try:
        return str(problem)
    except Exception:  # noqa: BLE001 - an error that cannot even say itself is still reported
        return WITHHELD


def _cut_digits(match: re.Match[str]) -> str:
    if match["keep"] is not None:
        return match["keep"]
    return f"[{sum(character.isdigit() for character in match['cut'])} digits]"


def _clean(key: str, value: Any, depth: int) -> Any:  # noqa: ANN401 - log values are anything
    if isinstance(value, Enum):
        return _clean(key, value.value, depth)
    if value is None or isinstance(value, bool):
        return value
    if (_PERSONAL_KEYS.fullmatch(key) and key not in _HARMLESS_KEYS) or depth > _DEPTH:
        return WITHHELD
    if isinstance(value, Mapping):
        return {mask(str(inner)): _clean(str(inner), content, depth + 1) for inner, content in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(key, content, depth + 1) for content in value]
    return _single(key, value)


def _single(key: str, value: object) -> float | int | str:
    if isinstance(value, int | float | Decimal):
        return _number(key, value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, BaseException):
        return mask(f"{type(value).__name__}: {_said(value)}")
    if isinstance(value, str | UUID | PurePath):
        return _text(key, str(value))
    return f"<{type(value).__name__}>"  # its repr may hold anything


def _number(key: str, value: float | Decimal) -> float | int | str:
    if not math.isfinite(value):
        return str(value)  # JSON has no word for it
    if not _MEASURE_KEYS.fullmatch(key) and abs(value) >= _LONG_NUMBER:
        return f"[{len(str(abs(int(value))))} digits]"
    return float(value) if isinstance(value, Decimal) else value


def _text(key: str, value: str) -> str:
    known = (
        key in _OWN_KEYS
        or (key in _INSTITUTION_KEYS and _INSTITUTION.fullmatch(value))
        or (_APPLICATION_KEYS.fullmatch(key) and _APPLICATION.fullmatch(value))
    )
    return value if known else mask(value)
