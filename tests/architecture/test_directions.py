"""Who may know whom: domain <- workflows, activities <- worker and starter; adapters fill the activities' ports."""

import ast
import inspect
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.reading import ROOT, calls, files, imports, shown, under

OURS = ("domain", "workflows", "activities", "adapters", "migrations", "benchmarks", "tests", "worker", "starter")
MAY_KNOW = {
    "domain": ("domain",),
    "workflows": ("domain", "workflows"),
    "activities": ("domain", "activities"),
    "adapters": ("domain", "activities", "adapters", "workflows"),
}
IO = (
    "asyncio",
    "httpx",
    "aiohttp",
    "os",
    "pathlib",
    "shutil",
    "socket",
    "sqlalchemy",
    "asyncpg",
    "sqlite3",
    "structlog",
    "logging",
    "subprocess",
    "tempfile",
    "temporalio",
    "threading",
    "time",
    "urllib",
    "random",
    "uuid",
)


def foreign(path: Path, allowed: tuple[str, ...]) -> list[str]:
    return [one for one in imports(path) if under(one, *OURS) and not under(one, *allowed)]


@pytest.mark.parametrize("room", MAY_KNOW)
def test_each_room_knows_only_the_rooms_below_it(room):
    wrong = {shown(path): bad for path in files(room) if (bad := foreign(path, MAY_KNOW[room]))}
    assert not wrong


def test_only_the_way_in_and_the_drill_know_the_workflows():
    """Adapters fill ports; those that start, read or replay cases name the workflows, and nobody else does."""
    allowed = (
        "adapters/intake.py",
        "adapters/watch.py",
        "adapters/drill/",
        "adapters/cli/",
    )
    knowing = [shown(path) for path in files("adapters") if any(under(one, "workflows") for one in imports(path))]
    assert not [path for path in knowing if not path.startswith(allowed)]
    assert not [place for place in allowed if not any(path.startswith(place) for path in knowing)], (
        "allowed for nothing"
    )


def test_the_practice_institutions_know_nothing_of_the_centre():
    wrong = {shown(path): bad for path in files("adapters/sandbox") if (bad := foreign(path, ("adapters.sandbox",)))}
    assert not wrong


def test_workflows_stand_on_the_domain_and_temporal_alone():
    allowed = {"asyncio", "collections", "dataclasses", "datetime", "enum", "re", "typing", "math", "itertools"}
    allowed |= {"functools", "html", "operator", "hashlib", "unicodedata", "base64", "zlib", "json"}
    wrong = {
        shown(path): bad
        for path in files("workflows")
        if (
            bad := {
                one
                for one in imports(path)
                if not under(one, "domain", "workflows", "temporalio", "pydantic") and one.split(".")[0] not in allowed
            }
        )
    }
    assert not wrong


def test_what_a_case_decides_needs_no_engine():
    """workflows/casework and workflows/showing are pure: they can be tried without Temporal, on any clock."""
    wrong = {
        shown(path): bad
        for room in ("workflows/casework", "workflows/showing")
        for path in files(room)
        if (bad := [one for one in imports(path) if under(one, "temporalio", "asyncio")])
    }
    assert not wrong


def test_the_domain_is_pure():
    wrong = {shown(path): bad for path in files("domain") if (bad := [one for one in imports(path) if under(one, *IO)])}
    assert not wrong


@pytest.mark.parametrize("room", ["domain", "workflows"])
def test_no_clock_and_no_chance_but_the_workflows_own(room):
    forbidden = ("datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.monotonic")
    wrong = [
        f"{shown(path)}:{node.lineno} {name}"
        for path in files(room)
        for node, name in calls(path)
        if name in forbidden or name.startswith(("random.", "uuid.", "os.", "open"))
    ]
    assert not wrong


def test_secrets_are_drawn_in_identifiers_only():
    drawn = [
        shown(path) for path in files("domain", "workflows") if any(under(one, "secrets") for one in imports(path))
    ]
    assert drawn == ["domain/identifiers.py"]


def test_no_default_of_a_model_is_made_at_run_time():
    """`default_factory=uuid4` or `now` would run unnoticed in workflow code."""
    wrong = [
        f"{shown(path)}:{node.lineno}"
        for path in files("domain", "workflows")
        for node, _ in calls(path)
        for keyword in node.keywords
        if keyword.arg == "default_factory"
        and ast.unparse(keyword.value) not in {"list", "dict", "set", "tuple"}
        and not isinstance(keyword.value, ast.Lambda)
    ]
    assert not wrong


def test_the_registers_adapter_fills_the_ports_of_the_activities():
    from adapters.register import Register

    for port in _registers_ports():
        missing = [name for name in _methods(port) if not callable(getattr(Register, name, None))]
        assert not missing, f"{port.__name__}: {missing}"


def test_the_ports_of_the_register_hold_only_what_activities_call():
    called = {name.rpartition(".")[2] for path in files("activities") for _, name in calls(path)}
    assert {
        f"{port.__name__}.{one}" for port in _registers_ports() for one in _methods(port) if one not in called
    } == set()


def test_the_lines_fill_the_port_of_an_institution():
    from activities.line_ports import InstitutionPort
    from adapters.banks.line import PlatformLine
    from adapters.carriers.line import CarrierLine

    for line in (PlatformLine, CarrierLine):
        for name in _methods(InstitutionPort):
            ours, ports_own = inspect.signature(getattr(line, name)), inspect.signature(getattr(InstitutionPort, name))
            assert list(ours.parameters) == list(ports_own.parameters), f"{line.__name__}.{name}"


def _registers_ports() -> tuple[type, ...]:
    from activities.case_ports import CaseBook
    from activities.ports import OrderBook

    return OrderBook, CaseBook


def _methods(port: Any) -> list[str]:
    return [name for name, one in vars(port).items() if inspect.isfunction(one) and not name.startswith("_")]


def test_nothing_is_left_at_the_front_door():
    """The composition roots are the only modules at the top."""
    assert {path.stem for path in ROOT.glob("*.py")} <= {"worker", "starter", "conftest"}
