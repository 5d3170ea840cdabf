"""The open visits of a case that is gone: what others have put beside them holds nothing up."""

from types import SimpleNamespace

from temporalio.client import WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from adapters.visiting import open_visits
from domain.recall import OpenVisits

CASE = "case/c-1"


class Visit(SimpleNamespace):
    """A running workflow; without an account, its memo was never sealed."""

    status = WorkflowExecutionStatus.RUNNING

    async def memo_value(self, name, default, *, type_hint):
        assert (default, type_hint) == ("", str)
        if self.number is None:
            raise ApplicationError("not sealed, refused", type="Unopened", non_retryable=True)
        return {"institution": "B", "number": self.number}[name]


class Engine:
    """Lists these visits of the case; `asked`: how many were looked at one by one."""

    def __init__(self, **visits):
        self.visits = [
            Visit(id=f"{CASE}/verification/{tail.strip('_')}", number=number) for tail, number in visits.items()
        ]
        self.asked = 0

    async def list_workflows(self, query, **_):
        assert f"'{CASE}/'" in query
        for one in self.visits:
            yield one

    def get_workflow_handle(self, name):
        return SimpleNamespace(describe=lambda: self._describe(name))

    async def _describe(self, name):
        self.asked += 1
        for one in self.visits:
            if one.id == name:
                return one
        raise RPCError("no such workflow", RPCStatusCode.NOT_FOUND, b"")


async def visits_at(engine):
    return await open_visits(engine, "c-1", set())


async def test_the_open_visits_are_found_with_their_accounts():
    assert await visits_at(Engine(_1="11", _2="22")) == OpenVisits(open={"B:11": 1, "B:22": 2}, last=2)


async def test_a_workflow_that_only_bears_such_an_id_is_no_visit_and_its_number_is_not_given_again():
    engine = Engine(_1="11", _2=None, junk=None)
    assert await visits_at(engine) == OpenVisits(open={"B:11": 1}, last=2)


async def test_a_number_beyond_all_counts_is_not_counted_up_to():
    engine = Engine(_1="11", _999999999=None)
    assert await visits_at(engine) == OpenVisits(open={"B:11": 1}, last=1)
    assert engine.asked < 10
