"""Who decides what: persons, roles, standing; refusals are rulings in words; silence is nothing."""

import asyncio
from datetime import timedelta

import pytest

from domain.findings import Finding
from domain.officers import Role
from domain.sheets import SheetKind, SheetState, Verdict, Why
from tests.register.given import (
    CHIEF,
    COUNTY,
    FIELD,
    GONE,
    HANDLING,
    NOW,
    SECOND,
    SECOND_TOO,
    Given,
    code,
    device,
    found_at,
    numbered,
    officer,
    ref,
    stop,
)


async def _freeze_sheet(given: Given, **more):
    case_id = await given.case()
    sheet = given.sheet(case_id, *((account, 500) for account in numbered(3)), **more)
    await given.register.keep_sheet(sheet)
    return sheet


async def test_all_roles_filled_approve_a_sheet(given: Given) -> None:
    sheet = await _freeze_sheet(given)
    first = await given.decide(sheet, COUNTY)
    assert first.accepted
    assert (first.state, first.awaited, first.decided_by) == (
        SheetState.PENDING,
        (Role.SECOND_OFFICER,),
        (COUNTY,),
    )
    assert "协查人" in first.zh
    second = await given.decide(sheet, SECOND)
    assert (second.accepted, second.state, second.awaited) == (True, SheetState.APPROVED, ())
    assert second.decided_by == (COUNTY, SECOND)


async def test_other_lines_excepted_the_second_time_are_refused_not_passed_over(given: Given) -> None:
    sheet = await _freeze_sheet(given)
    assert (await given.decide(sheet, COUNTY, except_lines=[1])).accepted
    same = await given.decide(sheet, COUNTY, except_lines=[1])
    other = await given.decide(sheet, COUNTY, except_lines=[1, 2])
    assert (same.accepted, other.accepted, other.refused) == (True, False, "other_word")
    assert other.except_lines == (1,)


async def test_one_rejection_by_anybody_entitled_rejects(given: Given) -> None:
    sheet = await _freeze_sheet(given)
    await given.decide(sheet, COUNTY)
    ruling = await given.decide(sheet, SECOND, Verdict.REJECT)
    assert (ruling.accepted, ruling.state) == (True, SheetState.REJECTED)
    late = await given.decide(sheet, SECOND_TOO)
    assert (late.accepted, late.state) == (False, SheetState.REJECTED)


@pytest.mark.parametrize(
    ("by", "why"),
    [
        ("999999", "not in the register"),
        (GONE, "not active"),
        (CHIEF, "awaited: county approver, second officer"),
        (HANDLING, "awaited: county approver, second officer"),
    ],
)
async def test_who_may_not_decide_is_told_why(given: Given, by: str, why: str) -> None:
    sheet = await _freeze_sheet(given)
    for verdict in Verdict:
        ruling = await given.decide(sheet, by, verdict)
        assert not ruling.accepted
        assert why in ruling.en
        assert ruling.zh
        assert ruling.state is SheetState.PENDING


async def test_who_asks_does_not_decide(given: Given) -> None:
    sheet = await _freeze_sheet(given, requester=COUNTY)
    ruling = await given.decide(sheet, COUNTY)
    assert not ruling.accepted
    assert "different persons" in ruling.en


async def test_a_role_is_filled_once_and_by_one_person_only(given: Given) -> None:
    await given.register.put_officers([officer("012399", Role.APPROVER_COUNTY, Role.SECOND_OFFICER)])
    await given.register.enrol_practice([device("012399")], NOW)
    sheet = await _freeze_sheet(given)
    await given.decide(sheet, SECOND)
    too_many = await given.decide(sheet, SECOND_TOO)
    assert not too_many.accepted
    assert "awaited: county approver" in too_many.en
    both = await given.decide(sheet, "012399")
    assert both.state is SheetState.APPROVED
    other = await _freeze_sheet(given)
    assert (await given.decide(other, "012399")).awaited != ()
    again = await given.decide(other, "012399")
    assert (again.accepted, again.state) == (True, SheetState.PENDING)


async def test_the_same_word_again_is_accepted_and_another_word_is_not(given: Given) -> None:
    sheet = await _freeze_sheet(given)
    first = await given.decide(sheet, COUNTY)
    again = await given.decide(sheet, COUNTY)
    assert (again.accepted, again.awaited) == (True, first.awaited)
    assert not (await given.decide(sheet, COUNTY, Verdict.REJECT)).accepted
    await given.decide(sheet, SECOND)
    after = await given.decide(sheet, SECOND)
    assert (after.accepted, after.state) == (True, SheetState.APPROVED)


async def test_excepted_lines_add_up_over_deciders(given: Given) -> None:
    sheet = await _freeze_sheet(given)
    refused = await given.decide(sheet, COUNTY, except_lines=[2, 9])
    assert not refused.accepted
    assert "9" in refused.en
    assert (await given.decide(sheet, COUNTY, except_lines=[2])).except_lines == (2,)
    assert (await given.decide(sheet, SECOND, except_lines=[3])).except_lines == (2, 3)


async def test_unknown_sheets_and_cases_are_refused(given: Given) -> None:
    sheet = await _freeze_sheet(given)
    nowhere = sheet.model_copy(update={"name": "F-77"})
    assert not (await given.decide(nowhere, COUNTY)).accepted
    assert not (await given.decide(sheet.model_copy(update={"case_id": "c-none"}), COUNTY)).accepted


async def test_refusals_are_on_record(given: Given, sql) -> None:
    sheet = await _freeze_sheet(given)
    await given.decide(sheet, CHIEF)
    await given.decide(sheet, "999999")
    kept = sql.execute(
        "SELECT current ->> 'officer' FROM events WHERE kind = 'decision_refused' ORDER BY seq"
    ).fetchall()
    assert kept == [(CHIEF,), ("999999",)]
    assert await given.register.verify_all() == []


async def test_a_sheet_is_kept_once(given: Given) -> None:
    sheet = await _freeze_sheet(given)
    await given.register.keep_sheet(sheet)
    other = sheet.model_copy(update={"term_months": 12})
    with pytest.raises(ValueError, match="F-01"):
        await given.register.keep_sheet(other)
    with pytest.raises(LookupError):
        await given.register.keep_sheet(sheet.model_copy(update={"case_id": "c-none"}))


async def test_pending_sheets_are_read_whole_and_most_urgent_first(given: Given) -> None:
    later = await _freeze_sheet(given)
    sooner = later.model_copy(
        update={
            "name": "R-01",
            "kind": SheetKind.RELEASE,
            "why": Why.SMALL_SHARE_UNDECIDED,
            "decide_by": NOW + timedelta(minutes=1),
        }
    )
    await given.register.keep_sheet(sooner)
    await given.decide(later, COUNTY)

    rows = await given.register.pending_sheets()

    assert [row.sheet for row in rows] == [sooner, later]
    assert rows[1].awaited == ("second_officer",)
    assert rows[1].decided_by == (COUNTY,)
    await given.decide(later, SECOND)
    assert (await given.register.sheet(later.case_id, "F-01")).state == "approved"
    assert [row.sheet.name for row in await given.register.sheets_of(later.case_id)] == ["F-01", "R-01"]
    with pytest.raises(LookupError):
        await given.register.sheet(later.case_id, "F-77")


async def test_a_sheet_without_lines_can_be_decided(given: Given) -> None:
    sheet = given.sheet(await given.case(), name="U-01", kind=SheetKind.FUSE, quorum=[Role.DUTY_CHIEF])
    await given.register.keep_sheet(sheet)
    assert (await given.decide(sheet, CHIEF)).state is SheetState.APPROVED


async def test_a_second_look_at_a_release_is_not_decided_by_who_released_it(given: Given) -> None:
    look = given.look(await given.case(), (ref(), 500), why=Why.SECOND_LOOK_AT_RELEASE, requester=SECOND)
    await given.register.keep_sheet(look)
    refused = await given.decide(look, SECOND)
    assert (refused.accepted, refused.refused) == (False, "requester")
    assert not (await given.decide(look, CHIEF)).accepted, "it is the second officer's"
    assert (await given.decide(look, SECOND_TOO)).state is SheetState.APPROVED


async def test_a_settled_sheet_waits_for_nobody_and_takes_no_decision_any_more(given: Given, sql) -> None:
    case_id = await given.case()
    look, decided = given.look(case_id, (ref(), 500)), given.look(case_id, (ref(), 500), name="L-02")
    for sheet in (look, decided):
        await given.register.keep_sheet(sheet)
    await given.decide(decided, SECOND)
    for _ in range(2):
        await given.register.settle_sheets(case_id, ["L-01", "L-02", "L-77"], NOW)
    assert await given.register.pending_sheets() == []
    assert [row.state for row in await given.register.sheets_of(case_id)] == ["settled", "approved"]
    late = await given.decide(look, SECOND_TOO)
    assert (late.accepted, late.refused, late.state) == (False, "decided", SheetState.SETTLED)
    noted = sql.execute("SELECT current ->> 'sheet' FROM events WHERE kind = 'sheet_settled'").fetchall()
    assert noted == [("L-01",)]
    assert await given.register.verify_all() == []


async def test_what_only_officers_answer_is_never_settled(given: Given) -> None:
    freeze = await _freeze_sheet(given)
    await given.register.settle_sheets(freeze.case_id, ["F-01"], NOW)
    assert [row.sheet.name for row in await given.register.pending_sheets()] == ["F-01"]
    with pytest.raises(LookupError):
        await given.register.settle_sheets("c-none", ["F-01"], NOW)


async def test_a_finding_is_kept_from_field_officers_only(given: Given, sql) -> None:
    await given.duty()
    case_id = await given.case()
    await given.open(case_id, stop(ref()))
    finding = found_at(case_id, ref(), Finding.MERCHANT).model_copy(update={"remark": "门店真实经营"})
    for change in ({"officer": HANDLING}, {"officer": "999999"}, {"number": "000000"}, {"case_id": "c-none"}):
        assert not (await given.register.keep_finding(finding.model_copy(update=change))).accepted
    for _ in range(2):
        assert (await given.register.keep_finding(finding)).accepted
    assert sql.execute("SELECT count(*), min(finding) FROM findings").fetchone() == (1, "merchant")
    assert await given.register.verify_all() == []


async def test_one_visit_has_one_finding_and_whoever_differs_is_told_which(given: Given, sql) -> None:
    await given.register.put_officers([officer(SECOND, Role.SECOND_OFFICER, Role.FIELD)])
    await given.duty()
    case_id = await given.case()
    await given.open(case_id, stop(ref()), stop(numbered(2)[1]))
    at = NOW + timedelta(minutes=5)  # the duty officers' codes of NOW are used up
    first = found_at(case_id, ref(), Finding.MULE).model_copy(update={"at": at, "evidence": code(FIELD, at)})
    assert (await given.register.keep_finding(first)).accepted
    for who, finding, minutes in ((SECOND, Finding.MERCHANT, 1), (SECOND, Finding.MULE, 2), (FIELD, Finding.VICTIM, 3)):
        later = at + timedelta(minutes=minutes)
        said = {"officer": who, "finding": finding, "at": later, "evidence": code(who, later)}
        refused = await given.register.keep_finding(first.model_copy(update=said))
        assert (refused.accepted, refused.refused) == (False, "found")
        assert "涉案人" in refused.zh
        assert "mule" in refused.en
        assert FIELD in refused.zh
    # the same once more, at another moment: it is on record, once
    again = at + timedelta(minutes=4)
    told = first.model_copy(update={"at": again, "evidence": code(FIELD, again)})
    assert (await given.register.keep_finding(told)).accepted
    assert sql.execute("SELECT finding, at FROM findings").fetchall() == [("mule", at)]
    kept = "SELECT count(*) FROM events WHERE kind = 'finding_kept'"
    assert sql.execute(kept).fetchone() == (1,)
    # another holder of the case is another visit
    other = first.model_copy(update={"number": numbered(2)[1].number, "finding": Finding.VICTIM})
    later = at + timedelta(minutes=5)
    assert (
        await given.register.keep_finding(other.model_copy(update={"at": later, "evidence": code(FIELD, later)}))
    ).accepted
    assert await given.register.verify_all() == []


async def test_two_findings_at_the_same_moment_are_one(given: Given, sql) -> None:
    await given.register.put_officers([officer(SECOND, Role.SECOND_OFFICER, Role.FIELD)])
    await given.duty()
    case_id = await given.case()
    await given.open(case_id, stop(ref()))
    at = NOW + timedelta(minutes=5)
    first = found_at(case_id, ref(), Finding.MULE).model_copy(update={"at": at, "evidence": code(FIELD, at)})
    second = first.model_copy(update={"officer": SECOND, "finding": Finding.MERCHANT, "evidence": code(SECOND, at)})
    rulings = await asyncio.gather(*(given.register.keep_finding(one) for one in (first, second)))
    assert sorted(one.accepted for one in rulings) == [False, True]
    assert sql.execute("SELECT count(*) FROM findings").fetchone() == (1,)
