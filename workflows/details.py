"""What officers see of a case in the Temporal UI: current details, in Chinese and English.

The UI hands the text to its renderer inside an address, so it is kept well under 100 KB; sections stand on one line
each, because the renderer shows every line break.
"""

from workflows.casework.case import Case
from workflows.showing.drawing import draw
from workflows.showing.flow import flow
from workflows.showing.headline import first_deadline, headline, how_to_halt
from workflows.showing.questions import questions
from workflows.showing.sums import accounts, books
from workflows.showing.survey import survey
from workflows.showing.troubles import carriers, cut_branches, problems, unknown_orders, visits, waiting


def details(case: Case) -> str:
    """The details of the case as markdown with an inline picture: what is to be done first, then where the money is."""
    seen = survey(case)
    sections = (
        headline(case, seen),
        first_deadline(case),
        questions(case),
        visits(case),
        how_to_halt(case),
        problems(case) + unknown_orders(case),
        "<br><h3>资金流向 Money flow</h3>" + draw(flow(seen)) if seen.accounts else "",
        books(seen) + waiting(case) + cut_branches(seen) + carriers(case),
        accounts(seen),
    )
    return "\n".join(section for section in sections if section)
