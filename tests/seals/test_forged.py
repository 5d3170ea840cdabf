"""What people without a key, or with another case's papers, send to a case is refused in words; nothing sticks."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.api.common.v1 import Payload, Payloads, WorkflowExecution, WorkflowType
from temporalio.api.query.v1 import WorkflowQuery
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import QueryWorkflowRequest, StartWorkflowExecutionRequest
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ApplicationError

from adapters.keyring import KeyRing
from adapters.temporal.sealing import is_sealed, seal_for_officer, seal_for_workflow
from domain.seals import TOO_OLD, UNOPENED_WORDS, Unopened
from tests.patience import PATIENCE_S
from tests.workflows.engine import RunningCase, Town
from tests.workflows.paper_register import approvers, word_of
from tests.workflows.paper_world import PaperWorld
from tests.workflows.test_handlers_are_total import no_failed_task, send_raw, update_raw
from workflows.limits import CASES_QUEUE

TYPED = Payload(metadata={"encoding": b"json/plain"}, data=b'"F-01 012345 approve"')
FORGED = {
    "plaintext": TYPED,
    "corrupt": Payload(metadata={"encoding": b"binary/encrypted", "workflow-id": b"?"}, data=b"\x00" * 60),
    "a reference": Payload(metadata={"encoding": b"json/external-storage-reference"}, data=b"{}"),
    "a marked reference": Payload(
        metadata={"encoding": b"json/plain", "__temporal_external_storage_reference": b"true"}, data=b"{}"
    ),
    "a protobuf reference": Payload(
        metadata={
            "encoding": b"json/protobuf",
            "messageType": b"temporal.api.sdk.v1.ExternalStorageReference",
        },
        data=b"{}",
    ),
}


async def asking(town: Town) -> RunningCase:
    """A case with a freeze sheet before the officers."""
    world = PaperWorld()
    world.defraud(world.open("a"), 60_000_00)
    case = await town.start(world)
    await case.file()
    await case.pending("F-01")
    return case


async def is_pending(case: RunningCase) -> bool:
    return "F-01" in (await case.standing()).pending


async def said(case: RunningCase, words: str) -> None:
    await case.until(lambda one: any(words in text for text in one.problems), words)


@pytest.mark.parametrize("kind", FORGED)
async def test_a_forged_signal_decides_nothing_and_is_shown_as_a_problem(sealed_town, kind: str):
    case = await asking(sealed_town.town)
    before = len((await case.standing()).problems)
    await send_raw(case.handle, case, "decide", FORGED[kind])
    await case.until(lambda one: len(one.problems) > before, "the forgery is shown")
    assert await is_pending(case)
    await no_failed_task(case.handle)


@pytest.mark.parametrize("kind", FORGED)
async def test_a_forged_update_is_refused_in_plain_words(sealed_town, kind: str):
    case = await asking(sealed_town.town)
    answer = await asyncio.wait_for(update_raw(case.handle, case, "decide", FORGED[kind]), PATIENCE_S)
    failure = answer.outcome.failure
    assert failure.message in {one.both for one in UNOPENED_WORDS.values()}
    assert not failure.stack_trace
    assert not failure.HasField("cause")
    assert await is_pending(case)
    await no_failed_task(case.handle)


async def test_a_sealed_approval_copied_byte_for_byte_from_another_case_is_refused(sealed_town):
    town = sealed_town.town
    robbed, other = await asking(town), await asking(town)
    officers = list(approvers(other.world.register.sheets["F-01"]))
    for officer in officers:
        await other.handle.signal("decide", f"F-01 {word_of(officer)}")
    await other.until(lambda one: "F-01" not in one.pending, "approved where it was sealed for")
    copied = [
        event.workflow_execution_signaled_event_attributes.input.payloads[0]
        async for event in other.handle.fetch_history_events()
        if event.HasField("workflow_execution_signaled_event_attributes")
    ]
    assert len(copied) == len(officers)
    for payload in copied:
        await send_raw(robbed.handle, robbed, "decide", payload)
        answer = await update_raw(robbed.handle, robbed, "decide", payload)
        assert answer.outcome.failure.message == UNOPENED_WORDS[Unopened.FOREIGN].both
    await said(robbed, "another case")
    assert await is_pending(robbed)
    await no_failed_task(robbed.handle)


async def test_a_key_that_is_not_in_the_ring_refuses_the_input_and_does_not_stick_the_case(sealed_town):
    case = await asking(sealed_town.town)
    payload = seal_for_workflow(KeyRing.of_one_key(), TYPED, case.client.namespace, case.handle.id)
    await send_raw(case.handle, case, "decide", payload)
    await said(case, "unknown key")
    assert await is_pending(case)
    await no_failed_task(case.handle)


async def test_what_an_officers_session_sealed_is_taken_while_it_is_fresh_and_refused_afterwards(sealed_town):
    case = await asking(sealed_town.town)
    ring = KeyRing.load(sealed_town.settings)
    officers = list(approvers(case.world.register.sheets["F-01"]))

    def sealed(officer: str, age: timedelta) -> Payload:
        typed = Payload(metadata={"encoding": b"json/plain"}, data=f'"F-01 {word_of(officer)}"'.encode())
        return seal_for_officer(ring, typed, case.client.namespace, officer, datetime.now(UTC) - age)

    answer = await update_raw(case.handle, case, "decide", sealed(officers[0], timedelta(seconds=180)))
    assert answer.outcome.failure.message == TOO_OLD.both
    for officer in officers:
        await send_raw(case.handle, case, "decide", sealed(officer, timedelta(seconds=5)))
    await case.until(lambda one: "F-01" not in one.pending, "decided by what officers sealed")
    await no_failed_task(case.handle)


@pytest.mark.parametrize("kind", ["plaintext", "an officer's input"])
async def test_a_case_started_by_somebody_without_a_key_fails_visibly(sealed_town, kind: str):
    town = sealed_town.town
    officers = seal_for_officer(
        KeyRing.load(sealed_town.settings), TYPED, town.client.namespace, "012345", datetime.now(UTC)
    )
    name = f"forged/{kind}"
    await town.client.workflow_service.start_workflow_execution(
        StartWorkflowExecutionRequest(
            namespace=town.client.namespace,
            workflow_id=name,
            workflow_type=WorkflowType(name="FraudCase"),
            task_queue=TaskQueue(name=CASES_QUEUE),
            input=Payloads(payloads=[TYPED if kind == "plaintext" else officers]),
            request_id=name,
        )
    )
    with pytest.raises(WorkflowFailureError) as failed:
        await asyncio.wait_for(town.client.get_workflow_handle(name).result(), PATIENCE_S)
    cause = failed.value.cause
    assert isinstance(cause, ApplicationError)
    assert cause.type == "Unopened"


async def test_a_forged_query_gets_a_sealed_answer_at_most(sealed_town):
    case = await asking(sealed_town.town)
    for payload in FORGED.values():
        request = QueryWorkflowRequest(
            namespace=case.client.namespace,
            execution=WorkflowExecution(workflow_id=case.handle.id),
            query=WorkflowQuery(query_type="standing", query_args=Payloads(payloads=[payload])),
        )
        answer = await asyncio.wait_for(case.client.workflow_service.query_workflow(request), PATIENCE_S)
        assert all(is_sealed(one) for one in answer.query_result.payloads), "a query needs no input and bears any"
    assert await is_pending(case)
    await no_failed_task(case.handle)
