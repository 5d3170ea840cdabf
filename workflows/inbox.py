"""What people send to a running case, taken in by total handlers: nothing typed in the Temporal UI can stick a case."""

from collections.abc import Sequence

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError
from temporalio.worker import (
    HandleSignalInput,
    HandleUpdateInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

with workflow.unsafe.imports_passed_through():
    from domain.operations import REFUSED
    from domain.policy import SEAL_RULES, SealRules
    from domain.seals import TOO_OLD, UNOPENED_WORDS, Provenance, provenance, unopened
    from domain.words import Complaint

NOTHING: RawValue = None  # type: ignore[assignment]
"""No input at all. The handlers' type hint has to be RawValue itself, or the SDK decodes before we can look."""

TOO_MANY = Complaint(
    zh="只接受一个输入，收到多个，已忽略", en="one input is expected, several came; nothing was done with them"
)
NOT_YOURS = Complaint(
    zh="登录者与所填警号不是同一人：请用本人的登录和警号",
    en="the session belongs to another officer than the number typed: log in yourself",
)
UNREADABLE = Complaint(zh="输入无法解码，已忽略", en="the input cannot be decoded; nothing was done with it")


def given(payload: RawValue | None) -> object:
    """What was typed, or a Complaint: not sealed for this workflow, sealed too long ago, or unreadable. Never raises.

    The age is taken against the workflow's own clock, so that a replay judges as the first run did.
    """
    if payload is None:
        return None
    if (reason := unopened(payload.payload.metadata)) is not None:
        return UNOPENED_WORDS[reason]
    sealed = sealed_by(payload)
    if sealed is not None and not sealed.in_time(workflow.now(), _seal_rules()):
        return TOO_OLD
    try:
        typed: object = workflow.payload_converter().from_payload(payload.payload)
    except Exception:  # noqa: BLE001 - junk of any kind must become a complaint, never a failed workflow task
        return UNREADABLE
    return typed


def sealed_by(payload: RawValue | None) -> Provenance | None:
    """The officer whose session sealed this input, and when; None: one of our own processes sealed it. Never raises."""
    return None if payload is None else provenance(payload.payload.metadata)


def not_theirs(officer: str, payload: RawValue | None) -> Complaint | None:
    """What an officer's session sealed speaks for this officer only; None: it may. Never raises."""
    sealed = sealed_by(payload)
    return NOT_YOURS if sealed is not None and sealed.officer != officer else None


def _seal_rules() -> SealRules:
    """Of the policy that the workflow carries."""
    rules = getattr(workflow.instance(), "seal_rules", SEAL_RULES)
    return rules if isinstance(rules, SealRules) else SEAL_RULES


def refusal(complaint: Complaint) -> ApplicationError:
    """The words an officer sees in the dialog of an update."""
    return ApplicationError(complaint.both, type=REFUSED, non_retryable=True)


def note(complaint: Complaint, name: str) -> None:
    """Make what could not be understood visible in the case's details."""
    instance = workflow.instance()
    misunderstood = getattr(instance, "misunderstood", None)
    if callable(misunderstood):
        misunderstood(name, complaint)


class _OneInputOnly(WorkflowInboundInterceptor):
    """Two inputs to a one-input handler would fail the workflow task for ever: they are noted and dropped here."""

    async def handle_signal(self, input: HandleSignalInput) -> None:  # noqa: A002 - the SDK's signature
        if len(input.args) > 1 and not _is_dynamic_signal(input.signal):
            note(TOO_MANY, input.signal)
            return
        await super().handle_signal(input)

    def handle_update_validator(self, input: HandleUpdateInput) -> None:  # noqa: A002 - likewise
        if len(input.args) > 1 and not _is_dynamic_update(input.update):
            raise refusal(TOO_MANY)
        super().handle_update_validator(input)


def _is_dynamic_signal(name: str) -> bool:
    return workflow.get_signal_handler(name) is None


def _is_dynamic_update(name: str) -> bool:
    return workflow.get_update_handler(name) is None


class InboxInterceptor(Interceptor):
    """Put on every worker that runs workflows."""

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: A002, ARG002 - the SDK's signature
    ) -> type[WorkflowInboundInterceptor]:
        """The guard of all inputs."""
        return _OneInputOnly


def first(args: Sequence[RawValue]) -> RawValue | None:
    """The one input of a dynamic handler, None when there is not exactly one."""
    return args[0] if len(args) == 1 else None
