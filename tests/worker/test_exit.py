"""How a worker ends: a supervisor reads it off the exit code, a person off one sentence."""

import sys

import pytest

from adapters.settings import PROJECT_ROOT


async def test_a_worker_whose_queue_fails_ends_as_failed_and_says_why(surroundings):
    await surroundings.engine()
    nowhere = surroundings.directory / "elsewhere.toml"
    nowhere.write_text(
        f'[profile.theirs]\naddress = "127.0.0.1:{surroundings.port}"\nnamespace = "nobody-made-it"\n',
        encoding="utf-8",
    )
    worker = await surroundings.worker(TEMPORAL_CONFIG_FILE=str(nowhere))
    assert await worker.ended() == 1
    (last,) = worker.events("process_ended_by_an_error")
    assert "nobody-made-it" in str(last)


@pytest.mark.parametrize(
    ("setting", "value", "words", "code"),
    [
        ("HOLDFAST_LOG_LEVEL", "nonsense", "HOLDFAST_LOG_LEVEL cannot be used", 2),
        ("HOLDFAST_POLICY_FILE", "/nowhere.toml", "correct HOLDFAST_POLICY_FILE", 2),
        ("HOLDFAST_KEYS_FILE", "/nowhere.json", "HOLDFAST_KEYS_FILE", 2),
        ("HOLDFAST_TEMPORAL_PROFILE", "unheard-of", "correct HOLDFAST_TEMPORAL_PROFILE", 2),
        ("HOLDFAST_POSTGRES_URL", "postgresql://nobody@127.0.0.1:1/x", "The register does not answer", 4),
    ],
)
async def test_what_keeps_a_worker_from_starting_is_one_sentence_and_a_code_of_its_own(
    surroundings, setting, value, words, code
):
    worker = await surroundings.worker(**{setting: value})
    assert await worker.ended() == code
    (sentence,) = worker.said.splitlines()
    assert words in sentence


async def test_a_queue_that_does_not_exist_is_one_sentence(surroundings):
    worker = await surroundings.worker(queues="tellers")
    assert await worker.ended() == 2
    (sentence,) = worker.said.splitlines()
    assert sentence.startswith("--queues: no such queue ['tellers']")


async def test_a_fault_of_ours_while_it_works_is_not_taken_for_a_wrong_setting(surroundings, tmp_path):
    """A ValueError that comes out of the work is shown whole, and ends the process as failed."""
    faulty = tmp_path / "faulty.py"
    faulty.write_text(
        f"import sys\nsys.path.insert(0, {str(PROJECT_ROOT)!r})\nimport worker\n"
        "async def fails(self):\n    raise ValueError('a bug')\n"
        "worker.Bell.ring_for_ever = fails\nsys.exit(worker.main())\n",
        encoding="utf-8",
    )
    await surroundings.engine()
    worker = await surroundings.start(sys.executable, str(faulty), "--run", surroundings.run, "--queues", "cases")
    assert await worker.ended() == 1
    (last,) = worker.events("process_ended_by_an_error")
    assert "ValueError" in last["exception"]
