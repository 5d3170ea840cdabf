"""Files that fit in a head, each saying what it is about, in the words of the field."""

import ast
import re

import pytest

from tests.architecture.reading import ROOT, files, shown, tree

LONGEST = 400
NO_WORDS = re.compile(r"(^|_)(data|info|manager|helper|utils|process|handle)(_|$)", re.IGNORECASE)


@pytest.mark.parametrize("path", files(), ids=shown)
def test_every_file_says_what_it_is_about(path):
    assert ast.get_docstring(tree(path)) or not path.read_text(encoding="utf-8").strip()


def test_no_file_is_longer_than_a_head_can_hold():
    long = {
        shown(path): count
        for path in files()
        if not shown(path).startswith(("tests/", "migrations/"))  # a migration is written once and never grows
        and (count := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST
    }
    assert not long


def test_public_functions_and_classes_have_docstrings():
    wrong = [
        f"{shown(path)}:{node.lineno} {node.name}"
        for path in files("domain", "workflows", "activities")
        for node in tree(path).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert not wrong


def test_no_file_and_no_public_name_uses_a_word_that_says_nothing():
    wrong = [shown(path) for path in files() if NO_WORDS.search(path.stem)]
    wrong += [
        f"{shown(path)}:{node.lineno} {node.name}"
        for path in files("domain", "workflows", "activities")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and NO_WORDS.search(node.name)
        and node.name not in {"handle_signal", "handle_update_validator"}  # the SDK's names
    ]
    assert not wrong


def test_nothing_points_outside_the_repository():
    """A clone stands on its own: no path of anybody's machine in it."""
    paths = [path for room in ("domain", "workflows", "activities", "adapters", "tests") for path in files(room)]
    outside = re.compile(r"\.\./shared|/wor" + "k/")
    assert not [
        shown(path) for path in (*paths, *ROOT.glob("*.py")) if outside.search(path.read_text(encoding="utf-8"))
    ]
