"""The doorkeeper of a real centre: officers and their devices in the register of the world they work in."""

from collections.abc import Callable, Sequence

from adapters.http.codec.doorkeeper import NO_WORLD, Admitted
from adapters.keyring import KeyRing
from adapters.register import Register, Rules
from domain.words import Complaint


class RegisterDoor:
    """Admits whoever the register of a world admits; a code opens once, and every attempt is on record there.

    `worlds`: the namespaces there are, the latest first; `database`: where the register of one is.
    """

    def __init__(
        self, worlds: Callable[[], Sequence[str]], database: Callable[[str], str | None], rules: Rules, ring: KeyRing
    ) -> None:
        self._worlds = worlds
        self._database = database
        self._rules = rules
        self._ring = ring
        self._registers: dict[str, Register] = {}

    def worlds(self) -> Sequence[str]:
        """The namespaces an officer may log in to, the latest first."""
        return self._worlds()

    async def admit(self, officer: str, code: str, world: str) -> Admitted | Complaint:
        """See Doorkeeper. Without a world named, the latest is meant."""
        known = self._worlds()
        namespace = world or (known[0] if known else "")
        if namespace not in known:
            return NO_WORLD
        found = await (await self._register(namespace)).admit(officer, code)
        if isinstance(found, Complaint):
            return found
        return Admitted(officer=officer, roles=found, namespace=namespace)

    async def _register(self, namespace: str) -> Register:
        if namespace not in self._registers:
            url = self._database(namespace)
            if url is None:
                raise LookupError("no register of this world")
            self._registers[namespace] = await Register.connect(url, rules=self._rules, ring=self._ring, connections=2)
        return self._registers[namespace]

    async def close(self) -> None:
        """Let the registers go."""
        for register in self._registers.values():
            await register.close()
        self._registers.clear()
