"""Faults of templates or seal, said where officers and operators look: papers leave with former words until mended."""

from rich.markup import escape

from adapters.register.wording import PaperFaults
from domain.clock import shown_clock


def faulty_line(found: PaperFaults | None) -> list[str]:
    """The red line of faults that stand, as Rich markup; none where nothing is wrong."""
    return [f"[red]{escape(_words(found))}[/red]"] if found else []


def _words(found: PaperFaults) -> str:
    return (
        f"文书模板或印章有误 templates or seal faulty since {shown_clock(found.since)} (CST): "
        "文书照发，用原来的文字或不带印章 papers go on, with former words or without seal; "
        f"{len(found.faults)} 处 faults: starter.py papers check"
    )


def faulty_value(found: PaperFaults | None) -> dict[str, object] | None:
    """For a program. `since` in UTC; None: nothing is wrong."""
    return {"since": found.since.isoformat(), "faults": list(found.faults)} if found else None
