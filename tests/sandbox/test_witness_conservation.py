"""Whatever banks and centre do: the parts add up to the loss, and single fens tell the same story; and it is quick."""

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.sandbox.scenario import EXITS, Move, Scenario, check
from tests.sandbox.witness_stage import Book, build
from tests.tries import tries_within

SCENARIOS = Path(__file__).parents[2] / "scenarios"
ROLES = {"m1": "mule", "m2": "mule", "m3": "mule", "shop": "merchant"}
PAYERS = [*ROLES]


class FenByFen:
    """The banks again, as lists of single fens: slow, and too simple to be wrong in the same way."""

    def __init__(self, scenario: Scenario) -> None:
        self.money: dict[str, list[str | None]] = {
            account.id: [None] * account.opening_fen for account in scenario.accounts
        }
        self.measures: dict[str, dict[str, int | None]] = {account: {} for account in self.money}
        self.report_of = {name: report.id for report in scenario.reports for name in report.moves}
        self.left: Counter[tuple[str | None, str]] = Counter()
        self.let_go: dict[str, bool] = {}
        self.merchants: set[str] = set()
        self.exposed: Counter[str] = Counter()

    def whole(self, account: str) -> bool:
        return None in self.measures[account].values()

    def covered(self, account: str) -> set[int]:
        fens = self.money[account]
        frozen = len(fens) if self.whole(account) else sum(part or 0 for part in self.measures[account].values())
        ranked = sorted(range(len(fens)), key=lambda i: (fens[i] is None, i))
        return set(ranked[:frozen])

    def pays(self, move: Move) -> bool:
        """Whether it took effect."""
        fens = self.money[move.from_]
        free = [i for i in range(len(fens)) if i not in self.covered(move.from_)]
        if self.whole(move.from_) or len(free) < move.amount_fen:
            return False
        gone = set(free[: move.amount_fen])
        pieces = [fens[i] for i in sorted(gone)]
        self.money[move.from_] = [owner for i, owner in enumerate(fens) if i not in gone]
        if move.id in self.report_of:
            pieces = [self.report_of[move.id]] * move.amount_fen
        if move.to in EXITS:
            self.left.update((owner, move.to) for owner in pieces)
        else:
            self.money[move.to] += pieces
        return True

    def buckets(self) -> Counter[tuple[str, str]]:
        found = Counter({(owner, way): fen for (owner, way), fen in self.left.items() if owner is not None})
        for account, fens in self.money.items():
            covered = self.covered(account)
            released = self.let_go.get(account) and not self.measures[account]
            rest = "merchant" if account in self.merchants else "released" if released else "in_motion"
            found.update((owner, "held" if i in covered else rest) for i, owner in enumerate(fens) if owner is not None)
        return found

    def second_passes(self, at_s: float, scenario: Scenario) -> None:
        filed = {report.id for report in scenario.reports if report.at_s <= at_s}
        for account, role in ROLES.items():
            if role == "mule":
                covered = self.covered(account)
                self.exposed.update(
                    owner
                    for i, owner in enumerate(self.money[account])
                    if owner is not None and owner in filed and i not in covered
                )


MOVES = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(PAYERS), st.sampled_from([*PAYERS, *EXITS]), st.integers(1, 30)),
    max_size=14,
)
ORDERS = st.lists(
    st.tuples(
        st.integers(8, 50),
        st.sampled_from(PAYERS),
        st.sampled_from(["stop", "freeze", "freeze", "lift", "lapse", "unfreeze", "finding"]),
        st.integers(1, 40),
    ),
    max_size=14,
)


@settings(max_examples=200)
@given(MOVES, ORDERS)
def test_the_witness_agrees_with_single_fens_at_any_instant(drawn, orders):
    at_s = 5
    moves = [("t1", 0, "v", "m1", 60), ("t2", 3, "w", "m1", 30), ("t3", 5, "v", "m2", 10)]
    for number, (later, payer, payee, fen) in enumerate(drawn):
        at_s += later
        if payer != payee:
            moves.append((f"x{number}", at_s, payer, payee, fen))
    scenario = build(
        {"v": ("victim", 80), "w": ("victim", 40), **{name: (role, 7) for name, role in ROLES.items()}},
        moves,
        [("r", 7, ["t1", "t3"]), ("s", 9, ["t2"])],
    )
    book, model = Book(scenario), FenByFen(scenario)
    due = sorted(orders, key=lambda order: order[0])
    for second in range(60):
        for move in scenario.moves:
            if move.at_s == second:
                book.move(second, move.id, why=None if model.pays(move) else "blocked")
        while due and due[0][0] == second:
            _, account, kind, fen = due.pop(0)
            act(book, model, second, account, kind, fen)
        if second in {20, 40}:
            compare(book.measure(second), model)
        model.second_passes(second, scenario)
    result = book.measure(60)
    compare(result, model)
    for row in result["reports"]:
        assert row["exposed_min"] * 60 * row["loss_fen"] == pytest.approx(model.exposed[row["id"]])


def act(book: Book, model: FenByFen, second: int, account: str, kind: str, fen: int) -> None:
    standing = model.measures[account]
    name = f"p{len(book.records)}"
    if kind == "finding":
        model.merchants.add(account)
        book.finding(second, account, "merchant")
    elif kind == "stop":
        if None not in standing.values():
            standing[name] = None
            book.stop(second, account, name)
    elif kind == "freeze":
        executed = min(fen, len(model.money[account]) - sum(part or 0 for part in standing.values()))
        if executed > 0:
            standing[name] = executed
            book.freeze(second, account, name, executed)
    elif standing:
        ends = next(iter(standing))
        del standing[ends]
        model.let_go[account] = kind != "lapse"
        book.end(second, account, ends, kind)


def compare(result: dict[str, Any], model: FenByFen) -> None:
    found: Counter[tuple[str, str]] = Counter()
    for row in result["reports"]:
        names = ("held", "in_motion", "released")
        found.update({(row["id"], name): row[f"{name}_fen"] for name in names})
        found.update({(row["id"], name): fen for name, fen in row["left"].items()})
        assert row["stop_pending_fen"] == row["returned_fen"] == 0
    assert +found == +model.buckets()


@pytest.mark.parametrize("name", ["wide-2000", "wuxi-2000"])
def test_a_whole_drill_of_thousands_of_accounts_is_measured_in_two_seconds(name):
    scenario, _ = check(json.loads((SCENARIOS / f"{name}.json").read_text(encoding="utf-8")))
    assert scenario is not None
    dice, book, at_s = random.Random(7), Book(scenario), 0.0
    mules = [account.id for account in scenario.accounts if account.role != "victim"]
    codes = ["100101", "100301", "100201", "100103"]
    for move in scenario.moves:
        at_s = move.at_s
        book.move(at_s, move.id)
    for number in range(8_000):
        account = mules[number % len(mules)]
        at_s += dice.random()
        for kind in ("received", "answered"):
            book.write(
                at_s,
                kind,
                institution="x",
                code=codes[number // 2000],
                application_id=f"o{number}",
                result="0000",
                case_number="C",
                number="1",
                account=account,
            )
        if number < 4_000:
            book.freeze(at_s, account, f"f{number}", dice.randint(1, 10**6))
    print(f"{name}: {len(book.records)} records")
    for one in tries_within(2.0):
        with one:
            result = book.measure(at_s)
    assert result["total"]["held_fen"] > 0
