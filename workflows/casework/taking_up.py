"""Taking a case up again from the register: what was done is told once more, in its order, to the same procedure.

Nothing is guessed and nothing is done here. What the register knows goes into the state; what it shows as begun and
not finished becomes an errand under the same key as before.
"""

from collections import deque
from dataclasses import dataclass
from datetime import datetime

from domain.case import Status
from domain.case_start import CaseStart
from domain.errands import Errand, ErrandKind
from domain.identifiers import account_key
from domain.orders import FourElements, Measure
from domain.recall import OpenVisits, Recalled
from domain.statement import Way
from workflows.casework import carriers, pursuit
from workflows.casework.case import Case
from workflows.casework.retelling import FAR, Retelling, key_of
from workflows.casework.state import Account, CaseState
from workflows.casework.unfinished import Unfinished

LAPSE = "lapse"
"""As the register says of a measure that came to its own end."""
_OF_CARRIERS = frozenset({ErrandKind.CLOSE_NUMBER, ErrandKind.BLOCK_LINK})


@dataclass(frozen=True)
class TakenUp:
    """A case as its next run begins with it."""

    state: CaseState
    errands: tuple[Errand, ...]


def take_up(start: CaseStart, known: Recalled, visits: OpenVisits, now: datetime) -> TakenUp:
    """The state that the register's facts add up to, and what was begun and not finished.

    `visits`: the verifications still open in the engine. `now`: UTC.
    """
    case = Case(start, CaseState(begun=True), start.received_at)
    _begin(case)
    Retelling(case, known).tell()
    case.now = now
    state = case.state
    state.stops_asked = sum(account.stop_sequence for account in state.accounts.values())
    state.status, state.filing_number = Status(known.status), known.filing_number
    _measures_as_they_stand(case, known)
    _follow_layers(case, known)
    _take_visits(state, visits)
    case.problem(
        "restarted",
        f"本案流程曾从引擎中消失，已由登记簿恢复（第 {start.restarts} 次）",
        f"the workflow of this case was gone from the engine; taken up from the register ({start.restarts})",
    )
    return TakenUp(errands=Unfinished(case, known).errands(), state=state)


def _begin(case: Case) -> None:
    """The accounts and numbers of the report. What was asked of them, the orders tell."""
    pursuit.begin(case)
    carriers.begin(case)
    case.errands = [errand for errand in case.errands if errand.kind in _OF_CARRIERS]
    case.state.stops_allowed = case.policy.fuse.accounts_per_case
    case.sheets, case.state.sheets, case.state.sheet_count, case.state.fuse_waiting = [], {}, {}, []
    for account in case.state.accounts.values():
        account.stop_asked, account.stop_sequence, account.queries, account.query_out = False, 0, 0, False


def _measures_as_they_stand(case: Case, known: Recalled) -> None:
    """The register's word on the stops: whoever ended one, and when it ends now. A lapse the case notes by itself."""
    said: dict[str, tuple[datetime | None, str]] = {
        account_key(one.account.institution, one.account.number): (one.expires, one.ended_by) for one in known.joins
    }
    stops = [one for one in known.orders if one.order.measure is Measure.STOP]
    said |= {key_of(one): (one.expires, one.ended_by) for one in sorted(stops, key=lambda one: one.sequence)}
    for key, (expires, ended_by) in said.items():
        account = case.state.accounts.get(key)
        if account is None or account.stop is None:
            continue
        if ended_by not in {"", LAPSE}:
            account.stop_ended = True
        elif expires is not None and account.stop.kind in {"executed", "partial"}:
            account.stop = account.stop.model_copy(update={"expires": expires})


def _follow_layers(case: Case, known: Recalled) -> None:
    """Steps from the victim, along the payments that carry this report's money; else as the books had them."""
    asked = {key_of(one) for one in known.orders}  # the others' stops are joined: their evidence was another case's
    best: dict[str, int] = {}
    queue: deque[str] = deque(key for key, account in case.state.accounts.items() if account.layer != FAR)
    while queue:
        source = queue.popleft()
        for outflow in case.ledger.outflows(source):
            passage = outflow.passage
            key = account_key(passage.institution, passage.number)
            account = case.state.accounts.get(key)
            if account is None or passage.way is not Way.TRANSFER:
                continue
            if key not in asked and passage.amount_fen > best.get(key, 0):
                best[key] = passage.amount_fen
                account.evidence = _evidence(case.state.accounts[source], passage.amount_fen, passage.at)
            if account.layer > case.state.accounts[source].layer + 1:
                account.layer = case.state.accounts[source].layer + 1
                queue.append(key)
    for name, left in case.state.accounts.items():
        if left.layer == FAR:
            left.layer = known.layers.get(name, 2)


def _evidence(source: Account, amount_fen: int, at: datetime) -> FourElements:
    return FourElements(
        payer_institution=source.ref.institution,
        payer_name=source.ref.name,
        payer_number=source.ref.number,
        amount_fen=amount_fen,
        at=at,
    )


def _take_visits(state: CaseState, visits: OpenVisits) -> None:
    """Open visits stay open and are followed; a finding that is in has answered its own."""
    state.visits = visits.last
    for key, ordinal in visits.open.items():
        account = state.accounts.get(key)
        if account is not None:
            account.visit = ordinal
            if account.finding is None:
                state.visits_open[key] = ordinal
