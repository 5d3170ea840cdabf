"""Refusals that more than one part of the centre says: in the same words, whoever finds the reason first."""

from domain.words import Complaint

NOT_FILED = Complaint(zh="尚未立案，不能批准冻结：请先登记立案号", en="no case filing yet: enter it first (filing)")
"""A freeze is decided on after the case filing (rules R13)."""
