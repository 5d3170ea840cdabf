"""Whatever several cases do on shared accounts, in whatever order: coverage, measures and claims agree to the fen."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import count
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import given as example
from hypothesis import strategies as st

from activities.ports import Draft, OpenedOrder
from domain.orders import Executed, Measure, Partial, Refused
from tests.register.given import NOW, Given, executed, freeze, lift, ref, stop, unfreeze

_fresh = count(1)
_CASES, _ACCOUNTS = 3, 2
_fen = st.integers(0, 1000)
_where = st.tuples(st.integers(0, _CASES - 1), st.integers(0, _ACCOUNTS - 1))
_steps = st.lists(
    st.one_of(
        st.tuples(st.just("stop"), _where, st.sampled_from(["executed", "partial", "refused", "none"])),
        st.tuples(st.just("books"), _where, st.tuples(_fen, st.floats(0, 1))),
        st.tuples(st.just("freeze"), _where, st.tuples(_fen, st.floats(0, 1))),
        st.tuples(st.just("lift"), _where, st.sampled_from(["covered", "finding", "decision"])),
        st.tuples(st.just("unfreeze"), _where, st.integers(1, 3)),
        st.tuples(st.just("extend"), _where, st.none()),
        st.tuples(st.just("late"), _where, st.none()),
        st.tuples(st.just("wait"), _where, st.sampled_from([10, 60 * 40, 60 * 24 * 181])),
    ),
    min_size=4,
    max_size=16,
)

_INVARIANTS = {
    "frozen is the sum of the freezes in force": """
        SELECT account FROM holds h WHERE frozen_fen <> (
          SELECT coalesce(sum(amount_fen), 0) FROM measures m
          WHERE m.account = h.account AND kind = 'freeze' AND ended_at IS NULL)""",
    "each case's part is its own freezes": """
        SELECT account FROM claims c WHERE frozen_fen <> (
          SELECT coalesce(sum(amount_fen), 0) FROM measures m
          WHERE m.account = c.account AND m.case_id = c.case_id AND kind = 'freeze' AND ended_at IS NULL)""",
    "a stop in force is a measure in force, one an account": """
        SELECT account FROM holds h WHERE (
          SELECT coalesce(array_agg(application_id), '{}') FROM measures m
          WHERE m.account = h.account AND kind = 'stop' AND ended_at IS NULL)
        <> CASE WHEN stop_order IS NULL THEN '{}'::text[] ELSE ARRAY[stop_order] END""",
    "nothing is claimed that nothing covers": """
        SELECT h.account FROM holds h JOIN claims c USING (account) GROUP BY h.account
        HAVING h.stop_order IS NULL AND sum(c.claim_fen) > h.frozen_fen""",
    "no claim above what is attributed": "SELECT account FROM claims WHERE claim_fen > attributed_fen",
    "a lifted stop served nobody any more": """
        SELECT l.account FROM orders l JOIN claims c USING (account)
        WHERE l.measure = 'lift' AND l.cause = 'covered' AND l.written_at = %(now)s AND c.since < l.written_at
          AND NOT c.released AND c.attributed_fen > c.frozen_fen""",
}


class _Play:
    """One sequence of steps, on cases and accounts of its own."""

    def __init__(self, given: Given, cases: list[str]) -> None:
        number = next(_fresh)
        self.given = given
        self.cases = cases
        self.accounts = [ref(f"62220{number:06d}{one}") for one in range(_ACCOUNTS)]
        self.now = NOW + timedelta(days=400 * number)  # each play has a time of its own, and fresh codes
        self.turn = 1
        self.unanswered: list[OpenedOrder] = []
        self.freezes = dict.fromkeys(((case, account) for case in range(_CASES) for account in range(_ACCOUNTS)), 0)

    async def step(self, what: str, where: tuple[int, int], how: Any) -> None:
        self.turn += 1
        self.now += timedelta(seconds=1)
        doing: dict[str, Callable[[tuple[int, int], Any], Awaitable[None]]] = {
            "stop": self._stop,
            "books": self._books,
            "freeze": self._freeze,
            "lift": self._lift,
            "unfreeze": self._unfreeze,
            "extend": self._extend,
            "late": self._late,
            "wait": self._wait,
        }
        await doing[what](where, how)

    async def _open(self, where: tuple[int, int], draft: Draft) -> OpenedOrder:
        (opened,) = await self.given.open(self.cases[where[0]], draft, now=self.now)
        return opened

    async def _stop(self, where: tuple[int, int], how: str) -> None:
        opened = await self._open(where, stop(self.accounts[where[1]], self.turn))
        assert opened.standing in {"new", "sent", "answered"}
        if opened.standing == "answered":
            return
        if how == "none":
            self.unanswered.append(opened)
        elif how == "refused":
            await self.given.answer(opened, outcome=Refused(code="0201", at=self.now), now=self.now)
        else:
            kind = Executed if how == "executed" else Partial
            outcome = kind(code="0000", at=self.now, started=self.now, expires=self.now + timedelta(hours=48))
            await self.given.answer(opened, outcome=outcome, now=self.now)

    async def _books(self, where: tuple[int, int], how: tuple[int, float]) -> None:
        attributed, share = how
        await self.given.books(
            self.cases[where[0]], self.accounts[where[1]], attributed, held=int(attributed * share), now=self.now
        )

    async def _freeze(self, where: tuple[int, int], how: tuple[int, float]) -> None:
        case_id, account = self.cases[where[0]], self.accounts[where[1]]
        asked, share = how
        self.freezes[where] += 1
        name = f"F-{self.turn:02d}"
        await self.given.approved(self.given.sheet(case_id, (account, asked), name=name))
        opened = await self._open(where, freeze(account, asked, name, self.freezes[where]))
        assert opened.standing == "new"
        outcome = executed(self.now, hours=24 * 180, amount_fen=int(asked * share))
        await self.given.answer(opened, outcome=outcome, now=self.now)

    async def _end(self, where: tuple[int, int], draft: Draft) -> None:
        opened = await self._open(where, draft)
        if opened.standing == "new":
            await self.given.answer(opened, now=self.now)

    async def _lift(self, where: tuple[int, int], how: str) -> None:
        await self._end(where, lift(self.accounts[where[1]], how, self.turn))

    async def _unfreeze(self, where: tuple[int, int], how: int) -> None:
        await self._end(where, unfreeze(self.accounts[where[1]], "decision", how))

    async def _extend(self, where: tuple[int, int], _: None) -> None:
        draft = Draft(measure=Measure.EXTEND_STOP, account=self.accounts[where[1]], sequence=self.turn)
        opened = await self._open(where, draft)
        if opened.standing == "new":
            await self.given.answer(opened, outcome=executed(self.now, hours=96), now=self.now)

    async def _late(self, _: tuple[int, int], __: None) -> None:
        if self.unanswered:
            await self.given.answer(self.unanswered.pop(), now=self.now)

    async def _wait(self, _: tuple[int, int], minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        await self.given.duty(24, self.now)
        await self.given.register.note_lapsed(self.now)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(steps=_steps)
async def test_coverage_measures_and_claims_always_agree(given: Given, sql, steps) -> None:
    play = _Play(given, [await given.case() for _ in range(_CASES)])
    await given.duty(hours=24, now=play.now)
    for what, where, how in steps:
        await play.step(what, where, how)
        for rule, violation in _INVARIANTS.items():
            parameters = {"now": play.now} if "%(now)s" in violation else None
            assert sql.execute(violation, parameters).fetchall() == [], f"{rule}: broken by {what} {how}"
    assert await given.register.verify_all() == []
