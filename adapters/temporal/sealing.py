"""The payload codec: AES-256-GCM, bound to namespace and workflow, so that a ciphertext is good in one place only.

    encoding     binary/encrypted
    key-id       the key of the ring that opens it
    workflow-id  whose payload it is; what an officer's session sealed has sealed-by and sealed-at in its place

The Web UI opens payloads without saying which workflow they are of: therefore the workflow id stands in the metadata as
well as in the associated data, and workers compare it with the workflow they are working for. Nothing that arrives can
make `decode` raise, which would stick a workflow for ever: what cannot be opened becomes a marked payload.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple, Self

from google.protobuf.message import DecodeError
from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    ActivitySerializationContext,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
    WorkflowSerializationContext,
)

from adapters.keyring import CannotOpenError, KeyRing, KeyRingError
from domain.seals import SEALED_AT_MARK, SEALED_BY_MARK, UNOPENED_MARK, Unopened

ENCODING = b"binary/encrypted"
_KEY_ID = "key-id"
_WORKFLOW_ID = "workflow-id"
_OURS = (SEALED_BY_MARK, SEALED_AT_MARK, UNOPENED_MARK)
"""Marks of our own making: what was sealed may not bring its own."""


class _Place(NamedTuple):
    namespace: str
    workflow_id: str
    hears_officers: bool
    """Inputs of a workflow may come from an officer's session; what an activity takes and gives may not."""


def is_sealed(payload: Payload) -> bool:
    """Whether a payload looks like one of ours."""
    return payload.metadata.get("encoding") == ENCODING


def workflow_of(payload: Payload) -> str:
    """The workflow a sealed payload says it belongs to; empty for what an officer's session sealed."""
    return payload.metadata.get(_WORKFLOW_ID, b"").decode(errors="replace")


def tombstone(reason: Unopened) -> Payload:
    """What stands in the place of a payload that could not be opened."""
    return Payload(
        metadata={"encoding": b"json/plain", UNOPENED_MARK: reason.value.encode()},
        data=json.dumps({UNOPENED_MARK: reason.value}).encode(),
    )


def seal_for_workflow(ring: KeyRing, payload: Payload, namespace: str, workflow_id: str) -> Payload:
    """Seal a payload of one workflow. Raises KeyRingError when no key of the ring seals."""
    sealed = ring.seal(payload.SerializeToString(), _workflows(namespace, workflow_id))
    metadata = {"encoding": ENCODING, _KEY_ID: sealed.key_id.encode(), _WORKFLOW_ID: workflow_id.encode()}
    return Payload(metadata=metadata, data=sealed.blob)


def seal_for_officer(ring: KeyRing, payload: Payload, namespace: str, officer: str, now: datetime) -> Payload:
    """Seal what an officer typed: bound to the namespace, the officer and the moment (UTC), not to a workflow."""
    at = now.astimezone(UTC).isoformat()
    sealed = ring.seal(payload.SerializeToString(), _officers(namespace, officer, at))
    metadata = {
        "encoding": ENCODING,
        _KEY_ID: sealed.key_id.encode(),
        SEALED_BY_MARK: officer.encode(),
        SEALED_AT_MARK: at.encode(),
    }
    return Payload(metadata=metadata, data=sealed.blob)


def opened(ring: KeyRing, payload: Payload, namespace: str) -> Payload | Unopened:
    """Open a payload where it says it belongs; whether it belongs *here* the caller decides. Never raises."""
    if not is_sealed(payload):
        return Unopened.PLAINTEXT
    try:
        key_id = payload.metadata.get(_KEY_ID, b"").decode()
        officer = payload.metadata.get(SEALED_BY_MARK, b"").decode()
        at = payload.metadata.get(SEALED_AT_MARK, b"").decode()
        workflow_id = payload.metadata.get(_WORKFLOW_ID, b"").decode()
        if not ring.knows(key_id):
            return Unopened.UNKNOWN_KEY
        bound_to = _officers(namespace, officer, at) if officer else _workflows(namespace, workflow_id)
        inner = Payload.FromString(ring.open(key_id, payload.data, bound_to))
    except (CannotOpenError, KeyRingError, DecodeError, UnicodeDecodeError):
        return Unopened.CORRUPT
    for mark in _OURS:
        inner.metadata.pop(mark, None)
    if officer:
        inner.metadata[SEALED_BY_MARK] = officer.encode()
        inner.metadata[SEALED_AT_MARK] = at.encode()
    return inner


class SealingCodec(PayloadCodec, WithSerializationContext):
    """What every client and every worker puts between itself and the engine."""

    def __init__(self, ring: KeyRing, place: _Place | None = None) -> None:
        """`place`: the workflow it works for, told by the SDK (`with_context`)."""
        self._ring = ring
        self._place = place

    def with_context(self, context: SerializationContext) -> Self:
        """The same codec for one workflow, or for one of its activities."""
        if isinstance(context, WorkflowSerializationContext):
            place = _Place(context.namespace, context.workflow_id, hears_officers=True)
        elif isinstance(context, ActivitySerializationContext):
            place = _Place(context.namespace, context.workflow_id or "", hears_officers=False)
        else:
            return self
        return type(self)(self._ring, place)

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Seal. Raises ValueError outside any workflow's context, KeyRingError when no key of the ring seals."""
        if self._place is None:
            raise ValueError("a payload is sealed for a workflow: there is none here")
        namespace, workflow_id = self._place.namespace, self._place.workflow_id
        return [seal_for_workflow(self._ring, payload, namespace, workflow_id) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Open; never raises, whatever comes."""
        return [self._decoded(payload) for payload in payloads]

    def _decoded(self, payload: Payload) -> Payload:
        if not is_sealed(payload):
            return tombstone(Unopened.PLAINTEXT)
        if self._place is None or not self._belongs_here(payload, self._place):
            return tombstone(Unopened.FOREIGN)
        inner = opened(self._ring, payload, self._place.namespace)
        return tombstone(inner) if isinstance(inner, Unopened) else inner

    @staticmethod
    def _belongs_here(payload: Payload, place: _Place) -> bool:
        if payload.metadata.get(SEALED_BY_MARK):
            return place.hears_officers
        return payload.metadata.get(_WORKFLOW_ID) == place.workflow_id.encode()


def _workflows(namespace: str, workflow_id: str) -> bytes:
    return b"\x00".join((b"temporal payload", namespace.encode(), workflow_id.encode()))


def _officers(namespace: str, officer: str, at: str) -> bytes:
    return b"\x00".join((b"officer's input", namespace.encode(), officer.encode(), at.encode()))
