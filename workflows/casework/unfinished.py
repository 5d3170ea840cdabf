"""What was begun and not finished, as errands under the keys of before: asking again asks for the same."""

from domain.clock import months_later
from domain.errands import STEPS, Errand, ErrandKind
from domain.findings import Finding
from domain.identifiers import account_key
from domain.orders import Cause, Measure, in_force
from domain.recall import Recalled, RecalledOrder
from domain.sheets import SheetKind, SheetLine, SheetState
from workflows.casework.case import Case
from workflows.casework.retelling import PAGES_OF_A_QUERY, key_of
from workflows.casework.state import Account, SheetFile


class Unfinished:
    """Looks for it in one case that has been told everything."""

    def __init__(self, case: Case, known: Recalled) -> None:
        """`case.errands` holds what came up while it was told."""
        self._case = case
        self._orders = {
            (one.order.measure, one.order.institution, _target(one), one.sequence): one for one in known.orders
        }
        self._of_account: dict[str, list[RecalledOrder]] = {}
        for one in known.orders:
            self._of_account.setdefault(key_of(one), []).append(one)

    def errands(self) -> tuple[Errand, ...]:
        """All of it: lifts and closings that were due, stops and queries under way, approved freezes."""
        self._case.errands = [errand for errand in self._case.errands if not self._is_done(errand)]
        for key, account in self._case.state.accounts.items():
            self._pursuit(key, account)
        for file in self._case.state.sheets.values():
            if file.sheet.kind is SheetKind.FREEZE and file.state is SheetState.APPROVED:
                for line in file.sheet.lines:
                    if line.no not in file.excepted:
                        self._freeze(file, line)
        errands, self._case.errands = self._case.errands, []
        known = self._case.start.directory
        return tuple(errand for errand in errands if known.by_id(errand.institution) is not None)

    def _is_done(self, errand: Errand) -> bool:
        """Whether the register has the last word on it already."""
        target = errand.account.number if errand.account else errand.target
        order = self._orders.get((STEPS[errand.kind][-1], errand.institution, target, errand.sequence))
        return order is not None and order.answered_at is not None

    # ------------------------------------------------------------ stops and queries

    def _pursuit(self, key: str, account: Account) -> None:
        mine = self._of_account.get(key, [])
        stop = max((o for o in mine if o.order.measure is Measure.STOP), key=lambda o: o.sequence, default=None)
        query = max((o for o in mine if o.order.measure is Measure.QUERY), key=lambda o: o.sequence, default=None)
        if stop is not None and stop.answered_at is None:
            self._pursue(account, stop.sequence)
        elif stop is not None and account.stop is None and in_force(stop.outcome) and not account.letting_go:
            # a second look took its release back, and the stop that is to follow was not written
            self._pursue(account, stop.sequence + 1)
        elif query is not None and (query.answered_at is None or self._goes_on(account, query)):
            self._query(account, (query.sequence - 1) // PAGES_OF_A_QUERY + 1)
        elif account.stop_asked and account.stop is None and not account.letting_go and stop is None:
            self._pursue(account, max(account.stop_sequence, 1))
        elif stop is None and query is None and not account.stop_asked and not account.cut:
            self._never_begun(key, account)
        elif self._never_queried(account, stop, query):
            self._query(account, account.queries + 1)

    @staticmethod
    def _goes_on(account: Account, query: RecalledOrder) -> bool:
        return query.digest is not None and query.digest.more and account.cut != "rows"

    @staticmethod
    def _never_queried(account: Account, stop: RecalledOrder | None, query: RecalledOrder | None) -> bool:
        """The stop was answered, and nothing was asked of the account since."""
        if account.query_refused or (stop is None and not account.stop_asked):
            return False
        if stop is None:
            return account.digest is None
        asked = query is not None and query.written_at >= stop.written_at
        return not asked and (account.digest is None or stop.sequence > 1)

    def _never_begun(self, key: str, account: Account) -> None:
        """A first-layer account whose very first order was not written; beyond the fuse it waits as it did."""
        state = self._case.state
        if account.query_first:
            self._query(account, 1)
        elif state.stops_asked < state.stops_allowed:
            state.stops_asked += 1
            self._pursue(account, 1)
        else:
            state.fuse_waiting.append(key)

    def _pursue(self, account: Account, sequence: int) -> None:
        account.stop_asked, account.stop_sequence = True, sequence
        account.queries = max(account.queries, 1) if account.digest is None else account.queries + 1
        account.query_out = True
        self._case.errand(ErrandKind.PURSUE, account, sequence=sequence, query_sequence=account.queries)

    def _query(self, account: Account, number: int) -> None:
        account.queries = max(account.queries, number)
        account.query_out = True
        self._case.errand(ErrandKind.QUERY, account, query_sequence=number)

    # ------------------------------------------------------------ freezes

    def _freeze(self, file: SheetFile, line: SheetLine) -> None:
        key = account_key(line.account.institution, line.account.number)
        account = self._case.state.accounts.get(key)
        if account is None:
            return
        sent = [
            one
            for one in self._of_account.get(key, [])
            if one.order.measure is Measure.FREEZE and one.sheet == file.sheet.name
        ]
        order = max(sent, key=lambda one: one.sequence, default=None)
        if order is None:
            if account.finding is Finding.MERCHANT or account.letting_go:
                return
            account.freeze_sequence += 1
            sequence = account.freeze_sequence
        elif order.answered_at is None or self._lift_is_due(account, order):
            sequence = order.sequence
        else:
            return
        self._case.errand(
            ErrandKind.FREEZE,
            account,
            amount_fen=line.amount_fen,
            sequence=sequence,
            sheet=file.sheet.name,
            cause=Cause.COVERED,
            until=months_later(self._case.now, file.sheet.term_months),
        )

    def _lift_is_due(self, account: Account, freeze: RecalledOrder) -> bool:
        """The freeze stands; whether its stop was lifted, or stands on for others, only asking again can tell."""
        if not in_force(freeze.outcome) or account.letting_go or account.stop_ended:
            return False
        if all(held.sequence != freeze.sequence for held in account.freezes):
            return False
        lift = self._orders.get((Measure.LIFT, freeze.order.institution, _target(freeze), freeze.sequence))
        return lift is None or lift.answered_at is None


def _target(one: RecalledOrder) -> str:
    return one.order.account.number if one.order.account else one.order.target
