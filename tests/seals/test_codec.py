"""The codec: what is sealed for one workflow opens there only, and nothing whatever makes decode raise."""

import asyncio
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload
from temporalio.converter import ActivitySerializationContext, WorkflowSerializationContext

from adapters.keyring import KeyRing
from adapters.temporal.sealing import SealingCodec, is_sealed, opened, seal_for_officer, seal_for_workflow, workflow_of
from domain.seals import Provenance, Unopened, provenance, unopened
from tests.tries import tries_within

RING = KeyRing.of_one_key()
HERE = WorkflowSerializationContext("main", "case/c-1")
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
TYPED = Payload(metadata={"encoding": b"json/plain"}, data=b'"F-01 012345 approve"')


def activity_of(workflow_id: str) -> ActivitySerializationContext:
    return ActivitySerializationContext("main", None, None, None, workflow_id, None, is_local=False)


def decoded(payload: Payload, context=HERE, ring: KeyRing = RING) -> Payload:
    return asyncio.run(SealingCodec(ring).with_context(context).decode([payload]))[0]


def sealed(payload: Payload = TYPED, context=HERE) -> Payload:
    return asyncio.run(SealingCodec(RING).with_context(context).encode([payload]))[0]


def reason(payload: Payload) -> Unopened | None:
    return unopened(payload.metadata)


def test_a_sealed_payload_shows_only_its_key_and_its_workflow():
    one = sealed()
    assert set(one.metadata) == {"encoding", "key-id", "workflow-id"}
    assert one.metadata["encoding"] == b"binary/encrypted"
    assert b"approve" not in one.SerializeToString()
    assert workflow_of(one) == "case/c-1"


@pytest.mark.parametrize("context", [HERE, activity_of("case/c-1")], ids=["the workflow", "its activity"])
def test_what_was_sealed_opens_where_it_belongs(context):
    assert decoded(sealed(), context) == TYPED


@pytest.mark.parametrize(
    "context",
    [
        WorkflowSerializationContext("main", "case/c-2"),
        WorkflowSerializationContext("main", "case/c-1/verification/1"),
        activity_of("case/c-2"),
    ],
    ids=["another case", "its own visit", "another case's activity"],
)
def test_what_belongs_elsewhere_is_foreign(context):
    assert reason(decoded(sealed(), context)) is Unopened.FOREIGN


def test_a_workflow_id_written_over_another_is_caught_by_the_seal():
    moved = Payload()
    moved.CopyFrom(sealed())
    moved.metadata["workflow-id"] = b"case/c-2"
    assert reason(decoded(moved, WorkflowSerializationContext("main", "case/c-2"))) is Unopened.CORRUPT


def test_the_same_workflow_id_in_another_namespace_does_not_open():
    assert reason(decoded(sealed(), WorkflowSerializationContext("drill-1", "case/c-1"))) is Unopened.CORRUPT


def test_each_reason_has_its_word():
    assert reason(decoded(TYPED)) is Unopened.PLAINTEXT
    assert reason(decoded(sealed(), ring=KeyRing.of_one_key())) is Unopened.UNKNOWN_KEY
    changed = Payload()
    changed.CopyFrom(sealed())
    changed.data = changed.data[:-1] + bytes([changed.data[-1] ^ 1])
    assert reason(decoded(changed)) is Unopened.CORRUPT
    assert json.loads(decoded(changed).data) == {"unopened": "corrupt"}


def test_what_an_officer_seals_says_who_and_when_and_no_workflow():
    one = seal_for_officer(RING, TYPED, "main", "012345", NOW)
    assert workflow_of(one) == ""
    inner = decoded(one)
    assert inner.data == TYPED.data
    assert provenance(inner.metadata) == Provenance(officer="012345", sealed_at=NOW)


@pytest.mark.parametrize(("mark", "value"), [("sealed-by", b"012302"), ("sealed-at", b"2026-11-26T13:00:00+00:00")])
def test_another_officer_or_another_moment_cannot_be_written_over_it(mark, value):
    one = seal_for_officer(RING, TYPED, "main", "012345", NOW)
    one.metadata[mark] = value
    assert reason(decoded(one)) is Unopened.CORRUPT


def test_an_officers_input_is_no_result_of_an_activity_and_not_for_another_namespace():
    one = seal_for_officer(RING, TYPED, "main", "012345", NOW)
    assert reason(decoded(one, activity_of("case/c-1"))) is Unopened.FOREIGN
    assert reason(decoded(one, WorkflowSerializationContext("drill-1", "case/c-1"))) is Unopened.CORRUPT


def test_nobody_brings_marks_of_their_own():
    marked = Payload(
        metadata={**TYPED.metadata, "sealed-by": b"012345", "sealed-at": NOW.isoformat().encode(), "unopened": b"x"},
        data=TYPED.data,
    )
    inner = decoded(sealed(marked))
    assert provenance(inner.metadata) is None
    assert reason(inner) is None
    assert reason(decoded(marked)) is Unopened.PLAINTEXT


def test_outside_any_workflow_nothing_is_sealed_and_nothing_is_opened():
    with pytest.raises(ValueError, match="for a workflow"):
        asyncio.run(SealingCodec(RING).encode([TYPED]))
    assert reason(asyncio.run(SealingCodec(RING).decode([sealed()]))[0]) is Unopened.FOREIGN


METADATA = st.dictionaries(
    st.sampled_from(["encoding", "key-id", "workflow-id", "sealed-by", "sealed-at", "unopened", "messageType"])
    | st.text(max_size=8),
    st.sampled_from([b"binary/encrypted", b"json/plain", b"case/c-1", RING.keys[0].id.encode(), b"\xff", b""])
    | st.binary(max_size=40),
    max_size=7,
)


@settings(max_examples=400)
@given(METADATA, st.binary(max_size=200))
def test_decode_never_raises_and_opens_nothing_that_was_not_sealed(metadata, data):
    arrived = decoded(Payload(metadata=metadata, data=data))
    assert reason(arrived) is not None
    assert reason(decoded(Payload(metadata={**metadata, "encoding": b"binary/encrypted"}, data=data))) is not None
    assert provenance(arrived.metadata) is None


@settings(max_examples=200)
@given(st.binary(max_size=300))
def test_sealed_bytes_that_are_no_payload_do_not_raise(content):
    blob = RING.seal(content, b"temporal payload\x00main\x00case/c-1")
    metadata = {"encoding": b"binary/encrypted", "key-id": blob.key_id.encode(), "workflow-id": b"case/c-1"}
    arrived = decoded(Payload(metadata=metadata, data=blob.blob))
    assert reason(arrived) in {None, Unopened.CORRUPT}


@settings(max_examples=200)
@given(METADATA, st.binary(max_size=300))
def test_whatever_is_sealed_comes_out_again_without_marks(metadata, data):
    inner = opened(RING, seal_for_workflow(RING, Payload(metadata=metadata, data=data), "main", "w"), "main")
    assert isinstance(inner, Payload)
    assert inner.data == data
    assert set(inner.metadata) == set(metadata) - {"sealed-by", "sealed-at", "unopened"}


def test_a_payload_of_1_kb_costs_far_less_than_an_engine_operation():
    payload = Payload(metadata={"encoding": b"json/plain"}, data=b"x" * 1024)
    rounds = 500
    for attempt in tries_within(rounds * 0.001):  # 3 ms is what an engine operation costs
        with attempt:
            for _ in range(rounds):
                one = seal_for_workflow(RING, payload, "main", "case/c-1")
                assert not isinstance(opened(RING, one, "main"), Unopened)
    print(f"\n1 KB: {attempt.took_s / rounds * 1e6:.1f} us, {len(one.SerializeToString())} bytes")
    assert is_sealed(one)
