"""The register's facts told once more to the procedure, in the order in which they came to be."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from domain.errands import Errand, ErrandKind, ErrandResult
from domain.identifiers import AccountKey, account_key
from domain.orders import AccountKind, AccountRef, Cause, Executed, FourElements, Measure, Outcome, in_force, is_final
from domain.recall import Recalled, RecalledJoin, RecalledOrder, RecalledSheet, RecalledStatement
from domain.sheets import SheetKind, SheetState, Why
from domain.statement import Digest
from workflows.casework import carriers, looking, pursuit
from workflows.casework.case import Case
from workflows.casework.holding import let_lines_go, take_finding, take_measure
from workflows.casework.state import Account, SheetFile

FAR = 1_000
"""The layer of an account until the money is followed again: beyond any bound."""
PAGES_OF_A_QUERY = 100
"""As activities.exchange numbers them: the pages of query 2 are the orders 101, 102 …"""
Told = tuple[datetime, int, Callable[[], None]]
"""When, its place among facts of one moment, and what to tell."""
_KINDS = {
    Measure.CLOSE_NUMBER: ErrandKind.CLOSE_NUMBER,
    Measure.BLOCK_LINK: ErrandKind.BLOCK_LINK,
    Measure.STOP: ErrandKind.PURSUE,
    Measure.QUERY: ErrandKind.QUERY,
    Measure.FREEZE: ErrandKind.FREEZE,
    Measure.LIFT: ErrandKind.LIFT,
    Measure.UNFREEZE: ErrandKind.UNFREEZE,
}


def key_of(order: RecalledOrder) -> str:
    """The account's key; empty for a number or a link."""
    account = order.order.account
    return account_key(account.institution, account.number) if account else ""


class Retelling:
    """Tells one case what the register recalls of it."""

    def __init__(self, case: Case, known: Recalled) -> None:
        """`case`: begun, and otherwise knowing nothing."""
        self._case = case
        self._known = known
        self._pages: dict[tuple[str, int], list[Digest]] = {}

    def tell(self) -> None:
        """All of it, the earliest first."""
        self._meet_those_on_sheets()
        for at, _, what in sorted(self._facts(), key=lambda fact: fact[:2]):
            self._case.now = at
            what()

    def _facts(self) -> list[Told]:
        facts: list[Told] = []
        for order in self._known.orders:
            facts.append((order.written_at, 0, partial(self._written, order)))
            if order.answered_at is not None:
                facts.append((order.answered_at, 2, partial(self._answered, order)))
        facts += [(one.at, 1, partial(self._joined, one)) for one in self._known.joins]
        joined_at = {account_key(one.account.institution, one.account.number): one.at for one in self._known.joins}
        for one in self._known.statements:  # shared when the stop was joined, not when another case asked for it
            facts.append(
                (max(one.at, joined_at.get(AccountKey(one.account), one.at)), 3, partial(self._statement, one))
            )
        for sheet in self._known.sheets:
            facts.append((sheet.sheet.made_at, 4, partial(self._made, sheet)))
            if sheet.decided_at is not None:
                facts.append((sheet.decided_at, 5, partial(self._decided, sheet)))
        found = self._known.findings
        facts += [(one.at, 6, partial(take_finding, self._case, one.account, one.finding)) for one in found]
        return facts

    def _meet_those_on_sheets(self) -> None:
        """Accounts of which another case's statement told: nothing was asked there, and the sheet is what is known.

        What entitles a stop there, the payments that lead to it say later (taking_up).
        """
        told = {key_of(one) for one in self._known.orders}
        told |= {account_key(one.account.institution, one.account.number) for one in self._known.joins}
        for one in self._known.sheets:
            for line in one.sheet.lines:
                if account_key(line.account.institution, line.account.number) not in told:
                    unknown = FourElements(
                        payer_institution="",
                        payer_name="",
                        payer_number="",
                        amount_fen=line.amount_fen,
                        at=self._case.now,
                    )
                    self._account(line.account, unknown)

    # ------------------------------------------------------------ orders

    def _account(self, ref: AccountRef, evidence: FourElements | None) -> Account | None:
        key = account_key(ref.institution, ref.number)
        known = self._case.state.accounts.get(key)
        if known is not None or evidence is None:
            return known
        account = Account(
            ref=ref,
            layer=FAR,
            met_at=self._case.now,
            evidence=evidence,
            query_first=ref.kind is AccountKind.CORPORATE,
        )
        self._case.state.accounts[key] = account
        return account

    def _written(self, recalled: RecalledOrder) -> None:
        order = recalled.order
        if order.account is None:
            self._case.state.numbers.setdefault(f"{order.institution}:{order.target}", "sent")
            return
        account = self._account(order.account, order.evidence)
        if account is None:
            return
        account.ref, account.evidence = order.account, order.evidence or account.evidence
        match order.measure:
            case Measure.STOP:
                self._stop_begun(account, recalled.sequence)
            case Measure.QUERY:
                account.queries = max(account.queries, (recalled.sequence - 1) // PAGES_OF_A_QUERY + 1)
            case Measure.FREEZE:
                account.freeze_sequence = max(account.freeze_sequence, recalled.sequence)
            case _:
                pass

    @staticmethod
    def _stop_begun(account: Account, sequence: int) -> None:
        account.stop_asked = True
        account.stop_sequence = max(account.stop_sequence, sequence)
        account.stop, account.stop_ended, account.lapsed = None, False, False

    def _answered(self, recalled: RecalledOrder) -> None:
        order, outcome = recalled.order, recalled.outcome
        if outcome is None or not is_final(outcome):
            return
        kind = _KINDS.get(order.measure)
        if kind is None:
            return
        if order.measure is Measure.LIFT and recalled.cause is Cause.COVERED:
            kind = ErrandKind.FREEZE  # lifts that follow a freeze are its errand's second step
        errand = self._errand(recalled, kind)
        if order.account is None:
            carriers.take_result(self._case, errand, _result(order.measure, outcome))
        elif self._case.state.accounts.get(key_of(recalled)) is None:
            return
        elif order.measure in {Measure.STOP, Measure.QUERY}:
            read = self._read(recalled) if recalled.digest is not None else None
            cut = read is not None and len(read.passages) >= self._case.policy.trace.most_rows
            pursuit.take_result(self._case, errand, _result(order.measure, outcome, read, cut=cut))
        else:
            take_measure(self._case, errand, _result(order.measure, outcome))

    def _errand(self, recalled: RecalledOrder, kind: ErrandKind) -> Errand:
        order = recalled.order
        self._case.state.errand_no += 1
        return Errand(
            no=self._case.state.errand_no,
            kind=kind,
            institution=order.institution,
            account=order.account,
            target=order.target,
            amount_fen=order.amount_fen,
            sequence=recalled.sequence,
            cause=recalled.cause,
        )

    def _read(self, recalled: RecalledOrder) -> Digest:
        """All pages of this query so far, put together as its errand did."""
        assert recalled.digest is not None
        number = (recalled.sequence - 1) // PAGES_OF_A_QUERY
        pages = self._pages.setdefault((key_of(recalled), number), [])
        pages.append(recalled.digest)
        rows = {passage.serial: passage for page in pages for passage in page.passages}
        return pages[0].model_copy(
            update={
                "balance_fen": pages[-1].balance_fen,
                "kind": pages[-1].kind,
                "passages": tuple(rows[serial] for serial in sorted(rows)),
                "more": pages[-1].more,
                "freezes": pages[-1].freezes,
            }
        )

    def _joined(self, join: RecalledJoin) -> None:
        """Another case's stop does it for this one."""
        account = self._account(join.account, join.evidence)
        if account is None:
            return
        self._stop_begun(account, 1)
        if in_force(join.outcome):
            account.stop = Executed.model_validate({**dict(join.outcome or ()), "kind": "executed", "shared": True})
        account.queries = max(account.queries, 1)

    def _statement(self, statement: RecalledStatement) -> None:
        """A statement of another case's query, shared."""
        account = self._case.state.accounts.get(statement.account)
        if account is None or account.digest is not None:
            return
        pursuit.take_result(
            self._case,
            Errand(no=0, kind=ErrandKind.QUERY, institution=account.ref.institution, account=account.ref),
            ErrandResult(no=0, complete=True, digest=statement.digest),
        )

    # ------------------------------------------------------------ sheets

    def _made(self, recalled: RecalledSheet) -> None:
        sheet, state = recalled.sheet, self._case.state
        state.sheets[sheet.name] = SheetFile(
            sheet=sheet, awaited=list(recalled.awaited), decided_by=list(recalled.decided_by), kept=True
        )
        if recalled.state is SheetState.SETTLED:
            state.sheets[sheet.name].state = SheetState.SETTLED
        state.sheet_count[sheet.kind.value] = state.sheet_count.get(sheet.kind.value, 0) + 1
        for line in sheet.lines:
            account = self._account_of_line(line.account)
            if account is None:
                continue
            if sheet.kind is SheetKind.FREEZE:
                account.sheeted_fen += line.amount_fen
            elif sheet.kind is SheetKind.RELEASE:
                account.release_proposed = True
            elif sheet.why == Why.SECOND_LOOK_AT_RELEASE:
                account.released_on = ""
            else:
                account.look_asked = account.stop_sequence
            if line.limited and not account.limited:
                account.limited, account.limited_since = True, sheet.made_at
        if sheet.kind is SheetKind.CANCEL and recalled.state is SheetState.PENDING:
            state.cancel_asked = True
            self._case.problem("cancel", "有人请求取消本案：待值班长决定", "a cancellation awaits the duty chief")

    def _account_of_line(self, ref: AccountRef) -> Account | None:
        return self._case.state.accounts.get(account_key(ref.institution, ref.number))

    def _decided(self, recalled: RecalledSheet) -> None:
        """What the decision made of the sheet. What a yes entitles is told by the orders that followed."""
        sheet, state = recalled.sheet, self._case.state
        file = state.sheets[sheet.name]
        file.state, file.excepted = recalled.state, list(recalled.excepted)
        let_lines_go(self._case, file)
        looking.take_decision(self._case, file, told=True)
        if recalled.state is SheetState.APPROVED and sheet.kind is SheetKind.FUSE:
            state.stops_allowed += self._case.policy.fuse.each_yes_opens
        if recalled.state is SheetState.APPROVED and sheet.kind is SheetKind.CANCEL:
            state.cancelled = True


def _result(measure: Measure, outcome: Outcome, read: Digest | None = None, *, cut: bool = False) -> ErrandResult:
    return ErrandResult(no=0, complete=True, outcomes={measure: outcome}, digest=read, rows_cut=cut)
