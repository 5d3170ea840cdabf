"""What officers see of a case in the Temporal UI: current details, in Chinese and English."""

from workflows.casework.case import Case


def details(case: Case) -> str:
    """The details of the case as markdown with an inline picture."""
    return f"### {case.start.case_number}"
