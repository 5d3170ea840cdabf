"""A worker starts whatever is wrong with templates or seal: with the words last in force, and with an alarm."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from adapters.papers import Printer
from adapters.papers.in_force import printer_in_force
from adapters.papers.sample import sample
from adapters.papers.templates import BUILT_IN, load_templates
from adapters.papers.words import words_from
from adapters.policy_file import house_policy
from adapters.register import Register, Rules
from adapters.settings import ORGANISATION, PAPER_ORGAN, Settings
from domain.papers import Paper, PaperKind
from tests.register.given import NOW, RING, Given, numbered, query, ref, stop

RULES = Rules.of(house_policy())


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A lawyer's directory with two kinds of its own."""
    place = tmp_path / "own"
    place.mkdir()
    for kind in ("stop", "query"):
        shutil.copy(BUILT_IN / f"{kind}.toml", place)
    return place


def edit(file: Path, before: str, after: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after), encoding="utf-8")


async def started(register: Register, own: Path | None, **settings: object) -> tuple[Printer, list[str]]:
    """A worker starts; its printer, and the faults it raised an alarm for."""
    given = Settings.model_validate({"paper_templates_dir": own, **settings})
    with capture_logs() as said:
        printer = await printer_in_force(given, RULES, register, NOW, practice=False)
    alarms = [one for one in said if one["event"] == "papers_faulty"]
    assert all(one["alarm"] and one["log_level"] == "error" for one in alarms)
    return printer, [fault for one in alarms for fault in one["faults"]]


async def stopping(given: Given, account: int = 1) -> Paper:
    """A stop is ordered at this worker; its paper as the printer was given it."""
    case_id = await given.case()
    (opened,) = await given.open(case_id, stop(numbered(account)[-1]))
    assert opened.order is not None, opened.outcome
    document = await given.register.kept_document(opened.order.paper)
    return Paper.model_validate_json(document.removeprefix(b"%PDF "))


async def test_a_fault_in_a_template_leaves_the_words_last_in_force(given: Given, own: Path) -> None:
    await given.duty()
    edit(own / "stop.toml", 'title = "', 'title = "本中心')
    _, alarms = await started(given.register, own)
    assert alarms == []
    edit(own / "stop.toml", "{户名}", "{姓名}")
    printer, alarms = await started(given.register, own)
    assert any("{姓名}" in fault and "stop.toml" in fault for fault in alarms)
    paper = await stopping(given)
    assert words_from(paper.words).template.title.startswith("本中心")
    assert printer.render(paper).startswith(b"%PDF")
    told = await given.register.paper_faults()
    assert told is not None
    assert list(told.faults) == alarms
    edit(own / "stop.toml", "{姓名}", "{户名}")
    _, alarms = await started(given.register, own)
    assert alarms == []
    assert await given.register.paper_faults() is None


async def test_where_no_words_were_in_force_yet_those_that_came_with_the_system_are(given: Given, own: Path) -> None:
    await given.duty()
    (own / "stop.toml").write_bytes(b"\xff\xfe\x00")
    printer, alarms = await started(given.register, own)
    assert alarms
    paper = await stopping(given)
    assert words_from(paper.words).template == load_templates()[PaperKind.STOP]
    assert printer.render(sample(PaperKind.STOP)) == Printer().render(sample(PaperKind.STOP))


@pytest.mark.parametrize("directory", ["nowhere", "own/stop.toml"])
async def test_a_directory_that_is_not_there_is_an_alarm(given: Given, own: Path, directory: str) -> None:
    _, alarms = await started(given.register, own.parent / directory)
    assert any("there is no such directory" in fault for fault in alarms)


async def test_settings_of_now_go_with_words_of_before(given: Given, own: Path) -> None:
    """A fault of the lawyer's does not undo what the operators set."""
    await given.duty()
    await started(given.register, own, paper_signature="旧")
    edit(own / "stop.toml", "{户名}", "{姓名}")
    await started(given.register, own, paper_signature="新", organisation_name="新机关", paper_organ="新公")
    paper = await stopping(given)
    assert (words_from(paper.words).signature, paper.organ) == ("新", "新机关")
    assert paper.number.startswith("新公止付字〔")


async def test_words_of_before_keep_their_signature_where_a_new_one_does_not_fit(
    given: Given, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await given.duty()
    await started(given.register, own, paper_signature="旧")

    def crowded(printer: Printer, _: Paper, *, signed: bool = True) -> float:
        del signed
        return -1.0 if printer.signature == "新" else 1.0

    monkeypatch.setattr(Printer, "room", crowded)
    _, alarms = await started(given.register, own, paper_signature="新")
    assert any("too long" in fault for fault in alarms)
    assert words_from((await stopping(given)).words).signature == "旧"


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n" + b"\0" * 40, None])
async def test_a_seal_that_cannot_be_read_leaves_a_ring_for_a_stamp(
    given: Given, tmp_path: Path, content: bytes | None
) -> None:
    seal = tmp_path / "seal.png"
    if content is not None:
        seal.write_bytes(content)
    printer, alarms = await started(given.register, None, paper_seal=seal)
    assert printer.seal is None
    assert any("HOLDFAST_PAPER_SEAL" in fault for fault in alarms)


async def test_words_that_were_changed_in_the_register_are_not_taken_up(given: Given, own: Path, url: str, sql) -> None:
    await given.duty()
    edit(own / "stop.toml", 'title = "', 'title = "本中心')
    await started(given.register, own)
    sql.execute("ALTER TABLE documents DISABLE TRIGGER USER")
    sql.execute("UPDATE documents SET bytes = set_byte(bytes, 40, get_byte(bytes, 40) # 1)")
    (own / "stop.toml").write_text("", encoding="utf-8")
    other = await Register.connect(url, ring=RING)
    assert await other.former_words() == {}
    _, alarms = await started(other, own)
    paper = await stopping(Given(other))
    await other.close()
    assert alarms
    assert words_from(paper.words).template == load_templates()[PaperKind.STOP]


async def test_exchanged_series_are_not_adopted_and_stops_go_on(given: Given, own: Path) -> None:
    """Else the next number of the one is a kept number of the other, and its transactions fail for ever."""
    await given.duty()
    await started(given.register, own)
    case_id = await given.case()
    for account in numbered(2):
        await given.open(case_id, query(account))
    await given.open(case_id, stop(ref("6222000000000042")))
    edit(own / "stop.toml", 'series = "止付"', 'series = "查财"')
    edit(own / "query.toml", 'series = "查财"', 'series = "止付"')
    edit(own / "stop.toml", 'title = "', 'title = "本中心')
    _, alarms = await started(given.register, own)
    assert [fault.split(":")[0] for fault in alarms] == [
        "series “止付” of query papers",
        "series “查财” of stop papers",
    ]
    paper = await stopping(given, 3)
    assert paper.number == f"{PAPER_ORGAN}止付字〔2026〕000002号"
    assert words_from(paper.words).template.title == load_templates()[PaperKind.STOP].title


async def test_a_new_word_and_words_of_other_years_are_free(given: Given, own: Path) -> None:
    await given.duty()
    await started(given.register, own)
    await given.open(await given.case(), stop(ref()), query(ref()))
    edit(own / "stop.toml", 'series = "止付"', 'series = "急止"')
    _, alarms = await started(given.register, own)
    assert alarms == []
    assert (await stopping(given, 3)).number == f"{PAPER_ORGAN}急止字〔2026〕000002号"
    edit(own / "query.toml", 'series = "查财"', 'series = "止付"')
    words = RULES.worded(load_templates(own), "", ORGANISATION)
    assert (await given.register.adopt_words([words], PAPER_ORGAN, (), NOW + timedelta(days=60))).faults == ()


async def test_where_no_words_are_free_stops_go_on_under_a_marked_word(given: Given, own: Path) -> None:
    """A centre whose own words are those of another kind here, and whose templates are faulty at its first start."""
    await given.duty()
    edit(own / "stop.toml", 'series = "止付"', 'series = "查财"')
    edit(own / "query.toml", 'series = "查财"', 'series = "止付"')
    words = RULES.worded(load_templates(own), "", ORGANISATION)
    await given.register.adopt_words([words], PAPER_ORGAN, (), NOW)
    await given.open(await given.case(), stop(ref()), query(ref()))
    built_in = RULES.worded(load_templates(), "", ORGANISATION)
    adopted = await given.register.adopt_words([built_in], PAPER_ORGAN, (), NOW)
    assert len(adopted.faults) == 2
    assert (await stopping(given, 3)).number == f"{PAPER_ORGAN}止付甲字〔2026〕000002号"


async def test_the_organ_of_the_settings_begins_every_number(given: Given) -> None:
    await given.duty()
    await started(given.register, None, paper_organ="苏公（反诈）")
    assert (await stopping(given)).number == "苏公（反诈）止付字〔2026〕000001号"
