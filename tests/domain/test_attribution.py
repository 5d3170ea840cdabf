"""Whose money left: exact to the fen under any moves, whatever comes to light first."""

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.attribution import Ledger, Seed
from domain.orders import AccountKind
from domain.statement import Digest, Passage, Way

T0 = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
VICTIM = "victim"
WAYS = (Way.CASH, Way.CARD, Way.CRYPTO, Way.ABROAD)


def key(name: str) -> str:
    return f"bank:{name}"


@dataclass
class Town:
    """Moves in the order of effect, and what every bank would say of them."""

    opening: dict[str, int] = field(default_factory=dict)
    moves: list[tuple[str, str, int]] = field(default_factory=list)

    def at(self, serial: int) -> datetime:
        return T0 + timedelta(seconds=serial)

    def seeds(self) -> list[Seed]:
        return [
            Seed(account=key(to), amount_fen=amount, at=self.at(serial), payer_number=VICTIM)
            for serial, (source, to, amount) in enumerate(self.moves)
            if source == VICTIM
        ]

    def statement(self, name: str) -> Digest:
        rows, balance = [], self.opening.get(name, 0)
        for serial, (source, to, amount) in enumerate(self.moves):
            if name not in (source, to):
                continue
            credit = to == name
            other = source if credit else to
            exit_way = next((way for way in WAYS if way.value == other), None)
            balance += amount if credit else -amount
            rows.append(
                Passage(
                    serial=serial,
                    at=self.at(serial),
                    credit=credit,
                    amount_fen=amount,
                    way=exit_way or Way.TRANSFER,
                    institution="" if exit_way else "bank",
                    number="" if exit_way else other,
                )
            )
        return Digest(
            opening_fen=self.opening.get(name, 0), balance_fen=balance, kind=AccountKind.PERSON, passages=tuple(rows)
        )

    def loss(self) -> int:
        return sum(amount for source, _, amount in self.moves if source == VICTIM)


def reference(town: Town) -> tuple[dict[str, int], dict[str, int]]:
    """FIFO fen by fen, in one go, knowing everything: this report's fen by account and by way out."""
    queues: dict[str, deque[bool]] = {name: deque([False] * fen) for name, fen in town.opening.items()}
    left: dict[str, int] = dict.fromkeys((way.value for way in WAYS), 0)
    for source, to, amount in town.moves:
        if source == VICTIM:
            queues.setdefault(to, deque()).extend([True] * amount)
            continue
        queue = queues.setdefault(source, deque())
        taken = [queue.popleft() for _ in range(amount)]
        if to in left:
            left[to] += sum(taken)
        else:
            queues.setdefault(to, deque()).extend(taken)
    return {name: sum(queue) for name, queue in queues.items()}, left


NAMES = ("a", "b", "c", "d", "e")


@st.composite
def towns(draw: st.DrawFn) -> Town:
    """Any small town in which money moves, circles included; nobody pays more than he has."""
    opening = {name: draw(st.integers(0, 30)) for name in NAMES}
    balance, moves = dict(opening), []
    for _ in range(draw(st.integers(1, 22))):
        source = draw(st.sampled_from((VICTIM, *NAMES)))
        to = draw(st.sampled_from((*NAMES, *(way.value for way in WAYS)) if source != VICTIM else NAMES))
        amount = draw(st.integers(1, 40))
        if to == source or (source != VICTIM and balance[source] < amount):
            continue
        moves.append((source, to, amount))
        if source != VICTIM:
            balance[source] -= amount
        if to in balance:
            balance[to] += amount
    return Town(opening=opening, moves=moves)


@given(towns(), st.permutations(NAMES))
@settings(max_examples=250)
def test_with_every_statement_in_attribution_is_fifo_fen_by_fen_in_whatever_order_they_came(town, order):
    ledger = Ledger()
    ledger.seed(town.seeds())
    for name in order:
        ledger.take_in(key(name), town.statement(name))
    by_account, left = reference(town)
    assert {name: ledger.attributed(key(name)) for name in NAMES} == {name: by_account[name] for name in NAMES}
    assert {way.value: fen for way, fen in ledger.left().items()} == left


@given(towns(), st.permutations(NAMES))
@settings(max_examples=150)
def test_no_fen_is_ever_lost_or_made_however_little_is_known(town, order):
    ledger = Ledger()
    ledger.seed(town.seeds())
    accounts = [key(name) for name in NAMES]
    for name in order:
        total = sum(ledger.attributed(one) for one in accounts) + sum(ledger.left().values())
        assert total == town.loss()
        ledger.take_in(key(name), town.statement(name))
    assert sum(ledger.attributed(one) for one in accounts) + sum(ledger.left().values()) == town.loss()


@given(towns(), st.permutations(NAMES), st.data())
@settings(max_examples=150)
def test_no_fen_is_lost_when_freezes_come_and_go_between_the_statements(town, order, data):
    ledger = Ledger()
    ledger.seed(town.seeds())
    accounts = [key(name) for name in NAMES]
    for name in order:
        touched = key(data.draw(st.sampled_from(NAMES)))
        if data.draw(st.booleans()):
            ledger.cover(touched, data.draw(st.integers(1, 60)), data.draw(st.none() | st.just(town.at(8))))
        else:
            ledger.uncover(touched)
        ledger.take_in(key(name), town.statement(name))
        total = sum(ledger.attributed(one) for one in accounts) + sum(ledger.left().values())
        assert total == town.loss()


@given(towns(), st.permutations(NAMES))
@settings(max_examples=100)
def test_the_same_statement_again_changes_nothing(town, order):
    ledger = Ledger()
    ledger.seed(town.seeds())
    for name in (*order, *order):
        ledger.take_in(key(name), town.statement(name))
    by_account, _ = reference(town)
    assert {name: ledger.attributed(key(name)) for name in NAMES} == {name: by_account[name] for name in NAMES}


@given(towns(), st.integers(0, 22), st.permutations(NAMES))
@settings(max_examples=100)
def test_a_longer_statement_later_replaces_the_shorter_one_of_before(town, known, order):
    early = Town(opening=town.opening, moves=town.moves[:known])
    ledger = Ledger()
    ledger.seed(town.seeds())
    for name in order:
        ledger.take_in(key(name), early.statement(name))
    for name in reversed(order):
        ledger.take_in(key(name), town.statement(name))
    by_account, left = reference(town)
    assert {name: ledger.attributed(key(name)) for name in NAMES} == {name: by_account[name] for name in NAMES}
    assert {way.value: fen for way, fen in ledger.left().items()} == left


@given(towns(), st.permutations(NAMES))
@settings(max_examples=100)
def test_the_outflows_of_an_account_carry_what_came_in_and_is_no_longer_there(town, order):
    ledger = Ledger()
    ledger.seed(town.seeds())
    for name in order:
        ledger.take_in(key(name), town.statement(name))
    into = dict.fromkeys(NAMES, 0)
    for source, to, amount in town.moves:
        if source == VICTIM:
            into[to] += amount
    out = dict.fromkeys(NAMES, 0)
    for name in NAMES:
        for outflow in ledger.outflows(key(name)):
            out[name] += outflow.mine_fen
            if outflow.passage.way is Way.TRANSFER:
                into[outflow.passage.number] += outflow.mine_fen
    assert {name: into[name] - out[name] for name in NAMES} == {name: ledger.attributed(key(name)) for name in NAMES}


@given(towns(), st.permutations(NAMES))
@settings(max_examples=100)
def test_what_changed_is_told_once_and_nothing_is_left_out(town, order):
    """The case looks only at what changed: any other account has the same money and the same outflows."""
    ledger = Ledger()
    ledger.seed(town.seeds())
    ledger.changed()
    for name in order:
        before = {one: (ledger.attributed(key(one)), list(ledger.outflows(key(one)))) for one in NAMES}
        ledger.take_in(key(name), town.statement(name))
        changed = set(ledger.changed())
        for one in NAMES:
            if key(one) not in changed:
                assert (ledger.attributed(key(one)), list(ledger.outflows(key(one)))) == before[one]
        assert not ledger.changed()


def test_the_vector_of_the_mixed_account():
    """rules section 10: own 3000, V1 50000, out 20000, salary 8000, V2 30000, out 45000, out 6000: all V2's."""
    moves = [
        ("v1", "m", 50_000),
        ("m", "cash", 20_000),
        ("employer", "m", 8_000),
        (VICTIM, "m", 30_000),
        ("m", "cash", 45_000),
        ("m", "cash", 6_000),
    ]
    town = Town(opening={"m": 3_000}, moves=moves)
    # seen from either victim's report: the other's transfer is somebody else's money
    first = [(VICTIM if one == "v1" else "other" if one == VICTIM else one, to, fen) for one, to, fen in moves]
    for mine, here in ((town, 20_000), (Town(opening=town.opening, moves=first), 0)):
        ledger = Ledger()
        ledger.seed(mine.seeds())
        ledger.take_in(key("m"), mine.statement("m"))
        assert ledger.attributed(key("m")) == here
        assert ledger.attributed(key("m")) + ledger.left()[Way.CASH] == mine.loss()


# ---------------------------------------------------------------- freezes


def test_what_a_freeze_covers_stands_still_and_payments_take_the_oldest_of_the_rest():
    # given 100 of the report's, then 50 of somebody else's, and a freeze of 80
    known = Town(moves=[(VICTIM, "a", 100), ("employer", "a", 50)])
    ledger = Ledger()
    ledger.seed(known.seeds())
    ledger.take_in(key("a"), known.statement("a"))
    ledger.cover(key("a"), 80)
    # when 40 are paid afterwards
    later = Town(moves=[*known.moves, ("a", "b", 40)])
    ledger.take_in(key("a"), later.statement("a"))
    # then they are the 20 uncovered ones and 20 of the other's
    assert ledger.attributed(key("a")) == 80
    assert ledger.attributed(key("b")) == 20


def test_a_payment_made_before_the_freeze_was_not_covered_by_it_though_its_row_comes_to_light_later():
    # given an account frozen before its statement was in: it had paid 80 of the report's 100 by then
    town = Town(moves=[(VICTIM, "a", 100), ("employer", "a", 50), ("a", "b", 80)])
    ledger = Ledger()
    ledger.seed(town.seeds())
    ledger.cover(key("a"), 70, town.at(10))
    # when the statement comes
    ledger.take_in(key("a"), town.statement("a"))
    # then it is as FIFO says, without the freeze
    assert (ledger.attributed(key("a")), ledger.attributed(key("b"))) == (20, 80)


def test_freezes_add_up_and_their_end_leaves_what_was_paid_as_it_was():
    town = Town(moves=[(VICTIM, "a", 100), ("employer", "a", 100)])
    ledger = Ledger()
    ledger.seed(town.seeds())
    ledger.take_in(key("a"), town.statement("a"))
    ledger.cover(key("a"), 30)
    ledger.cover(key("a"), 40)
    town.moves.append(("a", "b", 50))
    ledger.take_in(key("a"), town.statement("a"))
    assert (ledger.attributed(key("a")), ledger.attributed(key("b"))) == (70, 30)
    ledger.uncover(key("a"))
    town.moves.append(("a", "c", 60))
    ledger.take_in(key("a"), town.statement("a"))
    assert [ledger.attributed(key(one)) for one in "abc"] == [10, 30, 60]


@given(towns(), st.permutations(NAMES), st.data())
@settings(max_examples=100)
def test_a_ledger_taken_up_from_its_covers_and_statements_says_the_same(town, order, data):
    one = Ledger()
    one.seed(town.seeds())
    for name in order:
        one.cover(key(data.draw(st.sampled_from(NAMES))), data.draw(st.integers(1, 60)))
        one.take_in(key(name), town.statement(name))
    other = Ledger()
    other.seed(town.seeds())
    for name in NAMES:
        other.cover_as_before(key(name), one.covers(key(name)))
        other.take_in(key(name), town.statement(name))
    for name in NAMES:
        assert other.attributed(key(name)) == one.attributed(key(name))
    assert other.left() == one.left()


# ---------------------------------------------------------------- what comes to light later


def test_an_upstream_statement_that_comes_later_moves_what_is_attributed_downstream():
    # given c's statement first: it got 50 from b, of whom nothing is known yet
    town = Town(moves=[(VICTIM, "a", 100), ("a", "b", 80), ("b", "c", 50)])
    ledger = Ledger()
    ledger.seed(town.seeds())
    ledger.take_in(key("c"), town.statement("c"))
    ledger.take_in(key("b"), town.statement("b"))
    assert [ledger.attributed(key(one)) for one in "abc"] == [100, 0, 0]
    assert ledger.settled_after([key("a")]) >= {key("b"), key("c")}
    # when a's arrives
    ledger.take_in(key("a"), town.statement("a"))
    # then the money is where it is
    assert [ledger.attributed(key(one)) for one in "abc"] == [20, 30, 50]
    assert ledger.accounts() == [key("a"), key("c"), key("b")]  # in the order met
