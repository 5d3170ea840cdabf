"""The reports of a scenario, as the victims file them: they know their own transfers, not where the money went."""

from dataclasses import replace

from pydantic import ValidationError

from adapters.drill.clock import DrillClock
from adapters.drill.errors import RefusedError
from adapters.drill.scenario import FiledReport, Scenario, faults_of
from adapters.faults import Fault
from domain.report import Report, ReportKind

SOURCE = "drill"


def report_of(scenario: Scenario, filed: FiledReport, clock: DrillClock) -> Report:
    """One report as it is filed. A report without a transfer is an attempt.

    What kind of account the payee has is not told: the victim does not know.

    Raises:
        pydantic.ValidationError: intake would refuse it.
    """
    victim = scenario.account[filed.victim]
    transfers = [_transfer(scenario, name, clock) for name in filed.moves]
    return Report.model_validate(
        {
            "kind": ReportKind.LOSS if transfers else ReportKind.ATTEMPT,
            "source": SOURCE,
            "source_ref": filed.id,
            "category": filed.category,
            "victim": {
                "name": filed.victim_name,
                "phone": filed.victim_phone,
                "account": victim.number,
                "bank": victim.institution,
            },
            "transfers": transfers,
            "lines": [{"number": number, "carrier": scenario.carrier.get(number)} for number in filed.lines],
            "links": filed.links,
            "text": filed.text,
        }
    )


def _transfer(scenario: Scenario, name: str, clock: DrillClock) -> dict[str, object]:
    move = scenario.move[name]
    payee = scenario.account[move.to]
    return {
        "bank": payee.institution,
        "number": payee.number,
        "name": payee.name,
        "amount_fen": move.amount_fen,
        "time": clock.bank_time(move.at_s),
    }


def check_reports(scenario: Scenario) -> None:
    """Refuse a scenario whose reports intake would not take, before anything starts.

    Raises:
        RefusedError: with the path of each field.
    """
    clock = DrillClock(0.0, scenario.first_s, scenario.time_scale)
    # before 1970 no moment can be said on every platform; the real T0 is far later
    clock.t0 = 1e9
    faults: list[Fault] = []
    for number, filed in enumerate(scenario.reports):
        try:
            report_of(scenario, filed, clock)
        except ValidationError as problem:
            # the file says victim_phone where the report says victim.phone
            faults += [
                replace(fault, path=fault.path.replace(".victim.", ".victim_"))
                for fault in faults_of(problem, f"reports[{number}]")
            ]
        except (KeyError, OverflowError, ValueError, OSError):
            faults.append(Fault(f"reports[{number}]", "names something that is not in the file, or an impossible time"))
    if faults:
        raise RefusedError(scenario.scenario, faults)
