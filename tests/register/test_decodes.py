"""The record of decodes: kept as written, in the register of the world that was read."""

from datetime import UTC, datetime

import psycopg
import pytest

from adapters.http.codec.recording import Decode, UnknownNamespaceError
from adapters.register.decodes import DecodeLog

AT = datetime(2026, 11, 26, 12, tzinfo=UTC)
READ = [
    Decode(officer="012345", at=AT, namespace="main", workflow_id="case/c-1", payloads=7, masked=False),
    Decode(officer="012345", at=AT, namespace="main", workflow_id="", payloads=1, masked=True),
]


@pytest.fixture
async def record(url):
    one = DecodeLog(lambda namespace: url if namespace == "main" else None)
    yield one
    await one.close()


async def test_every_decode_is_kept_in_order(record):
    await record.keep(READ)
    await record.keep([])
    await record.keep(READ[:1])
    assert await record.of("main") == [*READ, READ[0]]


@pytest.mark.parametrize(
    "change", ["UPDATE decode_log SET payloads = 1", "DELETE FROM decode_log", "TRUNCATE decode_log"]
)
async def test_nobody_changes_what_was_read(record, sql, change):
    await record.keep(READ)
    with pytest.raises(psycopg.errors.RaiseException, match="decode_log is kept as it was written"):
        sql.execute(change)
    assert await record.of("main") == READ


async def test_a_namespace_without_a_register_is_no_place_to_read(record):
    with pytest.raises(UnknownNamespaceError):
        await record.keep([READ[0].model_copy(update={"namespace": "nowhere"})])
