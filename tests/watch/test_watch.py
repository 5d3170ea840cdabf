"""The watch: what is gone is started again, what runs is left alone, and one bad case holds up no other."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from adapters.register.rows import CaseRow, OpenCase
from adapters.watch import CALM, PAUSE_MOST_S, PAUSE_S, CaseWatch, pause_of
from domain.books import Books
from domain.recall import Recalled
from tests.workflows.builders import T0, case_of, default_policy, directory, fan

NOW = datetime(2026, 11, 22, tzinfo=UTC)


class Handle:
    def __init__(self, status):
        self._status = status

    async def describe(self):
        if self._status is None:
            raise RPCError("no such workflow", RPCStatusCode.NOT_FOUND, b"")
        return SimpleNamespace(status=self._status, run_id="run-before")


class Engine:
    """Knows how each workflow stands; its list may be behind."""

    def __init__(self, *listed, **status):
        self.listed, self.status, self.started = listed, status, []

    async def list_workflows(self, query, **_):
        for name in self.listed if "FraudCase" in query else ():
            yield SimpleNamespace(id=f"case/{name}")

    def get_workflow_handle(self, name):
        return Handle(self.status.get(name.removeprefix("case/")))

    async def start_workflow(self, _, run, **given):
        assert given["id"] == f"case/{run.case_id}"
        self.started.append(run)


class Book:
    """Open cases of one report; `broken` cannot be recalled."""

    def __init__(self, *cases, broken=""):
        self.cases, self.broken, self.noted = list(cases), broken, []
        self.start = case_of(fan(3)).start

    async def open_cases(self, older_than_s):
        assert older_than_s > 0
        return self.cases

    async def note_restart(self, case_id, before, previous_run, ended, now):
        assert now.tzinfo
        self.noted.append((case_id, previous_run, ended))
        return before + 1

    async def recall(self, case_id):
        if case_id == self.broken:
            raise LookupError(case_id)
        return Recalled(status="tracing")

    async def case(self, name):
        return CaseRow(
            case_id=name,
            case_number="A2026-000001",
            workflow_id=f"case/{name}",
            category="",
            status="tracing",
            outcome="open",
            loss_fen=0,
            received_at=T0,
            started=True,
            filing_number="",
            layers=0,
            accounts=0,
            books=Books(),
        )

    async def report(self, case_id):
        assert case_id
        return self.start.report

    async def policy(self, case_id):
        assert case_id


def case(name, restarts=0, restarted_at=None):
    return OpenCase(case_id=name, workflow_id=f"case/{name}", restarts=restarts, restarted_at=restarted_at)


def watch(book, engine):
    return CaseWatch(book, engine, default_policy(), directory().institutions)


async def test_what_is_gone_is_started_again_with_how_it_ended_on_record():
    engine = Engine("a", b=WorkflowExecutionStatus.TERMINATED, a=WorkflowExecutionStatus.RUNNING)
    book = Book(case("a"), case("b"), case("c"))
    assert await watch(book, engine).look() == 2
    assert sorted(book.noted) == [("b", "run-before", "terminated"), ("c", "", "gone")]
    assert sorted((run.case_id, run.restarts, bool(run.packed)) for run in engine.started) == [
        ("b", 1, True),
        ("c", 1, True),
    ]


async def test_a_case_that_runs_and_is_not_listed_yet_is_left_alone():
    engine, book = Engine(a=WorkflowExecutionStatus.RUNNING), Book(case("a"))
    assert await watch(book, engine).look() == 0
    assert book.noted == []


async def test_a_case_that_cannot_be_taken_up_holds_up_no_other():
    engine, book = Engine(), Book(case("a"), case("b"), broken="a")
    assert await watch(book, engine).look() == 1
    assert [run.case_id for run in engine.started] == ["b"]


async def test_a_case_started_again_just_now_is_left_alone_for_a_while():
    lately = datetime.now(UTC) - timedelta(seconds=1)
    engine, book = Engine(), Book(case("a", 2, lately))
    assert await watch(book, engine).look() == 0
    book.cases = [case("a", 2, lately - timedelta(seconds=2 * PAUSE_S))]
    assert await watch(book, engine).look() == 1


@pytest.mark.parametrize(
    ("restarts", "seconds"), [(1, PAUSE_S), (2, 2 * PAUSE_S), (4, 8 * PAUSE_S), (99, PAUSE_MOST_S)]
)
def test_pauses_grow_and_are_never_for_ever(restarts, seconds):
    assert pause_of(case("a", restarts, NOW), NOW) == timedelta(seconds=seconds)


def test_after_a_calm_the_pauses_begin_anew():
    assert pause_of(case("a", 9, NOW - CALM), NOW) == timedelta()
