"""What the embedded stack remembers in its state directory: one lock, one state file, one record for each child."""

import contextlib
import fcntl
import json
import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from adapters.temporal.errors import StackError
from adapters.temporal.processes import is_same, mark

_Model = TypeVar("_Model", bound=BaseModel)
Phase = Literal["starting", "running", "stopped"]
PRIVATE_DIR = 0o700
PRIVATE_FILE = 0o600


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Owner(_Record):
    """A process, recognisable after its death."""

    pid: int
    mark: str

    @classmethod
    def me(cls) -> Self:
        """This process."""
        own = mark(os.getpid())
        assert own is not None, "a running process has a mark"
        return cls(pid=os.getpid(), mark=own)

    @property
    def alive(self) -> bool:
        """Whether that very process still runs."""
        return is_same(self.pid, self.mark)


class StackState(_Record):
    """state.json: where the parts are, and whose they are. It outlives the stack: the ports are used again."""

    phase: Phase = "stopped"
    owner: Owner | None = None
    since: datetime | None = None
    ports: dict[str, int] = {}
    pids: dict[str, int] = {}
    postgres_url: str | None = None


class ChildRecord(_Record):
    """One child of a stack or of a command that works beside one."""

    name: str
    pid: int
    mark: str
    owner: Owner
    signals: list[tuple[int, float]]
    """How it is ended: signal numbers, each with its patience in seconds."""


class World(_Record):
    """One run's namespace and database."""

    run: str
    database: str
    made: datetime
    used: datetime


class StateDir:
    """The directory itself; everything in it is its owner's alone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None

    @property
    def logs(self) -> Path:
        """Where each child's output goes."""
        return self.path / "logs"

    def make(self) -> None:
        """Make what is missing.

        Raises:
            StackError: the directory cannot be made or written.
        """
        try:
            for directory in (self.path, self.logs, self.path / "children"):
                directory.mkdir(parents=True, exist_ok=True, mode=PRIVATE_DIR)
            # nobody else reads it; passing through may have been granted to PostgreSQL's own account (see postgres.py)
            self.path.chmod(self.path.stat().st_mode & ~0o066)
            with tempfile.TemporaryFile(dir=self.path):
                pass
        except OSError as problem:
            raise StackError(
                f"The state directory {self.path} cannot be written ({problem.strerror}): "
                "give it to this user, or name another one in HOLDFAST_STATE_DIR."
            ) from None

    # --- the lock: the kernel lets go of it when its holder dies, so a stale one cannot hinder anybody ---

    def take_lock(self) -> Owner | None:
        """Become the one stack of this directory; returns the last holder if it ended without letting go.

        Raises:
            StackError: another stack is running here.
        """
        handle = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
        before = _parsed(Owner, os.pread(handle, 4096, 0))
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            who = f" (process {before.pid})" if before else ""
            raise StackError(
                f"A stack is already running in {self.path}{who}: end it with Ctrl-C in its terminal, "
                "or name another directory in HOLDFAST_STATE_DIR."
            ) from None
        self._lock = handle
        self._write_lock(Owner.me().model_dump_json().encode())
        return before

    def release_lock(self) -> None:
        """Let go of it, in good order."""
        if self._lock is not None:
            self._write_lock(b"")
            os.close(self._lock)
            self._lock = None

    def _write_lock(self, content: bytes) -> None:
        assert self._lock is not None
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, content, 0)

    # --- the state file ---

    def state(self) -> StackState:
        """What was last written; empty if there is none or it is damaged."""
        return _read(StackState, self.path / "state.json") or StackState()

    def write_state(self, state: StackState) -> None:
        """Replace it in one step."""
        self._replace(self.path / "state.json", state.model_dump_json(indent=1))

    # --- the children ---

    def record(self, child: ChildRecord) -> None:
        """Remember a child, so that it is found should its owner die before it."""
        self._replace(self._child(child.name, child.owner), child.model_dump_json())

    def forget(self, name: str, owner: Owner) -> None:
        """It has ended."""
        self._child(name, owner).unlink(missing_ok=True)

    def orphans(self) -> Iterator[tuple[Path, ChildRecord | None]]:
        """Children whose owner has died, with the file that says so; damaged files come as None."""
        for path in sorted((self.path / "children").glob("*.json")):
            child = _read(ChildRecord, path)
            if child is None or not child.owner.alive:
                yield path, child

    def _child(self, name: str, owner: Owner) -> Path:
        return self.path / "children" / f"{name}-{owner.pid}.json"

    # --- the worlds ---

    def worlds(self) -> list[World]:
        """Every world ever made here, the latest used last."""
        try:
            entries = json.loads((self.path / "worlds.json").read_text(encoding="utf-8"))
            worlds = [World.model_validate(entry) for entry in entries]
        except (OSError, ValueError):
            return []
        return sorted(worlds, key=lambda world: world.used)

    def use_world(self, run: str, database: str) -> World:
        """Note that a world is used now; also across processes that do so at the same time."""
        gate = os.open(self.path / "worlds.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
        with os.fdopen(gate):
            fcntl.flock(gate, fcntl.LOCK_EX)
            now = datetime.now(UTC)
            others = [world for world in self.worlds() if world.run != run]
            made = next((world.made for world in self.worlds() if world.run == run), now)
            world = World(run=run, database=database, made=made, used=now)
            self._replace(
                self.path / "worlds.json",
                json.dumps([entry.model_dump(mode="json") for entry in (*others, world)], indent=1),
            )
        return world

    def _replace(self, path: Path, text: str) -> None:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # 0600 by itself
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            Path(temporary).replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
            raise


def _parsed(model: type[_Model], content: bytes) -> _Model | None:
    try:
        return model.model_validate_json(content)
    except ValidationError:
        return None


def _read(model: type[_Model], path: Path) -> _Model | None:
    try:
        return _parsed(model, path.read_bytes())
    except OSError:
        return None
