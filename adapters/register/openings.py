"""Draft by draft: what stands already, what is joined, what is held back and what is new.

Pure decisions on what one transaction has locked and read; orders.py writes what comes of them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from activities.ports import Draft, OpenedOrder
from adapters.register.bulk import Writes
from adapters.register.entitlement import Entitlement
from adapters.register.issuing import NewOrder
from adapters.register.ledger import Hold, Ledger
from adapters.register.part import Rules
from adapters.register.statements import covers
from domain.identifiers import account_key, application_id
from domain.orders import CODES, Cause, Executed, HeldBack, Measure, Order, Outcome, is_final

OUTCOME: TypeAdapter[Outcome] = TypeAdapter(Outcome)
_Decided = OpenedOrder | NewOrder


def draft_id(case_id: str, institution: str, draft: Draft, *, measure: Measure | None = None) -> str:
    """The draft's idempotency key; of another measure on the same account when one is named."""
    target = draft.account.number if draft.account else draft.target
    return application_id(case_id, institution, target, CODES[measure or draft.measure], draft.sequence)


def draft_account(draft: Draft) -> str:
    """The account's key; empty for a number or a link."""
    return account_key(draft.account.institution, draft.account.number) if draft.account else ""


def _shared(outcome: Mapping[str, Any], **changed: object) -> Executed:
    """Another order's outcome as it serves this case too."""
    return Executed.model_validate({**outcome, "kind": "executed", "shared": True, **changed})


@dataclass
class FuseOfAMinute:
    """How many stops the fuse of all cases still lets through this minute."""

    left: int


@dataclass(frozen=True)
class FreshStop:
    """A stop that this very transaction writes: another case that wants one of the account joins it."""

    application_id: str
    case_id: str
    last_sent_at: datetime
    content: None = None
    tombstoned: bool = False


@dataclass
class Openings:
    """One case's decisions. `known`: orders by id, ours and those that stand on the holds; rows of orders.KNOWN.

    `ledger`, `known`, `fresh`, `statements`, `queries` and `writes` are the transaction's, shared by its cases.
    """

    case_id: str
    now: datetime
    rules: Rules
    entitlement: Entitlement
    ledger: Ledger
    known: Mapping[str, Any]
    fresh: dict[str, FreshStop]
    statements: Sequence[Any]
    queries: Sequence[Any]
    writes: Writes
    stops_left_case: int
    minute: "FuseOfAMinute"
    stops_new: int = 0
    joined: dict[str, str] = field(default_factory=dict)
    released: list[str] = field(default_factory=list)
    needs_digest: dict[str, str] = field(default_factory=dict)
    """Of answered queries: application id to the query whose statement answers."""
    _staked: set[str] = field(default_factory=set)

    def decide(self, draft: Draft, key: str) -> _Decided:
        """One draft's standing, or the order to be written for it; `key` is the draft's own."""
        if key in self.known:
            return self._written(draft, key)
        by_measure: dict[Measure, Callable[[Draft, str], _Decided]] = {
            Measure.STOP: self._stop,
            Measure.QUERY: self._query,
            Measure.FREEZE: self._freeze,
            Measure.LIFT: self._lift,
            Measure.EXTEND_STOP: self._extend_stop,
            Measure.UNFREEZE: self._on_own_freeze,
            Measure.RENEW: self._on_own_freeze,
        }
        return by_measure.get(draft.measure, self._entitled)(draft, key)

    def _written(self, draft: Draft, key: str) -> OpenedOrder:
        row = self.known[key]
        outcome = OUTCOME.validate_python(row.outcome) if row.outcome is not None else None
        order = Order.model_validate(row.content)
        if is_final(outcome):
            if draft.measure is Measure.QUERY:
                self.needs_digest[key] = key
            return OpenedOrder(
                application_id=key, standing="answered", order=order, outcome=outcome, last_sent_at=row.last_sent_at
            )
        if row.tombstoned:
            return _held_back(key, HeldBack(reason="nothing_to_end"))
        return OpenedOrder(
            application_id=key, standing="sent", order=order, outcome=outcome, last_sent_at=row.last_sent_at
        )

    def _entitled(self, draft: Draft, key: str, *, original: str = "", ends_fen: int | None = None) -> _Decided:
        entitled = self.entitlement.of(draft, key)
        if isinstance(entitled, HeldBack):
            return _held_back(key, entitled)
        return NewOrder(application_id=key, draft=draft, entitled=entitled, original=original, ends_fen=ends_fen)

    def _hold(self, draft: Draft) -> Hold:
        return self.ledger.holds[draft_account(draft)]

    def _pending(self, hold: Hold) -> Any | None:  # noqa: ANN401 - a row of orders
        """The stop that is awaited and not yet taken back."""
        row = self.known.get(hold.pending_stop or "") or self.fresh.get(hold.pending_stop or "")
        return None if row is None or row.tombstoned else row

    def _stake(self, account: str, joins: str = "", *, anew: bool = True) -> None:
        if joins:
            before = self.ledger.claims.get((account, self.case_id))
            if before is None or before.released:
                self.joined[account] = joins
        if account not in self._staked:
            self._staked.add(account)
            self.ledger.stake(self.writes, account, self.case_id, self.now, anew=anew)

    # ------------------------------------------------------------ stops and queries

    def _stop(self, draft: Draft, key: str) -> _Decided:
        hold = self._hold(draft)
        if hold.stop_order is not None:
            stop = self.known[hold.stop_order]
            self._stake(hold.account, hold.stop_order)
            return OpenedOrder(
                application_id=hold.stop_order,
                standing="answered",
                outcome=_shared(stop.outcome, expires=hold.stop_expires),
                last_sent_at=stop.last_sent_at,
                joined=stop.case_id != self.case_id,
            )
        if (pending := self._pending(hold)) is not None:
            self._stake(hold.account, pending.application_id)
            ours = pending.case_id == self.case_id
            return OpenedOrder(
                application_id=pending.application_id,
                standing="sent",
                order=Order.model_validate(pending.content) if ours and pending.content else None,
                last_sent_at=pending.last_sent_at,
                joined=not ours,
            )
        entitled = self.entitlement.of(draft, key)
        if isinstance(entitled, HeldBack):
            return _held_back(key, entitled)
        if self.stops_new >= self.stops_left_case:
            return _held_back(key, HeldBack(reason="fuse_case"))
        if not self.minute.left:
            return _held_back(key, HeldBack(reason="fuse_minute"))
        self.minute.left -= 1
        self.stops_new += 1
        hold.pending_stop = key
        self.fresh[key] = FreshStop(application_id=key, case_id=self.case_id, last_sent_at=self.now)
        self.ledger.touch(hold)
        self._stake(hold.account)
        return NewOrder(application_id=key, draft=draft, entitled=entitled)

    def _query(self, draft: Draft, key: str) -> _Decided:
        hold = self._hold(draft)
        # A further page, or a second look, is asked for on purpose: only the first query is shared.
        if hold.stopped and draft.sequence == 1:
            for kept in self.statements:
                if kept.account == hold.account and kept.stop_order == hold.stop_order and self._serves(kept, draft):
                    self.needs_digest[kept.application_id] = kept.application_id
                    return OpenedOrder(
                        application_id=kept.application_id,
                        standing="answered",
                        outcome=_shared(kept.outcome),
                        joined=True,
                    )
            for asked in self.queries:
                others = asked.account == hold.account and asked.case_id != self.case_id
                if others and self._will_serve(asked, draft, hold):
                    return OpenedOrder(
                        application_id=asked.application_id,
                        standing="sent",
                        last_sent_at=asked.last_sent_at,
                        joined=True,
                    )
        return self._entitled(draft, key)

    @staticmethod
    def _serves(kept: Any, draft: Draft) -> bool:  # noqa: ANN401 - a database row
        """The account still receives: money that came after the statement was taken is not in it."""
        return covers(kept.since, draft.since) and (draft.since is None or draft.since < kept.taken_at)

    @staticmethod
    def _will_serve(asked: Any, draft: Draft, hold: Hold) -> bool:  # noqa: ANN401 - a database row
        after_stop = hold.stop_known_at is not None and asked.written_at >= hold.stop_known_at
        return (
            after_stop and covers(asked.since, draft.since) and (draft.since is None or draft.since < asked.written_at)
        )

    # ------------------------------------------------------------ freezes and what ends or prolongs

    def _freeze(self, draft: Draft, key: str) -> _Decided:
        decided = self._entitled(draft, key)
        if isinstance(decided, NewOrder):
            self._stake(draft_account(draft), anew=False)  # its sheet was kept together with its books
        return decided

    def _lift(self, draft: Draft, key: str) -> _Decided:
        hold = self._hold(draft)
        lets_go = draft.cause is not Cause.COVERED
        if lets_go:
            self._release(hold.account)
        pending = self._pending(hold)
        original = hold.stop_order or (pending.application_id if pending is not None else "")
        if not original:
            return _held_back(key, HeldBack(reason="nothing_to_end"))
        claims = self.ledger.on(hold.account)
        others = [one for one in claims if one.case_id != self.case_id]
        own = [] if lets_go else [one for one in claims if one.case_id == self.case_id]
        if any(one.uncovered() for one in own) or any(
            one.holds_on(self.now, self.rules.claim_patience) for one in others
        ):
            return _held_back(key, HeldBack(reason="other_claims"))
        return self._entitled(draft, key, original=original)

    def _release(self, account: str) -> None:
        claim = self.ledger.claims.get((account, self.case_id))
        if claim is not None and not claim.released:
            claim.released, claim.claim_fen = True, 0
            self.ledger.touch(claim)
            self.released.append(account)

    def _extend_stop(self, draft: Draft, key: str) -> _Decided:
        stop = self._hold(draft).stop_order
        if stop is None:
            return _held_back(key, HeldBack(reason="nothing_to_end"))
        return self._entitled(draft, key, original=stop)

    def _on_own_freeze(self, draft: Draft, key: str) -> _Decided:
        at = draft.account.institution if draft.account else ""
        original = draft_id(self.case_id, at, draft, measure=Measure.FREEZE)
        measure = self.ledger.measures.get(original)
        if measure is None or measure.ended_at is not None:
            return _held_back(key, HeldBack(reason="nothing_to_end"))
        return self._entitled(draft, key, original=original, ends_fen=measure.amount_fen)


def _held_back(key: str, outcome: HeldBack) -> OpenedOrder:
    return OpenedOrder(application_id=key, standing="held_back", outcome=outcome)
