"""The live line of a drill: scenario second, reports filed, held, at risk, pending."""

import contextlib
from collections.abc import Callable, Iterator

from adapters.cli.voice import Voice, yuan
from adapters.drill.drill import Moment


@contextlib.contextmanager
def watched(voice: Voice, run: str) -> Iterator[Callable[[Moment], None]]:
    """Gives what to call with each moment of a drill; silent for programs."""
    if voice.as_json:
        yield lambda _: None
        return
    with voice.err.status(f"{run}: the world is being made") as status:
        yield lambda moment: status.update(f"{run}: {line(moment)}")


def line(moment: Moment) -> str:
    """One moment in one line."""
    return (
        f"second {moment.at_s:,.0f} · reports {moment.filed}/{moment.reports} · held {yuan(moment.held_fen)} · "
        f"at risk {yuan(moment.at_risk_fen)} · pending {moment.waiting}"
    )
