"""A small stage for the witness's tests: scenarios of a few accounts, and records as the sandbox writes them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

from adapters.sandbox.scenario import Scenario, check
from adapters.sandbox.witness import measure

T0 = 1_800_000_000.0
BANK, SLOW = "102302000011", "308302000015"


Accounts = Mapping[str, tuple[Any, ...]]
"""id -> (role, opening) or (role, opening, bank)."""
Moves = Sequence[tuple[str, float, str, str, int]]
"""(id, at_s, from, to, fen)."""
Reports = Sequence[tuple[str, float, list[str]]]
"""(id, at_s, moves)."""


def raw_scenario(accounts: Accounts, moves: Moves, reports: Reports) -> dict[str, Any]:
    first_mover = {name: payer for name, _, payer, _, _ in moves}
    return {
        "scenario": "stage",
        "note": "",
        "time_scale": 60,
        "officers": {"decide_s": [1, 3]},
        "institutions": [
            {"id": BANK, "code": "ICBC", "name": "甲", "kind": "bank", "channel": "platform", "answer_s": [0.5, 1.5]},
            {"id": SLOW, "code": "CMB", "name": "乙", "kind": "bank", "channel": "liaison", "answer_s": [4, 6]},
            {"id": "CT", "code": "CT", "name": "丙", "kind": "carrier", "channel": "gateway", "answer_s": [0, 0]},
        ],
        "accounts": [
            {
                "id": name,
                "institution": (*rest, BANK)[0],
                "number": f"62220{number:05}",
                "name": "测试",
                "id_number": "320299199508156208",
                "kind": "person",
                "role": role,
                "opening_fen": opening,
            }
            for number, (name, (role, opening, *rest)) in enumerate(accounts.items())
        ],
        "lines": [{"number": "17044059130", "carrier": "CT", "called": ["13900007001"]}],
        "links": [{"url": "http://refund.example.invalid/", "sms": True}],
        "moves": [
            {"id": name, "at_s": at_s, "from": payer, "to": payee, "amount_fen": fen, "via": "mobile"}
            for name, at_s, payer, payee, fen in moves
        ],
        "reports": [
            {
                "id": name,
                "at_s": at_s,
                "victim": first_mover[named[0]] if named else next(iter(accounts)),
                "victim_name": "测试",
                "victim_phone": "13900000001",
                "category": "其他",
                "moves": list(named),
                "lines": ["17044059130"],
                "links": [],
                "text": "练习",
            }
            for name, at_s, named in reports
        ],
    }


def build(accounts: Accounts, moves: Moves, reports: Reports) -> Scenario:
    scenario, problems = check(raw_scenario(accounts, moves, reports))
    assert scenario is not None, problems
    return scenario


class Book:
    """Writes records in order; `at` is the scenario second, `real` follows the clock unless said."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.records: list[dict[str, Any]] = []
        self.serial = 0
        self.ahead_s = 0.0

    def real(self, at_s: float) -> float:
        passed = at_s - self.scenario.first_s
        return T0 + passed if passed < 0 else T0 + (passed - self.ahead_s) / self.scenario.time_scale

    def write(self, at_s: float, kind: str, **rest: Any) -> Self:
        self.records.append({"at": at_s, "real": self.real(at_s), "kind": kind, **rest})
        return self

    def move(self, at_s: float, name: str, *, why: str | None = None) -> Self:
        self.serial += 1
        return self.write(at_s, "move", move=name, serial=self.serial, done=why is None, why=why)

    def stop(self, at_s: float, account: str | None, name: str, *, authority: str = "ours") -> Self:
        return self._begin(at_s, "stop", account, name, None, authority)

    def freeze(self, at_s: float, account: str, name: str, fen: int | None, *, authority: str = "ours") -> Self:
        return self._begin(at_s, "freeze", account, name, fen, authority)

    def _begin(self, at_s: float, kind: str, account: str | None, name: str, fen: int | None, authority: str) -> Self:
        return self.write(
            at_s,
            kind,
            account=account,
            application_id=name,
            amount_fen=fen,
            authority=authority,
            expires=T0 + 172_800,
            institution=BANK,
            number="",
        )

    def end(self, at_s: float, account: str | None, ends: str, kind: str = "lift") -> Self:
        return self.write(at_s, kind, account=account, application_id=f"end-{ends}", ends=ends)

    def finding(self, at_s: float, account: str, finding: str) -> Self:
        return self.write(at_s, "finding", account=account, finding=finding)

    def jump(self, at_s: float, to_s: float) -> Self:
        self.write(at_s, "jump", to_s=to_s)
        self.ahead_s += to_s - at_s
        return self

    def measure(self, at_s: float, pending: Iterable[tuple[str, str]] = ()) -> dict[str, Any]:
        numbers = {account.id: account for account in self.scenario.accounts}
        orders = [
            {
                "institution": numbers[name].institution,
                "number": numbers[name].number,
                "code": code,
                "application_id": f"p-{name}",
            }
            for name, code in pending
        ]
        return measure(
            self.scenario,
            self.records,
            t0=T0,
            time_scale=self.scenario.time_scale,
            at_s=at_s,
            state={"pending": orders},
        )
