"""The printer and the templates that the settings ask for."""

from collections.abc import Mapping
from pathlib import Path

from adapters.papers.render import LEADING, Printer
from adapters.papers.sample import sample
from adapters.papers.seal import seal_from
from adapters.papers.templates import BUILT_IN, Template, TemplateError, TemplateFault, load_templates
from adapters.settings import Settings
from domain.papers import PaperKind


def templates_of(given: Settings) -> dict[PaperKind, Template]:
    """The templates in force. Raises TemplateError."""
    return load_templates(given.paper_templates_dir)


def series_of(templates: Mapping[PaperKind, Template]) -> dict[PaperKind, str]:
    """The word in the number of each kind of paper."""
    return {kind: template.series for kind, template in templates.items()}


def printer_of(given: Settings, templates: Mapping[PaperKind, Template], *, practice: bool) -> Printer:
    """The printer with seal and signature. Raises SealError, or TemplateError where a page runs over."""
    seal = seal_from(given.paper_seal) if given.paper_seal is not None and not practice else None
    printer = Printer(templates=templates, signature=given.paper_signature, seal=seal, practice=practice)
    fit(printer, given.paper_templates_dir)
    return printer


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
