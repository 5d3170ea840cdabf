"""Cases whose pages are looked at, and what no page may show."""

from datetime import timedelta

from tests.workflows.builders import HOLDER, T0, case_of, fan, trace
from workflows.casework import accounting, holding
from workflows.casework.case import Case


def traced(accounts: int = 41, layers: int = 5) -> Case:
    town = fan(accounts, layers=layers)
    return trace(case_of(town), town)


def deciding(accounts: int = 41) -> Case:
    """Everything stopped, and the freeze sheet made."""
    case = traced(accounts)
    holding.hold(case, tracing=False)
    case.now = T0 + timedelta(minutes=1)
    holding.hold(case, tracing=False)
    case.state.status = accounting.status(case, tracing=False)
    return case


def secrets(case: Case) -> list[str]:
    """What no page may show: numbers whole, holders, the victim."""
    refs = [account.ref for account in case.state.accounts.values()]
    victim = case.start.report.victim
    return [*(ref.number for ref in refs), *(ref.name for ref in refs), HOLDER, victim.phone, str(victim.account)]
