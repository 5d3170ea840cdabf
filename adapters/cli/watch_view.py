"""What a watch shows at one moment, and what each key makes of it; without terminal and register."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto

from adapters.cli.engine import DOWN, EngineStanding
from adapters.cli.inbox_words import detail_words, full_name
from adapters.cli.keyboard import BACKSPACE, CLOSED, ENTER, ESCAPE, PAGE_DOWN, PAGE_UP
from adapters.cli.keyboard import DOWN as DOWN_KEY
from adapters.cli.keyboard import UP as UP_KEY
from adapters.cli.watch_help import what_to_do
from adapters.register.awaiting import Question
from adapters.register.keeping import KeptDecision
from adapters.register.watching import Watchlist
from adapters.register.wording import PaperFaults
from domain.authority import Halt
from domain.identifiers import full_sheet_name
from domain.watchlist import Entry, Kind, Order, ordered


@dataclass(frozen=True)
class Frame:
    """One look at the register, and whether engine and worker were there then."""

    run: str
    at: datetime
    watchlist: Watchlist
    kept: tuple[KeptDecision, ...] = ()
    standing: EngineStanding = DOWN
    halt: Halt | None = None
    faulty: PaperFaults | None = None
    kept_more: int = 0
    """Kept words of the time shown that are not among `kept`: they are too many."""

    @property
    def questions(self) -> Mapping[str, Question]:
        """The pending sheets by full name."""
        return {full_name(one): one for one in self.watchlist.questions}

    @property
    def keys(self) -> frozenset[tuple[str, ...]]:
        """What is on it, to be told from what comes later."""
        refused = {("refused", one.word, one.case_id) for one in self.kept if one.state == "refused"}
        halted = {("halted", self.halt.at.isoformat())} if self.halt else set()
        return frozenset({one.key for one in self.watchlist.entries} | refused | halted)


class Mode(Enum):
    """What fills the screen."""

    LIST = auto()
    SHEET = auto()
    TYPING = auto()
    """an officer's word on the chosen sheet"""


class Wish(Enum):
    """What a key asks for beyond the screen."""

    OPEN = auto()
    DECIDE = auto()
    QUIT = auto()


@dataclass
class View:
    """The state of the screen."""

    order: Order = Order.DEADLINE
    bell: bool = True
    mode: Mode = Mode.LIST
    frame: Frame | None = None
    chosen: tuple[str, ...] | None = None
    """The key of the entry under the cursor: it stays on it when others come and go."""
    opened: str = ""
    """Full name of the sheet that is shown."""
    flow: Sequence[str] = ()
    first_line: int = 0
    """Of what is told of the opened sheet: the first that is shown."""
    lines_shown: int = 1
    """How many entries, or lines of the sheet, the screen had room for: a page. 0: it is not drawn yet."""
    typed: str = ""
    note: str = ""
    said: str = ""
    """What became of the last decision."""
    said_of: str = ""
    """Full name of the sheet that still waits after it: what is said of it goes when that sheet is decided."""
    back_to: Mode = Mode.LIST
    _number: str = field(default="", repr=False)

    @property
    def entries(self) -> list[Entry]:
        """As they stand on the screen."""
        return ordered(self.frame.watchlist.entries, self.order) if self.frame else []

    @property
    def cursor(self) -> int:
        """The place of the chosen entry; the first where it is gone."""
        return next((no for no, one in enumerate(self.entries) if one.key == self.chosen), 0)

    @property
    def under_cursor(self) -> Entry | None:
        """The chosen entry."""
        entries = self.entries
        return entries[self.cursor] if entries else None

    @property
    def on_sheet(self) -> bool:
        """A sheet fills the screen, also while a decision on it is typed."""
        return self.mode is Mode.SHEET or (self.mode is Mode.TYPING and self.back_to is Mode.SHEET)

    @property
    def lines(self) -> int:
        """How much there is to scroll through of the opened sheet: what it would do, its accounts, and the flow."""
        own, frame = 0, self.frame
        asked = frame.questions.get(self.opened) if frame else None
        if frame and asked:
            own = len(detail_words(asked, frame.watchlist.codes)) + len(asked.row.sheet.lines)
        return own + max(1, len(self.flow))

    def take(self, frame: Frame) -> bool:
        """A new look. True when something stands on it that did not stand on the one before: then the bell rings."""
        before, self.frame = self.frame, frame
        if self.said_of and self.said_of not in frame.questions:
            self.said = self.said_of = ""
        return before is not None and bool(frame.keys - before.keys) and self.bell

    def press(self, key: str) -> Wish | None:
        """What a key does; what it asks for beyond the screen is given back."""
        if key == CLOSED:
            return Wish.QUIT
        return self._type(key) if self.mode is Mode.TYPING else self._command(key)

    def _command(self, key: str) -> Wish | None:
        number, self._number = self._number, ""
        match key:
            case "q":
                return self._leave()
            case _ if key == ESCAPE:
                self.mode = Mode.LIST
            case "s":
                self.order = Order.COST if self.order is Order.DEADLINE else Order.DEADLINE
            case "b":
                self.bell = not self.bell
            case _ if (by := self._step(key)) and self.mode is Mode.LIST:
                self._move(self.cursor + by)
            case _ if by := self._step(key):
                self._scroll(by)
            case _ if key.isascii() and key.isdigit() and self.mode is Mode.LIST:
                self._number = number + key
                self._move(int(self._number) - 1)
            case "d":
                self._begin_typing()
            case _ if key == ENTER and self.mode is Mode.LIST:
                return self._open()
            case _:
                pass
        return None

    def _step(self, key: str) -> int:
        """How far a key moves, down or (below 0) up; 0: it does not."""
        steps = {UP_KEY: -1, "k": -1, DOWN_KEY: 1, "j": 1, PAGE_UP: -self.lines_shown, PAGE_DOWN: self.lines_shown}
        return steps.get(key, 0)

    def _scroll(self, by: int) -> None:
        """Not beyond the page that ends with the last line; and no further page before this one was drawn."""
        if by < 0 or self.first_line + self.lines_shown < self.lines:
            self.first_line = max(0, self.first_line + by)
            self.lines_shown = self.lines_shown if abs(by) == 1 else 0

    def _leave(self) -> Wish | None:
        if self.mode is Mode.LIST:
            return Wish.QUIT
        self.mode = Mode.LIST
        return None

    def _move(self, place: int) -> None:
        entries, self.note = self.entries, ""
        if entries:
            self.chosen = entries[max(0, min(place, len(entries) - 1))].key

    def _sheet_under_cursor(self) -> str:
        one = self.under_cursor
        if one is None or one.kind is not Kind.SHEET:
            self.note = "没有可打开的事项 nothing to open" if one is None else what_to_do(one)
            return ""
        return full_sheet_name(one.case_number, one.sheet)

    def _open(self) -> Wish | None:
        if not (name := self._sheet_under_cursor()):
            return None
        self.opened, self.flow, self.mode, self.note = name, (), Mode.SHEET, ""
        self.first_line = 0
        self.said = self.said_of = ""
        return Wish.OPEN

    def _begin_typing(self) -> None:
        name = self.opened if self.mode is Mode.SHEET else self._sheet_under_cursor()
        if name:
            self.opened, self.back_to, self.mode, self.typed, self.note = name, self.mode, Mode.TYPING, "", ""
            self.said = self.said_of = ""

    def _type(self, key: str) -> Wish | None:
        if key == ENTER:
            self.mode = self.back_to
            return Wish.DECIDE if self.typed.strip() else None
        if key == ESCAPE:
            self.mode, self.typed = self.back_to, ""
        elif key == BACKSPACE:
            self.typed = self.typed[:-1]
        elif key in {UP_KEY, DOWN_KEY, PAGE_UP, PAGE_DOWN}:
            if self.on_sheet:
                self._scroll(self._step(key))
        elif len(key) == 1:
            self.typed += key
        return None
