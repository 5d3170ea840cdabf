"""A doorkeeper and a record in memory, for tests: real one-time codes, each good once."""

from collections.abc import Sequence
from datetime import datetime

import pyotp

from adapters.http.codec.doorkeeper import Admitted
from adapters.http.codec.recording import Decode
from domain.officers import Role
from domain.words import Complaint

WRONG = Complaint(zh="警号或验证码不对", en="wrong number or code")


class MemoryDoorkeeper:
    """Officers with an authenticator each."""

    def __init__(self, officers: dict[str, tuple[Role, ...]], namespaces: Sequence[str] = ("main",)) -> None:
        self.roles = officers
        self.namespaces = namespaces
        self.secrets = {officer: pyotp.random_base32() for officer in officers}
        self.used: set[tuple[str, str]] = set()

    def code(self, officer: str) -> str:
        """What the officer's telephone shows now."""
        return pyotp.TOTP(self.secrets[officer]).now()

    def worlds(self) -> Sequence[str]:
        return self.namespaces

    async def admit(self, officer: str, code: str, world: str) -> Admitted | Complaint:
        secret = self.secrets.get(officer)
        right = secret is not None and pyotp.TOTP(secret).verify(code, valid_window=1)
        if not right or (officer, code) in self.used:
            return WRONG
        self.used.add((officer, code))
        return Admitted(officer=officer, roles=self.roles[officer], namespace=world or self.namespaces[0])


class MemoryRecord:
    """What was read; `down`: it cannot be kept."""

    def __init__(self) -> None:
        self.kept: list[Decode] = []
        self.down = False

    async def keep(self, decodes: Sequence[Decode]) -> None:
        if self.down:
            raise OSError("no database")
        self.kept += decodes


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now
