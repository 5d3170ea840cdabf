"""Ports of 127.0.0.1 that a test names to a server before it starts."""

import random

from adapters.temporal.ports import DRAWN, is_free


def free_ports(count: int) -> list[int]:
    """So many different ones, of those that nothing which connects outwards is given: they stay free till then."""
    drawn = random.sample(range(*DRAWN), DRAWN[1] - DRAWN[0])
    free = (port for port in drawn if is_free(port))
    return [next(free) for _ in range(count)]
