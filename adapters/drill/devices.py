"""The practice officers' devices: secrets and signing keys derived from the oldest key of the ring, for each world.

They are enrolled in the world's register like everybody's; only because they are derived can a drill, and whoever
reads the README, know what they show.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.devices import SECRET_BYTES, code_of, key_from, public_part, signed
from adapters.keyring import KeyRing
from adapters.register.enrolling import Device
from domain.evidence import STEP_SECONDS, Signature

_LATEST_S = 5.0
"""So long before it stops counting a code is not said any more: words travel for seconds under load."""


class Shown(NamedTuple):
    """A code as one officer's authenticator shows it."""

    officer: str
    step: int
    code: str

    def still_serves(self, now: float) -> bool:
        """Whether it can be said once more (Unix seconds): it counts during its half minute and the next one."""
        return now < (self.step + 2) * STEP_SECONDS - _LATEST_S


@dataclass
class Devices:
    """What the practice officers of one world hold; no code is handed out twice."""

    ring: KeyRing
    run: str
    used: set[tuple[str, int]] = field(default_factory=set)
    """(officer, half minute), also those the register knows to be used."""
    clock: Callable[[], float] = time.time

    def of(self, officer: str) -> Device:
        """A device as it is enrolled."""
        return Device(officer=officer, secret=self._secret(officer), public_key=public_part(self._key(officer)))

    def free_code(self, officers: Iterable[str]) -> Shown | None:
        """The next unused code of the first of these who has one; None: all have to wait for the next half minute.

        A code may be said half a minute early, so each officer has two at any moment.
        """
        now = int(self.clock()) // STEP_SECONDS
        for step in (now, now + 1):
            for officer in officers:
                if (officer, step) not in self.used:
                    self.used.add((officer, step))
                    return Shown(officer, step, code_of(self._secret(officer), step))
        return None

    def signature(self, officer: str, text: str) -> Signature:
        """The officer's signature over a binding's text."""
        return signed(self._key(officer), text)

    def all_of(self, officers: Sequence[str]) -> list[Device]:
        """The devices of all of them."""
        return [self.of(officer) for officer in officers]

    def _secret(self, officer: str) -> bytes:
        return self.ring.derive("practice officer", self.run, officer)[:SECRET_BYTES]

    def _key(self, officer: str) -> Ed25519PrivateKey:
        return key_from(self.ring.derive("practice officer's signing key", self.run, officer))
