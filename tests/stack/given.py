"""What the tests of the stack are given."""

import sys
from pathlib import Path
from typing import Any

from temporalio.common import SearchAttributeKey

from adapters.temporal.stack import Worker

HERE = Path(__file__).parent
ATTRIBUTES: list[SearchAttributeKey[Any]] = [
    SearchAttributeKey.for_keyword("Stage"),
    SearchAttributeKey.for_int("AmountAtRisk"),
    SearchAttributeKey.for_datetime("Deadline"),
]


# Services that are named and never used: the tests that need only one part start only that.
NO_TEMPORAL, NO_POSTGRES, NO_SANDBOX = (
    {"temporal_profile": "nowhere"},
    {"postgres_url": "postgresql://nobody/x"},
    {"sandbox_url": "http://127.0.0.1:1"},
)


def without(settings, *services):
    return settings.model_copy(update={key: value for service in services for key, value in service.items()})


def stand_in(run, *options):
    return Worker(run, command=(sys.executable, "-S", str(HERE / "stand_in.py"), "--run", run, *options))
