"""On-site verification: whom the policy has visited (rules section 8)."""

from domain.money import shown
from domain.orders import AccountKind
from workflows.casework.case import Case
from workflows.casework.state import Account


def send_out(case: Case) -> None:
    """Order the visits that are due: first layer, companies, small attributed share, above a sum. Once an account."""
    if case.state.cancelled:
        return
    for key, account in case.state.accounts.items():
        if account.visit or account.finding is not None or not account.settled:
            continue
        if _to_be_visited(case, key, account):
            case.state.visits += 1
            account.visit = case.state.visits
            case.state.visits_open[key] = account.visit
            case.visits.append(account)


def _to_be_visited(case: Case, key: str, account: Account) -> bool:
    rules = case.policy.verification
    attributed = case.ledger.attributed(key)
    if attributed < case.policy.trace.least_fen and account.layer > 1:
        return False
    return (
        (rules.first_layer and account.layer == 1)
        or (rules.companies and account.ref.kind is AccountKind.CORPORATE)
        or (rules.small_share and account.limited)
        or attributed >= rules.above_fen
    )


def in_words(case: Case, key: str, account: Account) -> str:
    """The account as a field officer is told of it when sent out: layer, a company or not, the disputed sum in it."""
    kind = ["公司 company"] if account.ref.kind is AccountKind.CORPORATE else []
    layer = f"第 {account.layer} 级 layer {account.layer}"
    return " · ".join([layer, *kind, f"派出时户内涉案 disputed in it then {shown(case.ledger.attributed(key))}"])
