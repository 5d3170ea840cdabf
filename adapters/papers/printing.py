"""The templates and the seal that the settings ask for, and whether what they print fits its page."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from adapters.papers.render import LEADING, Printer
from adapters.papers.sample import LONGEST_CATEGORY, sample
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


def fit(printer: Printer, basis: Mapping[PaperKind, str], directory: Path | None = None) -> None:
    """Raises TemplateError for each kind that needs more than a page where it may not.

    With the longest account names its seal is on the first page; with the longest category and the policy's laws
    too, its words are.
    """
    faults = []
    for kind in PaperKind:
        own = (directory or BUILT_IN) / f"{kind.value}.toml"
        for room, said in _rooms(printer, kind, basis.get(kind, "")):
            if room < 0:
                over = f"{-room:.0f} points (some {1 - room / LEADING:.0f} lines)"
                faults.append(
                    TemplateFault(
                        file=str(own if own.is_file() else BUILT_IN / own.name),
                        line=0,
                        field="text",
                        problem=f"with {said} its first page is {over} too long",
                        remedy="shorten text or closing, or take optional lines away",
                    )
                )
                break
    if faults:
        raise TemplateError(faults)


def _rooms(printer: Printer, kind: PaperKind, law: str) -> Iterator[tuple[float, str]]:
    longest = [sample(kind, long=True, accounts=accounts) for accounts in (1, 2)]
    yield min(printer.room(paper) for paper in longest), "the longest names"
    longest = [
        paper.model_copy(update={"category": LONGEST_CATEGORY, "basis": law or paper.basis}) for paper in longest
    ]
    room = min(printer.room(paper, signed=False) for paper in longest)
    yield room, f"the longest names and category and a law of {len(law)} characters in the policy"
