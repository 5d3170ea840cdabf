"""How tests start a Temporal server of their own: it may take its time, and is tried again."""

from datetime import timedelta
from functools import partial
from typing import Any

from temporalio.testing import WorkflowEnvironment

from tests.patience import PATIENCE_S

PATIENCE = timedelta(seconds=PATIENCE_S)
"""Not the library's own five seconds: no test is about how fast a server starts."""
TRIES = 3
"""The server draws ports for its own parts, and ends where the kernel has none for it at that moment."""


async def start_dev_server(**options: Any) -> WorkflowEnvironment:
    """A dev server with these options of `WorkflowEnvironment.start_local`."""
    for left in reversed(range(TRIES)):
        try:
            return await WorkflowEnvironment.start_local(dev_server_startup_timeout=PATIENCE, **options)
        except RuntimeError as problem:  # the library does not tell why
            if not left:
                raise
            print(f"the Temporal server is tried again: {problem}")
    raise AssertionError


start_time_skipping_server = partial(WorkflowEnvironment.start_time_skipping, test_server_startup_timeout=PATIENCE)
