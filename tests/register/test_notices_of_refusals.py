"""What an institution refused is told of while a person has to see to it: money not held, holds not ended."""

from datetime import timedelta

from activities.ports import OpenedOrder
from domain.findings import Finding
from domain.notices import NoticeKind
from domain.officers import Role
from domain.orders import AccountRef, HeldElsewhere, Refused
from tests.register.given import HANDLING, NOW, Given, found_at, lift, numbered, query, ref, statement, stop, unfreeze
from tests.register.told import MINUTE, POLICY, kinds, only, told


async def test_what_a_bank_refused_is_one_notice_until_the_account_is_held_after_all(given: Given) -> None:
    await given.duty()
    case_id, accounts = await given.case(), numbered(3)
    opened = await given.open(case_id, *(stop(account) for account in accounts), query(accounts[0]))
    await given.answer(*opened[:2], opened[3], outcome=Refused(code="2103", at=NOW))
    await given.answer(opened[2])
    await given.register.sweep_notices(NOW, POLICY)
    await given.register.sweep_notices(NOW + MINUTE, POLICY)
    one = await only(given, NoticeKind.REFUSED)
    assert (one.subject, one.count, one.roles) == ("ICBC", 2, (Role.STOP_DESK,))
    assert ("refused", 0, ("stop_desk",)) in await told(given, MINUTE)
    assert (await given.register.acknowledge(one.notice, HANDLING, POLICY, NOW + MINUTE)).accepted
    await given.register.sweep_notices(NOW + 2 * MINUTE, POLICY)
    assert (await only(given, NoticeKind.REFUSED)).acknowledged_by == HANDLING, "told of once"
    for account in accounts[:2]:
        (again,) = await given.open(case_id, stop(account, sequence=2), now=NOW + 2 * MINUTE)
        await given.answer(again, now=NOW + 2 * MINUTE)
    await given.register.sweep_notices(NOW + 3 * MINUTE, POLICY)
    assert "refused" not in await kinds(given), "both are held, and no money is known that the query would follow"


async def test_refused_later_than_acknowledged_is_told_anew_and_nobody_is_told_of_a_closed_case(given: Given) -> None:
    await given.duty()
    case_id, (first, second) = await given.case(), numbered(2)
    held = HeldElsewhere(code="1303", at=NOW)
    for account, at in ((first, NOW), (second, NOW + 2 * MINUTE)):
        (opened,) = await given.open(case_id, stop(account), now=at)
        await given.answer(opened, outcome=held, now=at)
        await given.register.sweep_notices(at, POLICY)
        (one,) = [
            one for one in await given.register.notices() if one.acknowledged_at is None and one.kind == "refused"
        ]
        assert (await given.register.acknowledge(one.notice, HANDLING, POLICY, at)).accepted
    await given.register.close_case(case_id, "cancelled", NOW + 3 * MINUTE)
    await given.register.sweep_notices(NOW + 3 * MINUTE, POLICY)
    assert await kinds(given) == []


async def test_a_stop_refused_where_another_case_of_ours_holds_the_account_is_told_to_nobody(given: Given) -> None:
    await given.duty()
    case_id, other = await given.case(), await given.case()
    (refused,) = await given.open(case_id, stop(ref()))
    (theirs,) = await given.open(other, stop(numbered(2)[1]))
    await given.answer(theirs)
    await given.answer(refused, outcome=HeldElsewhere(code="1301", at=NOW))
    await given.register.sweep_notices(NOW, POLICY)
    assert (await only(given, NoticeKind.REFUSED)).count == 1
    (held,) = await given.open(other, stop(ref()), now=NOW + MINUTE)
    await given.answer(held, now=NOW + MINUTE)
    await given.register.sweep_notices(NOW + MINUTE, POLICY)
    assert "refused" not in await kinds(given)


async def held_on(given: Given, account: AccountRef) -> tuple[str, OpenedOrder]:
    """A merchant's frozen account that the bank refuses to unfreeze, and whose case has closed over it."""
    case_id = await given.case()
    await given.stopped(case_id, account)
    await given.books(case_id, account, 500)
    await given.frozen(case_id, account, 500)
    assert (await given.register.keep_finding(found_at(case_id, account, Finding.MERCHANT))).accepted
    (lifted, opened) = await given.open(case_id, lift(account, "finding", 1001), unfreeze(account))
    await given.answer(lifted)
    await given.answer(opened, outcome=Refused(code="2103", at=NOW))
    await given.register.close_case(case_id, "released", NOW)
    return case_id, opened


async def test_a_freeze_its_bank_does_not_end_is_told_after_the_case_closed_until_it_is_over(given: Given) -> None:
    await given.duty()
    case_id, _ = await held_on(given, ref())
    await given.register.sweep_notices(NOW, POLICY)
    await given.register.sweep_notices(NOW + MINUTE, POLICY)
    one = await only(given, NoticeKind.NOT_ENDED)
    assert (one.case_id, one.subject, one.count, one.roles) == (case_id, "ICBC", 1, (Role.STOP_DESK,))
    assert await told(given, MINUTE) == [("not_ended", 0, ("stop_desk",))]
    assert await told(given, 3 * MINUTE) == [("not_ended", 1, ("duty_chief",))]
    assert (await given.register.acknowledge(one.notice, HANDLING, POLICY, NOW + 4 * MINUTE)).accepted
    await given.register.sweep_notices(NOW + timedelta(days=179), POLICY)
    assert (await only(given, NoticeKind.NOT_ENDED)).acknowledged_by == HANDLING, "told of once, and still there"
    await given.register.sweep_notices(NOW + timedelta(days=181), POLICY)
    assert await kinds(given) == [], "the freeze ended by itself"


async def test_a_lift_that_is_executed_at_the_second_asking_ends_what_the_first_refusal_told(given: Given) -> None:
    await given.duty()
    case_id, account = await given.case(), ref()
    await given.stopped(case_id, account)
    await given.books(case_id, account, 500)
    await given.frozen(case_id, account, 500)
    (refused,) = await given.open(case_id, lift(account))
    await given.answer(refused, outcome=HeldElsewhere(code="1303", at=NOW))
    await given.register.sweep_notices(NOW, POLICY)
    assert (await only(given, NoticeKind.NOT_ENDED)).count == 1
    (again,) = await given.open(case_id, lift(account, "finding", 1001), now=NOW + MINUTE)
    await given.answer(again, now=NOW + MINUTE)
    await given.register.sweep_notices(NOW + MINUTE, POLICY)
    assert "not_ended" not in await kinds(given)


async def test_a_stop_that_was_not_lifted_and_is_wanted_again_is_told_to_nobody(given: Given) -> None:
    await given.duty()
    case_id, other, account = await given.case(), await given.case(), ref()
    await given.stopped(case_id, account)
    await given.books(case_id, account, 0)
    (refused,) = await given.open(case_id, lift(account))
    await given.answer(refused, outcome=Refused(code="2103", at=NOW))
    await given.register.sweep_notices(NOW, POLICY)
    assert (await only(given, NoticeKind.NOT_ENDED)).count == 1
    await given.open(other, stop(account))
    await given.books(other, account, 700)
    await given.register.sweep_notices(NOW + MINUTE, POLICY)
    assert "not_ended" not in await kinds(given), "it holds another victim's money"


async def test_a_refused_lift_ends_no_silence(given: Given) -> None:
    await given.duty()
    case_id, (account, other) = await given.case(), numbered(2)
    await given.open(case_id, stop(account), stop(other))
    refused, over = await given.open(case_id, lift(account, "finding", 1001), lift(other, "finding", 1001))
    await given.answer(refused, outcome=Refused(code="2103", at=NOW))
    await given.answer(over, outcome=Refused(code="1900", at=NOW))
    await given.register.sweep_notices(NOW + MINUTE, POLICY)
    one = await only(given, NoticeKind.UNKNOWN)
    assert one.count == 1, "whether the first stop stands is not known; of the second it was too late to lift it"
    await given.register.sweep_notices(NOW + 2 * MINUTE, POLICY)
    assert await kinds(given) == ["unknown"]


async def test_a_bell_whose_clock_is_behind_tells_a_refusal_once(given: Given) -> None:
    await given.duty()
    (opened,) = await given.open(await given.case(), stop(ref()))
    await given.answer(opened, outcome=Refused(code="2103", at=NOW))
    behind = NOW - timedelta(seconds=2)
    await given.register.sweep_notices(behind, POLICY)
    one = await only(given, NoticeKind.REFUSED)
    assert await told(given, behind - NOW) == [("refused", 0, ("stop_desk",))], "at once all the same"
    await given.register.acknowledge(one.notice, HANDLING, POLICY, NOW)
    await given.register.sweep_notices(NOW + MINUTE, POLICY)
    assert (await only(given, NoticeKind.REFUSED)).acknowledged_by == HANDLING


async def test_a_query_refused_of_a_stopped_account_is_told_while_its_money_cannot_be_followed(given: Given) -> None:
    await given.duty()
    case_id, account = await given.case(), ref()
    stopped, asked = await given.open(case_id, stop(account), query(account))
    await given.answer(stopped)
    await given.answer(asked, outcome=Refused(code="0303", at=NOW))
    await given.books(case_id, account, 500)
    await given.register.sweep_notices(NOW, POLICY)
    assert (await only(given, NoticeKind.REFUSED)).count == 1, "stopped, but who knows where the money went before"
    (again,) = await given.open(case_id, query(account, sequence=2), now=NOW + MINUTE)
    await given.answer(again, statement=statement(), now=NOW + MINUTE)
    await given.register.sweep_notices(NOW + MINUTE, POLICY)
    assert "refused" not in await kinds(given), "answered after all"
    (third,) = await given.open(case_id, query(account, sequence=3), now=NOW + 2 * MINUTE)
    await given.answer(third, outcome=Refused(code="0303", at=NOW), now=NOW + 2 * MINUTE)
    await given.register.sweep_notices(NOW + 2 * MINUTE, POLICY)
    assert "refused" not in await kinds(given), "nothing has left since the statement of the stopped account"


async def test_a_query_refused_of_an_account_whose_freeze_covers_the_money_is_told_to_nobody(given: Given) -> None:
    await given.duty()
    case_id, account = await given.case(), ref()
    stopped, asked = await given.open(case_id, stop(account), query(account))
    await given.answer(stopped)
    await given.answer(asked, outcome=Refused(code="0303", at=NOW))
    await given.books(case_id, account, 500)
    await given.frozen(case_id, account, 500)
    await given.register.sweep_notices(NOW, POLICY)
    assert "refused" not in await kinds(given), "all of it is there"
