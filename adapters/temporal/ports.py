"""Ports of 127.0.0.1: the named one, else the one of last time (bookmarks keep working), else a free one."""

import random
import socket
from collections.abc import Mapping

from adapters.temporal.errors import StackError
from adapters.temporal.processes import listener

HOST = "127.0.0.1"
# What a first start tries, and what is drawn then; below the kernel's range for outgoing connections, so nobody takes
# them by chance.
FAVOURITES: Mapping[str, int] = {"temporal": 17233, "ui": 18233, "sandbox": 19233, "codec": 16233, "mail": 19025}
DRAWN = (20_000, 30_000)
_TRIES = 200


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the servers do
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def choose(purpose: str, *, named: int | None, remembered: int | None, taken: set[int]) -> int:
    """The port for one purpose, not among `taken`.

    Raises:
        StackError: the named port is in use, or none is free.
    """
    if named is not None:
        if named in taken or not is_free(named):
            raise StackError(
                f"Port {named} (HOLDFAST_{purpose.upper()}_PORT) is in use by {listener(named)}: "
                "end that, name another port, or leave the setting out and a free one is chosen."
            )
        return named
    drawn = (random.randint(*DRAWN) for _ in range(_TRIES))  # noqa: S311 - a port is no secret
    for port in (remembered, FAVOURITES[purpose], *drawn):
        if port is not None and port not in taken and is_free(port):
            return port
    raise StackError(f"No free port of {HOST} was found for {purpose}: end something that holds many ports.")
