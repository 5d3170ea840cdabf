"""The money flow of a case as inline SVG, for the details in the Temporal UI."""

from workflows.casework.case import Case
from workflows.showing.drawing import draw
from workflows.showing.flow import flow
from workflows.showing.survey import Survey, survey


def picture(case: Case) -> str:
    """Layers from left to right; a box is bank and last four, its colour and mark the standing; width by amount."""
    return picture_of(survey(case))


def picture_of(seen: Survey) -> str:
    """Likewise, of a case already looked at."""
    return draw(flow(seen))
