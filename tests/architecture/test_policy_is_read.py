"""A number of the policy that nothing reads would promise what the centre does not do."""

import ast
import inspect
import tomllib
import typing
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from pydantic import BaseModel

from domain.policy import NOT_YET, Policy, VerificationRules
from tests.architecture.reading import ROOT, files, shown, tree

POLICY = ROOT / "domain" / "policy.py"
TOML = (ROOT / "domain" / "policy.toml").read_text(encoding="utf-8")
HEADING = "not yet in the procedure"
READERS = [
    path
    for path in (*files("domain", "workflows", "activities", "adapters"), ROOT / "worker.py", ROOT / "starter.py")
    if not shown(path).startswith("adapters/sandbox/")  # it knows nothing of the policy
]


def parts() -> Iterator[tuple[str, type[BaseModel] | None]]:
    """The policy's own fields, each with its model when it is a section."""
    for name, field in Policy.model_fields.items():
        kinds = [field.annotation, *typing.get_args(field.annotation)]
        yield name, next((one for one in kinds if inspect.isclass(one) and issubclass(one, BaseModel)), None)


def leaves() -> Iterator[tuple[str, str, type[BaseModel]]]:
    for part, model in parts():
        for leaf in model.model_fields if model else ():
            assert model
            yield part, leaf, model


def reads(part: str, leaf: str, model: type[BaseModel], readers: list[Path]) -> bool:
    """Whether some file knows the section or its model and reads an attribute so named (not a method's call)."""
    own = ast.parse(inspect.getsource(model))
    if any(attribute.attr == leaf and ast.unparse(attribute.value) == "self" for attribute in attributes(own)):
        return True
    if any(isinstance(node, ast.Call) and ast.unparse(node.func) == "getattr" for node in ast.walk(own)):
        return True  # the law by a sheet's kind: `Basis.of`
    return any(leaf in read_in(path) and named_in(path) & {part, model.__name__} for path in readers)


@cache
def read_in(path: Path) -> frozenset[str]:
    return frozenset(one.attr for one in attributes(tree(path)))


@cache
def named_in(path: Path) -> frozenset[str]:
    return read_in(path) | {one.id for one in ast.walk(tree(path)) if isinstance(one, ast.Name)}


def attributes(within: ast.AST) -> Iterator[ast.Attribute]:
    called = {id(node.func) for node in ast.walk(within) if isinstance(node, ast.Call)}
    for node in ast.walk(within):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and id(node) not in called:
            yield node


def unread(readers: list[Path]) -> set[str]:
    return {f"{part}.{leaf}" for part, leaf, model in leaves() if not reads(part, leaf, model, readers)}


def test_every_number_of_the_policy_is_read_or_said_to_be_read_by_nobody():
    assert unread([path for path in READERS if path != POLICY]) == set(NOT_YET)


def test_a_number_that_loses_its_last_reader_is_found():
    without = [path for path in READERS if path != POLICY and shown(path) != "workflows/casework/visits.py"]
    assert unread(without) - set(NOT_YET) == {f"verification.{name}" for name in VerificationRules.model_fields}


def said_in_the_file() -> Iterator[str]:
    """What stands under the heading: of a whole table, or from the heading on to the table's end."""
    table, under = "", False
    for line in TOML.splitlines():
        if line.startswith("["):
            table, under = line[1 : line.index("]")], HEADING in line
        elif line.startswith("#"):
            under = under or (HEADING in line and bool(table))
        elif under and "=" in line:
            yield f"{table}.{line.split('=')[0].strip()}"


def test_the_file_says_the_same_under_its_heading():
    assert sorted(said_in_the_file()) == sorted(NOT_YET)


@pytest.mark.parametrize("dotted", NOT_YET)
def test_what_nobody_reads_is_stated_all_the_same(dotted):
    part, leaf = dotted.split(".")
    assert leaf in tomllib.loads(TOML)[part]
