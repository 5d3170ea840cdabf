"""The case's own procedure without any engine: the same steps in the same order, on a clock the test turns."""

from datetime import datetime, timedelta

from domain.books import BookEntry, Books
from domain.errands import Errand, ErrandKind
from domain.findings import Finding
from domain.orders import HeldBack
from domain.policy import Policy
from domain.sheets import Decision, Sheet, SheetKind, SheetState, Verdict
from tests.workflows.paper_policy import POLICY
from tests.workflows.paper_register import approvers, evidence_of
from tests.workflows.paper_world import T0, Home, PaperWorld
from workflows.casework import accounting, carriers, holding, looking, pursuit, visits
from workflows.casework.case import Case
from workflows.casework.deadlines import note_lapsed
from workflows.casework.state import Account, CaseState

ROUNDS = 500
"""More than any story here needs: a procedure that asks for ever fails its test instead of hanging it."""


class CaseInHand:
    """One case over a paper world. Nothing happens by itself: `go()` plays until nothing more is to be done now."""

    def __init__(self, world: PaperWorld, policy: Policy = POLICY) -> None:
        self.world = world
        self.case = Case(world.start(policy), CaseState(begun=True), T0)
        self.open: list[Errand] = []
        self.visited: list[Account] = []
        pursuit.begin(self.case)
        carriers.begin(self.case)

    # ------------------------------------------------------------ the clock

    @property
    def now(self) -> datetime:
        return self.case.now

    def later(self, **delta: float) -> None:
        """Let time pass, and do what is due then."""
        self.case.now += timedelta(**delta)
        self.go()

    def go(self) -> None:
        """The procedure, until nothing more happens at this moment."""
        asked: set[int] = set()
        for _ in range(ROUNDS):
            note_lapsed(self.case)
            holding.escalate(self.case)
            pursuit.follow(self.case)
            pursuit.decide_companies(self.case)
            due = [errand for errand in (*self.open, *self.case.errands) if errand.no not in asked]
            holding.hold(self.case, tracing=bool(due))
            looking.second_looks(self.case)
            visits.send_out(self.case)
            self.visited += self.case.visits
            self.case.visits = []
            for sheet in self.case.sheets:
                self.world.register.sheets[sheet.name] = sheet
                self.world.register.state[sheet.name] = SheetState.PENDING
            self.case.sheets = []
            for name, file in self.case.state.sheets.items():
                if file.state is SheetState.SETTLED:
                    self.world.register.state[name] = SheetState.SETTLED
            self.books()
            self.case.looked_at()
            due = [errand for errand in (*self.open, *self.case.errands) if errand.no not in asked]
            if not due:
                return
            self.open = [errand for errand in self.open if errand.no in asked]
            self.case.errands = []
            for errand in due:
                asked.add(errand.no)
                self._carry(errand)
        raise AssertionError("the case never comes to rest")

    def gather(self) -> None:
        """Let the waiting for company end."""
        self.later(seconds=self.case.policy.freeze.gather_seconds)

    def _carry(self, errand: Errand) -> None:
        result = self.world.carry_out(errand, self.now)
        if errand.kind in {ErrandKind.CLOSE_NUMBER, ErrandKind.BLOCK_LINK}:
            carriers.take_result(self.case, errand, result)
        elif errand.kind in {ErrandKind.PURSUE, ErrandKind.STOP, ErrandKind.QUERY}:
            pursuit.take_result(self.case, errand, result)
        else:
            holding.take_measure(self.case, errand, result)
        if not result.complete:
            self.open.append(errand)

    # ------------------------------------------------------------ people

    def decide(self, name: str, verdict: Verdict = Verdict.APPROVE, *, but: tuple[int, ...] = ()) -> None:
        """All whose word the sheet needs say the same."""
        for officer in approvers(self.sheet(name)):
            if self.world.register.state[name] is SheetState.PENDING:
                ruling = self.world.register.decide(
                    Decision(
                        case_id=self.case.start.case_id,
                        sheet=name,
                        officer=officer,
                        verdict=verdict,
                        except_lines=but,
                        evidence=evidence_of(officer, self.sheet(name).needs),
                        at=self.now,
                    )
                )
                holding.apply_ruling(self.case, ruling)
        self.go()

    def find(self, home: Home, finding: Finding) -> None:
        """The field officer's finding on one account is in."""
        self.case.state.visits_open.pop(home.key, None)
        holding.take_finding(self.case, home.key, finding)
        self.go()

    # ------------------------------------------------------------ looking

    def account(self, home: Home) -> Account:
        return self.case.state.accounts[home.key]

    def knows(self, home: Home) -> bool:
        return home.key in self.case.state.accounts

    def sheet(self, name: str) -> Sheet:
        return self.case.state.sheets[name].sheet

    def sheets(self, kind: SheetKind = SheetKind.FREEZE) -> list[Sheet]:
        return [file.sheet for file in self.case.state.sheets.values() if file.sheet.kind is kind]

    def pending(self) -> list[str]:
        return [name for name, file in self.case.state.sheets.items() if file.state is SheetState.PENDING]

    def problems(self) -> str:
        return "\n".join(problem.en for problem in self.case.state.problems.values())

    def entry(self, home: Home) -> BookEntry:
        return next(one for one in accounting.entries(self.case) if one.account.number == home.number)

    def books(self) -> Books:
        """The sums; they add up at any moment, or this raises."""
        return accounting.books(self.case, accounting.entries(self.case))

    def finished(self) -> bool:
        return accounting.finished(self.case, self.books(), accounting.entries(self.case)) and not self.open

    def held_back(self) -> bool:
        return any(isinstance(account.stop, HeldBack) for account in self.case.state.accounts.values())


def amounts(case: CaseInHand, name: str) -> dict[str, int]:
    return {line.account.name: line.amount_fen for line in case.sheet(name).lines}
