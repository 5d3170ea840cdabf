"""Following the money: stop each account at once, query it, go after every outflow that carries this report's money."""

from domain.attribution import Outflow
from domain.errands import Errand, ErrandKind, ErrandResult
from domain.identifiers import account_key, application_id
from domain.money import share_of
from domain.orders import CODES, AccountKind, AccountRef, FourElements, Measure, Outcome, in_force
from domain.report import Transfer
from domain.statement import Digest, Way
from workflows.casework.case import Case
from workflows.casework.fuse import may_stop
from workflows.casework.state import LIFT_SEQUENCE_BASE, Account


def begin(case: Case) -> None:
    """The first layer: every account the report names, at once (rules R9); carriers at the same time."""
    largest: dict[str, Transfer] = {}
    for transfer in case.start.report.transfers:
        known = largest.get(transfer.key)
        if known is None or transfer.amount_fen > known.amount_fen:
            largest[transfer.key] = transfer
    victim = case.start.report.victim
    for key, transfer in largest.items():
        account = Account(
            ref=AccountRef(
                institution=transfer.bank, number=transfer.number, name=transfer.name, kind=transfer.account_kind
            ),
            layer=1,
            met_at=case.now,
            evidence=FourElements(
                payer_institution=victim.bank or "",
                payer_name=victim.name,
                payer_number=victim.account or "",
                amount_fen=transfer.amount_fen,
                at=transfer.time,
            ),
            query_first=transfer.account_kind is AccountKind.CORPORATE,
        )
        case.state.accounts[key] = account
        pursue(case, key, account)


def pursue(case: Case, key: str, account: Account) -> None:
    """Send the errand an account needs next; a company is queried first, everybody else stopped and queried."""
    if case.start.directory.by_id(account.ref.institution) is None:
        account.cut = "no_line"
        case.problem(
            f"no_line:{account.ref.institution}",
            f"没有通往机构 {account.ref.institution} 的线路，请联系联络员",
            f"no line to institution {account.ref.institution}: call its liaison",
        )
        return
    if account.query_first and account.digest is None:
        query(case, account)
    elif may_stop(case, key):
        account.stop_asked = True
        account.stop_sequence += 1
        # also when it was queried before: what left in between shows only in a statement from after the stop
        account.queries += 1
        account.query_out = True
        case.errand(ErrandKind.PURSUE, account, sequence=account.stop_sequence, query_sequence=account.queries)


def query(case: Case, account: Account) -> None:
    """Ask for the account's rows (again)."""
    account.queries += 1
    account.query_out = True
    case.errand(ErrandKind.QUERY, account, query_sequence=account.queries)


def take_result(case: Case, errand: Errand, result: ErrandResult) -> None:
    """What a bank answered about one account, worked in."""
    if errand.account is None:
        return
    key = account_key(errand.account.institution, errand.account.number)
    account = case.state.accounts[key]
    case.touch(key)
    if (stop := result.outcomes.get(Measure.STOP)) is not None:
        _take_stop(case, key, account, stop)
    if (answer := result.outcomes.get(Measure.QUERY)) is not None and answer.kind == "refused":
        account.query_out = False
        account.query_refused = True
        case.problem(
            f"query:{key}",
            f"{case.shown(account)} 查询被拒（{answer.code}），请人工核对",
            f"{case.shown(account)}: query refused ({answer.code}); a person must correct it",
        )
    if result.digest is not None:
        _take_statement(case, key, account, result)


def _take_stop(case: Case, key: str, account: Account, stop: Outcome) -> None:
    if account.stop is not None and account.stop.kind == stop.kind:
        return
    account.stop = stop
    if in_force(stop):
        account.stop_ended = account.lapsed = False
        if account.letting_go:
            # it was let go while its stop was held back or on its way: what arrives late ends at once
            sequence = LIFT_SEQUENCE_BASE + account.stop_sequence  # never that of a lift which followed a freeze
            case.errand(
                ErrandKind.LIFT, account, sequence=sequence, cause=account.let_go_cause, sheet=account.let_go_sheet
            )
    elif stop.kind == "refused":
        if not account.stop_asked:
            account.stop = None  # the same 0303 once more, along with the statement it was waiting for
            return
        if stop.account_kind is AccountKind.CORPORATE and account.ref.kind is AccountKind.PERSON:
            # 0303 with AccountType 02: the bank tells us it is a company, and companies are queried first
            account.ref = account.ref.model_copy(update={"kind": AccountKind.CORPORATE})
            account.query_first = True
            account.stop_asked = False
            account.stop = None
            return
        case.problem(
            f"stop:{key}",
            f"{case.shown(account)} 止付被拒（{stop.code}），请人工核对四要素",
            f"{case.shown(account)}: stop refused ({stop.code}); a person must correct the four elements",
        )
    elif stop.kind == "held_elsewhere":
        case.problem(
            f"stop:{key}",
            f"{case.shown(account)} 已被其他措施控制（{stop.code}），届时轮候冻结",
            f"{case.shown(account)}: held by another measure ({stop.code}); plan a queued freeze",
        )


def _take_statement(case: Case, key: str, account: Account, result: ErrandResult) -> None:
    account.query_out = False
    if result.digest is None:
        account.digest = None
        return
    account.digest = _beside_own_freezes(case, account, result.digest)
    if result.digest.kind is AccountKind.CORPORATE and account.ref.kind is AccountKind.PERSON:
        account.ref = account.ref.model_copy(update={"kind": AccountKind.CORPORATE})
    case.ledger.take_in(key, account.digest)
    if result.rows_cut:
        account.cut = "rows"
    if case.ledger.unmatched_seeds(key):
        case.problem(
            f"seed:{key}",
            f"{case.shown(account)} 流水中没有报案的这笔转账，请核对",
            f"{case.shown(account)}: its statement does not show the reported transfer; check the report",
        )
    else:
        case.solved(f"seed:{key}")


def _beside_own_freezes(case: Case, account: Account, digest: Digest) -> Digest:
    """The digest with the freezes of other cases only: the ledger is told of this case's own when they are executed."""
    if not digest.freezes:
        return digest
    own = {
        application_id(case.start.case_id, account.ref.institution, account.ref.number, CODES[Measure.FREEZE], sequence)
        for sequence in range(1, account.freeze_sequence + 1)
    }
    return digest.model_copy(update={"freezes": tuple(one for one in digest.freezes if one.application_id not in own)})


def follow(case: Case) -> None:
    """Go after every outflow that carries this report's money, within the bounds of tracing.

    A cancelled case sends nothing after it any more, but still books where it went.
    """
    known = len(case.state.accounts)
    for key in case.ledger.changed():
        case.touch(key)
        account = case.state.accounts.get(key)
        if account is None or account.digest is None:
            continue
        for outflow in case.ledger.outflows(key):
            if outflow.passage.way is Way.TRANSFER:
                known += _meet(case, account, outflow, known)
    if not case.state.cancelled:
        _stop_again(case)


def _stop_again(case: Case) -> None:
    """More of this report's money has come to an account whose stop its freeze had ended: once more, if it may (R5)."""
    for key in case.touched:
        account = case.state.accounts.get(key)
        if (
            account is not None
            and account.stop_ended
            and account.freezes
            and not (account.lapsed or account.letting_go)
            and account.stop_sequence < case.policy.stop.times_per_account
            and case.ledger.attributed(key) - account.frozen_fen >= case.policy.trace.least_fen
        ):
            account.stop, account.stop_ended = None, False
            pursue(case, key, account)


def _meet(case: Case, source: Account, outflow: Outflow, known: int) -> int:
    """Meet the payee of one outflow; returns 1 when it is new."""
    passage = outflow.passage
    key = account_key(passage.institution, passage.number)
    evidence = FourElements(
        payer_institution=source.ref.institution,
        payer_name=source.ref.name,
        payer_number=source.ref.number,
        amount_fen=passage.amount_fen,
        at=passage.at,
    )
    met = case.state.accounts.get(key)
    if met is not None:
        met.layer = min(met.layer, source.layer + 1)
        if met.cut and met.cut != "no_line":
            _retry_cut(case, key, met, evidence)
        elif not met.stop_asked and evidence.amount_fen > met.evidence.amount_fen:
            met.evidence = evidence
        return 0
    account = Account(
        ref=AccountRef(institution=passage.institution, number=passage.number, name=passage.name, kind=passage.kind),
        layer=source.layer + 1,
        met_at=case.now,
        evidence=evidence,
        query_first=passage.kind is AccountKind.CORPORATE,
    )
    case.state.accounts[key] = account
    account.cut = "cancelled" if case.state.cancelled else _bound(case, key, account, known)
    if not account.cut:
        pursue(case, key, account)
    return 1


def _bound(case: Case, key: str, account: Account, known: int) -> str:
    """Which bound of tracing cuts this branch (rules section 9); empty when none does."""
    bounds = case.policy.trace
    if account.layer > bounds.most_layers:
        return "layers"
    if known >= bounds.most_accounts:
        return "accounts"
    if case.ledger.attributed(key) < bounds.least_fen:
        return "least"
    if (account.evidence.at - case.since).total_seconds() > bounds.window_hours * 3600:
        return "window"
    return ""


def _retry_cut(case: Case, key: str, account: Account, evidence: FourElements) -> None:
    """A branch cut as too small is taken up when more arrives."""
    if account.cut == "least" and case.ledger.attributed(key) >= case.policy.trace.least_fen:
        account.cut = ""
        if evidence.amount_fen > account.evidence.amount_fen:
            account.evidence = evidence
        pursue(case, key, account)


def small_share(case: Case, key: str, account: Account) -> bool:
    """Whether the attributed part is below the policy's share of the balance: such an account is not held whole."""
    if account.digest is None:
        return False
    return share_of(case.ledger.attributed(key), account.digest.balance_fen) < case.policy.hold.least_share


def decide_companies(case: Case) -> None:
    """A company's statement is in: hold it whole only where the attributed part is the greater part of its balance."""
    for key in case.touched:
        account = case.state.accounts.get(key)
        if (
            account is not None
            and account.query_first
            and account.digest is not None
            and not account.query_out
            and not account.stop_asked
            and not account.limited
            and not account.letting_go
            and case.ledger.attributed(key) >= case.policy.trace.least_fen
            and not small_share(case, key, account)
        ):
            pursue(case, key, account)


def recheck(case: Case) -> None:
    """Query every uncovered account this report's money is attributed to (docs/scenarios.md)."""
    for key, account in case.state.accounts.items():
        covered = account.stopped or case.ledger.attributed(key) <= account.frozen_fen
        if not covered and not account.query_out and account.cut != "no_line":
            query(case, account)
