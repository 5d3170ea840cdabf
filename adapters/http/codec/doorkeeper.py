"""Who may come in: the port that the endpoint owns; the register of officers and their authenticators fills it."""

from collections.abc import Sequence
from typing import Protocol

from domain.frozen import Frozen
from domain.officers import Role
from domain.words import Complaint

NO_WORLD = Complaint(zh="没有这个命名空间，请重新选择", en="there is no such namespace: choose one of the list")


class Admitted(Frozen):
    """An officer whose number and code were right, what the officer's roles are now, and where they count."""

    officer: str
    roles: tuple[Role, ...]
    namespace: str


class Doorkeeper(Protocol):
    """Checks a number and a one-time code.

    Must not admit a code twice, nor an officer who is not active; must not say which of the two was wrong.
    """

    def worlds(self) -> Sequence[str]:
        """The namespaces an officer may log in to, the latest first."""
        ...

    async def admit(self, officer: str, code: str, world: str) -> Admitted | Complaint:
        """The officer, or why not in words for the officer's eyes. `world` empty: the latest namespace.

        Raises only when it cannot be checked now.
        """
        ...
