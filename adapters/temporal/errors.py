"""What the embedded stack says when it cannot go on, and how an engine that does not answer is known."""

from temporalio.service import RPCStatusCode

ENGINE_DOWN = frozenset({RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED})
"""What the client says when nobody answers; anything else is about the one case."""


class StackError(Exception):
    """One clear sentence for a person, with the remedy."""
