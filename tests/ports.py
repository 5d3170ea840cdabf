"""Ports of 127.0.0.1 that a test names to a server before it starts."""

import random

from adapters.temporal.ports import is_free

_BELOW_THE_KERNELS = range(20_000, 30_000)
"""Nothing that connects outwards is given one of these, so what was free is free still when the server starts."""


def free_ports(count: int) -> list[int]:
    """So many different ones."""
    drawn = random.sample(_BELOW_THE_KERNELS, len(_BELOW_THE_KERNELS))
    free = (port for port in drawn if is_free(port))
    return [next(free) for _ in range(count)]
