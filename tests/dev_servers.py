"""How tests start a Temporal server of their own: it may take its time, as everything on a busy machine."""

from datetime import timedelta
from functools import partial

from temporalio.testing import WorkflowEnvironment

from tests.patience import PATIENCE_S

PATIENCE = timedelta(seconds=PATIENCE_S)
"""Not the library's own five seconds: no test is about how fast a server starts."""

start_dev_server = partial(WorkflowEnvironment.start_local, dev_server_startup_timeout=PATIENCE)
start_time_skipping_server = partial(WorkflowEnvironment.start_time_skipping, test_server_startup_timeout=PATIENCE)
