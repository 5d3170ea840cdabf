"""How workflow code runs: in the sandbox, with our own pure packages passed through.

Used by the worker and by replays alike: a replay under other rules would prove nothing.
"""

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from workflows.case import CaseWorkflow
from workflows.inbox import InboxInterceptor
from workflows.verification import VerificationWorkflow

WORKFLOWS = (CaseWorkflow, VerificationWorkflow)
INTERCEPTORS = (InboxInterceptor(),)


def runner() -> SandboxedWorkflowRunner:
    """The sandbox stays on; what is passed through is pure and measured to be worth it (docs/decisions.md)."""
    return SandboxedWorkflowRunner(
        restrictions=SandboxRestrictions.default.with_passthrough_modules("pydantic", "pydantic_core", "domain")
    )
