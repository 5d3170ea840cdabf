"""What a workflow may wait for stands in one table, workflows/limits.py: no limit is written where it is used."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.reading import ROOT, files, shown, tree

AN_ACTIVITY = re.compile(r"(^|\.)(execute|start)_(local_)?activity(_class|_method)?$")
BOTH = {"start_to_close_timeout", "schedule_to_close_timeout"}


def faults(module: ast.Module) -> Iterator[str]:
    """Limits that are not the table's, nor given by a caller who has them from there; activities without both."""
    from_the_table = {
        alias.asname or alias.name
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom) and node.module == "workflows.limits"
        for alias in node.names
    }
    parameters = {one.arg for node in ast.walk(module) if isinstance(node, ast.arguments) for one in node.args}
    for node in ast.walk(module):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        limits = {one.arg: one.value for one in node.keywords if one.arg and limits_something(one.arg)}
        for name, value in limits.items():
            of_a_row = isinstance(value, ast.Attribute) and ast.unparse(value.value) in from_the_table
            given = isinstance(value, ast.Name) and value.id in parameters | from_the_table
            if not (of_a_row or given):
                yield f"{node.lineno} {called} {name}={ast.unparse(value)}"
        if AN_ACTIVITY.search(called) and not limits.keys() >= BOTH:
            yield f"{node.lineno} {called} without {sorted(BOTH - limits.keys())}"


def limits_something(keyword: str) -> bool:
    return keyword.endswith("_timeout") or keyword == "retry_policy"


def test_the_limits_of_activities_stand_in_one_table():
    assert not [f"{shown(path)}:{fault}" for path in files("workflows") for fault in faults(tree(path))]


@pytest.mark.parametrize(
    ("file", "of_the_table", "inline"),
    [
        ("asking", "start_to_close_timeout=REGISTER.one_try", "start_to_close_timeout=timedelta(seconds=30)"),
        ("asking", "retry_policy=RECORD.retry", "retry_policy=RetryPolicy(maximum_attempts=3)"),
        ("asking", "schedule_to_close_timeout=REGISTER.worth,", ""),
        ("dispatch", "heartbeat_timeout=INSTITUTION.heartbeat", "heartbeat_timeout=FIVE_SECONDS"),
        ("fieldwork", "schedule_to_close_timeout=within", "schedule_to_close_timeout=min(within, pause)"),
    ],
)
def test_a_limit_written_where_it_is_used_is_found(file, of_the_table, inline):
    text = (ROOT / "workflows" / f"{file}.py").read_text(encoding="utf-8")
    assert text.count(of_the_table) >= 1

    assert len(list(faults(ast.parse(text.replace(of_the_table, inline, 1))))) == 1
