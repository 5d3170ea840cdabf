"""Templates: the words of each kind of paper, one TOML file a kind, for a lawyer to edit (templates/README.zh.md).

Everything that can be wrong in a file is found when it is loaded, and said with file, line, field and remedy.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from string import Formatter
from typing import Annotated

from pydantic import ConfigDict, Field, ValidationError

from adapters.papers.glyphs import first_beyond
from adapters.papers.placeholders import KNOWN, ONE_ONLY, REQUIRED, SEVERAL_ONLY
from domain.frozen import Frozen
from domain.papers import PaperKind, Scope

BUILT_IN = Path(__file__).parent / "templates"
_NOTES = frozenset({"README.zh.md"})
_BRACE = re.compile("[{}]")

_Short = Annotated[str, Field(max_length=40)]
_Line = Annotated[str, Field(max_length=120)]
_Text = Annotated[str, Field(max_length=800)]
_Row = tuple[Annotated[str, Field(min_length=1, max_length=6)], _Line]


class TemplateFault(Frozen):
    """One thing wrong in one file. `line` 0: the file as a whole."""

    file: str
    line: int
    field: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        """One sentence for a person."""
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}{f' {self.field}' if self.field else ''}: {self.problem}; {self.remedy}"


class TemplateError(ValueError):
    """Templates cannot be used; `faults` says all that is wrong with them."""

    def __init__(self, faults: Iterable[TemplateFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


class _Part(Frozen):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Signature(_Part):
    """Who signs, and when."""

    organ: _Line
    date: _Line


class Annex(_Part):
    """The list of accounts; `amount` heads its last column."""

    title: _Short
    amount: _Short


class ScopeWords(_Part):
    """How {范围} is said."""

    limited: _Line
    whole: _Line
    mixed: _Line

    def of(self, scope: Scope) -> str:
        """The words of one scope."""
        return {Scope.LIMITED: self.limited, Scope.WHOLE: self.whole, Scope.MIXED: self.mixed}[scope]


class InterestWords(_Part):
    """How {孳息} is said; empty: the paper does not speak of it."""

    included: _Line = ""
    excluded: _Line = ""


class Template(_Part):
    """The words of one kind of paper; what stands in braces is filled in when it is issued."""

    title: Annotated[str, Field(min_length=2, max_length=20)]
    series: Annotated[str, Field(pattern=r"^[\u4e00-\u9fff]{1,6}$")]
    organ: _Line
    number: _Line
    to: _Line
    text: _Text
    closing: _Text
    one_account: tuple[_Row, ...] = Field(min_length=1, max_length=12)
    several_accounts: tuple[_Row, ...] = Field(min_length=1, max_length=12)
    officers: tuple[_Row, ...] = Field(min_length=2, max_length=4)
    signature: Signature
    annex: Annex
    scope: ScopeWords
    interest: InterestWords = InterestWords()

    def texts(self) -> Iterator[tuple[str, str]]:
        """Each text that may name placeholders, with its field."""
        yield from (("organ", self.organ), ("number", self.number), ("to", self.to))
        yield from (("text", self.text), ("closing", self.closing))
        for field in ("one_account", "several_accounts", "officers"):
            yield from ((field, value) for _, value in getattr(self, field))
        yield from (("signature.organ", self.signature.organ), ("signature.date", self.signature.date))

    def plain_texts(self) -> Iterator[tuple[str, str]]:
        """Each text that is printed as it is, with its field."""
        yield from (("title", self.title), ("annex.title", self.annex.title), ("annex.amount", self.annex.amount))
        for field in ("one_account", "several_accounts", "officers"):
            yield from ((field, label) for label, _ in getattr(self, field))
        yield from ((f"scope.{name}", text) for name, text in self.scope.model_dump().items())
        yield from ((f"interest.{name}", text) for name, text in self.interest.model_dump().items())


def load_templates(directory: Path | None = None) -> dict[PaperKind, Template]:
    """All kinds: a file of the directory where there is one, else the one that came with the system.

    Raises TemplateError with everything that is wrong in any file.
    """
    faults: list[TemplateFault] = list(_strange(directory)) if directory is not None else []
    found: dict[PaperKind, Template] = {}
    paths: dict[PaperKind, Path] = {}
    for kind in PaperKind:
        own = directory / f"{kind.value}.toml" if directory is not None else None
        paths[kind] = own if own is not None and _is_there(own) else BUILT_IN / f"{kind.value}.toml"
        try:
            found[kind] = _read(kind, paths[kind])
        except TemplateError as problem:
            faults += problem.faults
    faults += _same_series(found, paths)
    if faults:
        raise TemplateError(faults)
    return found


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # its directory is closed to us, which _strange says
        return False


def _strange(directory: Path) -> Iterator[TemplateFault]:
    known = [f"{kind.value}.toml" for kind in PaperKind]
    if not directory.is_dir():
        yield TemplateFault(
            file=str(directory),
            line=0,
            field="",
            problem="there is no such directory",
            remedy="name the directory of the templates",
        )
        return
    try:
        found = sorted(directory.iterdir())
    except OSError as problem:
        yield _fault(directory, 0, "", f"it cannot be read ({problem.strerror})", "let the worker's account read it")
        return
    for path in found:
        if path.name in known and not path.is_file():
            yield _fault(path, 0, "", "it is no file", "put the template there, or take it away")
        elif path.name not in known and _claims_to_be_one(path):
            yield _fault(
                path,
                0,
                "",
                "no kind of paper is called that",
                f"rename it to one of {', '.join(known)}, or take it away",
            )


def _claims_to_be_one(path: Path) -> bool:
    return path.suffix.lower() == ".toml" and not path.name.startswith(".")


def ignored(directory: Path) -> list[str]:
    """Names of what lies among the templates and is none: editors' copies, pictures of folders, notes."""
    return sorted(
        path.name
        for path in directory.iterdir()
        if path.suffix.lower() != ".toml" and path.name not in _NOTES and not path.name.startswith(".")
    )


def _read(kind: PaperKind, path: Path) -> Template:
    try:
        source = path.read_text(encoding="utf-8-sig")  # Windows' editors put a mark in front
    except (OSError, UnicodeDecodeError) as problem:
        raise TemplateError(
            [_fault(path, 0, "", f"it cannot be read ({type(problem).__name__})", "save it as UTF-8")]
        ) from None
    try:
        raw = tomllib.loads(source)
    except tomllib.TOMLDecodeError as problem:
        line = re.search(r"at line (\d+)", str(problem))
        what = str(problem).split(" (at")[0]
        remedy = "look for a missing quotation mark, comma or bracket there"
        raise TemplateError(
            [_fault(path, int(line[1]) if line else 0, "", f"it is not TOML ({what})", remedy)]
        ) from None
    try:
        template = Template.model_validate(raw)
    except ValidationError as problem:
        raise TemplateError(_shape_faults(path, source, problem)) from None
    faults = [*_placeholder_faults(path, source, template), *_missing(kind, path, source, template)]
    faults += _unprintable(path, source, template)
    if faults:
        raise TemplateError(faults)
    return template


def _fault(path: Path, line: int, field: str, problem: str, remedy: str) -> TemplateFault:
    return TemplateFault(file=str(path), line=line, field=field, problem=problem, remedy=remedy)


def _line_of(source: str, wanted: str) -> int:
    for number, line in enumerate(source.splitlines(), start=1):
        if wanted in line.partition(" #")[0]:
            return number
    return 0


def _field_line(source: str, field: str) -> int:
    """The line on which a field begins; in a table of its own, that table's."""
    *table, name = field.split(".")
    inside = not table
    for number, line in enumerate(source.splitlines(), start=1):
        if line.startswith("["):
            inside = bool(table) and line.startswith(f"[{table[0]}]")
        elif inside and re.match(rf"{re.escape(name)}\s*=", line):
            return number
    return _line_of(source, f"[{field.split('.', maxsplit=1)[0]}]")


def _shape_faults(path: Path, source: str, problem: ValidationError) -> Iterator[TemplateFault]:
    for one in problem.errors(include_input=False, include_url=False):
        field = ".".join(str(part) for part in one["loc"] if not isinstance(part, int))
        remedies = {
            "missing": "add it: see the same file among the templates that came with the system",
            "extra_forbidden": "take it away, or correct its name",
        }
        told = {"missing": "this field is missing", "extra_forbidden": "there is no such field"}
        yield _fault(
            path,
            _field_line(source, field),
            field,
            told.get(one["type"], one["msg"]),
            remedies.get(one["type"], "correct it: see the same file among the templates that came with the system"),
        )


def _placeholder_faults(path: Path, source: str, template: Template) -> Iterator[TemplateFault]:
    for field, text in template.texts():
        try:
            parts = list(Formatter().parse(text))
        except ValueError:
            problem = "a brace is opened or closed alone"
            yield _fault(path, _line_of(source, text), field, problem, "write {名称}; a brace itself is written twice")
            continue
        for _, name, spec, conversion in parts:
            if name is None:
                continue
            line = _line_of(source, "{" + name)
            if name not in KNOWN or spec or conversion:
                shown = "{" + name + (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "") + "}"
                yield _fault(path, line, field, f"nothing is called {shown}", f"write one of {' '.join(sorted(KNOWN))}")
            elif name in ONE_ONLY and field != "one_account":
                yield _fault(path, line, field, f"{{{name}}} is of one account", "use it in one_account only")
            elif name in SEVERAL_ONLY and field != "several_accounts":
                yield _fault(path, line, field, f"{{{name}}} counts accounts", "use it in several_accounts only")
    for field, text in template.plain_texts():
        if _BRACE.search(text):
            problem = "a brace stands here, where nothing is filled in"
            yield _fault(path, _line_of(source, text), field, problem, "write it without braces")


def _named(text: str) -> frozenset[str]:
    """The placeholders in a text; all there are where its braces are wrong: that one fault is told, and no others."""
    try:
        return frozenset(name for _, name, _, _ in Formatter().parse(text) if name)
    except ValueError:
        return KNOWN


def _missing(kind: PaperKind, path: Path, source: str, template: Template) -> Iterator[TemplateFault]:
    """What the law wants on the paper and the template does not name, for one account and for several."""
    for ours, others, foreign in (
        ("one_account", "several_accounts", SEVERAL_ONLY),
        ("several_accounts", "one_account", ONE_ONLY),
    ):
        named = {name for field, text in template.texts() if field != others for name in _named(text)}
        for name in sorted(REQUIRED[kind] - foreign - named):
            line = _field_line(source, ours)
            problem = f"{{{name}}} must stand on this paper and does not"
            yield _fault(
                path, line, ours, problem, f'add it, for instance as a line ["{name[:6]}", "{{{name}}}"] of {ours}'
            )
    if "孳息" in REQUIRED[kind]:
        for name, text in template.interest.model_dump().items():
            if not text:
                line = _field_line(source, f"interest.{name}")
                yield _fault(path, line, f"interest.{name}", "it says nothing", "say whether interest is included")


def _unprintable(path: Path, source: str, template: Template) -> Iterator[TemplateFault]:
    for field, text in [*template.texts(), *template.plain_texts()]:
        if found := first_beyond(text):
            problem = f"the character U+{ord(found):04X} cannot be printed"
            yield _fault(path, _line_of(source, text), field, problem, "write it another way")


def _same_series(found: Mapping[PaperKind, Template], paths: Mapping[PaperKind, Path]) -> Iterator[TemplateFault]:
    first: dict[str, PaperKind] = {}
    for kind, template in found.items():
        other = first.setdefault(template.series, kind)
        if other is not kind:
            problem = f"“{template.series}” numbers the {other.value} papers already"
            yield _fault(paths[kind], 0, "series", problem, "give each kind a series of its own: numbers must differ")
