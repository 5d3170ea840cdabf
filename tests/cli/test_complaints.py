"""How commands fail: one sentence with its remedy, an exit code, nothing started and nothing written."""

import json

import pytest
from temporalio.service import RPCError, RPCStatusCode

from adapters.cli.failures import CommandError, Exit, failure_of
from adapters.drill.errors import DrillError, NotPracticeError, RefusedError, TakenError, UnreachableError
from adapters.faults import Fault
from adapters.register import RegisterError
from adapters.settings import SettingsError
from adapters.temporal.errors import StackError


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (RefusedError("x", [Fault("moves[3].amount_fen", "missing")]), Exit.BAD_INPUT),
        (TakenError("exists"), Exit.BAD_INPUT),
        (NotPracticeError("real"), Exit.BAD_INPUT),
        (SettingsError("wrong"), Exit.BAD_INPUT),
        (UnreachableError("down"), Exit.NOT_FOUND),
        (StackError("down"), Exit.NOT_FOUND),
        (RegisterError("down"), Exit.NOT_FOUND),
        (DrillError("no end"), Exit.DIFFERENCE),
        (CommandError(Exit.CLOSED, "closed"), Exit.CLOSED),
        (RPCError("workflow not found", RPCStatusCode.NOT_FOUND, b""), Exit.NOT_FOUND),
        (RPCError("no", RPCStatusCode.UNAVAILABLE, b""), Exit.NOT_FOUND),
        (TimeoutError(), Exit.NOT_FOUND),
        (LookupError("the register has no case x"), Exit.NOT_FOUND),
    ],
)
def test_every_failure_has_its_exit_code_and_a_sentence(problem, code):
    failure = failure_of(problem)
    assert failure.exit_code is code
    assert failure.sentence


def test_a_report_with_wrong_fields_is_refused_with_the_path_of_each(typed, tmp_path):
    report = {"kind": "loss", "category": "x", "victim": {"name": "张三"}, "transfers": [{"bank": "1"}]}
    said = typed("report", "-", "--json", stdin=json.dumps(report))
    assert said.code == Exit.BAD_INPUT
    paths = [one["path"] for one in said.complaint["errors"]]
    assert "victim.phone" in paths
    assert "transfers[0].bank" in paths
    assert "张三" not in said.err
    assert not (tmp_path / "state" / "worlds.json").exists(), "nothing was started for it"


def test_a_loss_without_a_transfer_is_refused_as_a_whole(typed):
    report = {"kind": "loss", "category": "x", "victim": {"name": "x", "phone": "139"}}
    said = typed("report", "-", "--json", stdin=json.dumps(report))
    assert said.code == Exit.BAD_INPUT
    assert said.complaint["errors"][0]["path"] == "$"


@pytest.mark.parametrize("text", ["", "{", "[1]", "nul", "\x00"])
def test_a_report_that_is_no_report_is_refused(typed, text):
    said = typed("report", "-", stdin=text)
    assert said.code == Exit.BAD_INPUT
    assert said.err.strip()
    assert said.out == ""


def test_a_report_file_that_is_not_there_is_refused_with_its_name(typed):
    said = typed("report", "nowhere.json")
    assert said.code == Exit.BAD_INPUT
    assert "nowhere.json" in said.err


@pytest.mark.parametrize("words", [("list",), ("inbox",), ("show", "A2026-000001"), ("halt", "--officer", "1")])
def test_without_any_world_the_remedy_is_told(typed, words):
    said = typed(*words)
    assert said.code == Exit.NOT_FOUND
    assert "make demo" in said.err


def test_a_world_that_is_not_there_is_named(typed):
    said = typed("list", "--run", "nope", "--json")
    assert said.code == Exit.NOT_FOUND
    assert said.complaint == {"error": "There is no world nope: known are none yet (--run).", "exit": 4}


def test_a_scenario_that_cannot_be_read_starts_nothing(typed, tmp_path):
    for name, text in [("gone.json", None), ("broken.json", "{"), ("binary.json", "\ud800")]:
        if text is not None:
            (tmp_path / name).write_bytes(text.encode("utf-16", "surrogatepass"))
        said = typed("drill", tmp_path / name, "--json")
        assert said.code == Exit.BAD_INPUT
        assert name in said.complaint["error"]
    assert not (tmp_path / "state" / "pg").exists()


def test_one_run_name_for_two_scenarios_is_refused(typed):
    said = typed("drill", "a.json", "b.json", "--run", "x", "--json")
    assert said.code == Exit.BAD_INPUT
    assert "--run" in said.complaint["error"]


def test_a_name_that_cannot_be_a_run_is_refused_before_anything_starts(typed, tmp_path):
    (tmp_path / "s.json").write_text("{}")
    said = typed("drill", tmp_path / "s.json", "--run", "Größe", "--json")
    assert said.code == Exit.BAD_INPUT
    assert not (tmp_path / "state" / "pg").exists()


def test_a_list_of_faults_must_be_one(typed, tmp_path):
    (tmp_path / "s.json").write_text("{}")
    (tmp_path / "faults.json").write_text('{"faults": 3}')
    said = typed("drill", tmp_path / "s.json", "--fault-file", tmp_path / "faults.json", "--json")
    assert said.code == Exit.BAD_INPUT
    assert "faults.json" in said.complaint["error"]


@pytest.mark.parametrize("words", [("audit", "replay"), ("audit", "chain"), ("audit", "chain", "x", "--all")])
def test_an_audit_needs_one_case_or_all(typed, words):
    said = typed(*words)
    assert said.code == Exit.BAD_INPUT
    assert "--all" in said.err


@pytest.mark.parametrize(
    "words",
    [
        ("decide", "c", "F-01", "maybe", "--officer", "1"),
        ("decide", "c", "F-01", "approve"),
        ("inbox", "approve", "--officer", "012345 493021"),
        ("inbox", "approve", "A2026-000001/F-01", "--all", "--officer", "012345 493021"),
        ("inbox", "approve", "F-01", "--officer", "012345 493021"),
        ("inbox", "reject", "A2026-000001/F-01"),
        ("inbox", "show", "F-01"),
        ("finding", "c", "0001", "rich", "--officer", "1"),
        ("nonsense",),
    ],
)
def test_a_mistyped_command_is_bad_input(typed, words):
    assert typed(*words).code == Exit.BAD_INPUT


def test_a_wrong_setting_is_told_without_its_value(typed, monkeypatch):
    monkeypatch.setenv("HOLDFAST_POSTGRES_URL", "secret://hunter2")
    said = typed("list")
    assert said.code == Exit.BAD_INPUT
    assert "HOLDFAST_POSTGRES_URL" in said.err
    assert "hunter2" not in said.err
