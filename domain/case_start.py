"""What a case workflow starts with: all it may ever need, as it stood then, so that a replay decides the same."""

from datetime import datetime

from domain.errands import Errand
from domain.frozen import Frozen
from domain.institutions import Directory
from domain.policy import Policy
from domain.report import Report


class CaseStart(Frozen):
    """The case as the register committed it. `received_at` is the moment the report was received (UTC)."""

    case_id: str
    case_number: str
    received_at: datetime
    report: Report
    policy: Policy
    directory: Directory
    restarts: int = 0
    """How often the case was started again from the register; only the latest of these speaks for it."""


class CaseRun(CaseStart):
    """A case as a run of its workflow takes it up: freshly started, or with what the run before left."""

    packed: str = ""
    """The state of the run before, packed by the workflow; empty: a fresh start."""
    errands: tuple[Errand, ...] = ()
