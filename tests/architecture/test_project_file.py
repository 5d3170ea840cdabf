"""What the project says of itself: the packages it stands on, its version, and the places it makes exceptions for."""

import re
import sys
import tomllib
from importlib.metadata import packages_distributions

from tests.architecture.reading import ROOMS, ROOT, files, imports

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ASKED_FOR = (ROOT / "requirements.in").read_text(encoding="utf-8")
PINNED = (ROOT / "requirements.txt").read_text(encoding="utf-8")
OURS = {*ROOMS, "docs", "worker", "starter"}


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def asked_for() -> set[str]:
    lines = [line.split("#")[0].strip() for line in ASKED_FOR.splitlines()]
    return {plain(line.split("[")[0]) for line in lines if line}


def test_every_package_that_is_imported_is_asked_for_by_name():
    """What comes along with another package goes with it, too."""
    brought_by = packages_distributions()
    paths = [*files(), *sorted((ROOT / "docs").rglob("*.py"))]
    imported = {name.split(".")[0] for path in paths for name in imports(path)} - OURS - set(sys.stdlib_module_names)

    assert {"temporalio", "uvloop", "google"} <= imported
    assert not [name for name in imported if not {plain(one) for one in brought_by[name]} & asked_for()]


def test_what_is_asked_for_is_pinned_and_said_to_be_ours():
    pinned = dict(re.findall(r"(?ms)^([\w-]+)==.*?\\\n.*?# via(.*?)(?=^[\w-]+==|\Z)", PINNED))

    assert {plain(name) for name, by in pinned.items() if "-r requirements.in" in by} == asked_for()


def test_the_version_has_a_dated_section_in_the_changelog():
    version = PROJECT["project"]["version"]

    assert re.search(
        rf"^## {re.escape(version)} \(\d{{4}}-\d\d-\d\d\)$",
        (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )


def test_exceptions_are_made_for_places_that_are_there():
    places = PROJECT["tool"]["ruff"]["lint"]["per-file-ignores"]
    untyped = [
        name
        for part in PROJECT["tool"]["mypy"]["overrides"]
        if "ignore_missing_imports" in part
        for name in part["module"]
    ]
    imported = {name.split(".")[0] for path in files() for name in imports(path)}

    assert not [place for place in places if not any(ROOT.glob(place))]
    assert untyped
    assert not [name for name in untyped if name.removesuffix(".*") not in imported]
