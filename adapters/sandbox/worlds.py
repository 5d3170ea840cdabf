"""All worlds of the process, one book each under `worlds/`; those that run are taken up again at the start."""

import logging
import re
from pathlib import Path
from typing import Any, Final

from adapters.sandbox.book import Book
from adapters.sandbox.edges import RefusedError
from adapters.sandbox.scenario import Scenario, check
from adapters.sandbox.waiters import Waiters
from adapters.sandbox.world import World

LOG: Final = logging.getLogger("sandbox")
RUN_FORM: Final = re.compile(r"[a-z0-9-]{1,40}")


class Worlds:
    """The registry. Worlds that have ended are read only when somebody asks for them."""

    def __init__(self, state: Path) -> None:
        self._home = state / "worlds"
        self._home.mkdir(parents=True, exist_ok=True)
        self._open: dict[str, World] = {}
        self._waiters: dict[str, Waiters] = {}

    def take_up(self) -> None:
        """Go on with every world that was running. A book that cannot be read stops only its own world."""
        for path in sorted(self._home.glob("*.sqlite")):
            book = Book(path)
            said = book.meta()
            book.close()
            if "scenario" not in said:  # killed while it was being made: it was never answered for
                self._forget(path)
            elif said.get("t0") is not None and said.get("ended_at_s") is None:
                try:
                    self.get(path.stem)
                except Exception as failed:  # noqa: BLE001 - the other worlds are not to suffer
                    LOG.error("world %s cannot be taken up: %s", path.stem, type(failed).__name__)  # noqa: TRY400 - values in a trace are personal

    @staticmethod
    def _forget(path: Path) -> None:
        for part in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
            part.unlink(missing_ok=True)

    def _path(self, run: str) -> Path:
        if not RUN_FORM.fullmatch(run):
            raise RefusedError(422, "run", "not 1 to 40 of a-z, 0-9 and -", "choose another name")
        return self._home / f"{run}.sqlite"

    def is_new(self, run: str) -> None:
        """Refuses 422 for a name that cannot be one, 409 for a run that exists."""
        if self._path(run).exists():
            raise RefusedError(409, "run", "this run exists", "choose another name")

    def create(self, run: str, raw: dict[str, Any], scenario: Scenario, time_scale: float, seed: int) -> World:
        """Make a world of a checked scenario. Refuses as `is_new`."""
        self.is_new(run)
        book = Book(self._path(run))
        book.say(run=run, scenario=raw, time_scale=time_scale, seed=seed)
        book.commit()
        return self._keep(World(run, book, scenario, time_scale, seed))

    def _keep(self, world: World) -> World:
        world.waiting = self.waiters(world.run).tell
        self._open[world.run] = world
        return world

    def waiters(self, run: str) -> Waiters:
        """Who waits for answers in this world; they outlive a reading back of its book."""
        return self._waiters.setdefault(run, Waiters())

    def get(self, run: str) -> World:
        """The world of this name, read back from its book where need be. Refuses 404."""
        world = self._open.get(run)
        if world is not None and not world.broken:
            return world
        if world is not None:
            del self._open[run]
            world.sleep()
        if not RUN_FORM.fullmatch(run) or not self._path(run).exists():
            raise RefusedError(404, "run", "no such world", "make it first: POST /admin/worlds")
        book = Book(self._path(run))
        said = book.meta()
        scenario, problems = check(said["scenario"])
        if scenario is None:
            raise RefusedError(500, "run", f"the kept scenario is refused now: {problems[0].path}", "make a new world")
        world = World(run, book, scenario, said["time_scale"], said["seed"])
        self._keep(world)
        world.wake()
        return world

    def let_go(self) -> None:
        """Let everybody go who waits for an answer."""
        for waiters in self._waiters.values():
            waiters.let_go()

    def close(self) -> None:
        """Put every world to sleep."""
        for world in self._open.values():
            world.sleep()
