"""Time limits of everything a workflow asks for: the one table of them, and the queues things go to.

Time is bounded, not attempts: an order is worth sending as long as its money can still be there.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from temporalio.common import RetryPolicy

from domain.institutions import Institution

CASES_QUEUE = "holdfast-cases"
"""Workflows, and the register's activities beside them."""


def institution_queue(line: str) -> str:
    """One queue for each line (domain.institutions.Institution.line), and one for each institution.

    What is answered at once goes over the line, to all banks of the platform together; who is late has a queue of its
    own: a slow bank delays nobody else's.
    """
    return f"holdfast-institution-{line}"


def lines_and_institutions(institutions: Iterable[Institution]) -> list[str]:
    """Everything that has a queue by `institution_queue`: the lines first, then institutions that share one."""
    every = list(institutions)
    return list(dict.fromkeys([*(one.line for one in every), *(one.id for one in every)]))


@dataclass(frozen=True)
class Limits:
    """What an activity may take. `one_try` seconds for one attempt, `worth` for all of them."""

    one_try: timedelta
    worth: timedelta
    heartbeat: timedelta | None
    retry: RetryPolicy


_SOON = RetryPolicy(
    initial_interval=timedelta(milliseconds=200), backoff_coefficient=2.0, maximum_interval=timedelta(seconds=10)
)

INSTITUTION = Limits(
    one_try=timedelta(seconds=90),  # patience of the slowest channel (20 s) with room for a machine under load
    worth=timedelta(days=180),  # as long as a freeze lasts: an unanswered order is never given up
    heartbeat=timedelta(seconds=5),  # heartbeats every second: a killed worker's batch is elsewhere after these
    retry=_SOON,
)
REGISTER = Limits(
    one_try=timedelta(seconds=30),
    worth=timedelta(days=180),  # the register may be down for a while; nothing is lost by waiting
    heartbeat=None,
    retry=_SOON,
)
RECORD = Limits(
    one_try=timedelta(seconds=10),  # of a killed worker: officers wait for a sheet no longer than this
    worth=REGISTER.worth,
    heartbeat=None,
    retry=_SOON,
)
FINDING = Limits(
    one_try=timedelta(seconds=30),
    worth=timedelta(seconds=10),  # then a visit that somebody terminated is sent out again; doubled each time
    heartbeat=None,
    # looks for a finding that went to another run: retries cost the history nothing, and many cases may be looking
    retry=RetryPolicy(
        initial_interval=timedelta(seconds=2), backoff_coefficient=1.3, maximum_interval=timedelta(seconds=60)
    ),
)
VISIT_AGAIN_MOST = timedelta(seconds=900)
"""The longest `worth` of looking for a finding before the visit is tried again."""
