"""Between values and the engine: pydantic on the inside, sealed on the outside. Used by every client and worker."""

import copy
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any, Self

from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import DataConverter, SerializationContext
from temporalio.exceptions import ApplicationError

from adapters.keyring import KeyRing
from adapters.temporal.failing import SealedFailureConverter
from adapters.temporal.sealing import SealingCodec
from domain.seals import UNOPENED_WORDS, Unopened, provenance, unopened


class KeyMissingError(Exception):
    """This process lacks the key of a payload: the task fails and is taken up again by a worker that has it."""


class OpenedPayloadConverter(PydanticPayloadConverter):
    """Gives typed values only of payloads that were opened, and that one of our own processes sealed.

    Handlers of signals and updates take RawValue and look for themselves (workflows/inbox.py). A workflow's start, an
    activity's input or result is typed: there a forged payload ends what it was forged for, visibly, in words.
    """

    def from_payloads(self, payloads: Sequence[Payload], type_hints: list[type] | None = None) -> list[Any]:
        """See the class.

        Raises:
            ApplicationError: of type Unopened, for a payload that is not sealed, not for here, or not from a process.
            KeyMissingError: its key is not in our ring.
        """
        for payload, hint in zip_longest(payloads, type_hints or ()):
            if hint is not None and hint is not RawValue and payload is not None:
                _must_be_ours(payload)
        return super().from_payloads(payloads, type_hints)


def _must_be_ours(payload: Payload) -> None:
    reason = unopened(payload.metadata)
    if reason is Unopened.UNKNOWN_KEY:
        raise KeyMissingError("a payload is sealed with a key that is not in this process's ring")
    if reason is None and provenance(payload.metadata) is not None:
        reason = Unopened.FOREIGN  # an officer's session seals decisions, nothing else
    if reason is not None:
        raise ApplicationError(UNOPENED_WORDS[reason].both, type="Unopened", non_retryable=True)


class SealedDataConverter(DataConverter):
    """Knows no payloads kept elsewhere.

    The SDK raises at a payload that claims to be a reference to external storage, before any codec sees it: one signal
    of that kind would stick a workflow for ever. Here it is what it is: a payload that was never sealed.
    """

    def with_context(self, context: SerializationContext) -> Self:
        """The same converter for one workflow; only its codec differs.

        The SDK builds a converter anew here, all parts, and it asks for one several times a payload.
        """
        codec = self.payload_codec
        assert isinstance(codec, SealingCodec)
        bound = codec.with_context(context)
        if bound is codec:
            return self
        clone = copy.copy(self)
        object.__setattr__(clone, "payload_codec", bound)  # frozen, and ours alone until it is returned
        return clone

    async def _decode_reference_payload_sequence(self, payloads: Sequence[Payload]) -> list[Payload]:
        return list(payloads)

    async def _external_retrieve_payload_sequence(self, payloads: Sequence[Payload]) -> list[Payload]:
        return list(payloads)


def sealed_converter(ring: KeyRing) -> DataConverter:
    """The one way values travel."""
    return SealedDataConverter(
        payload_converter_class=OpenedPayloadConverter,
        payload_codec=SealingCodec(ring),
        failure_converter_class=SealedFailureConverter,
    )
