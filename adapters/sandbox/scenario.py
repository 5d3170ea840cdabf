"""A scenario file: money in motion, read whole and checked before anything starts.

`check` is the one way in: it never raises and names the field of every fault. A `Scenario` it returned can be
played without further questions: every reference resolves, moves are in order, and every reported move happens
if nobody stops it. Money is integer fen; times are scenario seconds, or real seconds where the field says so.

Not refused here, because a drill can use it: a report without a move (an attempt), a reported number that no
carrier knows, a move that has no cover (the bank blocks it), a file without any report.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

Exit = Literal["cash", "card", "crypto", "abroad"]
EXITS: Final[tuple[Exit, ...]] = ("cash", "card", "crypto", "abroad")

# TransferAmount is 18 characters wide on the wire; ten trillion yuan fits and stays far inside 64 bits.
MOST_FEN: Final = 10**15
# Three years of moves at the slowest clock still end before the year 9999, the last one a time stamp can say.
MOST_SECONDS: Final = 1e8
SLOWEST_CLOCK: Final = 0.001
FASTEST_CLOCK: Final = 1e6


def _printable(text: str) -> str:
    """Control characters cannot travel in the XML messages; line breaks and tabs can."""
    if any((ch < " " and ch not in "\n\r\t") or ch in "\x7f\ufffe\uffff" for ch in text):
        raise ValueError("contains a control character")
    return text


Free = Annotated[str, Field(strict=True, max_length=20_000), AfterValidator(_printable)]
Text = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=150, pattern=r"\S"), AfterValidator(_printable)
]
Number = Annotated[str, StringConstraints(strict=True, max_length=50, pattern=r"^[0-9A-Za-z_*#+-]+$")]
Fen = Annotated[int, Field(strict=True, gt=0, le=MOST_FEN)]
Opening = Annotated[int, Field(strict=True, ge=0, le=MOST_FEN)]
Second = Annotated[float, Field(strict=True, ge=0, le=MOST_SECONDS, allow_inf_nan=False)]


def _ascending(span: tuple[float, float]) -> tuple[float, float]:
    if span[0] > span[1]:
        raise ValueError("the minimum is above the maximum")
    return span


Span = Annotated[tuple[Second, Second], AfterValidator(_ascending)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Officers(_Part):
    """The played officers: real seconds they take for each decision."""

    decide_s: Span


class Institution(_Part):
    """A practice institution; `answer_s` in real seconds."""

    id: Number
    code: Text
    name: Text
    kind: Literal["bank", "payment", "carrier"]
    channel: Literal["platform", "gateway", "liaison"]
    answer_s: Span

    @property
    def mean_answer_s(self) -> float:
        """Mean answer time in real seconds: what one request costs the perfect pursuer."""
        return (self.answer_s[0] + self.answer_s[1]) / 2


class Account(_Part):
    """An account at a bank or payment institution. `role` never leaves the sandbox."""

    id: Text
    institution: Text
    number: Number
    name: Annotated[Text, Field(max_length=120)]
    id_number: Number
    kind: Literal["person", "corporate"]
    role: Literal["victim", "mule", "merchant"]
    opening_fen: Opening


class Line(_Part):
    """A fraudsters' number and whom it called."""

    number: Number
    carrier: Text
    called: tuple[Number, ...]


class Link(_Part):
    """A fraudsters' address on the web, and whether it travels by SMS."""

    url: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=2000), AfterValidator(_printable)]
    sms: Annotated[bool, Field(strict=True)]


class Move(_Part):
    """One payment order of a fraudster or a victim. `to` is an account of the file or one of EXITS."""

    id: Text
    at_s: Second
    from_: Text = Field(alias="from")
    to: Text
    amount_fen: Fen
    via: Text


class Report(_Part):
    """What a victim tells the centre: the own transfers (`moves`), the numbers and links used."""

    id: Text
    at_s: Second
    victim: Text
    victim_name: Text
    victim_phone: Number
    category: Text
    moves: tuple[Text, ...]
    lines: tuple[Text, ...]
    links: tuple[Free, ...]
    text: Free


class Scenario(_Part):
    """A whole scenario. `time_scale`: scenario seconds per real second after the first report."""

    scenario: Text
    note: Free
    time_scale: Annotated[float, Field(strict=True, ge=SLOWEST_CLOCK, le=FASTEST_CLOCK, allow_inf_nan=False)]
    officers: Officers
    institutions: tuple[Institution, ...]
    accounts: tuple[Account, ...]
    lines: tuple[Line, ...]
    links: tuple[Link, ...]
    moves: tuple[Move, ...]
    reports: tuple[Report, ...]

    @property
    def first_s(self) -> float:
        """The scenario second of the first report, where the clock starts; without a report, when all is over."""
        if self.reports:
            return min(report.at_s for report in self.reports)
        return self.last_move_s

    @property
    def last_move_s(self) -> float:
        """The scenario second of the last move; 0 where nothing moves."""
        return self.moves[-1].at_s if self.moves else 0.0


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault of the file: where (JSON path, `$` the whole), what, and what to do about it."""

    path: str
    problem: str
    remedy: str


def check(raw: object) -> tuple[Scenario | None, list[Problem]]:
    """Read a parsed JSON value. Returns the scenario, or None and every fault found. Never raises."""
    if not isinstance(raw, dict):
        return None, [Problem("$", "a scenario is a JSON object", "give one object with scenario, accounts, moves …")]
    try:
        scenario = Scenario.model_validate(raw)
    except ValidationError as refused:
        return None, [_of_shape(error) for error in refused.errors(include_url=False, include_input=False)]
    problems = list(_of_sense(scenario))
    return (None, problems) if problems else (scenario, [])


def _path(parts: tuple[int | str, ...]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return text.removeprefix(".") or "$"


_IN_OUR_WORDS: Final = {
    "missing": "the field is missing",
    "tuple_type": "not a list",
    "too_long": "not two numbers",
    "model_type": "not an object",
    "string_unicode": "not a text that can be encoded",
}
_REMEDIES: Final = {
    "missing": "add the field",
    "int_type": "write a whole number of fen, without quotes",
    "float_type": "write a number, without quotes",
    "string_type": "write a text in quotes",
    "bool_type": "write true or false",
    "tuple_type": "write a list",
    "too_long": "write exactly two numbers, minimum and maximum",
    "model_type": "write an object",
    "string_too_short": "write something",
    "greater_than": "write a number above it",
}


def _of_shape(error: ErrorDetails) -> Problem:
    kind, where = error["type"], error["loc"]
    if kind == "missing" and where and isinstance(where[-1], int):  # one number where a span has two
        kind, where = "too_long", where[:-1]
    message = _IN_OUR_WORDS.get(kind, error["msg"].removeprefix("Value error, "))
    return Problem(_path(where), message[:1].lower() + message[1:], _REMEDIES.get(kind, "correct the value"))


def _of_sense(scenario: Scenario) -> Iterator[Problem]:
    yield from _twice(scenario)
    yield from _institutions(scenario)
    yield from _accounts_and_lines(scenario)
    moves = list(_moves(scenario))
    reports = list(_reports(scenario))
    yield from moves
    yield from reports
    if not moves and not reports:  # cover can only be judged where every move can be played
        yield from _cover(scenario)


def _twice(scenario: Scenario) -> Iterator[Problem]:
    """Names that must be unique, each in its own list."""
    named: dict[str, list[tuple[str, object]]] = {
        "an institution": [(f"institutions[{i}].id", item.id) for i, item in enumerate(scenario.institutions)],
        "an institution's code": [
            (f"institutions[{i}].code", item.code) for i, item in enumerate(scenario.institutions)
        ],
        "an account": [(f"accounts[{i}].id", item.id) for i, item in enumerate(scenario.accounts)],
        "an account number at this institution": [
            (f"accounts[{i}].number", (item.institution, item.number)) for i, item in enumerate(scenario.accounts)
        ],
        "a line": [(f"lines[{i}].number", item.number) for i, item in enumerate(scenario.lines)],
        "a link": [(f"links[{i}].url", item.url) for i, item in enumerate(scenario.links)],
        "a move": [(f"moves[{i}].id", item.id) for i, item in enumerate(scenario.moves)],
        "a report": [(f"reports[{i}].id", item.id) for i, item in enumerate(scenario.reports)],
    }
    for what, entries in named.items():
        first: dict[object, str] = {}
        for path, name in entries:
            if name in first:
                yield Problem(path, f"the name of {what} used before, at {first[name]}", "give it a name of its own")
            first.setdefault(name, path)


def _institutions(scenario: Scenario) -> Iterator[Problem]:
    for i, item in enumerate(scenario.institutions):
        carrier = item.kind == "carrier"
        code = item.id.removeprefix("Z")
        if not carrier and not (code.isdigit() and len(item.id) == 12):  # noqa: PLR2004 - width of Head/To
            yield Problem(
                f"institutions[{i}].id",
                "not a bank's or payment institution's code",
                "write 12 digits, or Z and 11 digits",
            )
        if item.channel == ("platform" if carrier else "gateway"):
            yield Problem(
                f"institutions[{i}].channel",
                f"a {item.kind} is not reached over the {item.channel}",
                f"write {'gateway' if carrier else 'platform'} or liaison",
            )


def _accounts_and_lines(scenario: Scenario) -> Iterator[Problem]:
    kinds = {item.id: item.kind for item in scenario.institutions}
    for i, account in enumerate(scenario.accounts):
        if kinds.get(account.institution, "carrier") == "carrier":
            yield Problem(
                f"accounts[{i}].institution",
                "no bank or payment institution of this file",
                "name the id of one in institutions",
            )
        if account.id in EXITS:
            yield Problem(f"accounts[{i}].id", "the name of an exit", "choose another id")
    for i, line in enumerate(scenario.lines):
        if kinds.get(line.carrier) != "carrier":
            yield Problem(f"lines[{i}].carrier", "no carrier of this file", "name the id of one in institutions")


def _moves(scenario: Scenario) -> Iterator[Problem]:
    roles = {account.id: account.role for account in scenario.accounts}
    latest = 0.0
    for i, move in enumerate(scenario.moves):
        if move.at_s < latest:
            yield Problem(f"moves[{i}].at_s", "earlier than the move before it", "put the moves in order of at_s")
        latest = max(latest, move.at_s)
        if move.from_ not in roles:
            yield Problem(f"moves[{i}].from", "no account of this file", "name the id of one in accounts")
        if move.to not in roles and move.to not in EXITS:
            yield Problem(
                f"moves[{i}].to",
                "no account of this file and no exit",
                f"name the id of one in accounts, or {', '.join(EXITS)}",
            )
        elif move.to == move.from_:
            yield Problem(f"moves[{i}].to", "the account that pays", "name another account")
        elif roles.get(move.to) == "victim":
            yield Problem(f"moves[{i}].to", "a payment into a victim's account", "let it go elsewhere")


def _reports(scenario: Scenario) -> Iterator[Problem]:
    roles = {account.id: account.role for account in scenario.accounts}
    moves = {move.id: move for move in scenario.moves}
    named: dict[str, str] = {}
    for i, report in enumerate(scenario.reports):
        if roles.get(report.victim) != "victim":
            yield Problem(
                f"reports[{i}].victim",
                "no victim's account of this file",
                "name the id of an account whose role is victim",
            )
        for j, name in enumerate(report.moves):
            path = f"reports[{i}].moves[{j}]"
            move = moves.get(name)
            if name in named:
                yield Problem(path, f"a move named before, at {named[name]}", "name each move once, in one report")
            named.setdefault(name, path)
            if move is None:
                yield Problem(path, "no move of this file", "name the id of one in moves")
            elif roles.get(report.victim) == "victim" and move.from_ != report.victim:
                yield Problem(path, "not a transfer of this report's victim", "name only the victim's own transfers")
            elif move.at_s > report.at_s:
                yield Problem(path, "a move later than its report", "report it later, or move it earlier")


def _cover(scenario: Scenario) -> Iterator[Problem]:
    """Play the file without any stop: a reported move that the victim cannot pay never was a loss."""
    reported = {name for report in scenario.reports for name in report.moves}
    balance = {account.id: account.opening_fen for account in scenario.accounts}
    for i, move in enumerate(scenario.moves):
        if balance[move.from_] >= move.amount_fen:
            balance[move.from_] -= move.amount_fen
            if move.to in balance:
                balance[move.to] += move.amount_fen
        elif move.id in reported:
            yield Problem(
                f"moves[{i}].amount_fen",
                "a reported move without cover: the victim has not that much then",
                "raise the victim's opening_fen, or lower the amount",
            )
