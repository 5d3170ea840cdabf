"""Names of our own that docstrings and comments give in full lead somewhere."""

import ast
import importlib
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.reading import ROOMS, files, shown, tree

OURS = "|".join((*ROOMS, "worker"))
DOTTED = re.compile(rf"(?<![\w./`-])`?((?:{OURS})(?:\.[A-Za-z_]\w*)+)(?![\w/])")
ENDINGS = (".py", ".toml", ".json", ".md", ".schema")


def spoken(path: Path) -> Iterator[str]:
    """Docstrings, texts that stand under what they explain, and comments."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value.value
    for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline):
        if token.type == tokenize.COMMENT:
            yield token.string


def dotted(path: Path) -> Iterator[str]:
    for text in spoken(path):
        yield from (name for name in DOTTED.findall(text) if not name.endswith(ENDINGS))


def leads_somewhere(name: str) -> bool:
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:length]))
        except ImportError:
            continue
        for part in parts[length:]:
            if part in getattr(found, "model_fields", {}):
                return True  # of a value; what it is made of is not followed
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return False


def test_the_reading_finds_what_there_is():
    assert "domain.institutions.Institution.line" in {name for path in files("workflows") for name in dotted(path)}


def test_a_dotted_name_of_ours_leads_somewhere():
    assert not [f"{shown(path)}: {name}" for path in files() for name in dotted(path) if not leads_somewhere(name)]


@pytest.mark.parametrize(
    "stale", ["activities.ports.InstitutionPort", "domain.policy.Policy.colour", "workflows.no_such"]
)
def test_a_stale_name_is_found(stale):
    assert DOTTED.findall(f"Fills `{stale}`.") == [stale]
    assert not leads_somewhere(stale)
