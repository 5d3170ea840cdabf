"""The practice institutions are the witness of every other test: they know the centre only by the wire."""

import ast
import sys
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "adapters" / "sandbox"
THIRD_PARTIES = {"starlette", "uvicorn", "lxml", "pydantic", "pydantic_core"}


def imported(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file.name}: a relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_it_imports_nothing_of_the_centre():
    strangers = {
        f"{file.name}: {name}"
        for file in PACKAGE.rglob("*.py")
        for name in imported(file)
        if name.split(".")[0] not in THIRD_PARTIES | set(sys.stdlib_module_names)
        and not name.startswith("adapters.sandbox.")
    }
    assert strangers == set()
