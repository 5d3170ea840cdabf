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


def test_what_is_no_template_is_mentioned_and_no_fault(typed, tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    (own / "freeze.toml~").write_bytes(b"")
    done = typed("papers", "check", own, "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["ignored"] == ["freeze.toml~"]


def test_a_seal_that_cannot_be_used_is_told_with_every_other_fault(typed, tmp_path, monkeypatch):
    own = tmp_path / "own"
    own.mkdir()
    (own / "stop.toml").write_text("", encoding="utf-8")
    (tmp_path / "seal.png").write_bytes(b"no picture")
    monkeypatch.setenv("HOLDFAST_PAPER_SEAL", str(tmp_path / "seal.png"))
    refused = typed("papers", "check", own, "--json")
    assert refused.code == 2
    assert "HOLDFAST_PAPER_SEAL: seal.png is no PNG image" in refused.complaint["error"]
    assert any(fault["path"].startswith(f"{own}/stop.toml") for fault in refused.complaint["errors"])
    (own / "stop.toml").unlink()
    assert typed("papers", "check", own, "--json").code == 2


def test_samples_of_every_kind_are_written(typed, tmp_path):
    own = tmp_path / "own"
    shutil.copytree(BUILT_IN, own)
    done = typed("papers", "sample", "--templates", own, "--out", tmp_path / "out", "--json")
    assert done.code == 0, done.err
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(
        f"{kind.value}-{accounts}.pdf" for kind in PaperKind for accounts in (1, 3)
    )
    assert all((tmp_path / "out" / path.name).read_bytes().startswith(b"%PDF") for path in (tmp_path / "out").iterdir())


def test_samples_are_numbered_with_the_organ_of_the_settings(typed, tmp_path, monkeypatch):
    assert typed("papers", "sample", "--kind", "query", "--out", tmp_path / "ours", "--json").code == 0
    monkeypatch.setenv("HOLDFAST_PAPER_ORGAN", "苏公（反诈）")
    assert typed("papers", "sample", "--kind", "query", "--out", tmp_path / "theirs", "--json").code == 0
    ours, theirs = [(tmp_path / one / "query-1.pdf").read_bytes() for one in ("ours", "theirs")]
    assert "苏公（反诈）".encode("utf-16-be").hex().upper().encode() in theirs
    assert "苏公（反诈）".encode("utf-16-be").hex().upper().encode() not in ours


def test_one_kind_only(typed, tmp_path):
    done = typed("papers", "sample", "--kind", "query", "--out", tmp_path / "out", "--json")
    assert [one["bytes"] < 20_000 for one in json.loads(done.out)["written"]] == [True, True]
