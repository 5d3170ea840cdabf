"""One case in hand: what it started with, what it knows, and what it wants done next."""

from datetime import datetime, timedelta

from domain.attribution import Ledger, Seed
from domain.books import BookEntry
from domain.case_start import CaseStart
from domain.errands import Errand, ErrandKind
from domain.identifiers import masked
from domain.policy import Policy
from domain.sheets import Sheet
from workflows.casework.state import Account, CaseState, Problem

NEWEST_COUNTS = 0.5
"""Weight of the newest batch in how slow the lines are: a crowd of reports is noticed, and forgotten, within a few."""


class Case:
    """A case between two awakenings of its workflow.

    The procedures in this package change `state` and put into `errands`, `sheets` and `visits` what is to be done;
    the workflow takes it from there. `now` is the workflow's clock, set at each awakening.
    """

    def __init__(self, start: CaseStart, state: CaseState, now: datetime) -> None:
        """Take up a case; the ledger is worked out again from the statements the state carries."""
        self.start = start
        self.state = state
        self.now = now
        self.errands: list[Errand] = []
        self.sheets: list[Sheet] = []
        self.visits: list[Account] = []
        self.fuse_raises: list[str] = []
        self.touched: dict[str, None] = dict.fromkeys(state.accounts)
        """Accounts something happened to since the case was last awake: two thousand others need no second look."""
        self.entries_cache: list[BookEntry] | None = None
        self.caching = False
        """While the workflow is awake entries are worked out once; whoever feeds the case directly sees them fresh."""
        self.lapse_look_at: datetime | None = None
        self.unlooked: dict[str, datetime] = {}
        """Stops that have still to go on a look sheet, since when they hold; worked out again from what is touched."""
        self.line_takes_s = 0.0
        """How long batches over working lines are away at present: seconds, the newest counting most."""
        self.ledger = Ledger()
        self.ledger.seed(
            Seed(
                account=transfer.key,
                amount_fen=transfer.amount_fen,
                at=transfer.time,
                payer_number=start.report.victim.account or "",
            )
            for transfer in start.report.transfers
        )
        for key, account in state.accounts.items():
            if account.digest is not None:
                self.ledger.take_in(key, account.digest)
            if account.covers:
                self.ledger.cover_as_before(key, account.covers)

    @property
    def policy(self) -> Policy:
        """The policy snapshot the case started with."""
        return self.start.policy

    @property
    def since(self) -> datetime:
        """No row before the first reported transfer can carry this report's money."""
        return min((t.time for t in self.start.report.transfers), default=self.start.received_at)

    def shown(self, account: Account) -> str:
        """Bank and last four: how an account appears to people."""
        institution = self.start.directory.by_id(account.ref.institution)
        return masked(institution.code if institution else account.ref.institution, account.ref.number)

    def errand(self, kind: ErrandKind, account: Account, **more: object) -> None:
        """Put one errand at an account's bank into the outgoing tray."""
        self.state.errand_no += 1
        self.errands.append(
            Errand.model_validate(
                {
                    "no": self.state.errand_no,
                    "kind": kind,
                    "institution": account.ref.institution,
                    "account": account.ref,
                    "evidence": account.evidence,
                    "since": self.since,
                    "until": self.now + timedelta(days=self.policy.trace.query_ahead_days),
                    **more,
                }
            )
        )

    def line_took(self, took: timedelta) -> None:
        """A batch over a working line was away for so long."""
        self.line_takes_s += (took.total_seconds() - self.line_takes_s) * NEWEST_COUNTS

    def touch(self, key: str) -> None:
        """Something happened to this account."""
        self.touched[key] = None

    def awake(self, now: datetime) -> None:
        """A new awakening: what was worked out in the last one is out of date."""
        self.now = now
        self.entries_cache = None
        self.caching = True

    def looked_at(self) -> None:
        """Every account touched has been looked at."""
        self.touched = {}

    def problem(self, key: str, zh: str, en: str) -> None:
        """Note a problem once; it keeps the moment it first appeared."""
        known = self.state.problems.get(key)
        self.state.problems[key] = Problem(zh=zh, en=en, since=known.since if known else self.now)

    def solved(self, key: str) -> None:
        """A problem is gone."""
        self.state.problems.pop(key, None)
