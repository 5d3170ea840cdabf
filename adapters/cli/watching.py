"""`inbox --watch`: the live view over all open cases, from the register; frames where nobody sits at a terminal."""

import asyncio
import sys
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rich.console import Console
from rich.live import Live

from adapters.cli.engine import DOWN, EngineStanding, engine_standing
from adapters.cli.evidence import sheets_named
from adapters.cli.failures import EXPECTED, failure_of
from adapters.cli.keeping import say_or_keep
from adapters.cli.keyboard import listening
from adapters.cli.money_flow import money_flow
from adapters.cli.running import World
from adapters.cli.saying import Via, Word, refuse_unready
from adapters.cli.typed import unquoted
from adapters.cli.voice import Voice
from adapters.cli.watch_screen import screen
from adapters.cli.watch_view import Frame, View, Wish
from adapters.cli.watch_words import NO_REGISTER, page, unseen_value, unseen_words, value_of
from adapters.register import RegisterError
from domain.evidence import Signatory
from domain.identifiers import parts_of_sheet
from domain.policy import Policy
from domain.sheets import SheetState
from domain.watchlist import Order, ordered
from domain.words import Complaint, decision_words

KEPT_SHOWN = timedelta(hours=12)
"""A shift sees what became of the words that were kept in it."""
ENGINE_EVERY_S = 2.0
"""Engine and worker are asked beside the view, so that neither holds it up."""


@dataclass(frozen=True)
class Asked:
    """How the watch was asked for. `every_s`: seconds between two looks."""

    order: Order = Order.DEADLINE
    every_s: float = 2.0
    once: bool = False


async def watch(world: World, voice: Voice, policy: Policy, asked: Asked) -> None:
    """Live at a terminal; else one frame a look, and only one where `once` says so."""
    at_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    if asked.once or voice.as_json or not at_terminal:
        await _frames(world, voice, policy, asked)
    else:
        await Watch(world, policy, voice.out, sys.stdin.fileno(), asked).live()


async def _frames(world: World, voice: Voice, policy: Policy, asked: Asked) -> None:
    """A register that does not answer for a moment ends no wall display; it fails whoever asked for one look."""
    while True:
        standing = await engine_standing(world.client)
        try:
            frame = await look(world, policy, standing)
        except RegisterError:
            if asked.once:
                raise
            now = datetime.now(UTC)
            voice.tell(unseen_value(world.run, now, standing), unseen_words(world.run, now))
        else:
            entries = ordered(frame.watchlist.entries, asked.order)
            voice.tell(value_of(frame, asked.order, entries), *page(frame, asked.order, entries))
            if asked.once:
                return
        await asyncio.sleep(asked.every_s)


async def look(world: World, policy: Policy, standing: EngineStanding) -> Frame:
    """One look at the register. Raises RegisterError."""
    now = datetime.now(UTC)
    watchlist = await world.register.watchlist(now, policy)
    kept = await world.register.kept_lately(now, KEPT_SHOWN)
    halt, faulty = await world.register.standing_halt(), await world.register.paper_faults()
    return Frame(world.run, now, watchlist, kept.words, standing, halt, faulty, kept.more)


class Watch:
    """One live view at one terminal. `terminal`: the file descriptor that keys come from."""

    def __init__(self, world: World, policy: Policy, console: Console, terminal: int, asked: Asked) -> None:
        self.view = View(order=asked.order)
        self._world = world
        self._policy = policy
        self._console = console
        self._terminal = terminal
        self._every_s = asked.every_s
        self._standing = DOWN
        self._changed = asyncio.Event()
        self._over = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def live(self) -> None:
        """Until `q`."""
        self._standing = await engine_standing(self._world.client)
        self._start(self._ask_engine())
        self._start(self._look_for_ever())
        try:
            with (
                Live(console=self._console, screen=True, auto_refresh=False) as shown,
                listening(self._terminal, self._press),
            ):
                while not self._over:
                    drawn = screen(self.view, self._console)
                    self.view.lines_shown = drawn.items
                    shown.update(drawn, refresh=True)
                    await self._changed.wait()
                    self._changed.clear()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ask_engine(self) -> None:
        while True:
            self._standing = await engine_standing(self._world.client)
            await asyncio.sleep(ENGINE_EVERY_S)

    async def _look_for_ever(self) -> None:
        while True:
            await self._look()
            await asyncio.sleep(self._every_s)

    async def _look(self) -> None:
        try:
            rings = self.view.take(await look(self._world, self._policy, self._standing))
        except RegisterError:
            self.view.note = NO_REGISTER
        else:
            if self.view.note == NO_REGISTER:
                self.view.note = ""
            if rings:
                self._console.bell()
        self._changed.set()

    def _press(self, key: str) -> None:
        wish = self.view.press(key)
        if wish is Wish.QUIT:
            self._over = True
        elif wish is Wish.OPEN:
            self._start(self._open(self.view.opened))
        elif wish is Wish.DECIDE:
            typed, self.view.typed = self.view.typed, ""
            self._start(self._decide(self.view.opened, typed))
        self._changed.set()

    async def _open(self, name: str) -> None:
        number, _ = parts_of_sheet(name) or ("", "")
        try:
            case = await self._world.register.case(number)
            lines = await money_flow(self._world.register, case.case_id, self._policy, datetime.now(UTC))
        except Exception as problem:  # noqa: BLE001 - a picture that cannot be drawn must not end the watch
            lines = [f"资金流向无法显示 the flow cannot be shown ({type(problem).__name__})"]
        if self.view.opened == name:
            self.view.flow = lines
        self._changed.set()

    async def _decide(self, name: str, typed: str) -> None:
        self.view.said, self.view.said_of = f"{name} …", ""
        self._changed.set()
        said, waits = await self._say(name, typed)
        self.view.said, self.view.said_of = f"{name}: {said}", name if waits else ""
        await self._look()

    async def _say(self, name: str, typed: str) -> tuple[str, bool]:
        """What became of it, in words, and whether the sheet waits still: nothing an officer types ends the watch."""
        words = decision_words(unquoted(typed), name)
        if isinstance(words, Complaint):
            return words.both, True
        who = Signatory(officer=words.officer, evidence=words.evidence)
        word = Word(who, words.verdict, words.reason, words.except_lines)
        quiet = Voice(as_json=True)  # notes on the way would break the screen
        try:
            asked = await sheets_named(self._world, "", [name])
            refuse_unready(*asked[0])
            (told,) = await say_or_keep(self._world, quiet, asked, word, Via.UPDATE, start_worker=False)
        except EXPECTED as problem:
            return failure_of(problem).sentence, True
        return told.said, told.state == SheetState.PENDING
