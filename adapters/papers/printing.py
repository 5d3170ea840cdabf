"""The templates and the seal that the settings ask for, and whether what they print fits its page."""

from pathlib import Path

from adapters.papers.render import LEADING, Printer
from adapters.papers.sample import sample
from adapters.papers.seal import Seal, seal_from
from adapters.papers.templates import BUILT_IN, Template, TemplateError, TemplateFault, load_templates
from adapters.settings import Settings
from domain.papers import PaperKind


def templates_of(given: Settings) -> dict[PaperKind, Template]:
    """The templates in force. Raises TemplateError."""
    return load_templates(given.paper_templates_dir)


def seal_of(given: Settings, *, practice: bool) -> Seal | None:
    """The seal of the settings; None in practice worlds, whose printer brings its own. Raises SealError."""
    return seal_from(given.paper_seal) if given.paper_seal is not None and not practice else None


def fit(printer: Printer, directory: Path | None = None) -> None:
    """Raises TemplateError for each kind whose first page, with the longest names on it, needs more than a page."""
    faults = []
    for kind in PaperKind:
        room = min(printer.room(sample(kind, long=True, accounts=accounts)) for accounts in (1, 2))
        if room < 0:
            own = (directory or BUILT_IN) / f"{kind.value}.toml"
            over = f"{-room:.0f} points (some {1 - room / LEADING:.0f} lines)"
            faults.append(
                TemplateFault(
                    file=str(own if own.is_file() else BUILT_IN / own.name),
                    line=0,
                    field="text",
                    problem=f"with the longest names its first page is {over} too long",
                    remedy="shorten text or closing, or take optional lines away",
                )
            )
    if faults:
        raise TemplateError(faults)
