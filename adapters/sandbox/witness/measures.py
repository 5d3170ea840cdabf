"""The measures of a drill, as the witness sees them: the JSON of `GET /admin/worlds/{run}/measures`.

Everything comes from the scenario and the sandbox's own records; nothing from the centre but the findings it told.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from adapters.sandbox.scenario import EXITS, Scenario
from adapters.sandbox.witness.exposure import minutes
from adapters.sandbox.witness.lots import BookContradictionError
from adapters.sandbox.witness.orders import Orders
from adapters.sandbox.witness.pursuer import holdable, pursue
from adapters.sandbox.witness.replay import Record, Replay

_STOP: Final = "100101"
_BUCKETS: Final = ("held", "stop_pending", "in_motion", "released")


def measure(
    scenario: Scenario,
    records: Sequence[Record],
    *,
    t0: float,
    time_scale: float,
    at_s: float,
    state: Mapping[str, Any],
) -> dict[str, Any]:
    """Measure a world at scenario second `at_s`.

    Args:
        scenario: what was to be played.
        records: the sandbox's records in order, each with kind, at (scenario second) and real (Unix time).
        t0: Unix time of the first report.
        time_scale: scenario seconds a real second in this world.
        at_s: the scenario second now.
        state: `pending`, the orders accepted and not answered yet.

    Raises:
        BookContradictionError: the records cannot be true, or a report's parts are not its loss to the fen.
    """
    horizon_s = max([scenario.last_move_s, at_s, *(report.at_s for report in scenario.reports)])
    now = _now(scenario, records, t0=t0, time_scale=time_scale, at_s=at_s)
    replay = Replay(scenario, horizon_s)
    replay.play(records)
    replay.close(now)
    orders = Orders()
    orders.read(records)
    pursuit, best = pursue(scenario, time_scale, horizon_s), holdable(scenario)
    exposed = replay.exposure.finish()
    accounts = _accounts(scenario, replay, _stops_pending(scenario, state))
    reports = _reports(replay, accounts)
    for row in reports:
        report, loss = row["id"], row["loss_fen"]
        row["holdable_fen"] = best[report]
        row["reachable_fen"] = pursuit.held[report]
        row["exposed_min"] = minutes(exposed[report], loss)
        row["pursuer_exposed_min"] = minutes(pursuit.exposed[report], loss)
    return {
        "t0": t0,
        "at_s": at_s,
        "horizon_s": horizon_s,
        "reports": reports,
        "total": _total(reports, sum(exposed.values()), sum(pursuit.exposed.values())),
        "accounts": accounts,
        "pursuer": {
            "seconds": pursuit.seconds,
            "held_fen": sum(pursuit.held.values()),
            "accounts": pursuit.accounts,
        },
        "traced_seconds": max(0.0, orders.last_traced - t0) if orders.last_traced is not None else 0.0,
        "merchant_stops": replay.merchant_stops,
        "false_hold": {role: replay.false_hold.yuan_minutes(role, now) for role in ("merchant", "mule")},
        "merchant_hold_after_finding_min": replay.false_hold.longest_after_finding_min,
        "first_stops": orders.first_stops,
        "orders": orders.counts,
        "violations": orders.violations,
    }


def _now(scenario: Scenario, records: Sequence[Record], *, t0: float, time_scale: float, at_s: float) -> float:
    """The Unix time of `at_s`: the clock may have jumped, so it is counted from the last record."""
    at, real = scenario.first_s, t0
    for record in reversed(records):
        reached = record["to_s"] if record["kind"] == "jump" else record["at"]
        if reached >= at:
            at, real = reached, record["real"]
            break
    return float(real + max(0.0, at_s - at) / time_scale)


def _stops_pending(scenario: Scenario, state: Mapping[str, Any]) -> set[str]:
    ids = {(account.institution, account.number): account.id for account in scenario.accounts}
    pending = (ids.get((order["institution"], order["number"])) for order in state["pending"] if order["code"] == _STOP)
    return {account for account in pending if account is not None}


def _accounts(scenario: Scenario, replay: Replay, stops_pending: set[str]) -> list[dict[str, Any]]:
    """A row for each report, account and bucket with money in it."""
    rows: list[dict[str, Any]] = []
    for account in scenario.accounts:
        if not replay.ledger.lots[account.id].attributed:
            continue
        covered, rest = replay.parted(account.id)
        bucket = replay.bucket(account.id, stop_pending=account.id in stops_pending)
        rows += [
            {"report": report, "institution": account.institution, "number": account.number, "fen": fen, "bucket": name}
            for name, sums in (("held", covered), (bucket, rest))
            for report, fen in sums.items()
        ]
    return rows


def _reports(replay: Replay, accounts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {
        report: {
            "id": report,
            "loss_fen": loss,
            **{f"{name}_fen": 0 for name in _BUCKETS},
            "left": {**replay.ledger.left[report], "merchant": 0},
            "returned_fen": 0,
        }
        for report, loss in replay.ledger.loss.items()
    }
    for row in accounts:
        if row["bucket"] == "merchant":
            rows[row["report"]]["left"]["merchant"] += row["fen"]
        else:
            rows[row["report"]][f"{row['bucket']}_fen"] += row["fen"]
    for parts in rows.values():
        found = sum(parts[f"{name}_fen"] for name in _BUCKETS) + sum(parts["left"].values()) + parts["returned_fen"]
        if found != parts["loss_fen"]:
            raise BookContradictionError(f"report {parts['id']}: {found} fen found, {parts['loss_fen']} fen lost")
    return list(rows.values())


def _total(reports: list[dict[str, Any]], exposed: float, pursuer_exposed: float) -> dict[str, Any]:
    sums = ("loss_fen", *(f"{name}_fen" for name in _BUCKETS), "returned_fen", "holdable_fen", "reachable_fen")
    total: dict[str, Any] = {name: sum(row[name] for row in reports) for name in sums}
    total["left"] = {way: sum(row["left"][way] for row in reports) for way in (*EXITS, "merchant")}
    total["exposed_min"] = minutes(exposed, total["loss_fen"])
    total["pursuer_exposed_min"] = minutes(pursuer_exposed, total["loss_fen"])
    return total
