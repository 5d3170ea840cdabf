"""The chain of events: one a case, each event bound to the one before by SHA-256.

The case row is the chain's lock and keeps its length and head, so that a chain cut short is found as well. What this
cannot find is somebody who rewrites the whole chain and the case row: that takes a head kept outside the database.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.register.bulk import Mode, Write, Writes
from adapters.register.tables import cases, events
from domain.frozen import Frozen

_EVENT = Write.of(events, Mode.ADD)


class ChainFault(Frozen):
    """What is wrong with a chain, and where. `seq` 0: with the chain as a whole."""

    case_id: str
    seq: int
    what: str


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return str(value)


def _canonical(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain)


def sha256_of(value: object) -> str:
    """SHA-256 (hex) of a value's canonical JSON."""
    return hashlib.sha256(_canonical(value).encode()).hexdigest()


def event_hash(
    case_id: str, seq: int, at: datetime, kind: str, previous: object, current: object, prev_hash: str
) -> str:
    """The hash that binds one event to all before it."""
    return sha256_of([case_id, seq, at.astimezone(UTC).isoformat(), kind, previous, current, prev_hash])


@dataclass
class Chain:
    """The end of one case's chain while its row is locked; `case_changes`: more columns of the case row to change."""

    case_id: str
    count: int
    head: str
    case_changes: dict[str, object] = field(default_factory=dict)
    _grown: list[dict[str, object]] = field(default_factory=list)

    def note(
        self, at: datetime, kind: str, current: Mapping[str, object], previous: Mapping[str, object] | None = None
    ) -> None:
        """One event more. Values are plain JSON without floats, which have two spellings."""
        # Through JSON and back: what is hashed is what PostgreSQL will hold (it keeps no NUL in a text).
        new = json.loads(_canonical(current).replace("\\u0000", "\\ufffd"))
        old = None if previous is None else json.loads(_canonical(previous).replace("\\u0000", "\\ufffd"))
        self.count += 1
        linked = event_hash(self.case_id, self.count, at, kind, old, new, self.head)
        self._grown.append(
            {
                "case_id": self.case_id,
                "seq": self.count,
                "at": at,
                "kind": kind,
                "previous": old,
                "current": new,
                "prev_hash": self.head,
                "hash": linked,
            }
        )
        self.head = linked

    def write(self, writes: Writes, *, new_row: dict[str, object] | None = None) -> None:
        """Add the events and the case row's changes to what the transaction writes.

        `new_row`: the case itself is written in the same statement; its count and head are set in it.
        """
        for event in self._grown:
            writes.add(_EVENT, event)
        if new_row is not None:
            new_row |= {"event_count": self.count, "event_head": self.head}
            return
        changes = dict(self.case_changes)
        if self._grown:
            changes |= {"event_count": self.count, "event_head": self.head}
        if changes:
            writes.add(Write.of(cases, Mode.CHANGE, *sorted(changes)), {"case_id": self.case_id, **changes})
        self._grown, self.case_changes = [], {}


class _Check:
    """Walks one chain, event by event."""

    def __init__(self, case_id: str) -> None:
        self.case_id = case_id
        self.seq = 0
        self.head = ""
        self.faults: list[ChainFault] = []

    def _fault(self, seq: int, what: str) -> None:
        self.faults.append(ChainFault(case_id=self.case_id, seq=seq, what=what))

    def event(self, row: Any) -> None:  # noqa: ANN401 - a database row
        if row.seq != self.seq + 1:
            self._fault(row.seq, f"the event before is number {self.seq}: some are missing")
        if row.prev_hash != self.head:
            self._fault(row.seq, "does not follow the event before")
        if row.hash != event_hash(row.case_id, row.seq, row.at, row.kind, row.previous, row.current, row.prev_hash):
            self._fault(row.seq, "its content is not what was written")
        self.seq, self.head = row.seq, row.hash

    def end(self, count: int, head: str) -> None:
        if self.seq != count:
            self._fault(0, f"ends at number {self.seq}, the case counts {count}")
        elif self.head != head:
            self._fault(0, "its last event is not the head the case keeps")


async def chain_faults(connection: AsyncConnection, case_id: str | None = None) -> AsyncIterator[ChainFault]:
    """All faults of one chain, or of all chains. A sound register gives none."""
    read = (
        select(cases.c.case_id.label("of_case"), cases.c.event_count, cases.c.event_head, events)
        .select_from(cases.outerjoin(events, events.c.case_id == cases.c.case_id))
        .order_by(cases.c.case_id, events.c.seq)
    )
    if case_id is not None:
        read = read.where(cases.c.case_id == case_id)
    check: _Check | None = None
    expected = (0, "")
    async with connection.stream(read) as rows:
        async for row in rows:
            if check is None or row.of_case != check.case_id:
                if check is not None:
                    check.end(*expected)
                    for fault in check.faults:
                        yield fault
                check = _Check(row.of_case)
                expected = (row.event_count, row.event_head)
            if row.seq is not None:
                check.event(row)
    if check is not None:
        check.end(*expected)
        for fault in check.faults:
            yield fault
