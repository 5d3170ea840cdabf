"""The engine is down when a worker starts: officers are told all the same, and the work begins when it is back."""

import pytest

from domain.identifiers import notice_id
from domain.notices import cause_of_sheet
from tests.register.given import ref
from tests.worker.conftest import until


@pytest.fixture
async def sheet(given):
    """A pending look at one stop."""
    made = given.look(await given.case(), (ref(), 500))
    await given.register.keep_sheet(made)
    return made


def letters(world, sheet):
    return [one for one in world.book() if one["key"].startswith(notice_id(sheet.case_id, cause_of_sheet(sheet.name)))]


async def test_a_worker_that_starts_without_its_engine_rings_at_once_and_works_when_it_is_there(
    surroundings, world, sheet
):
    worker = await surroundings.worker(queues="cases")
    await until(lambda: bool(letters(world, sheet)) or not worker.runs, "the letter")
    assert letters(world, sheet)
    await worker.says("engine_does_not_answer")
    # told once, however often it is tried
    (told,) = worker.events("engine_does_not_answer")
    assert str(surroundings.port) in told["why"]
    assert not worker.events("worker_ready")
    await surroundings.engine()
    await worker.says("worker_ready")
    assert await worker.told_to_end() == 0
    assert len(worker.events("engine_does_not_answer")) == 1


async def test_a_worker_that_waits_for_its_engine_ends_when_it_is_told_to(surroundings):
    worker = await surroundings.worker()
    await worker.says("engine_does_not_answer")
    assert await worker.told_to_end() == 0
    assert not worker.events("worker_ready")
