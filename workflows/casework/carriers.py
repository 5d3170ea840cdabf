"""Numbers closed and links blocked at the carriers, at the same time as the stops (rules section 6)."""

from datetime import timedelta

from domain.errands import Errand, ErrandKind, ErrandResult
from domain.institutions import Channel, Institution, InstitutionKind
from domain.orders import Measure
from workflows.casework.case import Case


def begin(case: Case) -> None:
    """Close every reported number, block every reported link."""
    carriers = [one for one in case.start.directory.institutions if one.kind is InstitutionKind.CARRIER]
    for line in case.start.report.lines:
        carrier = next((one for one in carriers if one.id == line.carrier), None)
        if carrier is None:
            case.problem(
                f"carrier:{line.number[-4:]}",
                f"号码尾号 {line.number[-4:]} 的运营商不明，请人工指定",
                f"number ending {line.number[-4:]}: carrier not known, a person must name it",
            )
            continue
        _order(case, ErrandKind.CLOSE_NUMBER, carrier, line.number)
    for link in case.start.report.links:
        for carrier in carriers:
            if carrier.channel is Channel.GATEWAY:
                _order(case, ErrandKind.BLOCK_LINK, carrier, link)


def _order(case: Case, kind: ErrandKind, carrier: Institution, target: str) -> None:
    case.state.errand_no += 1
    case.state.numbers[f"{carrier.id}:{target}"] = "sent"
    case.errands.append(
        Errand(
            no=case.state.errand_no,
            kind=kind,
            institution=carrier.id,
            target=target,
            since=case.now,
            until=case.now + timedelta(hours=case.policy.carrier.close_number_most_hours),
        )
    )


def take_result(case: Case, errand: Errand, result: ErrandResult) -> None:
    """What a carrier answered; "not ours" goes to the right one."""
    outcome = result.outcomes.get(Measure.CLOSE_NUMBER) or result.outcomes.get(Measure.BLOCK_LINK)
    if outcome is None:
        return
    case.state.numbers[f"{errand.institution}:{errand.target}"] = outcome.kind
    if outcome.kind != "refused":
        return
    right = case.start.directory.by_id(outcome.remark)
    if right is not None and right.id != errand.institution and f"{right.id}:{errand.target}" not in case.state.numbers:
        _order(case, errand.kind, right, errand.target)
        return
    case.problem(
        f"carrier:{errand.no}",
        f"运营商拒绝（{outcome.code}），请人工处理",
        f"carrier refused ({outcome.code}); a person must act",
    )
