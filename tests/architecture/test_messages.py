"""What travels through the engine: one model in, one model out, typed errors, and nothing personal in plain sight."""

import ast
import importlib
import inspect
import re
from typing import Any, get_type_hints

import pytest
from pydantic import BaseModel
from temporalio.common import RawValue

from domain.identifiers import case_workflow_id, new_case_id, verification_workflow_id
from tests.architecture.reading import calls, files, shown, tree
from workflows.limits import CASES_QUEUE, institution_queue
from workflows.worklist import SEARCH_ATTRIBUTES

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


def test_the_limits_of_activities_stand_in_one_table():
    wrong = [
        f"{shown(path)}:{node.lineno} {keyword.arg}={ast.unparse(keyword.value)}"
        for path in files("workflows")
        for node, name in calls(path)
        if name.endswith(("execute_activity", "start_activity"))
        for keyword in node.keywords
        if keyword.arg and keyword.arg.endswith("_timeout") and isinstance(keyword.value, ast.Call)
    ]
    assert not wrong


# ---------------------------------------------------------------- nothing personal where it cannot be encrypted

PERSONAL = ("name", "phone", "number", "victim", "id_number", "officer", "target")


def test_search_attributes_hold_nothing_personal():
    names = {key.name for key in SEARCH_ATTRIBUTES}
    assert names == {"CaseNumber", "CaseStage", "PendingSheet", "NextDeadline", "AtRiskFen"}


def test_ids_and_queues_say_nothing_about_anybody():
    case_id = new_case_id()
    for text in (case_workflow_id(case_id), verification_workflow_id(case_id, 1)):
        assert re.fullmatch(r"case/c-[0-9a-f]{16}(/verification/\d+)?", text)
    assert CASES_QUEUE == "holdfast-cases"
    assert institution_queue("102302000011") == "holdfast-institution-102302000011"


@pytest.mark.parametrize("keyword", ["summary", "static_summary", "id", "task_queue", "timeout_summary"])
def test_summaries_ids_and_queues_are_made_of_nothing_personal(keyword):
    wrong = []
    for path in files("workflows"):
        for node, name in calls(path):
            if not name.startswith("workflow.") and not name.endswith("ask_register"):
                continue
            for given in node.keywords:
                if given.arg == keyword:
                    fields = {one.attr for one in ast.walk(given.value) if isinstance(one, ast.Attribute)}
                    if fields & set(PERSONAL):
                        wrong.append(f"{shown(path)}:{node.lineno} {ast.unparse(given.value)}")
    assert not wrong
