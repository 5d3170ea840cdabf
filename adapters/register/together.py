"""What one case asks of several institutions at once, taken together for one transaction and given back apart."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from activities.ports import Ask, Draft, OpenedOrder, OpenOrders
from adapters.register.openings import draft_id
from domain.institutions import Institution
from domain.orders import Order


def unsealed(order: Order, paper: bytes) -> str:
    """Of orders whose letters are sealed later (`note_sealed`)."""
    del order, paper
    return ""


@dataclass(frozen=True)
class Asked:
    """One draft with its key, its institution and the seal of its letter."""

    key: str
    draft: Draft
    institution: Institution
    seal: Callable[[Order, bytes], str]


@dataclass(frozen=True)
class Together:
    """All drafts of all asks, in order."""

    case_id: str
    now: datetime
    asked: tuple[Asked, ...]
    sizes: tuple[int, ...]

    def apart(self, opened: Sequence[OpenedOrder]) -> list[list[OpenedOrder]]:
        """One list for each ask again."""
        parts, start = [], 0
        for size in self.sizes:
            parts.append(list(opened[start : start + size]))
            start += size
        return parts


def together(asks: Sequence[Ask]) -> Together:
    """Take asks of one case together. Raises ValueError for drafts of another institution or of several cases."""
    first = asks[0].request
    asked = []
    for ask in asks:
        request = ask.request
        _check(request)
        if request.case_id != first.case_id:
            raise ValueError("orders of several cases cannot be opened together")
        for draft in request.drafts:
            key = draft_id(request.case_id, request.institution.id, draft)
            asked.append(Asked(key, draft, request.institution, ask.seal))
    return Together(first.case_id, first.now, tuple(asked), tuple(len(ask.request.drafts) for ask in asks))


def _check(request: OpenOrders) -> None:
    for draft in request.drafts:
        if draft.account is None and not draft.target:
            raise ValueError(f"a draft of measure {draft.measure} names neither account nor target")
        if draft.account is not None and draft.account.institution != request.institution.id:
            raise ValueError(
                f"a draft names an account of {draft.account.institution}, not of {request.institution.id}"
            )
