"""Every decode goes on record before anybody sees it: the port, which the register fills."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.frozen import Frozen


class Decode(Frozen):
    """One officer read payloads of one workflow. `at` in UTC; `workflow_id` empty: what an officer's session sealed."""

    officer: str
    at: datetime
    namespace: str
    workflow_id: str
    payloads: int
    masked: bool


class UnknownNamespaceError(Exception):
    """No world of ours is called that."""


class DecodeRecord(Protocol):
    """Append-only."""

    async def keep(self, decodes: Sequence[Decode]) -> None:
        """Keep them, all or none.

        Raises:
            UnknownNamespaceError: there is no register of that namespace.
            Exception: they could not be kept; then nothing is shown.
        """
        ...
