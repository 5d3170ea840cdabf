"""What a case workflow starts with: all it may ever need, as it stood then, so that a replay decides the same."""

from datetime import datetime

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
