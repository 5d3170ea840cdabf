"""A replay that fails names the command that differs."""

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory

from adapters.cli.replaying import words_of

FAILURE = RuntimeError(
    'Workflow activation completion failed: Failure { failure: Some(Failure { message: "[TMPRL1100] Nondeterminism '
    'error: No command scheduled for event HistoryEvent(id: 7, ActivityTaskScheduled)", source: "" }) }'
)


def history():
    event = HistoryEvent(event_id=7, event_type=EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED)
    event.activity_task_scheduled_event_attributes.activity_type.name = "carry_out"
    event.activity_task_scheduled_event_attributes.task_queue.name = "holdfast-institution-CT"
    return WorkflowHistory("case/c-1", [HistoryEvent(event_id=1), event])


def test_the_event_is_named_with_what_it_asked_for():
    assert words_of(FAILURE, history()) == (
        "[TMPRL1100] Nondeterminism error: No command scheduled for event HistoryEvent(id: 7, ActivityTaskScheduled)"
        " · in the history: activity task scheduled carry_out holdfast-institution-CT"
    )


def test_a_failure_of_another_kind_is_told_in_its_own_words():
    assert words_of(ValueError("odd"), history()) == "ValueError: odd"
