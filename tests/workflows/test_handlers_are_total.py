"""Nothing that anybody sends sticks a case: no failed workflow task, and what was wrong is there to be read."""

import asyncio
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload, Payloads, WorkflowExecution
from temporalio.api.enums.v1 import UpdateWorkflowExecutionLifecycleStage
from temporalio.api.update.v1 import Input, Meta, Request, WaitPolicy
from temporalio.api.workflowservice.v1 import (
    SignalWorkflowExecutionRequest,
    UpdateWorkflowExecutionRequest,
    UpdateWorkflowExecutionResponse,
)
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.converter import WorkflowSerializationContext
from temporalio.service import RPCError

from domain.findings import Finding
from domain.operations import FILE_HERE, HALT_HERE, finding_name
from domain.orders import Measure
from tests.patience import PATIENCE_S
from tests.workflows.engine import RunningCase, Town, failed_tasks
from tests.workflows.paper_register import word_of
from tests.workflows.paper_world import PaperWorld, refused

JUNK: dict[str, list[Any]] = {
    "no input": [],
    "two inputs": [1, 2],
    "three inputs": ["F-01 012345 493021 approve", "x", None],
    "a number": [5],
    "a list": [[1, "F-01"]],
    "a wrong object": [{"a": 1}],
    "null": [None],
    "nearly right": ["F-01 12 493021 approve"],
    "no code": ["F-01 012345 approve"],
    "a long text": ["x" * 5_000],
}
COMPLETED = "UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED"
HERE = (FILE_HERE, HALT_HERE, finding_name(Finding.MULE))
NAMES = ("decide", "filing", "recheck", "finding", "nosuch", "批准 F-01", "__temporal_nosuch", *HERE)
ENCODINGS = {
    "unknown": Payload(metadata={"encoding": b"junk/junk"}, data=b"\x00\xff\x00"),
    "none at all": Payload(data=b"\x01"),
    "broken json": Payload(metadata={"encoding": b"json/plain"}, data=b'{"sheet": "F-01'),
    "broken utf-8": Payload(metadata={"encoding": b"json/plain"}, data=b'"\xff\xfe"'),
    "half a surrogate": Payload(
        metadata={"encoding": b"json/plain"}, data=b'"F-01 012345 493021 reject \\ud800 \\u0000"'
    ),
    "a tombstone": Payload(metadata={"encoding": b"binary/encrypted"}, data=b""),
    "a huge number": Payload(
        metadata={"encoding": b"json/plain"},
        data=b'{"sheet":"F-01","officer":"012345","code":"493021","verdict":"approve","except":['
        + b"9" * 6_000
        + b"]}",
    ),
}


async def a_case(town: Town) -> RunningCase:
    """Nothing is held here: it stays open, with one visit and no sheet."""
    world = PaperWorld()
    mule = world.open("a")
    world.defraud(mule, 1_000_00)
    world.say(Measure.STOP, mule, refused("0201"))
    case = await town.start(world)
    await case.until(lambda one: one.visits == 1 and one.quiet, "the case rests")
    await case.visit_is_open(1)
    return case


async def sealed(handle: WorkflowHandle[Any, Any], case: RunningCase, payload: Payload) -> Payload:
    """As a process of ours would send it: junk that came through the seal still has to be borne."""
    context = WorkflowSerializationContext(case.client.namespace, handle.id)
    codec = case.client.data_converter.with_context(context).payload_codec
    assert codec is not None
    return (await codec.encode([payload]))[0]


async def send_raw(handle: WorkflowHandle[Any, Any], case: RunningCase, name: str, payload: Payload) -> None:
    await case.client.workflow_service.signal_workflow_execution(
        SignalWorkflowExecutionRequest(
            namespace=case.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=handle.id),
            signal_name=name,
            input=Payloads(payloads=[payload]),
        )
    )


async def update_raw(
    handle: WorkflowHandle[Any, Any], case: RunningCase, name: str, payload: Payload
) -> UpdateWorkflowExecutionResponse:
    answer = await case.client.workflow_service.update_workflow_execution(
        UpdateWorkflowExecutionRequest(
            namespace=case.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=handle.id),
            wait_policy=WaitPolicy(lifecycle_stage=UpdateWorkflowExecutionLifecycleStage.Value(COMPLETED)),
            request=Request(
                meta=Meta(update_id=f"{name}-{payload.data[:8].hex()}"),
                input=Input(name=name, args=Payloads(payloads=[payload])),
            ),
        )
    )
    assert answer.outcome.HasField("failure")
    return answer


async def no_failed_task(handle: WorkflowHandle[Any, Any]) -> None:
    assert await failed_tasks(handle) == []


async def complaints(case: RunningCase, at_least: int) -> str:
    standing = await case.until(
        lambda one: sum(":" in text for text in one.problems) >= at_least, f"{at_least} complaints"
    )
    return "\n".join(standing.problems)


@pytest.mark.parametrize("name", NAMES)
async def test_no_signal_of_whatever_content_sticks_a_case_and_the_problem_is_visible(town: Town, name: str):
    case = await a_case(town)
    before = len((await case.standing()).problems)
    for args in JUNK.values():
        await case.handle.signal(name, args=args)
    for payload in ENCODINGS.values():
        await send_raw(case.handle, case, name, await sealed(case.handle, case, payload))
    # the case still answers, and says what it could not use
    expected = 2 if name == "recheck" else 12  # a recheck needs no input and bears any one
    standing = await case.until(lambda one: len(one.problems) >= before + expected, f"{expected} complaints")
    assert any(text.startswith(name[:40]) for text in standing.problems)
    await no_failed_task(case.handle)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "recheck"])
async def test_no_update_of_whatever_content_sticks_a_case_and_each_is_refused_in_words(town: Town, name: str):
    case = await a_case(town)
    for kind, args in JUNK.items():
        with pytest.raises((WorkflowUpdateFailedError, RPCError)) as refused_:
            await asyncio.wait_for(case.handle.execute_update(name, args=args), PATIENCE_S)
        assert isinstance(refused_.value, WorkflowUpdateFailedError), (kind, refused_.value)
        assert " / " in str(refused_.value.__cause__) or "several came" in str(refused_.value.__cause__)
    for payload in ENCODINGS.values():
        await asyncio.wait_for(
            update_raw(case.handle, case, name, await sealed(case.handle, case, payload)), PATIENCE_S
        )
    await case.standing()
    await no_failed_task(case.handle)


@pytest.mark.parametrize("name", NAMES)
async def test_nothing_sent_to_a_visit_sticks_it_and_a_right_finding_is_taken_after_all(town: Town, name: str):
    case = await a_case(town)
    visit = case.visit(1)
    for args in JUNK.values():
        await visit.signal(name, args=args)
    for payload in ENCODINGS.values():
        await send_raw(visit, case, name, await sealed(visit, case, payload))
    for args in JUNK.values():
        with pytest.raises(WorkflowUpdateFailedError):
            await asyncio.wait_for(visit.execute_update(name, args=args), PATIENCE_S)
    for payload in ENCODINGS.values():
        await asyncio.wait_for(update_raw(visit, case, name, await sealed(visit, case, payload)), PATIENCE_S)
    await no_failed_task(visit)
    await visit.execute_update("finding", f"{word_of('012370')} mule 属实")
    await case.until(lambda one: one.visits == 0, "the finding is in")
    assert case.world.register.findings[-1].remark == "属实"
    await no_failed_task(visit)
    await no_failed_task(case.handle)


async def test_a_query_with_too_much_input_or_an_unknown_name_fails_for_the_asker_only(town: Town):
    case = await a_case(town)
    for name, args in (("standing", [1]), ("standing", [1, 2]), ("nosuch", [])):
        try:
            await asyncio.wait_for(case.handle.query(name, args=args), PATIENCE_S)
        except (RPCError, RuntimeError):
            pass
        except Exception as error:  # noqa: BLE001
            assert "Query" in type(error).__name__  # noqa: PT017
    await case.standing()
    await no_failed_task(case.handle)


async def test_a_flood_of_junk_does_not_push_real_problems_off_the_page(town: Town):
    case = await a_case(town)
    for _ in range(60):
        await case.handle.signal("nosuch", 1)
    await complaints(case, 15)
    standing = await case.standing()
    assert len(standing.problems) <= 25
    assert any("four elements" in text for text in standing.problems)


async def test_the_complaint_stands_in_the_details_officers_read(town: Town):
    case = await a_case(town)
    await case.handle.signal("decide", [1, 2])
    await complaints(case, 1)
    details = ""
    for _ in range(40):
        metadata = await case.handle.query("__temporal_workflow_metadata")
        details = str(metadata)
        if "not a decision" in details:
            break
        await asyncio.sleep(0.1)
    assert "not a decision" in details
