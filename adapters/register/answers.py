"""Keeping answers: outcomes with their clocks, statements, and what they make of measures, holds and claims.

The first final outcome of an order stands; a later different one is put on record and ignored.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from activities.ports import Answered, Kept
from adapters.register import statements
from adapters.register.bulk import Mode, Write, Writes, as_kept, run, statement_text
from adapters.register.chain import sha256_of
from adapters.register.ledger import Ledger, MeasureRow
from adapters.register.locking import LockedCase, lock_cases_of_orders
from adapters.register.openings import OUTCOME
from adapters.register.part import Part
from adapters.register.tables import orders
from domain.orders import HeldBack, Measure, Outcome, Unknown, in_force, is_final
from domain.statement import Digest

TOO_LATE = "1900"  # a lift or unfreeze of what has ended: its aim is reached (rules section 5)
_OUTCOME = Write.of(orders, Mode.CHANGE, "outcome", "answered_at", "started_at", "expires_at")
_ON_HOLDS = frozenset(
    {
        Measure.STOP,
        Measure.EXTEND_STOP,
        Measure.LIFT,
        Measure.FREEZE,
        Measure.UNFREEZE,
        Measure.RENEW,
        Measure.QUERY,
    }
)
_ENDED = ("executed", "partial")


def _asked() -> str:
    lifts = orders.alias("lifts")
    ended = lifts.c.outcome_kind.in_(_ENDED) | (lifts.c.code == TOO_LATE)
    moment = TIMESTAMP(timezone=True)
    return statement_text(
        select(
            orders.c.application_id,
            orders.c.case_id,
            orders.c.account,
            orders.c.measure,
            orders.c.amount_fen,
            orders.c.original,
            orders.c.written_at,
            orders.c.outcome,
            cast(orders.c.content["since"].astext, moment).label("since"),
            cast(orders.c.content["until"].astext, moment).label("until"),
            # An answer can come after the lift that ended its measure.
            select(lifts.c.application_id)
            .where(lifts.c.original == orders.c.application_id, lifts.c.measure == Measure.LIFT, ended)
            .limit(1)
            .scalar_subquery()
            .label("lifted_by"),
        ).where(orders.c.application_id == func.any(bindparam("ids", type_=ARRAY(Text))))
    )


_ASKED = _asked()


class Answering(Part):
    """The part of the register that keeps answers."""

    async def keep_answers(self, answers: Sequence[Answered], now: datetime) -> list[Kept]:
        """Outcomes, clocks, measures, holds and statement rows; idempotent. Raises LookupError for an unknown order."""
        if not answers:
            return []
        return await self._do(lambda connection: self._keep(connection, answers, now))

    async def _keep(self, connection: AsyncConnection, answers: Sequence[Answered], now: datetime) -> list[Kept]:
        ids = sorted({answer.application_id for answer in answers})
        cases = await lock_cases_of_orders(connection, ids)
        asked = {row.application_id: row for row in await run(connection, _ASKED, ids=ids)}
        if missing := [one for one in ids if one not in asked]:
            raise LookupError(f"the register has no order {missing[0]}")
        keeping = _Keeping(cases, asked, now, self._rules.stop_term)
        # of several about one order the last that is taken: an unknown gives way to what came with it
        fresh = list({answer.application_id: answer for answer in answers if keeping.takes(answer)}.values())
        # The outcome of a batch that came before is read without any lock on accounts.
        held = [asked[one.application_id] for one in fresh if asked[one.application_id].measure in _ON_HOLDS]
        ledger = await Ledger.of_known(connection, [row.account for row in held], now)
        if ledger.due or any(_reads_ledger(row, ledger) for row in held):
            await ledger.load(connection, named=[row.original for row in held if row.original])
        if ledger.due:
            keeping.lapsed(ledger.lapse(now))
        for answer in fresh:
            keeping.keep(answer, ledger)
        before = [one for one in ids if one not in keeping.digests and asked[one].measure == Measure.QUERY]
        keeping.digests |= await statements.digests(connection, before)
        writes = keeping.written(ledger)
        await writes.flush(connection)
        return [
            Kept(
                application_id=one.application_id,
                outcome=keeping.standing[one.application_id],
                digest=keeping.digests.get(one.application_id),
            )
            for one in answers
        ]


def _reads_ledger(row: Any, ledger: Ledger) -> bool:  # noqa: ANN401 - a database row
    """A stop on an account that has none, or a query, changes nothing that others claim."""
    if row.measure == Measure.QUERY:
        return False
    return not (row.measure == Measure.STOP and row.lifted_by is None and not ledger.holds[row.account].stopped)


def _told(outcome: Outcome) -> dict[str, object]:
    """What an outcome says, but for the moment it reached us."""
    return outcome.model_dump(mode="json", exclude={"at", "since"})


class _Keeping:
    """One call's answers, while the cases and holds they concern are locked."""

    def __init__(self, cases: dict[str, LockedCase], asked: dict[str, Any], now: datetime, term: timedelta) -> None:
        self.standing: dict[str, Outcome] = {
            key: OUTCOME.validate_python(row.outcome) for key, row in asked.items() if row.outcome is not None
        }
        self.digests: dict[str, Digest] = {}
        self._cases = cases
        self._asked = asked
        self._now = now
        self._term = term
        self._writes = Writes()
        self._kept: dict[str, dict[str, str]] = {}
        self._outcomes: dict[str, dict[str, object]] = {}

    def takes(self, answer: Answered) -> bool:
        """Whether this answer is to be kept: the first final one, or an unknown where nothing was known."""
        key, outcome = answer.application_id, as_kept(answer.outcome)
        if isinstance(outcome, HeldBack):
            raise ValueError(f"order {key} is written: it cannot be held back any more")  # noqa: TRY004 - a wrong value
        standing = self.standing.get(key)
        if is_final(standing):
            assert standing is not None
            if is_final(outcome) and _told(outcome) != _told(standing):
                note = {"order": key, "outcome": outcome.model_dump(mode="json")}
                self._cases[self._asked[key].case_id].chain.note(self._now, "answer_ignored", note)
            return False
        if standing is not None and isinstance(outcome, Unknown):
            return False
        self.standing[key] = outcome
        return True

    def lapsed(self, measures: Sequence[MeasureRow]) -> None:
        """Some measure was found to have lapsed; its own case is told if it is locked here, else whoever found it."""
        for measure in measures:
            case = self._cases.get(measure.case_id) or next(iter(self._cases.values()))
            case.chain.note(self._now, "lapse_seen", {"measure": measure.application_id, "account": measure.account})

    def keep(self, answer: Answered, ledger: Ledger) -> None:
        """Keep one answer that is taken."""
        row, outcome = self._asked[answer.application_id], self.standing[answer.application_id]
        final = not isinstance(outcome, Unknown)
        self._outcomes[answer.application_id] = {
            "application_id": answer.application_id,
            "outcome": outcome,
            "answered_at": self._now if final else None,
            "started_at": getattr(outcome, "started", None),
            "expires_at": getattr(outcome, "expires", None),
        }
        self._kept.setdefault(row.case_id, {})[answer.application_id] = sha256_of(outcome.model_dump(mode="json"))
        if final and row.measure in _ON_HOLDS:
            self._effect(row, outcome, ledger)
        if answer.statement is not None and row.measure == Measure.QUERY and final:
            self._statement(row, answer, ledger)

    def _effect(self, row: Any, outcome: Outcome, ledger: Ledger) -> None:  # noqa: ANN401 - a database row
        reached = in_force(outcome)
        ended = reached or getattr(outcome, "code", "") == TOO_LATE
        match row.measure:
            case Measure.STOP:
                ledger.settle(row.account, row.application_id)
                if reached:
                    self._begin(row, outcome, ledger, kind="stop", amount=None)
                    if row.lifted_by is not None:
                        ledger.end(row.application_id, self._now, row.lifted_by)
            case Measure.FREEZE if reached:
                executed = getattr(outcome, "amount_fen", None)
                self._begin(
                    row, outcome, ledger, kind="freeze", amount=row.amount_fen if executed is None else executed
                )
            case Measure.LIFT | Measure.UNFREEZE if ended:
                ledger.end(row.original, self._now, row.application_id)
                if row.measure == Measure.LIFT:
                    ledger.settle(row.account, row.original)
            case Measure.EXTEND_STOP | Measure.RENEW if reached:
                ledger.prolong(row.original, getattr(outcome, "expires", None))

    def _begin(self, row: Any, outcome: Outcome, ledger: Ledger, *, kind: str, amount: int | None) -> None:  # noqa: ANN401
        measure = MeasureRow(
            application_id=row.application_id,
            case_id=row.case_id,
            account=row.account,
            kind=kind,
            amount_fen=amount if kind == "stop" else amount or 0,
            started=getattr(outcome, "started", None),
            expires=getattr(outcome, "expires", None),
        )
        # The turn may have waited before it was taken: what it brings was not known any earlier than it came.
        known_at = max(self._now, getattr(outcome, "at", self._now))
        ledger.begin(measure, known_at=known_at, term=self._term)

    def _statement(self, row: Any, answer: Answered, ledger: Ledger) -> None:  # noqa: ANN401 - a database row
        assert answer.statement is not None
        hold = ledger.holds[row.account]
        # Written after we knew of the stop: surely taken after it, whatever the bank's clock says.
        after = hold.stop_known_at is not None and hold.stop_known_at <= row.written_at
        context: dict[str, object] = {
            "stop_order": hold.stop_order if after else None,
            "since": row.since,
            "until": row.until,
            "taken_at": self._now,
        }
        self.digests[row.application_id] = statements.keep(
            self._writes, answer.statement, application_id=row.application_id, account=row.account, context=context
        )

    def written(self, ledger: Ledger) -> Writes:
        """Everything to be written, events included."""
        for case_id, outcomes in self._kept.items():
            self._cases[case_id].chain.note(self._now, "answers_kept", {"answers": outcomes})
        for row in self._outcomes.values():
            self._writes.add(_OUTCOME, row)
        ledger.write(self._writes)
        for case in self._cases.values():
            case.chain.write(self._writes)
        return self._writes
