"""The sandbox's book, read as evidence: what the institutions received and what took effect, not our word for it."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx

STOP, FREEZE, QUERY = "100101", "100201", "100301"
COERCES = (STOP, FREEZE, QUERY)
_BEGINS, _ENDS = ("stop", "freeze"), ("lift", "unfreeze", "lapse")
STOPPED_ALREADY = {"1301", "1304"}


class Book:
    """The book of one world at one moment."""

    def __init__(self, text: str) -> None:
        self.records = [json.loads(line) for line in text.splitlines()]

    def of(self, *kinds: str) -> Iterator[dict[str, Any]]:
        return (record for record in self.records if record["kind"] in kinds)

    def received(self, *codes: str) -> list[dict[str, Any]]:
        """Orders accepted, in order; of these codes, or all."""
        return [record for record in self.of("received") if not codes or record["code"] in codes]

    def keys(self) -> set[str]:
        return {record["application_id"] for record in self.of("received")}

    def stopped_at(self) -> dict[str, float]:
        """When the first stop of each account took effect, Unix time."""
        first: dict[str, float] = {}
        for record in self.of("stop"):
            first.setdefault(record["account"], record["real"])
        return first

    def doubled(self) -> list[str]:
        """Everything that happened once too often."""
        found = [f"violation: {record['what']}" for record in self.of("violation")]
        for kinds, what in ((("received",), "received"), ((*_BEGINS, *_ENDS), "took effect")):
            times = Counter(record["application_id"] for record in self.of(*kinds) if record["application_id"])
            found += [f"{key} {what} {count} times" for key, count in times.items() if count > 1]
        standing: dict[str, str] = {}
        for record in self.of("stop", *_ENDS):
            account = record["account"]
            if record["kind"] == "stop":
                if account in standing:
                    found.append(f"{account} was stopped while it was stopped")
                standing[account] = record["application_id"]
            elif standing.get(account) == record["ends"]:
                del standing[account]
        found += [
            f"a stop was answered {record['result']}"
            for record in self.of("answered", "refused")
            if record["code"] == STOP and record["result"] in STOPPED_ALREADY
        ]
        return found


async def book_of(drill) -> Book:
    """The book as it stands, also while the drill is played."""
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(f"{drill.stack.sandbox_url}/admin/worlds/{drill.run}/book", timeout=30)
    return Book(answer.raise_for_status().text)
