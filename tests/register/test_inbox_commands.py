"""`starter.py inbox` as it is typed, over a real register: what is listed, and several sheets decided with one code."""

import asyncio
import contextlib
import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from typer.testing import CliRunner

from adapters.cli import inbox, keeping
from adapters.cli.app import app
from adapters.cli.engine import DOWN, EngineStanding
from adapters.cli.failures import Exit
from adapters.cli.running import World
from adapters.register import Register
from domain.bookkeeping import Filing
from domain.evidence import EvidenceKind
from domain.identifiers import parts_of_sheet
from domain.orders import AccountKind
from domain.sheets import Decision, SheetKind
from domain.words import DecisionWords, decision_words
from tests.register.given import CHIEF, COUNTY, HANDLING, NOW, RING, SECOND, SECOND_TOO, Given, code, numbered, ref

FIRST, OTHER = "A2026-000001/F-01", "A2026-000002/F-01"


class Centre:
    """Cases as far as these commands know them: an update goes to the register, which decides, or refuses in words."""

    def __init__(self, register: Register, seen: SimpleNamespace) -> None:
        self.register = register
        self.seen = seen

    def get_workflow_handle(self, workflow_id: str) -> SimpleNamespace:
        async def update(name: str, said: object, *, result_type: type) -> str:
            assert (name, result_type) == ("decide", str)
            self.seen.asked.append(workflow_id)
            await self.seen.before(self.register, workflow_id)
            words = decision_words(said)
            assert isinstance(words, DecisionWords)
            return await self._decide(workflow_id, words)

        return SimpleNamespace(execute_update=update)

    async def _decide(self, workflow_id: str, words: DecisionWords) -> str:
        case = await self.register.case(workflow_id.removeprefix("case/"))
        parts = [part for name in words.sheets if (part := parts_of_sheet(name)) and part[0] == case.case_number]
        said = words.model_dump(exclude={"sheets"}) | {"sheets": words.sheets, "via": "update", "at": self.seen.at}
        rulings = [
            await self.register.decide(Decision.model_validate({"case_id": case.case_id, "sheet": name, **said}))
            for _, name in parts
        ]
        refused = next((one for one in rulings if not one.accepted), None)
        if refused:
            raise WorkflowUpdateFailedError(ApplicationError(f"{refused.zh} / {refused.en}", type="Refused"))
        return rulings[-1].en


async def _at_once(answer: object) -> object:
    return answer


async def _nothing(*_: object) -> None:
    """Somebody works, and nothing comes between."""


@pytest.fixture
def centre(url, monkeypatch, tmp_path):
    """The command's own world: this register, and cases that ask it. No stack, no engine."""
    monkeypatch.setenv("HOLDFAST_STATE_DIR", str(tmp_path / "state"))
    seen = SimpleNamespace(asked=[], before=_nothing, at=NOW, engine=EngineStanding(engine=True, worker=True))

    @contextlib.asynccontextmanager
    async def world(*_: object, **__: object):
        own = await Register.connect(url, ring=RING)
        try:
            yield World("test", SimpleNamespace(), own, RING, Centre(own, seen))  # type: ignore[arg-type]
        finally:
            await own.close()

    monkeypatch.setattr(inbox, "open_world", world)
    monkeypatch.setattr(keeping, "ensure_worker", _nothing)
    monkeypatch.setattr(keeping, "engine_standing", lambda _: _at_once(seen.engine))
    return seen


@pytest.fixture
def typed(centre):
    """Type `inbox …`; gives exit code, JSON answer (None: none) and what was said for people."""
    del centre

    async def run(*words: object, as_json: bool = True):
        more = ["--json"] if as_json else []
        result = await asyncio.to_thread(CliRunner().invoke, app, ["inbox", *map(str, words), *more])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        answer = json.loads(result.stdout) if as_json and result.stdout else None
        return SimpleNamespace(code=result.exit_code, answer=answer, out=result.stdout, err=result.stderr)

    return run


async def two_cases(given: Given, *, filed: bool = True, needs: EvidenceKind = EvidenceKind.TOTP):
    """Two cases with a freeze sheet each; the later one with the nearer deadline and what it `needs`."""
    made = []
    for no, minutes in ((1, 60), (2, 30)):
        case_id = await given.case()
        sheet = given.sheet(case_id, *((account, 50_000) for account in numbered(2, no * 10)))
        changed = {"decide_by": NOW + timedelta(minutes=minutes), "needs": needs if no == 2 else EvidenceKind.TOTP}
        sheet = sheet.model_copy(update=changed)
        await given.register.keep_sheet(sheet)
        made.append(sheet)
        if filed:
            await file(given, case_id)
    return made


async def file(given: Given, case_id: str) -> None:
    evidence = await given.fresh_code(HANDLING)
    filing = Filing(case_id=case_id, number="LA-1", officer=HANDLING, evidence=evidence, at=NOW)
    ruling = await given.register.keep_filing(filing)
    assert ruling.accepted, ruling.en


def officer_with_code(number: str, later: int = 0) -> str:
    return f"{number} {code(number, NOW, later).code}"


async def state_of(given: Given, name: str) -> tuple[str, tuple[str, ...]]:
    case, sheet = name.split("/")
    row = await given.register.sheet((await given.register.case(case)).case_id, sheet)
    return row.state, row.decided_by


async def test_the_list_stands_by_deadline_with_all_that_an_officer_needs(given: Given, typed) -> None:
    await two_cases(given, filed=False, needs=EvidenceKind.SIGNATURE)
    said = await typed()
    assert said.code == Exit.DONE
    second, first = said.answer["sheets"]
    assert (second["sheet"], first["sheet"]) == (OTHER, FIRST)
    assert (second["needs"], first["needs"]) == ("signature", "totp")
    assert (first["zh"], first["en"], first["kind"]) == ("冻结", "freeze", "freeze")
    assert (first["effect"]["accounts"], first["effect"]["asked_fen"]) == (2, 100_000)
    assert first["awaited"] == ["approver_county", "second_officer"]
    assert first["blocked"]
    assert first["decide_by"] == (NOW + timedelta(minutes=60)).isoformat()
    page = (await typed(as_json=False)).out
    for word in (FIRST, OTHER, "1,000", "overdue", "缺立案"):
        assert word in page


async def test_the_list_of_an_officer_shows_what_awaits_them(given: Given, typed) -> None:
    await two_cases(given)
    assert (await typed("--officer", CHIEF)).answer["sheets"] == []
    assert len((await typed("--officer", SECOND)).answer["sheets"]) == 2
    unknown = await typed("--officer", "999999")
    assert unknown.code == Exit.NOT_FOUND
    assert "999999" in unknown.err


async def test_sheets_of_two_cases_are_approved_with_one_code_and_each_is_told(given: Given, typed, centre) -> None:
    await two_cases(given)
    said = await typed("approve", FIRST, OTHER, "--officer", officer_with_code(SECOND))
    assert said.code == Exit.DONE, said.err
    assert [(one["sheet"], one["accepted"], one["state"]) for one in said.answer["sheets"]] == [
        (FIRST, True, "pending"),
        (OTHER, True, "pending"),
    ]
    assert said.answer["sheets"][0]["awaited"] == ["approver_county"]
    assert [(await state_of(given, name))[1] for name in (FIRST, OTHER)] == [(SECOND,), (SECOND,)]
    assert len(centre.asked) == 2


async def test_all_means_what_awaits_this_officer_is_filed_and_needs_this_kind_of_evidence(given: Given, typed) -> None:
    await two_cases(given, needs=EvidenceKind.SIGNATURE)
    unfiled = await given.case()
    await given.register.keep_sheet(given.sheet(unfiled, (ref(), 5)))
    await given.register.keep_sheet(given.sheet(unfiled, (ref(), 7), name="R-01", kind=SheetKind.RELEASE))
    said = await typed("approve", "--all", "--officer", officer_with_code(SECOND))
    assert said.code == Exit.DONE, said.err
    assert {one["sheet"] for one in said.answer["sheets"]} == {FIRST, "A2026-000003/R-01"}
    assert {one["sheet"]: one["why"] for one in said.answer["left"]} == {
        OTHER: "需要签名 / needs signature",
        "A2026-000003/F-01": "尚未立案 / its case has no case filing yet",
    }
    assert (await state_of(given, OTHER))[1] == ()
    again = await typed("approve", "--all", "--officer", officer_with_code(SECOND, 1))
    assert (again.code, again.answer["sheets"]) == (Exit.DONE, [])


async def test_a_missing_filing_and_who_is_awaited_are_said_in_chinese_and_english(given: Given, typed) -> None:
    first, _ = await two_cases(given, filed=False)
    said = await typed("approve", FIRST, "--officer", officer_with_code(SECOND))
    assert said.code == Exit.BAD_INPUT
    assert "A2026-000001 尚未立案" in said.err
    assert "has no case filing yet" in said.err
    await file(given, first.case_id)
    (told,) = (await typed("approve", FIRST, "--officer", officer_with_code(SECOND, 1))).answer["sheets"]
    assert told["said"] == "F-01: 待决 pending, 还需 still awaits 县级审批人 / county approver"


async def test_a_rejection_keeps_its_reason(given: Given, typed, sql) -> None:
    await two_cases(given)
    said = await typed("reject", FIRST, "--reason", "金额不符", "--officer", officer_with_code(SECOND))
    assert said.code == Exit.DONE
    assert await state_of(given, FIRST) == ("rejected", (SECOND,))
    assert await state_of(given, OTHER) == ("pending", ())
    assert sql.execute("SELECT content ->> 'reason' FROM decisions").fetchall() == [("金额不符",)]


@pytest.mark.parametrize("wrong", ["decided", "unfiled", "signature", "not_theirs"])
async def test_what_is_sure_to_be_refused_is_told_before_anything_is_said(given: Given, typed, centre, wrong) -> None:
    _, other = await two_cases(
        given, filed=wrong != "unfiled", needs=EvidenceKind("signature" if wrong == "signature" else "totp")
    )
    if wrong == "decided":
        await given.decide(other, SECOND_TOO)
        await given.decide(other, COUNTY)
    by = CHIEF if wrong == "not_theirs" else SECOND
    said = await typed("approve", FIRST, OTHER, "--officer", officer_with_code(by))
    assert said.code == Exit.BAD_INPUT
    assert OTHER in {one["path"] for one in json.loads(said.err)["errors"]}
    assert centre.asked == []
    assert (await state_of(given, FIRST)) == ("pending", ())


async def test_a_wrong_code_is_tried_at_one_case_only_and_decides_nothing(given: Given, typed, centre, sql) -> None:
    await two_cases(given)
    right = {code(SECOND, NOW, later).code for later in range(-25, 3)}
    wrong = next(one for one in ("000000", "111111", "222222") if one not in right)
    said = await typed("approve", FIRST, OTHER, "--officer", f"{SECOND} {wrong}")
    assert said.code == Exit.BAD_INPUT
    first, second = said.answer["sheets"]
    assert (first["accepted"], second["accepted"]) == (False, False)
    assert "the code is wrong" in first["said"]
    assert "Not said" in second["said"]
    assert len(centre.asked) == 1
    assert sql.execute("SELECT count(*) FROM attempts WHERE result = 'wrong_code'").fetchone() == (1,)
    assert [await state_of(given, name) for name in (FIRST, OTHER)] == [("pending", ())] * 2


async def test_one_refused_among_several_is_told_with_the_rest_and_ends_with_an_error(
    given: Given, typed, centre
) -> None:
    _, other = await two_cases(given)

    async def overtaken(register: Register, workflow_id: str) -> None:
        """Between the look and the word somebody else has filled the role on the second sheet."""
        if workflow_id.endswith(other.case_id):
            assert (await Given(register).decide(other, SECOND_TOO)).accepted

    centre.before = overtaken
    said = await typed("approve", FIRST, OTHER, "--officer", officer_with_code(SECOND))
    assert said.code == Exit.BAD_INPUT
    assert [(one["sheet"], one["accepted"]) for one in said.answer["sheets"]] == [(FIRST, True), (OTHER, False)]
    assert "awaited: county approver" in said.answer["sheets"][1]["said"]
    assert [(await state_of(given, name))[1] for name in (FIRST, OTHER)] == [(SECOND,), (SECOND_TOO,)]


async def test_a_sheet_is_shown_whole_with_its_accounts_masked_and_what_to_type(given: Given, typed) -> None:
    case_id = await given.case()
    company = ref("622200000000777").model_copy(update={"kind": AccountKind.CORPORATE, "name": "测试公司"})
    sheet = given.sheet(case_id, (company, 50_000), (ref(), 7))
    rich = (sheet.lines[0].model_copy(update={"balance_fen": 900_000, "limited": True}), sheet.lines[1])
    await given.duty()
    await given.stopped(case_id, company)
    await given.register.keep_sheet(sheet.model_copy(update={"lines": rich, "basis": "刑事诉讼法第一百四十四条"}))
    answer = (await typed("show", FIRST)).answer
    assert answer["sheet"] == FIRST
    assert [line["account"] for line in answer["lines"]] == ["ICBC·0777", "ICBC·0001"]
    assert [line["like_a_shop"] for line in answer["lines"]] == [True, False]
    assert answer["effect"]["shops"] == 1
    page = (await typed("show", FIRST, as_json=False)).out
    for word in ("ICBC·0777", "公司 company", "刑事诉讼法第一百四十四条", "9,000", f"inbox approve {FIRST}"):
        assert word in page
    assert "622200000000777" not in page
    assert "测试公司" not in page
    assert (await typed("show", "A2026-000001/F-09")).code == Exit.NOT_FOUND


def code_of_now(number: str, later: int = 0) -> str:
    """What is kept is verified by the clock of whoever types."""
    return f"{number} {code(number, datetime.now(UTC), later).code}"


async def test_while_the_engine_is_down_decisions_of_two_officers_are_kept_and_said_so(
    given: Given, typed, centre
) -> None:
    await two_cases(given)
    centre.engine = DOWN
    for officer in (SECOND, COUNTY):
        said = await typed("approve", FIRST, OTHER, "--officer", code_of_now(officer))
        assert said.code == Exit.DONE, said.err
        assert [(one["accepted"], one["kept"], one["state"]) for one in said.answer["sheets"]] == [
            (True, True, "pending")
        ] * 2
        assert "kept; will be delivered when the engine is back" in said.answer["sheets"][0]["said"]
    assert centre.asked == []
    assert await state_of(given, FIRST) == ("pending", ())
    assert len(await given.register.kept_waiting()) == 4
    again = await typed("approve", FIRST, "--officer", code_of_now(SECOND, later=1))
    assert again.code == Exit.BAD_INPUT
    assert "kept already" in again.answer["sheets"][0]["said"]


async def test_an_engine_that_goes_while_it_is_told_loses_no_decision(given: Given, typed, centre) -> None:
    await two_cases(given)

    async def gone(*_: object) -> None:
        if len(centre.asked) == 2:
            raise RPCError("gone", RPCStatusCode.UNAVAILABLE, b"")

    centre.before, centre.at = gone, datetime.now(UTC)
    said = await typed("approve", FIRST, OTHER, "--officer", code_of_now(SECOND))
    assert said.code == Exit.DONE, said.err
    assert (await state_of(given, FIRST))[1] == (SECOND,), "the first case had heard it"
    (kept,) = await given.register.kept_waiting()
    assert kept.own == ("F-01",)
    assert kept.case_number == OTHER.split("/", maxsplit=1)[0]


async def test_all_in_the_dark_leaves_out_what_kept_words_have_answered_and_decides_the_rest(
    given: Given, typed, centre
) -> None:
    await two_cases(given)
    centre.engine = DOWN
    assert (await typed("approve", "--all", "--officer", code_of_now(SECOND))).code == Exit.DONE
    assert (await typed("reject", OTHER, "--reason", "不符", "--officer", code_of_now(COUNTY))).code == Exit.DONE
    later = await given.case()
    await given.register.keep_sheet(given.sheet(later, (ref(), 7), name="R-01", kind=SheetKind.RELEASE))
    new = "A2026-000003/R-01"

    said = await typed("approve", "--all", "--officer", code_of_now(SECOND, later=1))
    assert said.code == Exit.DONE, said.err
    assert [(one["sheet"], one["kept"]) for one in said.answer["sheets"]] == [(new, True)]
    assert {one["sheet"]: one["why"] for one in said.answer["left"]} == {
        name: f"您对 {name} 的决定已保存，等待送达 / your word on {name} is kept already" for name in (FIRST, OTHER)
    }
    colleague = await typed("approve", "--all", "--officer", code_of_now(SECOND_TOO))
    assert (colleague.code, colleague.answer["sheets"]) == (Exit.DONE, []), "a colleague's kept word fills the role"
    assert {one["sheet"] for one in colleague.answer["left"]} == {FIRST, OTHER, new}
    assert any("none of your roles is awaited" in one["why"] for one in colleague.answer["left"])
    approver = await typed("approve", "--all", "--officer", code_of_now(COUNTY, later=1))
    assert {one["sheet"] for one in approver.answer["sheets"]} == {FIRST, new}, approver.err
    page = await typed("approve", "--all", "--officer", code_of_now(COUNTY, later=2), as_json=False)
    assert page.code == Exit.DONE
    assert f"未决定 left: {OTHER}" in page.out


async def test_all_leaves_out_a_rejection_that_waits_whoever_gave_it(given: Given, typed, centre) -> None:
    await two_cases(given)
    centre.engine = DOWN
    assert (await typed("reject", OTHER, "--officer", code_of_now(COUNTY))).code == Exit.DONE
    said = await typed("approve", "--all", "--officer", code_of_now(SECOND))
    assert said.code == Exit.DONE, said.err
    assert [one["sheet"] for one in said.answer["sheets"]] == [FIRST]
    assert [one["why"] for one in said.answer["left"]] == [
        f"{OTHER} 已有驳回待送达 / a rejection of {OTHER} is kept already"
    ]
