"""The event `orders_written`: what the chain says of orders and their papers, and how it is read again.

    {"orders": {application id: SHA-256 of the order's content as it is kept}, "papers": {number: SHA-256 of the paper}}

Events from before named papers by their numbers alone, a list, and orders by the SHA-256 of the program's own spelling.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from adapters.register.bulk import as_json
from adapters.register.chain import sha256_of
from domain.orders import Order

ORDERS_WRITTEN = "orders_written"


def written_as(written: Mapping[str, Order]) -> dict[str, object]:
    """The event's content, of orders by application id."""
    return {
        # as_json: what is hashed is what PostgreSQL will hold, so that the kept content alone gives the hash again
        "orders": {key: sha256_of(json.loads(as_json(order))) for key, order in written.items()},
        "papers": {order.paper_number: order.paper for order in written.values() if order.paper_number},
    }


@dataclass(frozen=True)
class SaidOfOrder:
    """What the chain says of one order. `own_spelling`: the hash is over the program's spelling, of events before."""

    sha256: str
    own_spelling: bool

    def is_of(self, content: Any) -> bool:  # noqa: ANN401 - JSON as kept
        """Whether this is the content that the event was written for."""
        if not self.own_spelling:
            return self.sha256 == sha256_of(content)
        # Fields that orders have got since are unset in what was kept then, and were not in what was hashed.
        try:
            spelled = Order.model_validate(content).model_dump_json(exclude_unset=True)
        except ValidationError:
            return False
        return self.sha256 == hashlib.sha256(spelled.encode()).hexdigest()


@dataclass
class SaidOfPapers:
    """What a case's chain says of its orders and papers, all events taken together."""

    orders: dict[str, SaidOfOrder] = field(default_factory=dict)
    papers: dict[str, str] = field(default_factory=dict)
    """SHA-256 by number; empty: the event names the number alone."""
    events: dict[str, int] = field(default_factory=dict)
    """The event's own number in the chain, by number of paper."""

    @classmethod
    def in_events(cls, events: Iterable[tuple[int, Mapping[str, Any]]]) -> "SaidOfPapers":
        """Of the events `orders_written` of a case: (seq, content)."""
        said = cls()
        for seq, current in events:
            papers = current.get("papers", ())
            before = not isinstance(papers, Mapping)
            said.papers |= dict.fromkeys(papers, "") if before else papers
            said.events |= dict.fromkeys(papers, seq)
            said.orders |= {key: SaidOfOrder(one, before) for key, one in current.get("orders", {}).items()}
        return said
