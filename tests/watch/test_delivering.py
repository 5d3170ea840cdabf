"""Delivery: told when somebody is there, once, in order, and never lost between telling and marking."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from adapters.delivering import CLOSED, Delivery
from adapters.register.keeping import KeptDecision
from domain.operations import NOT_KNOWN_YET
from domain.sheets import Verdict

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def kept(word: str, case: str = "a") -> KeptDecision:
    return KeptDecision(
        word=word,
        case_id=case,
        case_number="A2026-000001",
        workflow_id=f"case/{case}",
        officer="012345",
        verdict=Verdict.APPROVE,
        sheets=("A2026-000001/F-01",),
        except_lines=(),
        reason="",
        at=NOW,
        state="waiting",
    )


class Register:
    """Keeps what waits; `broken`: how often marking fails."""

    def __init__(self, *words: KeptDecision, broken: int = 0, status: str = "holding") -> None:
        self.words, self.broken, self.status = list(words), broken, status
        self.settled: dict[str, str] = {}

    async def kept_waiting(self) -> list[KeptDecision]:
        return [one for one in self.words if one.word not in self.settled]

    async def settle_kept(self, one: KeptDecision, refused: str, now: datetime) -> str:
        assert now.tzinfo
        if self.broken:
            self.broken -= 1
            raise OSError
        self.settled[one.word] = refused
        return "refused" if refused else "delivered"

    async def case(self, name: str) -> SimpleNamespace:
        return SimpleNamespace(case_id=name, status=self.status)


class Engine:
    """Cases that hear each update id once; `fails`: what a case answers instead."""

    def __init__(self, **fails: Exception) -> None:
        self.fails, self.heard = fails, list[tuple[str, str]]()

    def get_workflow_handle(self, workflow_id: str) -> SimpleNamespace:
        async def update(name: str, said: dict[str, object], *, id: str, result_type: type) -> str:  # noqa: A002
            assert (name, result_type, said["kept"]) == ("decide", str, id)
            if (failure := self.fails.get(workflow_id.removeprefix("case/"))) is not None:
                raise failure
            if (workflow_id, id) not in self.heard:
                self.heard.append((workflow_id, id))
            return "on record"

        return SimpleNamespace(execute_update=update)


def delivery(book: Register, engine: Engine) -> Delivery:
    return Delivery(book, engine)  # type: ignore[arg-type]


async def test_words_are_told_in_the_order_given_and_once_though_the_mark_was_lost():
    book, engine = Register(kept("w-1"), kept("w-2"), broken=1), Engine()
    assert await delivery(book, engine).deliver() == 0
    assert engine.heard == [("case/a", "w-1")], "what came later does not overtake"
    assert await delivery(book, engine).deliver() == 2
    assert engine.heard == [("case/a", "w-1"), ("case/a", "w-2")]
    assert book.settled == {"w-1": "", "w-2": ""}
    assert await delivery(book, engine).deliver() == 0


@pytest.mark.parametrize(
    "status", [RPCStatusCode.UNAVAILABLE, RPCStatusCode.NOT_FOUND, RPCStatusCode.DEADLINE_EXCEEDED]
)
async def test_a_case_that_cannot_be_reached_keeps_its_words_and_holds_up_no_other(status):
    book, engine = Register(kept("w-1"), kept("w-2", "b")), Engine(a=RPCError("gone", status, b""))
    assert await delivery(book, engine).deliver() == 1
    assert book.settled == {"w-2": ""}


async def test_a_refusal_is_kept_with_its_words_and_a_closed_case_refuses():
    refused = WorkflowUpdateFailedError(ApplicationError("单据已决定 / decided already", type="Refused"))
    gone = RPCError("gone", RPCStatusCode.NOT_FOUND, b"")
    book = Register(kept("w-1"), kept("w-2", "b"), status="closed")
    assert await delivery(book, Engine(a=refused, b=gone)).deliver() == 2
    assert book.settled == {"w-1": "单据已决定 / decided already", "w-2": CLOSED}


@pytest.mark.parametrize("why", ["AcceptedUpdateCompletedWorkflow", NOT_KNOWN_YET, "AnythingElse"])
async def test_a_run_that_ends_under_a_word_or_knows_less_or_fails_has_not_refused_it_and_it_is_told_again(why: str):
    ended = WorkflowUpdateFailedError(ApplicationError("run completed", type=why))
    book, engine = Register(kept("w-1")), Engine(a=ended)
    assert await delivery(book, engine).deliver() == 0
    assert book.settled == {}
    engine.fails.clear()
    assert await delivery(book, engine).deliver() == 1
    assert book.settled == {"w-1": ""}
    closed = Register(kept("w-1"), status="closed")
    assert await delivery(closed, Engine(a=ended)).deliver() == 1
    assert closed.settled == {"w-1": CLOSED}
