"""Nothing personal where it cannot be encrypted: search attributes, ids, queues, and the summaries of the timeline."""

import ast
import re
from collections.abc import Iterator

import pytest

from domain.identifiers import case_workflow_id, new_case_id, verification_workflow_id
from tests.architecture.reading import ROOT, files, shown, tree
from workflows.limits import CASES_QUEUE, institution_queue
from workflows.worklist import SEARCH_ATTRIBUTES

PLAIN = {"summary", "static_summary", "timeout_summary", "id", "task_queue"}
"""Arguments that the engine keeps and shows as they are."""
PERSONAL = {"name", "phone", "number", "victim", "id_number", "officer", "target", "remark", "reason", "evidence"}

Value = tuple[int, ast.expr]


def functions(module: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(module) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def places() -> dict[str, int]:
    """Our own functions that pass a summary on, and which argument it is."""
    found = {}
    for path in files("workflows"):
        for node in functions(tree(path)):
            names = [one.arg for one in node.args.args if one.arg != "self"]
            if "summary" in names:
                found[node.name] = names.index("summary")
    return found


PLACES = places()


def plain_values(module: ast.Module) -> Iterator[Value]:
    """(line, value) of everything in a module that ends in plain sight, by name or by place."""
    passes_on = {name: name for name in PLACES}
    for node in ast.walk(module):  # keep = have_register_keep if by_engine else ask_register
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            meant = [one.id for one in ast.walk(node.value) if isinstance(one, ast.Name) and one.id in PLACES]
            if meant and not isinstance(node.value, ast.Call | ast.Await):
                passes_on[node.targets[0].id] = meant[0]
    for node in ast.walk(module):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func).rpartition(".")[2]
        of_the_engine = ast.unparse(node.func).startswith("workflow.")
        ours = PLACES.get(passes_on.get(called, "")) if isinstance(node.func, ast.Name) else PLACES.get(called)
        if of_the_engine or ours is not None:
            yield from ((node.lineno, one.value) for one in node.keywords if one.arg in PLAIN)
        if ours is not None and len(node.args) > ours:
            yield node.lineno, node.args[ours]


def personal(module: ast.Module) -> list[str]:
    """What in plain sight is made of something personal, also by a function or a variable beside it."""
    made_by = {node.name: node for node in functions(module)}

    def words(of: ast.AST, where: ast.AST, seen: frozenset[str] = frozenset()) -> Iterator[str]:
        for one in ast.walk(of):
            if isinstance(one, ast.Attribute):
                yield one.attr
            elif isinstance(one, ast.Name):
                yield one.id
                if one.id not in seen:
                    for further in assigned(where, one.id):
                        yield from words(further, where, seen | {one.id})
                    if one.id in made_by:
                        yield from words(made_by[one.id], made_by[one.id], seen | {one.id})

    return [
        f"{line} {ast.unparse(value)}"
        for line, value in plain_values(module)
        if PERSONAL & set(words(value, around(module, line)))
    ]


def around(module: ast.Module, line: int) -> ast.AST:
    """The innermost function that a line is in."""
    inside = [node for node in functions(module) if node.lineno <= line <= (node.end_lineno or line)]
    return max(inside, key=lambda node: node.lineno, default=module)


def assigned(where: ast.AST, name: str) -> Iterator[ast.expr]:
    for node in ast.walk(where):
        if isinstance(node, ast.Assign) and any(isinstance(one, ast.Name) and one.id == name for one in node.targets):
            yield node.value


def test_search_attributes_hold_nothing_personal():
    names = {key.name for key in SEARCH_ATTRIBUTES}
    assert names == {"CaseNumber", "CaseStage", "PendingSheet", "NextDeadline", "AtRiskFen"}


def test_ids_and_queues_say_nothing_about_anybody():
    case_id = new_case_id()
    for text in (case_workflow_id(case_id), verification_workflow_id(case_id, 1)):
        assert re.fullmatch(r"case/c-[0-9a-f]{16}(/verification/\d+)?", text)
    assert CASES_QUEUE == "holdfast-cases"
    assert institution_queue("102302000011") == "holdfast-institution-102302000011"


def test_summaries_ids_and_queues_are_made_of_nothing_personal():
    assert not [f"{shown(path)}:{fault}" for path in files("workflows") for fault in personal(tree(path))]


@pytest.mark.parametrize(
    ("file", "plain", "telling"),
    [
        ("desk", '"登记立案 / keep the case filing"', 'f"登记立案 {words.officer}"'),
        ("desk", '"登记审批 / keep decisions"', "decisions[0].officer"),
        ("desk", '"停手 / halt the centre"', "words.officer"),
        ("desk", '"登记案件账 / keep the case\'s books"', "record.entries[0].number"),
        ("verification", '"登记查证结果 / keep the finding"', "self.visit.name"),
        ("verification", '"登记查证结果 / keep the finding"', "summary=report.remark"),
        ("case", '"下一期限 / next deadline"', "self.case.start.report.victim"),
        ("dispatch", '"线路故障，稍后再发 / line failed, again later"', "batch.errands[0].target"),
        ("dispatch", "institution.code for institution", "institution.name for institution"),
        ("fieldwork", "id=verification_workflow_id(case_id, account.visit)", "id=visit.number"),
        ("fieldwork", "{self._case.shown(account)}", "{account.ref.number}"),
    ],
)
def test_each_place_of_plain_words_is_looked_at(file, plain, telling):
    text = (ROOT / "workflows" / f"{file}.py").read_text(encoding="utf-8")
    assert text.count(plain) == 1

    assert len(personal(ast.parse(text.replace(plain, telling)))) == 1
