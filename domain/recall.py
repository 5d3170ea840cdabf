"""What the register recalls of a case whose workflow is gone: facts with their moments, so that they can be told again.

Everything here was committed before it took effect, so nothing that was done is missing from it.
"""

from datetime import datetime

from pydantic import Field

from domain.findings import Finding
from domain.frozen import Frozen
from domain.orders import AccountRef, Cause, FourElements, Order, Outcome
from domain.sheets import Sheet, SheetState
from domain.statement import Digest


class _Brought(Frozen):
    """What an order came to, and the measure it brought, if any."""

    outcome: Outcome | None = None
    expires: datetime | None = None
    """The end of its measure as the register has it now, extensions included."""
    ended_by: str = ""
    """What ended its measure: an order, or "lapse"; empty: nothing has."""


class RecalledOrder(_Brought):
    """One order of the case. `answered_at` None: no final answer yet."""

    order: Order
    sequence: int
    sheet: str = ""
    cause: Cause = Cause.NONE
    written_at: datetime
    answered_at: datetime | None = None
    digest: Digest | None = None
    """Of a query that was answered: this page of the statement."""


class RecalledJoin(_Brought):
    """A stop of another case that does it for this one too. `evidence`: what entitled that stop."""

    account: AccountRef
    at: datetime
    evidence: FourElements | None = None


class RecalledStatement(Frozen):
    """The latest complete statement of an account that this case has not queried itself."""

    account: str
    at: datetime
    digest: Digest


class RecalledSheet(Frozen):
    """A sheet and what was decided on it; `decided_at`: the decision that completed it, None while it is pending."""

    sheet: Sheet
    state: SheetState
    excepted: tuple[int, ...] = ()
    awaited: tuple[str, ...] = ()
    decided_by: tuple[str, ...] = ()
    decided_at: datetime | None = None
    opened: bool = False
    """Of an approved fuse sheet: the register has opened the fuse for it."""


class RecalledFinding(Frozen):
    """What was found at one holder's."""

    account: str
    finding: Finding
    at: datetime


class OpenVisits(Frozen):
    """The verifications of the case that are still open: ordinal by account. `last`: the highest ordinal ever given."""

    open: dict[str, int] = Field(default={})
    last: int = 0


class Recalled(Frozen):
    """All of it, read in one transaction."""

    status: str
    filing_number: str = ""
    layers: dict[str, int] = Field(default={})
    """Steps from the victim by account, as the books had them."""
    orders: tuple[RecalledOrder, ...] = ()
    joins: tuple[RecalledJoin, ...] = ()
    statements: tuple[RecalledStatement, ...] = ()
    sheets: tuple[RecalledSheet, ...] = ()
    findings: tuple[RecalledFinding, ...] = ()
