"""Failures on the wire: a refusal is readable without a key, whatever else goes wrong is not."""

import asyncio

from temporalio.api.failure.v1 import Failure
from temporalio.converter import WorkflowSerializationContext
from temporalio.exceptions import ApplicationError

from adapters.keyring import KeyRing
from adapters.temporal.converting import sealed_converter
from domain.words import Complaint
from workflows.inbox import refusal

CONVERTER = sealed_converter(KeyRing.of_one_key()).with_context(WorkflowSerializationContext("main", "case/c-1"))
SAID = "金丝雀甲 6217006479174874408"


def raised(problem: Exception, cause: Exception) -> Exception:
    try:
        raise problem from cause  # noqa: TRY301 - likewise
    except Exception as caught:  # noqa: BLE001 - with its traceback, as the SDK gets it
        return caught


def failure_of(problem: Exception) -> Failure:
    failure = Failure()
    asyncio.run(CONVERTER.encode_failure(problem, failure))
    return failure


def test_a_refusal_is_plain_and_brings_neither_trace_nor_cause():
    words = Complaint(zh="没有审批单", en="there is no sheet")
    failure = failure_of(raised(refusal(words), ValueError(SAID)))
    assert failure.message == words.both
    assert failure.application_failure_info.type == "Refused"
    assert failure.application_failure_info.non_retryable
    assert not failure.stack_trace
    assert not failure.HasField("cause")
    assert not failure.HasField("encoded_attributes")


def test_every_other_failure_is_sealed_with_its_causes_details_and_traces():
    problem = raised(ApplicationError(SAID, SAID, type="Broken"), raised(ValueError(SAID), KeyError(SAID)))
    failure = failure_of(problem)
    wire = failure.SerializeToString()
    for text in (SAID, "test_failures.py", __file__):
        assert text.encode() not in wire
    assert failure.message == "Encoded failure"
    assert failure.cause.cause.HasField("encoded_attributes")


def test_a_sealed_failure_comes_back_whole():
    failure = failure_of(raised(ApplicationError(SAID, type="Broken"), ValueError("why")))
    back = asyncio.run(CONVERTER.decode_failure(failure))
    assert isinstance(back, ApplicationError)
    assert (back.message, back.type) == (SAID, "Broken")
    assert "why" in str(back.__cause__)
