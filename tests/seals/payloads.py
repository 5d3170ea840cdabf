"""Every payload of an event that the codec is responsible for: all but search attributes."""

from collections.abc import Iterator

from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload, SearchAttributes


def payloads_of(message: Message) -> Iterator[Payload]:
    if isinstance(message, Payload):
        yield message
        return
    if isinstance(message, SearchAttributes):
        return
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            many = [one for one in value.values() if isinstance(one, Message)]
        else:
            many = list(value) if field.is_repeated else [value]
        for one in many:
            yield from payloads_of(one)
