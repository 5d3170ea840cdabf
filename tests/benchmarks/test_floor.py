"""The bare workflows that ours are measured against run, and do no more than they claim."""

import uuid
from datetime import UTC, datetime
from pathlib import Path
from sys import executable

import pytest
from temporalio import activity
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Worker

from adapters.banks.line import PlatformLine
from adapters.banks.requests import Centre
from adapters.letters import Door
from adapters.sandbox.messages import read_order
from benchmarks.floor import PAPER, letter_of
from benchmarks.steps import LETTER, NOTHING, STEPS, Note, OneLetter, TwelveSteps
from tests.contracts.practice import EVERY_LETTER
from tests.dev_servers import start_time_skipping_server
from workflows.runner import runner

NOW = datetime(2026, 11, 21, 19, 4, 5, tzinfo=UTC)
SERVER = Path(executable).with_name("temporal-test-server")


@pytest.fixture
async def engine():
    async with await start_time_skipping_server(
        test_server_existing_path=str(SERVER), data_converter=pydantic_data_converter
    ) as environment:
        yield environment.client


@activity.defn(name=LETTER)
async def one_row_one_letter(note: Note) -> bool:
    return bool(note.name)


@activity.defn(name=NOTHING)
async def nothing(note: Note) -> bool:
    return bool(note.name)


@pytest.fixture
async def queue(engine):
    name = f"floor-{uuid.uuid4()}"
    async with Worker(
        engine,
        task_queue=name,
        workflows=[OneLetter, TwelveSteps],
        activities=[one_row_one_letter, nothing],
        workflow_runner=runner(),
    ):
        yield name


async def test_the_floor_of_a_first_stop_is_one_activity(engine, queue):
    handle = await engine.start_workflow(OneLetter.run, Note(name="FLOOR-1"), id=queue, task_queue=queue)

    assert await handle.result() is True
    assert await _activities(handle) == 1


async def test_the_floor_of_a_case_is_twelve_activities(engine, queue):
    handle = await engine.start_workflow(TwelveSteps.run, Note(name="steps-1"), id=queue, task_queue=queue)

    assert await handle.result() == STEPS
    assert await _activities(handle) == STEPS


async def _activities(handle) -> int:
    return sum(
        [event.HasField("activity_task_scheduled_event_attributes") async for event in handle.fetch_history_events()]
    )


def test_the_floors_letter_is_one_that_the_practice_institutions_read():
    line = PlatformLine(Door(None, "", EVERY_LETTER), Centre("320299000000", "无锡市反电信网络诈骗中心"))  # type: ignore[arg-type]

    letter = line.seal(letter_of("FLOOR-000001", NOW), PAPER)

    read = read_order(letter.key, letter.serial, letter.message)
    assert (read.code, read.fields["CaseNumber"]) == ("100101", "FLOOR-000001")
