"""A halt that stands, said wherever officers look: while it does, nothing they wait for leaves."""

from datetime import datetime

from rich.markup import escape

from adapters.register import Register
from domain.authority import Halt
from domain.clock import shown_clock


async def halt_lines(register: Register) -> list[str]:
    """The red line of the halt that stands, as Rich markup; none where nobody has halted. Raises RegisterError."""
    return halt_line(await register.standing_halt())


def halt_line(halt: Halt | None) -> list[str]:
    """The same of a halt that was read before."""
    return [f"[bold red]{escape(halt_words(halt))}[/bold red]"] if halt else []


def halt_words(halt: Halt) -> str:
    """Since when, by whom, and what ends it."""
    return (
        f"全中心停手中 halted since {shown_clock(halt.at)} (CST) by {halt.officer}: "
        "止付冻结一律不发，待两名值班民警重新签署 no stop or freeze leaves until two duty officers sign again "
        '(starter.py authority --handling "NO CODE" --second "NO CODE")'
    )


def halt_value(halt: Halt | None) -> dict[str, str] | None:
    """For a program. `since` in UTC; None: nobody has halted."""
    return {"officer": halt.officer, "since": _utc(halt.at)} if halt else None


def _utc(moment: datetime) -> str:
    return moment.isoformat()
