"""`papers check` and `papers sample`: what a lawyer types."""

import json
import shutil

from adapters.papers.templates import BUILT_IN
from domain.papers import PaperKind


def test_the_houses_templates_have_no_fault(typed):
    done = typed("papers", "check", "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["kinds"] == [kind.value for kind in PaperKind]


def test_a_fault_is_told_with_file_line_and_remedy_and_nothing_is_written(typed, tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    text = (BUILT_IN / "stop.toml").read_text(encoding="utf-8")
    (own / "stop.toml").write_text(text.replace("{户名}", "{姓名}"), encoding="utf-8")
    refused = typed("papers", "check", own, "--json")
    assert refused.code == 2
    assert any(fault["path"].startswith(f"{own}/stop.toml:") for fault in refused.complaint["errors"])
    assert "{姓名}" in refused.complaint["error"]
    assert typed("papers", "sample", "--templates", own, "--out", tmp_path / "out", "--json").code == 2
    assert not (tmp_path / "out").exists()


def test_the_directory_of_the_settings_is_the_one_checked(typed, tmp_path, monkeypatch):
    monkeypatch.setenv("HOLDFAST_PAPER_TEMPLATES_DIR", str(tmp_path / "gone"))
    refused = typed("papers", "check", "--json")
    assert refused.code == 2
    assert "no such directory" in refused.complaint["error"]


def test_samples_of_every_kind_are_written(typed, tmp_path):
    own = tmp_path / "own"
    shutil.copytree(BUILT_IN, own)
    done = typed("papers", "sample", "--templates", own, "--out", tmp_path / "out", "--json")
    assert done.code == 0, done.err
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(
        f"{kind.value}-{accounts}.pdf" for kind in PaperKind for accounts in (1, 3)
    )
    assert all((tmp_path / "out" / path.name).read_bytes().startswith(b"%PDF") for path in (tmp_path / "out").iterdir())


def test_one_kind_only(typed, tmp_path):
    done = typed("papers", "sample", "--kind", "query", "--out", tmp_path / "out", "--json")
    assert [one["bytes"] < 20_000 for one in json.loads(done.out)["written"]] == [True, True]
