"""Notices are committed with their cause, climb while nobody acknowledges, and fall silent when the cause is gone."""

from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.register import RegisterError
from adapters.register.bulk import Writes
from domain.bookkeeping import Filing
from domain.notices import NoticeKind
from domain.officers import Role
from domain.orders import Unknown
from domain.sheets import SheetKind, Verdict
from tests.register.given import (
    ABC,
    CHIEF,
    COUNTY,
    FIELD,
    GONE,
    HANDLING,
    NOW,
    SECOND,
    SECOND_TOO,
    Given,
    executed,
    numbered,
    ref,
    stop,
)
from tests.register.told import LEASE, MINUTE, POLICY, WEBHOOK, kinds, only, told


async def test_kinds_that_a_newer_program_made_are_its_own_and_hold_up_no_others(given: Given, sql) -> None:
    await given.register.keep_sheet(given.sheet(await given.case(), (ref(), 500)))
    await given.register.ring_notices(NOW, POLICY, [WEBHOOK], 100)
    sql.execute("ALTER TABLE notices DROP CONSTRAINT ck_notices_kind")
    sql.execute("UPDATE notices SET kind = 'of a later program', ring_at = %s", [NOW])
    await given.register.keep_sheet(given.sheet(await given.case(), (ref(), 500)))
    assert [kind for kind, _, _ in await told(given)] == ["sheet"]
    assert await kinds(given) == ["sheet"]


async def test_a_kept_sheet_is_told_to_those_it_awaits_and_one_sheet_is_one_notice(given: Given) -> None:
    case_id = await given.case()
    sheet = given.sheet(case_id, *((account, 500) for account in numbered(3)))
    await given.register.keep_sheet(sheet)
    await given.register.keep_sheet(sheet)
    assert await given.register.sweep_notices(NOW, POLICY) == 1, (
        "the filing it waits for; the sheet was told of already"
    )
    one = await only(given, NoticeKind.SHEET)
    assert (one.subject, one.count, one.due) == ("F-01", 3, sheet.decide_by)
    assert ("sheet", 0, ("approver_county", "second_officer")) in await told(given)


async def test_a_sheet_that_is_not_committed_leaves_no_notice(given: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    case_id = await given.case()
    flush = Writes.flush

    async def lost_after_flush(self: Writes, connection: AsyncConnection) -> None:
        await flush(self, connection)
        raise RegisterError("lost before the commit")

    with monkeypatch.context() as broken:
        broken.setattr(Writes, "flush", lost_after_flush)
        with pytest.raises(RegisterError):
            await given.register.keep_sheet(given.sheet(case_id, (ref(), 500)))
    assert await kinds(given) == []


async def test_a_sheet_kept_by_a_program_that_knew_no_notices_is_told_of_by_the_sweep(given: Given, sql) -> None:
    release = given.sheet(await given.case(), (ref(), 5), name="R-01", kind=SheetKind.RELEASE, quorum=[Role.DUTY_CHIEF])
    await given.register.keep_sheet(release)
    sql.execute("DELETE FROM notices")
    assert await given.register.sweep_notices(NOW, POLICY) == 1
    assert await told(given) == [("sheet", 0, ("duty_chief",))]


async def test_unacknowledged_it_climbs_to_the_duty_chief_and_is_repeated_there(given: Given) -> None:
    await given.register.keep_sheet(given.sheet(await given.case(), (ref(), 500)))
    first, chief = ("approver_county", "second_officer"), ("duty_chief",)
    assert await told(given) == [("sheet", 0, first)]
    assert await told(given, 4 * MINUTE) == []
    assert await told(given, 5 * MINUTE) == [("sheet", 1, chief)]
    assert await told(given, 19 * MINUTE) == []
    assert await told(given, 20 * MINUTE) == [("sheet", 1, chief)]


async def test_acknowledged_once_it_is_silent_and_on_the_record(given: Given) -> None:
    case_id = await given.case()
    await given.register.keep_sheet(given.sheet(case_id, (ref(), 500)))
    await told(given)
    one = await only(given, NoticeKind.SHEET)
    assert (await given.register.acknowledge(one.notice, CHIEF, POLICY, NOW + MINUTE)).accepted
    again = await given.register.acknowledge(one.notice, COUNTY, POLICY, NOW + 2 * MINUTE)
    assert (again.accepted, again.refused) == (False, "acknowledged")
    kept = await only(given, NoticeKind.SHEET)
    assert (kept.acknowledged_by, kept.acknowledged_at) == (CHIEF, NOW + MINUTE)
    assert await told(given, timedelta(hours=5)) == []
    assert await given.register.verify_all() == []


async def test_only_an_active_officer_whom_it_is_for_or_of_the_ladder_acknowledges(given: Given) -> None:
    await given.register.keep_sheet(given.sheet(await given.case(), (ref(), 500)))
    one = await only(given, NoticeKind.SHEET)
    assert (await given.register.acknowledge(one.notice, "999999", POLICY, NOW)).refused == "unknown_officer"
    assert (await given.register.acknowledge(one.notice, GONE, POLICY, NOW)).refused == "inactive_officer"
    assert (await given.register.acknowledge(one.notice, FIELD, POLICY, NOW)).refused == "not_told"
    with pytest.raises(LookupError):
        await given.register.acknowledge("n-0", COUNTY, POLICY, NOW)
    assert len(await told(given)) == 1, "it still rings"
    assert (await given.register.acknowledge(one.notice, CHIEF, POLICY, NOW)).accepted


async def test_deciding_a_sheet_is_its_acknowledgement_and_half_a_decision_tells_the_other_half(given: Given) -> None:
    sheet = given.sheet(await given.case(), (ref(), 500))
    await given.register.keep_sheet(sheet)
    await given.decide(sheet, COUNTY)
    assert await told(given) == [("sheet", 0, ("second_officer",))]
    await given.decide(sheet, SECOND)
    assert await kinds(given) == []
    assert await told(given, timedelta(hours=1)) == []
    rejected = given.sheet(sheet.case_id, (ref(), 500), name="F-02")
    await given.register.keep_sheet(rejected)
    await given.decide(rejected, COUNTY, Verdict.REJECT)
    assert await told(given, timedelta(hours=1)) == []


async def test_what_was_not_sent_before_the_acknowledgement_is_not_sent_after_it(given: Given) -> None:
    await given.register.keep_sheet(given.sheet(await given.case(), (ref(), 500)))
    await given.register.ring_notices(NOW, POLICY, [WEBHOOK], 100)
    one = await only(given, NoticeKind.SHEET)
    await given.register.acknowledge(one.notice, CHIEF, POLICY, NOW)
    assert await given.register.take_letters(WEBHOOK, NOW, 100, LEASE) == []


async def test_a_letter_that_its_sender_died_with_is_handed_out_again_after_the_lease(given: Given) -> None:
    await given.register.keep_sheet(given.sheet(await given.case(), (ref(), 500)))
    await given.register.ring_notices(NOW, POLICY, [WEBHOOK], 100)
    (lost,) = await given.register.take_letters(WEBHOOK, NOW, 100, LEASE)
    assert await given.register.take_letters(WEBHOOK, NOW + LEASE / 2, 100, LEASE) == []
    (again,) = await given.register.take_letters(WEBHOOK, NOW + LEASE, 100, LEASE)
    assert (again.notice.notice, again.sending, again.tries) == (lost.notice.notice, lost.sending, 2)


async def test_a_settled_sheet_and_a_closed_case_are_told_of_no_more(given: Given) -> None:
    case_id, other = await given.case(), await given.case()
    await given.register.keep_sheet(given.look(case_id, (ref(), 500)))
    await given.register.keep_sheet(given.look(other, (ref(), 500)))
    await given.register.settle_sheets(case_id, ["L-01"], NOW)
    await given.register.close_case(other, "cancelled", NOW)
    assert await told(given) == [], "asked immediately before it leaves"
    assert await kinds(given) == []


async def test_a_sheets_deadline_is_told_ten_minutes_ahead_and_gone_with_the_decision(given: Given) -> None:
    look = given.look(await given.case(), (ref(), 500))
    await given.register.keep_sheet(look)
    assert await given.register.sweep_notices(NOW + 19 * MINUTE, POLICY) == 0
    assert await given.register.sweep_notices(NOW + 20 * MINUTE, POLICY) == 1
    assert await given.register.sweep_notices(NOW + 21 * MINUTE, POLICY) == 0
    assert await kinds(given) == ["sheet", "sheet_deadline"]
    await given.decide(look, SECOND)
    assert await kinds(given) == []


async def test_silence_of_a_bank_is_one_notice_for_all_its_orders_and_over_when_it_has_answered(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    opened = await given.open(case_id, *(stop(account) for account in numbered(3)))
    await given.open(case_id, stop(ref(institution=ABC.id)), institution=ABC)
    await given.answer(opened[0], outcome=Unknown(since=NOW))
    assert await given.register.sweep_notices(NOW + timedelta(seconds=59), POLICY) == 0
    assert await given.register.sweep_notices(NOW + MINUTE, POLICY) == 2
    await given.answer(opened[0], outcome=executed(NOW))
    assert await given.register.sweep_notices(NOW + 2 * MINUTE, POLICY) == 0, "the bank is silent still"
    found = {one.subject: one.count for one in await given.register.notices()}
    assert found == {"ICBC": 3, "ABC": 1}
    assert await told(given, 2 * MINUTE) == [("unknown", 0, ("stop_desk",))] * 2
    await given.answer(*opened[1:])
    assert await told(given, 10 * MINUTE) == [("unknown", 1, ("duty_chief",))], "only the other bank's"
    (later,) = await given.open(case_id, stop(ref("6222000000000044")), now=NOW + 11 * MINUTE)
    assert await given.register.sweep_notices(NOW + 13 * MINUTE, POLICY) == 1, "silent anew is a new cause"
    assert later.standing == "new"


async def test_a_bell_whose_clock_is_behind_does_not_silence_what_another_has_found(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    opened = await given.open(case_id, stop(ref()))
    assert await given.register.sweep_notices(NOW + MINUTE, POLICY) == 1
    assert await given.register.sweep_notices(NOW + timedelta(seconds=59), POLICY) == 0
    assert await told(given, timedelta(seconds=59)) == []
    assert await kinds(given) == ["unknown"], "the bank has not answered"
    assert await told(given, MINUTE) == [("unknown", 0, ("stop_desk",))]
    await given.answer(*opened)
    await given.register.sweep_notices(NOW + 2 * MINUTE, POLICY)
    assert await kinds(given) == []


async def test_stops_that_follow_within_the_hour_are_told_of_although_the_first_were_acknowledged(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    early, late = numbered(2)
    for account, after in ((early, 0), (late, 50)):  # NOW is 3:04
        await given.stopped(case_id, account, now=NOW + after * MINUTE)
        await given.books(case_id, account, 500)
    begins = NOW + timedelta(hours=42)
    await given.register.sweep_notices(begins, POLICY)
    one = await only(given, NoticeKind.STOPS_END)
    assert one.count == 2, "all that end within the hour, also what ends later in it"
    assert one.due is not None
    await given.register.acknowledge(one.notice, HANDLING, POLICY, begins + MINUTE)
    await given.register.sweep_notices(begins + 54 * MINUTE, POLICY)
    assert (await only(given, NoticeKind.STOPS_END)).notice == one.notice
    third = numbered(1, start=7)[0]
    await given.stopped(case_id, third, now=NOW + 54 * MINUTE)
    await given.books(case_id, third, 500)
    await given.register.sweep_notices(begins + timedelta(hours=2), POLICY)
    assert sorted(one.count for one in await given.register.notices() if one.kind is NoticeKind.STOPS_END) == [2, 3]


async def test_stops_that_end_within_an_hour_without_a_freeze_are_one_notice(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    first, second, frozen = numbered(3)
    await given.stopped(case_id, first, second, frozen)
    for account in (first, second, frozen):
        await given.books(case_id, account, 500)
    await given.frozen(case_id, frozen, 500)
    assert "stops_end" not in await kinds(given)
    await given.register.sweep_notices(NOW + timedelta(hours=41), POLICY)
    assert "stops_end" not in await kinds(given)
    await given.register.sweep_notices(NOW + timedelta(hours=42), POLICY)
    one = await only(given, NoticeKind.STOPS_END)
    assert (one.count, one.due, one.roles) == (2, NOW + timedelta(hours=48), (Role.STOP_DESK,))
    await given.register.acknowledge(one.notice, HANDLING, POLICY, NOW + timedelta(hours=43))
    for account in (first, second):
        await given.books(case_id, account, 0)
    await given.register.sweep_notices(NOW + timedelta(hours=44), POLICY)
    assert "stops_end" not in await kinds(given), "no money of the case is in them any more"
    await given.books(case_id, first, 300)
    await given.register.sweep_notices(NOW + timedelta(hours=45), POLICY)
    again = await only(given, NoticeKind.STOPS_END)
    assert (again.count, again.acknowledged_at) == (1, None), "money that came back is told of anew"
    await given.register.note_lapsed(NOW + timedelta(hours=48))
    await given.register.sweep_notices(NOW + timedelta(hours=48), POLICY)
    assert "stops_end" not in await kinds(given)


async def test_a_missing_filing_is_told_at_once_when_a_freeze_waits_for_it_and_a_day_before_the_stop_ends(
    given: Given,
) -> None:
    await given.duty()
    waits, quiet = await given.case(), await given.case()
    await given.register.keep_sheet(given.sheet(waits, (ref(), 500)))
    await given.stopped(quiet, *numbered(1, start=9))
    await given.register.sweep_notices(NOW, POLICY)
    assert (await only(given, NoticeKind.FILING)).case_id == waits
    await given.register.sweep_notices(NOW + timedelta(hours=24), POLICY)
    assert {one.case_id for one in await given.register.notices() if one.kind is NoticeKind.FILING} == {waits, quiet}
    word = Filing(case_id=waits, number="LA-1", officer=HANDLING, evidence=await given.fresh_code(HANDLING), at=NOW)
    assert (await given.register.keep_filing(word)).accepted
    await given.register.sweep_notices(NOW, POLICY)
    assert (await only(given, NoticeKind.FILING)).case_id == quiet


async def test_one_awaited_roles_acknowledgement_leaves_the_other_told(given: Given) -> None:
    await given.register.keep_sheet(given.sheet(await given.case(), (ref(), 500)))
    one = await only(given, NoticeKind.SHEET)
    said = await given.register.acknowledge(one.notice, COUNTY, POLICY, NOW)
    assert said.accepted
    assert "second officer" in said.en
    assert await told(given) == [("sheet", 0, ("second_officer",))]
    again = await given.register.acknowledge(one.notice, COUNTY, POLICY, NOW + MINUTE)
    assert (again.refused, COUNTY in again.en) == ("acknowledged", True)
    assert await told(given, 5 * MINUTE) == [("sheet", 1, ("duty_chief",))], "it climbs for those who said nothing"
    assert (await given.register.acknowledge(one.notice, SECOND, POLICY, NOW + 6 * MINUTE)).accepted
    kept = await only(given, NoticeKind.SHEET)
    assert (kept.acknowledged_by, kept.acknowledged_at) == (SECOND, NOW + 6 * MINUTE)
    assert (await given.register.acknowledge(one.notice, COUNTY, POLICY, NOW + 7 * MINUTE)).refused == "acknowledged"
    assert await told(given, timedelta(hours=5)) == []
    assert await given.register.verify_all() == []


async def test_a_letter_written_before_a_role_acknowledged_leaves_for_the_others_only(given: Given) -> None:
    await given.register.keep_sheet(given.sheet(await given.case(), (ref(), 500)))
    await given.register.ring_notices(NOW, POLICY, [WEBHOOK], 100)
    one = await only(given, NoticeKind.SHEET)
    await given.register.acknowledge(one.notice, SECOND, POLICY, NOW)
    assert await told(given) == [("sheet", 0, ("approver_county",))]


async def test_a_decision_that_leaves_only_roles_that_acknowledged_silences_the_sheet(given: Given) -> None:
    sheet = given.sheet(await given.case(), (ref(), 500))
    await given.register.keep_sheet(sheet)
    one = await only(given, NoticeKind.SHEET)
    await given.register.acknowledge(one.notice, SECOND_TOO, POLICY, NOW + MINUTE)
    assert (await given.decide(sheet, COUNTY)).accepted
    kept = await only(given, NoticeKind.SHEET)
    assert (kept.acknowledged_by, kept.acknowledged_at) == (SECOND_TOO, NOW + MINUTE)
    assert await told(given, timedelta(hours=1)) == []
    assert (await given.decide(sheet, SECOND)).accepted
    assert await kinds(given) == []


async def test_the_duty_chief_acknowledges_for_every_role(given: Given) -> None:
    await given.register.keep_sheet(given.sheet(await given.case(), (ref(), 500)))
    one = await only(given, NoticeKind.SHEET)
    await given.register.acknowledge(one.notice, SECOND, POLICY, NOW)
    assert (await given.register.acknowledge(one.notice, CHIEF, POLICY, NOW + MINUTE)).accepted
    assert (await only(given, NoticeKind.SHEET)).acknowledged_by == CHIEF
    assert await told(given, timedelta(hours=5)) == []


async def test_a_stop_that_joins_after_an_acknowledged_one_has_left_is_told_of(given: Given) -> None:
    await given.duty()
    case_id, (first, second, third) = await given.case(), numbered(3)
    for account in (first, second):
        await given.stopped(case_id, account)
        await given.books(case_id, account, 500)
    begins = NOW + timedelta(hours=42)
    await given.register.sweep_notices(begins, POLICY)
    one = await only(given, NoticeKind.STOPS_END)
    await given.register.acknowledge(one.notice, HANDLING, POLICY, begins)
    await given.frozen(case_id, first, 500)
    await given.register.sweep_notices(begins + MINUTE, POLICY)
    await given.stopped(case_id, third)
    await given.books(case_id, third, 500)
    await given.register.sweep_notices(begins + 2 * MINUTE, POLICY)
    (new,) = [one for one in await given.register.notices() if one.kind == "stops_end" and one.acknowledged_at is None]
    assert new.count == 2
