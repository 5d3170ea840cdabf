"""`make manual-check`: the duty manual names what there is, and its pictures are of the present screens."""

import hashlib
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from adapters.cli.app import NAME, app

ROOT = Path(__file__).resolve().parents[2]
MANUAL, PICTURES = ROOT / "docs" / "duty-manual.zh.md", ROOT / "docs" / "manual"
SOURCES_NOTED = PICTURES / "taken-of.sha256"
SHOWS = (
    "workflows/showing/*.py",
    "workflows/details.py",
    "workflows/verification.py",
    "adapters/http/codec/pages.py",
    "adapters/cli/inbox_words.py",
    "adapters/drill/lasting.json",
    "docs/example-report.json",
    "docs/manual/make.py",
    "docs/manual/running.py",
    "domain/operations.py",
)
"""What decides how the pictured screens look: when one of these changes, the pictures have to be taken anew."""
SPEAK = ("domain", "workflows", "adapters/register")
"""The rooms that refuse officers' words."""
MOST_BYTES, MOST_BYTES_IN_ALL = 200_000, 1_500_000
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_PICTURE = re.compile(r"!\[([^\]]*)\]\(manual/([a-z-]+\.png)\)")
_TYPED = re.compile(rf"(?:^|`)((?:{re.escape(NAME)}|make) [^`\n]*)", re.MULTILINE)


def faults() -> list[str]:
    """What the manual says that is not so; empty: nothing."""
    return [*of_pictures(text()), *of_commands(text()), *of_refusals(text()), *of_age()]


def text() -> str:
    """The manual as it is read: without remarks to its editors."""
    return _COMMENT.sub("", MANUAL.read_text(encoding="utf-8"))


def of_pictures(manual: str) -> list[str]:
    """Pictures that are named and missing, there and not named, without words, or too large."""
    named = {name: words for words, name in _PICTURE.findall(manual)}
    sizes = {path.name: path.stat().st_size for path in PICTURES.glob("*.png")}
    found = [f"picture {name} is named and is not there" for name in sorted(named.keys() - sizes.keys())]
    found += [f"picture {name} is there and is not named" for name in sorted(sizes.keys() - named.keys())]
    found += [f"picture {name} has no words beside it" for name, words in named.items() if not words.strip()]
    found += [f"picture {name} has {size} bytes" for name, size in sizes.items() if size > MOST_BYTES]
    if (total := sum(sizes.values())) > MOST_BYTES_IN_ALL:
        found.append(f"the pictures have {total} bytes together")
    return found


def of_commands(manual: str) -> list[str]:
    """Command lines that the command line itself would not take, and targets that the Makefile does not have."""
    typed = list(_commands(manual))
    return [f"{line}: {why}" for line in typed if (why := _refused(line))] or ([] if typed else ["no command is named"])


def of_refusals(manual: str) -> list[str]:
    """Refusals in the manual's table that nothing in the house says in these words."""
    rooms = [path for room in SPEAK for path in (ROOT / room).rglob("*.py")]
    said = "\n".join(path.read_text(encoding="utf-8") for path in rooms)
    _, _, table = manual.partition("| 红字 |")
    rows = table.partition("\n\n")[0].splitlines()[2:]
    words = [word.strip() for row in rows for word in row.split("|")[1].split("·")]
    return [f"nothing says {word}" for word in words if word not in said] or ([] if words else ["no refusal is named"])


def of_age() -> list[str]:
    """Whether the pictures were taken of the screens as they are."""
    noted = SOURCES_NOTED.read_text(encoding="utf-8") if SOURCES_NOTED.exists() else ""
    return [] if noted == sources() else ["what the pictures show has changed since: `make manual` takes them anew"]


def sources() -> str:
    """The digest of what decides how the pictured screens look."""
    digest = hashlib.sha256()
    for pattern in SHOWS:
        for path in sorted(ROOT.glob(pattern)):
            digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest() + "\n"


def _commands(manual: str) -> Iterator[str]:
    """Every command line of the manual, in code or in a block of its own, without its comment."""
    for line in _TYPED.findall(manual):
        yield re.split(r"\s#\s", line)[0].strip()


def _refused(line: str) -> str:
    """Why this command line would be refused before anything is done; empty: it would not."""
    program, *words = shlex.split(line)
    if program == "make":
        targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
        return "" if words and set(words) <= set(targets) else "no such target"
    command: Any = typer.main.get_command(app)
    context = None
    try:
        while hasattr(command, "commands"):
            context = command.make_context(NAME, words, parent=context)
            words = [*context._protected_args, *context.args]  # noqa: SLF001 - what a group passes on
            if not words:
                return ""
            name, command, words = command.resolve_command(context, words)
        command.make_context(name, words, parent=context)
    except Exception as problem:  # noqa: BLE001 - of the parser's own kinds, whatever they are called
        return str(problem) or type(problem).__name__
    return ""


def main() -> int:
    """Exit 1 where something is not as the manual says."""
    found = faults()
    for fault in found:
        print(fault, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
