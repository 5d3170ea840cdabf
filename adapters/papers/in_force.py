"""What a worker prints with from its start on: no fault of a template or of the seal keeps it from starting.

own        templates and settings, where nothing is wrong with them
former     the words last in force, kept in the register, with the settings of now where they fit
built in   the words that came with the system, where none are kept yet

A stop at three in the morning leaves with the words of yesterday rather than not at all. Whatever was wrong is an alarm
in the log, stands in the register for the inbox to say, and is told in full by `papers check`.
"""

from collections.abc import Mapping
from datetime import datetime

import structlog

from adapters.papers.printing import fit, seal_of, templates_of
from adapters.papers.render import Printer
from adapters.papers.seal import Seal, SealError
from adapters.papers.templates import Template, TemplateError, load_templates
from adapters.papers.words import Words
from adapters.register import Register, Rules
from adapters.settings import Settings
from domain.papers import PaperKind

log = structlog.get_logger("papers")

_Every = Mapping[PaperKind, Words]


async def printer_in_force(
    given: Settings, rules: Rules, register: Register, now: datetime, *, practice: bool
) -> Printer:
    """The printer, and the register told what to print with. Raises RegisterError, and nothing that is of papers."""
    faults: list[str] = []
    own = _own(given, rules, faults)
    seal = _seal(given, faults, practice=practice)
    candidates = [*own, *_former(given, rules, await register.former_words()), _built_in(given, rules)]
    adopted = await register.adopt_words(candidates, given.paper_organ, faults, now)
    if adopted.faults:
        log.error("papers_faulty", alarm=True, faults=list(adopted.faults), remedy="starter.py papers check")
    templates = {kind: words.template for kind, words in adopted.words.items()}
    signature = adopted.words[PaperKind.STOP].signature
    return Printer(templates, signature=signature, seal=seal, practice=practice)


def _own(given: Settings, rules: Rules, faults: list[str]) -> list[_Every]:
    try:
        templates = templates_of(given)
        fit(Printer(templates, signature=given.paper_signature), rules.basis, given.paper_templates_dir)
    except TemplateError as problem:
        faults += map(str, problem.faults)
        return []
    except Exception as problem:  # noqa: BLE001 - whatever a file made of the reader, the worker starts
        faults.append(f"the templates cannot be used ({type(problem).__name__})")
        return []
    return [rules.worded(templates, given.paper_signature, given.organisation_name)]


def _seal(given: Settings, faults: list[str], *, practice: bool) -> Seal | None:
    try:
        return seal_of(given, practice=practice)
    except SealError as problem:
        faults.append(str(problem))
    except Exception as problem:  # noqa: BLE001 - a damaged picture breaks its reader in many ways
        faults.append(f"HOLDFAST_PAPER_SEAL: it cannot be read ({type(problem).__name__}); save it again as PNG.")
    return None


def _former(given: Settings, rules: Rules, former: _Every) -> list[_Every]:
    """Kinds that were never in force come with the system."""
    if not former:
        return []
    templates = load_templates() | {kind: words.template for kind, words in former.items()}
    if _fits(templates, given.paper_signature, rules):
        return [rules.worded(templates, given.paper_signature, given.organisation_name)]
    whole = {**_built_in(given, rules), **former}
    return [whole] if all(_fits(templates, words.signature, rules) for words in former.values()) else []


def _built_in(given: Settings, rules: Rules) -> _Every:
    templates = load_templates()
    signature = given.paper_signature if _fits(templates, given.paper_signature, rules) else ""
    return rules.worded(templates, signature, given.organisation_name)


def _fits(templates: Mapping[PaperKind, Template], signature: str, rules: Rules) -> bool:
    try:
        fit(Printer(templates, signature=signature), rules.basis)
    except TemplateError:
        return False
    except Exception as problem:  # noqa: BLE001 - words of another time may name what is not known any more
        log.error("former_words_unusable", error=type(problem).__name__)  # noqa: TRY400 - values in a trace are personal
        return False
    return True
