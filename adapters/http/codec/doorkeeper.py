"""Who may come in: the port that the endpoint owns; the register of officers and their authenticators fills it."""

from typing import Protocol

from domain.frozen import Frozen
from domain.officers import Role
from domain.words import Complaint

CLOSED = Complaint(
    zh="尚无警员绑定动态口令，暂不能登录", en="no officer has an authenticator yet: nobody can log in here"
)


class Admitted(Frozen):
    """An officer whose number and code were right, and what the officer's roles are now."""

    officer: str
    roles: tuple[Role, ...]


class Doorkeeper(Protocol):
    """Checks a number and a one-time code.

    Must not admit a code twice, nor an officer who is not active; must not say which of the two was wrong.
    """

    async def admit(self, officer: str, code: str) -> Admitted | Complaint:
        """The officer, or why not in words for the officer's eyes. Raises only when it cannot be checked now."""
        ...


class ClosedDoor:
    """Admits nobody: the doorkeeper of a centre in which no officer has an authenticator."""

    async def admit(self, officer: str, code: str) -> Admitted | Complaint:
        """Nobody."""
        del officer, code
        return CLOSED
