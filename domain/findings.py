"""On-site verification: what field officers find, and which holders they visit (rules section 8)."""

from datetime import datetime
from enum import StrEnum

from domain.evidence import Evidence
from domain.frozen import Frozen


class Finding(StrEnum):
    """What was found at the holder's."""

    MULE = "mule"
    VICTIM = "victim"
    MERCHANT = "merchant"
    NOT_FOUND = "not_found"


FINDING_WORDS: dict[Finding, tuple[str, str]] = {
    Finding.MULE: ("涉案人", "mule"),
    Finding.VICTIM: ("同为被害人", "victim too"),
    Finding.MERCHANT: ("善意商户", "honest merchant"),
    Finding.NOT_FOUND: ("未找到", "not found"),
}


class FindingReport(Frozen):
    """A field officer's finding on one account of a case."""

    case_id: str
    institution: str
    number: str
    officer: str
    finding: Finding
    remark: str = ""
    evidence: Evidence | None = None
    at: datetime
