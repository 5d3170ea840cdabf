"""What cases ask of institutions at once, taken together for one transaction and given back apart."""

from collections.abc import Callable, Mapping, Sequence
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
    """One draft with its key, its case and institution, and the seal of its letter."""

    key: str
    case_id: str
    draft: Draft
    institution: Institution
    seal: Callable[[Order, bytes], str]


@dataclass(frozen=True)
class Together:
    """All drafts of all asks, in order."""

    now: datetime
    asked: tuple[Asked, ...]
    sizes: tuple[int, ...]

    @property
    def drafts(self) -> Mapping[str, list[Draft]]:
        """The drafts of each case."""
        of_case: dict[str, list[Draft]] = {}
        for one in self.asked:
            of_case.setdefault(one.case_id, []).append(one.draft)
        return of_case

    def apart(self, opened: Sequence[OpenedOrder]) -> list[list[OpenedOrder]]:
        """One list for each ask again."""
        parts, start = [], 0
        for size in self.sizes:
            parts.append(list(opened[start : start + size]))
            start += size
        return parts


def moment_of(asks: Sequence[Ask]) -> datetime:
    """The latest of theirs (UTC): asks wait for each other, and what is written is not older than the last of them."""
    return max(ask.request.now for ask in asks)


def together(asks: Sequence[Ask]) -> Together:
    """Take asks together. Raises ValueError for drafts of another institution."""
    asked = []
    for ask in asks:
        request = ask.request
        _check(request)
        for draft in request.drafts:
            key = draft_id(request.case_id, request.institution.id, draft)
            asked.append(Asked(key, request.case_id, draft, request.institution, ask.seal))
    return Together(moment_of(asks), tuple(asked), tuple(len(ask.request.drafts) for ask in asks))


def _check(request: OpenOrders) -> None:
    for draft in request.drafts:
        if draft.account is None and not draft.target:
            raise ValueError(f"a draft of measure {draft.measure} names neither account nor target")
        if draft.account is not None and draft.account.institution != request.institution.id:
            raise ValueError(
                f"a draft names an account of {draft.account.institution}, not of {request.institution.id}"
            )
