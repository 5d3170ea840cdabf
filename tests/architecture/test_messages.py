"""What travels through the engine: one model in, one model out, typed errors."""

import ast
import importlib
import inspect
import re
from typing import Any, get_type_hints

import pytest
from pydantic import BaseModel
from temporalio.common import RawValue

from tests.architecture.reading import calls, files, shown, tree

PLAIN = (str, bool, type(None))
"""What may come back without a model: words, yes or no, nothing."""
DECORATED = re.compile(
    r"^(workflow\.(run|signal|update|query)|activity\.defn|\w+\.validator)(\(|$)",
)


def decorated() -> list[tuple[str, str, str, bool]]:
    """(module, class, function, dynamic) of every run, signal, update, query, validator and activity."""
    found = []
    for path in files("workflows", "activities"):
        module = shown(path)[:-3].replace("/", ".")
        for owner in [node for node in ast.walk(tree(path)) if isinstance(node, ast.ClassDef)]:
            for node in owner.body:
                if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    continue
                marks = [ast.unparse(mark) for mark in node.decorator_list]
                if any(DECORATED.match(mark) for mark in marks):
                    found.append((module, owner.name, node.name, any("dynamic=True" in mark for mark in marks)))
    return found


HANDLERS = decorated()


def test_the_reading_finds_what_there_is():
    names = {name for _, _, name, _ in HANDLERS}
    assert {"run", "carry_out", "keep_record", "decide", "hear_decision", "standing", "unheard"} <= names


@pytest.mark.parametrize(("module", "owner", "name", "dynamic"), HANDLERS)
def test_one_model_in_and_one_model_out(module, owner, name, dynamic):
    # a second parameter would let the first arrive as a plain dict
    function = getattr(getattr(importlib.import_module(module), owner), name)
    hints = get_type_hints(function)
    answer = hints.pop("return", type(None))
    parameters = [one for one in inspect.signature(function).parameters if one != "self"]
    if dynamic or parameters == ["name", "args"]:  # the SDK's form of a dynamic handler and of its validator
        assert len(parameters) == 2
        assert parameters[1] == "args"
    else:
        assert len(parameters) <= 1
        for parameter in parameters:
            assert hints[parameter] is RawValue or is_model(hints[parameter]), parameter
    assert answer in PLAIN or is_model(answer)


def is_model(hint: Any) -> bool:
    return inspect.isclass(hint) and issubclass(hint, BaseModel)


def test_signals_and_updates_of_people_take_raw_values_and_bear_no_input():
    for module, owner, name, dynamic in HANDLERS:
        function = getattr(getattr(importlib.import_module(module), owner), name)
        parameters = list(inspect.signature(function).parameters.values())[1:]
        if dynamic or not parameters or get_type_hints(function)[parameters[0].name] is not RawValue:
            continue
        assert parameters[0].default is None, f"{owner}.{name}: no input would stick the workflow"


def test_every_update_has_a_validator():
    for path in files("workflows"):
        for owner in [node for node in ast.walk(tree(path)) if isinstance(node, ast.ClassDef)]:
            marks = [
                (node.name, ast.unparse(mark))
                for node in owner.body
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
                for mark in node.decorator_list
            ]
            updates = {name for name, mark in marks if mark.startswith("workflow.update")}
            validated = {mark.removesuffix(".validator") for _, mark in marks if mark.endswith(".validator")}
            assert updates == validated, shown(path)


def test_every_application_error_has_a_type():
    wrong = [
        f"{shown(path)}:{node.lineno}"
        for path in files("domain", "workflows", "activities", "adapters")
        for node, name in calls(path)
        if name.endswith("ApplicationError") and not any(keyword.arg == "type" for keyword in node.keywords)
    ]
    assert not wrong
