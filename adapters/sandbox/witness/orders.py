"""What the institutions saw of the centre's orders: how many, when the first stop, when the tracing was over."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

_STOP: Final = "100101"
# A holder's query (100303) serves the field officers, not the tracing.
_TRACING: Final = frozenset({_STOP, "100301"})


@dataclass(slots=True)
class Orders:
    """Counts each order once, however often it was handed in; times are Unix times."""

    received: dict[str, set[str]] = field(default_factory=dict)
    first_stops: dict[str, float] = field(default_factory=dict)
    violations: list[dict[str, Any]] = field(default_factory=list)
    last_traced: float | None = None

    def read(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Read records in order."""
        for record in records:
            kind = record["kind"]
            if kind == "received":
                code = record["code"]
                self.received.setdefault(code, set()).add(record["application_id"])
                if code == _STOP and record.get("case_number"):
                    self.first_stops.setdefault(record["case_number"], record["real"])
            elif kind in {"answered", "refused"} and record["code"] in _TRACING:
                self.last_traced = record["real"]
            elif kind == "violation":
                self.violations.append(dict(record))

    @property
    def counts(self) -> dict[str, int]:
        """Orders received, by code."""
        return {code: len(ids) for code, ids in sorted(self.received.items())}
