"""The sweeper: whatever was committed is started, and one report that cannot be started holds up no other."""

from datetime import UTC, datetime

import pytest
from temporalio.service import RPCError, RPCStatusCode

from adapters.intake import Intake
from domain.report import Receipt
from tests.workflows.builders import case_of, default_policy, fan

NOW = datetime(2026, 11, 22, tzinfo=UTC)
CASE_IDS = ("c-1", "c-2", "c-3")


class Book:
    """Three reports that were committed and not started."""

    def __init__(self):
        self.open = dict.fromkeys(CASE_IDS)

    async def unstarted(self, older_than_s, limit):
        assert (older_than_s, limit) > (0, 0)
        report = case_of(fan(3)).start.report
        return [(one, report, receipt(one)) for one in self.open]

    async def note_started(self, case_id):
        del self.open[case_id]


class Engine:
    """Does not start one of them; `status`: what it says."""

    def __init__(self, status):
        self.status = status

    async def start_workflow(self, _, run, **given):
        assert given["id"] == f"case/{run.case_id}"
        if run.case_id == "c-1":
            raise RPCError("no", self.status, b"")


def intake_of(book, engine):
    return Intake(book, engine, default_policy(), ())


def receipt(case_id):
    return Receipt(
        case_id=case_id, case_number="A2026-000001", workflow_id=f"case/{case_id}", standing="new", received_at=NOW
    )


async def test_a_report_that_cannot_be_started_holds_up_none_of_those_after_it():
    book = Book()
    assert await intake_of(book, Engine(RPCStatusCode.INVALID_ARGUMENT)).sweep() == 2
    assert list(book.open) == ["c-1"]


async def test_an_engine_that_is_down_is_not_asked_for_every_report():
    book = Book()
    with pytest.raises(RPCError):
        await intake_of(book, Engine(RPCStatusCode.UNAVAILABLE)).sweep()
    assert list(book.open) == list(CASE_IDS)
