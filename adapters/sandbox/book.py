"""A world's book: one SQLite file, written before anything it says can be seen from outside.

Records are only ever appended. What a turn of the world writes is gathered and committed in one transaction: after
kill -9 a turn has happened whole or not at all. WAL with synchronous=NORMAL outlives the death of the process (not
of the machine, which a practice book need not).
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from adapters.sandbox.ledger import Record

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS records (n INTEGER PRIMARY KEY, at REAL NOT NULL, real REAL NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS letters (
    n INTEGER PRIMARY KEY, door TEXT NOT NULL, key TEXT NOT NULL, digest BLOB NOT NULL, institution TEXT NOT NULL,
    code TEXT NOT NULL, number TEXT NOT NULL, received REAL NOT NULL, due REAL NOT NULL, state TEXT NOT NULL,
    withheld INTEGER NOT NULL, result TEXT NOT NULL, asked TEXT NOT NULL, answer BLOB
);
CREATE UNIQUE INDEX IF NOT EXISTS letter_once ON letters (door, key);
"""
LETTER_COLUMNS: Final = "n, door, key, digest, institution, code, number, received, due, state, withheld, result"
_ADD_LETTER: Final = f"INSERT INTO letters ({LETTER_COLUMNS}, asked) VALUES ({', '.join('?' * 13)})"  # noqa: S608 - constants
_CHANGE_LETTER: Final = "UPDATE letters SET due = ?, state = ?, result = ?, withheld = ?, answer = ? WHERE n = ?"

# The published book: which kinds, and which of their keys (a move's `why` only where it did not happen).
_PUBLISHED: Final = {
    "move": ("move", "done", "why"),
    **dict.fromkeys(("received", "answered", "refused"), ("institution", "code", "application_id", "result")),
    **dict.fromkeys(("stop", "freeze"), ("account", "amount_fen", "application_id")),
    **dict.fromkeys(("lift", "unfreeze", "lapse"), ("account", "application_id", "ends")),
    "violation": ("what", "application_id"),
    "notice": ("channel", "key", "to", "title", "text", "link", "again"),
}


class Book:
    """Opens (and makes) the file. Used by the process's one thread; other threads read through `records_of`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_SCHEMA)
        self._records: list[tuple[float, float, str]] = []
        self._letters: list[tuple[Any, ...]] = []
        self._letter_changes: list[tuple[Any, ...]] = []
        self._released: list[tuple[int]] = []
        self._meta: dict[str, str] = {}

    def close(self) -> None:
        """Close the file; what was not committed is forgotten."""
        self._db.close()

    def meta(self) -> dict[str, Any]:
        """All that is said about the world itself."""
        return {name: json.loads(value) for name, value in self._db.execute("SELECT name, value FROM meta")}

    def say(self, **said: object) -> None:
        """Set facts about the world itself, with the next commit."""
        self._meta |= {name: json.dumps(value, ensure_ascii=False) for name, value in said.items()}

    def append(self, record: Record) -> None:
        """Write a record, with the next commit."""
        self._records.append((record["at"], record["real"], json.dumps(record, ensure_ascii=False)))

    def add_letter(self, columns: tuple[Any, ...], asked: str) -> None:
        """Keep an accepted letter, with the next commit; the columns are LETTER_COLUMNS."""
        self._letters.append((*columns, asked))

    def change_letter(
        self, n: int, due: float, state: str, result: str, *, withheld: bool, answer: bytes | None
    ) -> None:
        """Note what became of a letter, with the next commit."""
        self._letter_changes.append((due, state, result, withheld, answer, n))

    def release_letter(self, n: int) -> None:
        """Note that a withheld answer may be fetched, with the next commit."""
        self._released.append((n,))

    def commit(self) -> None:
        """One transaction for all that was said since the last one."""
        if not (self._records or self._letters or self._letter_changes or self._released or self._meta):
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for statement, rows in (
                ("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", self._meta.items()),
                ("INSERT INTO records (at, real, body) VALUES (?, ?, ?)", self._records),
                (_ADD_LETTER, self._letters),
                (_CHANGE_LETTER, self._letter_changes),
                ("UPDATE letters SET withheld = 0 WHERE n = ?", self._released),
            ):
                if rows:
                    self._db.executemany(statement, rows)
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")
        self._records, self._letters, self._letter_changes, self._released, self._meta = [], [], [], [], {}

    def letters(self) -> Iterator[tuple[Any, ...]]:
        """Every accepted letter, in order, as LETTER_COLUMNS."""
        return self._db.execute(f"SELECT {LETTER_COLUMNS} FROM letters ORDER BY n")  # noqa: S608 - constants

    def asked(self, n: int) -> Any:  # noqa: ANN401 - JSON
        """What a letter asked."""
        return json.loads(self._db.execute("SELECT asked FROM letters WHERE n = ?", (n,)).fetchone()[0])

    def answer(self, n: int) -> bytes:
        """The answer to a letter, as committed."""
        answer: bytes = self._db.execute("SELECT answer FROM letters WHERE n = ?", (n,)).fetchone()[0]
        return answer

    def records(self) -> Iterator[Record]:
        """Every committed record, in order."""
        return (json.loads(body) for (body,) in self._db.execute("SELECT body FROM records ORDER BY n"))


def records_of(path: Path) -> list[Record]:
    """Every committed record, read over a connection of its own: for other threads."""
    with closing(sqlite3.connect(path)) as db:
        return [json.loads(body) for (body,) in db.execute("SELECT body FROM records ORDER BY n")]


def published(path: Path) -> str:
    """The book as the trainer gets it: one JSON object a line, only the kinds and keys that are public."""
    lines = []
    for record in records_of(path):
        names = _PUBLISHED.get(record["kind"])
        if names is not None:
            shown = {name: record[name] for name in ("at", "real", "kind", *names) if name in record}
            lines.append(json.dumps(shown, ensure_ascii=False) + "\n")
    return "".join(lines)
