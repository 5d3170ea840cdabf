"""What was approved is what is issued: a freeze's papers are printed with the words its sheet was approved with."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from activities.ports import OpenOrders
from adapters.cli.drafts import drafts_of
from adapters.papers import Printer
from adapters.papers.templates import load_templates
from adapters.papers.words import Words, text_of, words_from
from adapters.policy_file import house_policy
from adapters.register import Register, Rules
from adapters.settings import ORGANISATION, PAPER_ORGAN
from domain.orders import HeldBack, Outcome
from domain.papers import Paper, PaperKind
from domain.sheets import Sheet
from tests.register.given import ABC, COUNTY, ICBC, NOW, RING, SECOND_TOO, Given, freeze, ref, render, stop
from tests.register.wire import ACCOUNT, Wire, freeze_of, opened_at

RULES = Rules.of(house_policy())


async def starts(register: Register, said: str, *, rules: Rules = RULES, issuer: str = ORGANISATION) -> None:
    """A worker starts with templates, signature and issuer of its own."""
    templates = load_templates()
    freezes = templates[PaperKind.FREEZE]
    templates[PaperKind.FREEZE] = freezes.model_copy(update={"closing": said})
    await register.adopt_words([rules.worded(templates, f"{said}专用", issuer)], PAPER_ORGAN, (), NOW)


@pytest_asyncio.fixture
async def other(url: str) -> AsyncIterator[Register]:
    """The register as another worker process has it, started later."""
    one = await Register.connect(url, ring=RING)
    yield one
    await one.close()


async def approved(given: Given, sheet: Sheet, except_lines: tuple[int, ...] = ()) -> Sheet:
    await given.register.keep_sheet(sheet, render)
    kept = (await given.register.sheet(sheet.case_id, sheet.name)).sheet
    for officer in (COUNTY, SECOND_TOO):
        ruling = await given.decide(kept, officer, except_lines=except_lines)
        assert ruling.accepted, ruling.en
    return kept


async def printed(register: Register, sha256: str) -> Paper:
    """The paper as it was handed to the printer."""
    return Paper.model_validate_json((await register.kept_document(sha256)).removeprefix(b"%PDF "))


async def issued(register: Register, case_id: str, kind: PaperKind = PaperKind.FREEZE) -> list[Paper]:
    papers = [one for one in await register.papers_of(case_id) if one.kind is kind]
    return [await printed(register, one.sha256) for one in papers]


async def freezes(register: Register, case_id: str, *amounts: int) -> list[Outcome | None]:
    accounts = [ref(f"62220000{no:08d}") for no in range(1, len(amounts) + 1)]
    drafts = tuple(freeze(account, amount) for account, amount in zip(accounts, amounts, strict=True))
    request = OpenOrders(case_id=case_id, institution=ICBC, drafts=drafts, now=NOW)
    return [one.outcome for one in await register.open_orders(request, render)]


def two(given: Given, case_id: str) -> Sheet:
    return given.sheet(case_id, *((ref(f"62220000{no:08d}"), 500) for no in (1, 2)))


async def test_a_worker_with_other_templates_issues_what_was_approved(given: Given, other: Register) -> None:
    """Given a sheet that was put to approval by one worker, and a second one started after every word was edited."""
    await given.duty()
    case_id = await given.case()
    await starts(given.register, "甲")
    kept = await approved(given, two(given, case_id))
    await starts(other, "乙", rules=replace(RULES, interest=not RULES.interest), issuer="另一机关")
    await given.register.put_institutions([ICBC.model_copy(update={"name": "工商银行（更名）"})])
    assert await freezes(other, case_id, 500, 500) == [None, None]

    (paper,) = await issued(given.register, case_id)
    draft = await printed(given.register, kept.documents[0])
    words = words_from(paper.words)
    assert (words.template.closing, words.signature, paper.organ) == ("甲", "甲专用", ORGANISATION)
    assert paper.institution_name == "工商银行"
    assert paper.interest is RULES.interest
    filled_in = {"number", "handling", "second", "issued_at", "draft"}
    assert paper.model_dump(exclude=filled_in) == draft.model_dump(exclude=filled_in)


async def test_drafts_and_issue_call_the_bank_alike(given: Given) -> None:
    """A case's snapshot of the institutions may be older than their table."""
    await given.duty()
    await starts(given.register, "甲")
    await given.register.put_institutions([ICBC.model_copy(update={"name": "中国工商银行股份有限公司"})])
    case_id = await given.case()
    kept = await approved(given, two(given, case_id))
    await freezes(given.register, case_id, 500, 500)  # its institution is still called 工商银行
    (paper,) = await issued(given.register, case_id)
    assert paper.institution_name == (await printed(given.register, kept.documents[0])).institution_name


async def test_the_words_are_a_document_of_the_sheet_and_of_its_digest(given: Given) -> None:
    await given.duty()
    await given.register.put_institutions([ICBC, ABC])
    await starts(given.register, "甲")
    case_id = await given.case()
    sheet = given.sheet(case_id, (ref(), 500), (ref(institution=ABC.id), 300))
    kept = await approved(given, sheet)
    *drafts, last = kept.documents
    assert len(drafts) == 2
    text = (await given.register.kept_document(last)).decode()
    words = words_from(text)
    assert text_of(words) == text
    assert (words.kind, words.names) == (PaperKind.FREEZE, {ICBC.id: ICBC.name, ABC.id: ABC.name})
    assert kept.digest != sheet.model_copy(update={"documents": tuple(drafts)}).digest
    listed = drafts_of(kept, {ICBC.id: ICBC.code, ABC.id: ABC.code})
    assert [(name, sha256) for _, name, sha256 in listed] == list(zip(["F-01/ICBC", "F-01/ABC"], drafts, strict=True))


async def test_templates_edited_twice_while_a_sheet_waits_change_nothing(given: Given, other: Register) -> None:
    await given.duty()
    await starts(given.register, "甲")
    case_id = await given.case()
    kept = await approved(given, two(given, case_id))
    await starts(other, "乙")
    await starts(other, "丙")
    await other.keep_sheet(two(given, case_id), render)  # the case asks again at the worker of now
    assert (await other.sheet(case_id, "F-01")).sheet.documents == kept.documents
    await freezes(other, case_id, 500, 500)
    assert [words_from(one.words).template.closing for one in await issued(other, case_id)] == ["甲"]


async def test_a_paper_without_excepted_lines_has_the_same_words(given: Given, other: Register) -> None:
    await given.duty()
    await starts(given.register, "甲")
    case_id = await given.case()
    await approved(given, two(given, case_id), except_lines=(2,))
    await starts(other, "乙")
    outcomes = await freezes(other, case_id, 500, 500)
    assert outcomes == [None, HeldBack(reason="not_decided")]
    (paper,) = await issued(other, case_id)
    assert [line.amount_fen for line in paper.lines] == [500]
    assert words_from(paper.words).template.closing == "甲"


async def test_a_sheet_from_before_there_were_words_is_issued_with_those_of_the_moment(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    kept = await approved(given, two(given, case_id))
    assert len(kept.documents) == 1
    await starts(given.register, "乙")
    await freezes(given.register, case_id, 500, 500)
    assert [words_from(one.words).template.closing for one in await issued(given.register, case_id)] == ["乙"]


async def test_other_papers_are_printed_with_the_words_of_the_moment_and_it_is_on_record(given: Given, sql) -> None:
    await given.duty()
    case_id = await given.case()
    await given.open(case_id, stop(ref("6222000000000009")))
    await starts(given.register, "甲")
    await given.open(case_id, stop(ref()))
    without, paper = await issued(given.register, case_id, PaperKind.STOP)
    assert without.words == ""
    assert words_from(paper.words).signature == "甲专用"
    on_record = "SELECT convert_from(bytes, 'UTF8') FROM papers LEFT JOIN documents ON words = documents.sha256"
    assert sql.execute(f"{on_record} ORDER BY ordinal").fetchall() == [(None,), (paper.words,)]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE documents SET bytes = set_byte(bytes, 40, get_byte(bytes, 40) # 1) WHERE sha256 = %(words)s",
        "UPDATE documents SET bytes = '%%PDF' WHERE sha256 = %(words)s",
        "DELETE FROM documents WHERE sha256 = %(words)s",
    ],
)
async def test_no_freeze_is_written_with_words_that_were_changed_after_their_approval(
    given: Given, sql, change: str
) -> None:
    await given.duty()
    await starts(given.register, "甲")
    case_id = await given.case()
    kept = await approved(given, two(given, case_id))
    sql.execute("ALTER TABLE documents DISABLE TRIGGER USER")
    sql.execute(change, {"words": kept.documents[-1]})
    assert await freezes(given.register, case_id, 500, 500) == [HeldBack(reason="words_unreadable")] * 2
    assert await issued(given.register, case_id) == []


async def test_words_of_a_layout_that_this_program_does_not_know_hold_the_freeze_back(given: Given, sql) -> None:
    """In a rolling deploy a newer worker may have kept the sheet."""
    await given.duty()
    await starts(given.register, "甲")
    case_id = await given.case()
    await given.register.keep_sheet(two(given, case_id), render)
    kept = (await given.register.sheet(case_id, "F-01")).sheet
    text = json.loads(await given.register.kept_document(kept.documents[-1])) | {"layout": 2}
    newer = json.dumps(text, ensure_ascii=False).encode()
    sql.execute("INSERT INTO documents VALUES (encode(sha256(%(b)s), 'hex'), %(b)s)", {"b": newer})
    sql.execute("ALTER TABLE sheets DISABLE TRIGGER USER")
    (sha256,) = sql.execute("SELECT encode(sha256(%(b)s), 'hex')", {"b": newer}).fetchone()
    sql.execute(
        "UPDATE sheets SET content = jsonb_set(content, '{documents, 1}', to_jsonb(%(s)s::text))", {"s": sha256}
    )
    sql.execute("UPDATE sheets SET state = 'approved'")
    assert await freezes(given.register, case_id, 500, 500) == [HeldBack(reason="words_unreadable")] * 2


async def test_a_freeze_does_not_leave_when_its_words_were_changed_after_it_was_written(wire: Wire, sql) -> None:
    await wire.given.duty()
    await starts(wire.given.register, "甲")
    case_id = await wire.given.case()
    kept = await approved(wire.given, wire.given.sheet(case_id, (ACCOUNT, 700)))
    (opened,) = await opened_at(wire, case_id, freeze_of(700))
    one_byte = "UPDATE documents SET bytes = set_byte(bytes, 40, get_byte(bytes, 40) # 1) WHERE sha256 = %(words)s"
    sql.execute("ALTER TABLE documents DISABLE TRIGGER USER")
    sql.execute(one_byte, {"words": kept.documents[-1]})
    assert await wire.sends(opened) == ["unproven"]
    assert await wire.arrived() == []
    sql.execute(one_byte, {"words": kept.documents[-1]})
    assert await wire.sends(opened) == ["100000"]


async def test_printers_with_other_templates_print_the_same_paper(given: Given, other: Register) -> None:
    """To the byte, seal apart: what is read is the paper's own words."""
    await given.duty()
    await starts(given.register, "甲")
    case_id = await given.case()
    await approved(given, two(given, case_id))
    await starts(other, "乙")
    await freezes(other, case_id, 500, 500)
    (paper,) = await issued(other, case_id)
    templates = load_templates()
    edited = templates[PaperKind.FREEZE].model_copy(update={"closing": "乙"})
    theirs = Printer({**templates, PaperKind.FREEZE: edited}, signature="乙")
    ours = Printer({kind: words.template for kind, words in _all_of("甲").items()}, signature="甲专用")
    assert theirs.render(paper) == ours.render(paper.model_copy(update={"words": ""}))


def _all_of(said: str) -> dict[PaperKind, Words]:
    templates = load_templates()
    edited = templates[PaperKind.FREEZE].model_copy(update={"closing": said})
    return RULES.worded({**templates, PaperKind.FREEZE: edited}, f"{said}专用", ORGANISATION)


async def test_words_come_into_force_once(given: Given, other: Register, sql) -> None:
    await starts(given.register, "甲")
    await starts(other, "甲")
    await starts(other, "乙")
    rows = sql.execute("SELECT kind, count(*) FROM paper_words GROUP BY kind").fetchall()
    assert dict(rows) == {kind.value: 2 for kind in PaperKind}  # the signature is on every paper
    assert {one.signature for one in (await given.register.former_words()).values()} == {"乙专用"}
    for statement in ("UPDATE paper_words SET series = 'x'", "DELETE FROM paper_words", "TRUNCATE paper_words"):
        with pytest.raises(Exception, match="is kept as it was written"):
            sql.execute(statement)
