"""A machine that stands still makes no history differ: the two seconds that a task may take are for live cases."""

import time
from typing import Any

import pytest
from temporalio.worker import WorkflowRunner

from adapters.cli import replaying
from tests.replay.test_replay import case_history, replayed_plain
from workflows.runner import runner

STALL_S = 2.3


class _Stalls:
    """An instance whose first task takes longer than the engine waits."""

    def __init__(self, instance: Any) -> None:
        self._instance = instance
        self._stalled = False

    def activate(self, act: Any) -> Any:
        completion = self._instance.activate(act)
        if not self._stalled:
            self._stalled = True
            time.sleep(STALL_S)
        return completion

    def __getattr__(self, name: str) -> Any:
        return getattr(self._instance, name)


class StallingRunner(WorkflowRunner):
    """The worker's own runner, on a machine that stands still `stalls` times."""

    def __init__(self, stalls: int) -> None:
        self._inner = runner()
        self.stalls = stalls

    def prepare_workflow(self, defn: Any) -> None:
        self._inner.prepare_workflow(defn)

    def create_instance(self, det: Any) -> Any:
        instance = self._inner.create_instance(det)
        if self.stalls <= 0:
            return instance
        self.stalls -= 1
        return _Stalls(instance)

    def set_worker_level_failure_exception_types(self, types: Any) -> None:
        self._inner.set_worker_level_failure_exception_types(types)


async def test_a_replay_that_the_machine_held_up_is_tried_again(monkeypatch: pytest.MonkeyPatch):
    stalling = StallingRunner(1)
    monkeypatch.setattr(replaying, "runner", lambda: stalling)
    assert (await replayed_plain(*case_history())).differs == ""
    assert stalling.stalls == 0


async def test_a_history_that_is_too_slow_each_time_says_so_and_not_that_a_command_differs(
    monkeypatch: pytest.MonkeyPatch,
):
    stalling = StallingRunner(replaying.TRIES)
    monkeypatch.setattr(replaying, "runner", lambda: stalling)
    assert "TMPRL1101" in (await replayed_plain(*case_history())).differs
    assert stalling.stalls == 0
