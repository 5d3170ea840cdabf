"""Templates are a lawyer's to edit: what is wrong is said with file, line, field and remedy before one is used."""

import shutil
from pathlib import Path

import pytest

from adapters.papers import Printer
from adapters.papers.placeholders import REQUIRED
from adapters.papers.printing import fit
from adapters.papers.sample import sample
from adapters.papers.templates import BUILT_IN, TemplateError, TemplateFault, ignored, load_templates
from adapters.register.part import Rules
from domain.papers import PaperKind
from tests.workflows.paper_policy import POLICY

LAWS = Rules.of(POLICY).basis


@pytest.fixture
def own(tmp_path: Path) -> Path:
    place = tmp_path / "own"
    place.mkdir()
    shutil.copy(BUILT_IN / "freeze.toml", place)
    return place


def edited(own: Path, before: str, after: str, name: str = "freeze.toml") -> tuple[TemplateFault, ...]:
    """What is said about the template after this change of it."""
    file = own / name
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after), encoding="utf-8")
    with pytest.raises(TemplateError) as refused:
        load_templates(own)
    return refused.value.faults


def line_of(own: Path, words: str) -> int:
    lines = (own / "freeze.toml").read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, start=1) if words in line)


def test_the_houses_own_templates_are_whole_and_fit_their_page():
    templates = load_templates()
    assert set(templates) == set(PaperKind)
    fit(Printer(templates), LAWS)


def test_a_lawyers_words_are_printed_and_other_kinds_stay(own: Path):
    (own / "README.zh.md").write_text("notes", encoding="utf-8")
    file = own / "freeze.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("协助冻结下列财产", "协助予以冻结"), encoding="utf-8")
    templates = load_templates(own)
    assert "协助予以冻结" in templates[PaperKind.FREEZE].text
    assert templates[PaperKind.STOP] == load_templates()[PaperKind.STOP]
    paper = sample(PaperKind.FREEZE)
    assert Printer(templates).render(paper) != Printer().render(paper)


def test_an_unknown_placeholder_is_named_with_its_line(own: Path):
    (fault,) = edited(own, "“{案件类别}”", "“{案件类型}”{案件类别}")
    assert (fault.field, fault.line) == ("text", line_of(own, "{案件类型}"))
    assert "{案件类型}" in fault.problem
    assert "案件类别" in fault.remedy


@pytest.mark.parametrize("name", sorted(REQUIRED[PaperKind.FREEZE]))
def test_what_the_law_wants_on_a_freeze_cannot_be_left_out(own: Path, name: str):
    faults = edited(own, "{" + name + "}", "")
    assert faults
    assert all(f"{{{name}}} must stand on this paper" in fault.problem for fault in faults)
    assert all(fault.line and fault.file.endswith("freeze.toml") and fault.remedy for fault in faults)


@pytest.mark.parametrize(
    ("before", "after", "field", "said"),
    [
        ("{期限}", "{期限!r}", "one_account", "{期限!r}"),
        ("{期限}", "{期限.__class__}", "one_account", "nothing is called"),
        ('to = "{受文单位}："', 'to = "{受文单位："', "to", "brace"),
        ('to = "{受文单位}："', 'to = "{受文单位}：', "", "not TOML"),
        ("[signature]", "[signatur]", "signatur", "no such field"),
        ('series = "冻财"', 'series = "冻财 1"', "series", "pattern"),
        ('included = "包含冻结期间产生的孳息（利息）"', 'included = ""', "interest.included", "says nothing"),
        ("协助冻结下列财产", "协助冻结下列财产😀", "text", "U+1F600"),
        ("{案件编号}", "{案件编号}{户名}", "text", "of one account"),
    ],
)
def test_what_cannot_be_printed_is_refused_where_it_stands(own: Path, before: str, after: str, field: str, said: str):
    faults = edited(own, before, after)
    assert any(fault.field == field and said in fault.problem and fault.line for fault in faults), faults


@pytest.mark.parametrize(
    ("before", "after", "field"),
    [
        ("限额冻结，以所列金额为限", "以{金额}元为限", "scope.limited"),
        ('["户　　名", "{户名}"]', '["{户名}", "{户名}"]', "one_account"),
        ("附件：账户清单", "附件：账户清单}", "annex.title"),
        ("不包含冻结期间产生的孳息（利息）", "不包含{{孳息}}", "interest.excluded"),
    ],
)
def test_a_brace_where_nothing_is_filled_in_is_refused(own: Path, before: str, after: str, field: str):
    (fault,) = edited(own, before, after)
    assert (fault.field, fault.problem) == (field, "a brace stands here, where nothing is filled in")
    assert fault.line == line_of(own, after)


def test_a_name_between_two_braces_is_not_the_accounts(own: Path):
    """It prints {户名} as it stands."""
    (fault,) = edited(own, '"{户名}"', '"{{户名}}"')
    assert fault.problem == "{户名} must stand on this paper and does not"


def test_a_brace_left_open_is_told_alone(own: Path):
    """What is missing cannot be known before it is closed."""
    (fault,) = edited(own, 'to = "{受文单位}："', 'to = "{受文单位："')
    assert fault.field == "to"


def test_a_file_that_is_no_kind_and_a_missing_directory_are_told(own: Path):
    (own / "freze.toml").write_text("", encoding="utf-8")
    with pytest.raises(TemplateError, match="no kind of paper is called that"):
        load_templates(own)
    with pytest.raises(TemplateError, match="no such directory"):
        load_templates(own / "nowhere")


def test_two_kinds_cannot_share_a_series(own: Path):
    (fault,) = edited(own, 'series = "冻财"', 'series = "止付"')
    assert fault.field == "series"


def test_a_text_that_runs_off_the_page_is_refused(own: Path):
    file = own / "freeze.toml"
    text = file.read_text(encoding="utf-8").replace("协助冻结下列财产，", "协助冻结下列财产，" + "并请说明情况，" * 100)
    file.write_text(text, encoding="utf-8")
    with pytest.raises(TemplateError, match="too long"):
        fit(Printer(load_templates(own)), LAWS, own)


def test_the_houses_templates_fit_with_the_longest_law_that_a_policy_may_state():
    fit(Printer(), dict.fromkeys(PaperKind, "法" * 200))


def test_words_that_run_off_the_page_only_with_the_policys_laws_are_refused(own: Path):
    file = own / "freeze.toml"
    more = "协助冻结下列财产，" + "并请说明情况，" * 6
    file.write_text(file.read_text(encoding="utf-8").replace("协助冻结下列财产，", more), encoding="utf-8")
    printer = Printer(load_templates(own))
    fit(printer, LAWS, own)
    with pytest.raises(TemplateError, match=r"a law of 200 characters .* too long"):
        fit(printer, {PaperKind.FREEZE: "法" * 200}, own)


def test_every_fault_of_every_file_is_told_at_once(own: Path):
    shutil.copy(BUILT_IN / "stop.toml", own)
    stop = own / "stop.toml"
    stop.write_text(stop.read_text(encoding="utf-8").replace("{金额}", "{钱}"), encoding="utf-8")
    faults = edited(own, "{日期}", "{日子}")
    assert {Path(fault.file).name for fault in faults} == {"freeze.toml", "stop.toml"}


STRAYS = ("freeze.toml~", "Thumbs.db", "desktop.ini", "freeze.toml.bak", "说明.txt")


def test_what_editors_and_folders_leave_behind_is_no_fault(own: Path):
    for name in STRAYS:
        (own / name).write_bytes(b"\xff\x00")
    (own / ".freeze.toml.swp").write_bytes(b"")
    (own / "旧").mkdir()
    assert load_templates(own) == load_templates()
    assert ignored(own) == sorted([*STRAYS, "旧"])


def test_a_mark_that_windows_puts_before_the_text_is_no_fault(own: Path):
    file = own / "freeze.toml"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert load_templates(own) == load_templates()


def test_a_template_that_is_no_file_is_a_fault(own: Path):
    (own / "stop.toml").mkdir()
    with pytest.raises(TemplateError, match="it is no file"):
        load_templates(own)


def test_a_name_that_differs_in_case_only_is_told(own: Path):
    """On another machine it would be the template."""
    (own / "freeze.toml").rename(own / "Freeze.TOML")
    with pytest.raises(TemplateError, match="no kind of paper is called that"):
        load_templates(own)
