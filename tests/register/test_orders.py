"""What may leave: standing authority, halt, fuses, sheets; what stands already; the paper that goes along."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from activities.ports import Draft, OpenOrders
from adapters.policy_file import house_policy
from adapters.register import Register
from adapters.register.part import Rules
from domain.identifiers import application_id
from domain.officers import Role
from domain.orders import HeldBack, Measure, OfficerCard, Refused
from domain.papers import PaperKind
from domain.policy import GROUNDS
from domain.sheets import SheetKind, Verdict
from tests.register.given import (
    ABC,
    CARRIER,
    COUNTY,
    HANDLING,
    ICBC,
    NOW,
    RING,
    SECOND,
    SECOND_TOO,
    Given,
    freeze,
    lift,
    numbered,
    query,
    ref,
    render,
    stop,
    unfreeze,
)


def _why(opened) -> str:
    assert opened.standing == "held_back"
    assert isinstance(opened.outcome, HeldBack)
    return opened.outcome.reason


async def test_a_stop_under_the_standing_authority_is_new_and_complete(given: Given) -> None:
    authority = await given.duty()
    case_id = await given.case()

    (opened,) = await given.open(case_id, stop(ref()))

    assert opened.standing == "new"
    order = opened.order
    assert order is not None
    assert order.application_id == application_id(case_id, ICBC.id, ref().number, "100101", 1) == opened.application_id
    assert order.requested_at == NOW
    assert order.authority == authority
    assert (order.handling.number, order.second.number) == (HANDLING, SECOND)
    assert order.handling == OfficerCard(number=HANDLING, name="警员01", phone="0510")
    assert order.category == "虚假投资理财"


async def test_the_paper_of_a_query_or_a_stop_carries_its_law_and_the_level_that_may_order_it(
    given: Given, url: str
) -> None:
    """The policy says both; who signs the standing authority is asked of the same rule."""
    await given.duty()
    case_id = await given.case()
    law = "刑事诉讼法第一百四十四条"
    rules = replace(Rules.of(house_policy()), basis={PaperKind.QUERY: law}, level=(Role.STOP_DESK, Role.SECOND_OFFICER))
    register = await Register.connect(url, ring=RING, rules=rules)
    try:
        (asked,) = await Given(register).open(case_id, query(ref()))
        (stopped,) = await given.open(case_id, stop(ref("6222000000000002")))
        for opened, basis in ((asked, law), (stopped, GROUNDS.stop)):
            assert opened.order is not None
            paper = json.loads((await register.paper(opened.order.paper)).removeprefix(b"%PDF "))
            assert paper["basis"] == basis
            assert paper["level"] == ["stop_desk", "second_officer"]
    finally:
        await register.close()


async def test_the_same_draft_again_is_the_same_order_to_the_byte(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    (first,) = await given.open(case_id, stop(ref()))

    (again,) = await given.open(case_id, stop(ref()), now=NOW + timedelta(seconds=9))

    assert again.standing == "sent"
    assert again.order == first.order
    assert again.last_sent_at == NOW
    assert not again.joined


async def test_the_same_draft_twice_in_one_call_is_one_order(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    one, other = await given.open(case_id, stop(ref()), stop(ref()))
    assert one == other
    assert await given.unanswered() == 1


async def test_an_answered_order_is_answered_when_asked_for_again(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    (opened,) = await given.stopped(case_id, ref())
    (again,) = await given.open(case_id, stop(ref()))
    assert again.standing == "answered"
    assert again.outcome is not None
    assert again.outcome.kind == "executed"
    assert again.application_id == opened.application_id


async def test_without_authority_nothing_leaves(given: Given) -> None:
    case_id = await given.case()
    drafts = [stop(ref()), query(ref()), Draft(measure=Measure.HOLDER, account=ref())]
    assert {_why(one) for one in await given.open(case_id, *drafts)} == {"no_authority"}


async def test_an_authority_ends_with_its_shift(given: Given) -> None:
    await given.duty(hours=1)
    case_id = await given.case()
    (late,) = await given.open(case_id, stop(ref()), now=NOW + timedelta(hours=1))
    assert _why(late) == "no_authority"
    (in_time,) = await given.open(case_id, stop(ref()), now=NOW + timedelta(minutes=59))
    assert in_time.standing == "new"


async def test_a_halt_holds_back_all_but_what_lets_go(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    held, frozen = ref(), ref("6222000000000002")
    await given.stopped(case_id, held, frozen)
    await given.frozen(case_id, frozen, 500)
    await given.approved(given.sheet(case_id, (held, 700), name="F-02"))

    assert (await given.register.halt(COUNTY, NOW)).accepted

    drafts = [stop(ref("6222000000000003")), query(held), freeze(held, 700, "F-02"), lift(held, cause="")]
    assert {_why(one) for one in await given.open(case_id, *drafts)} == {"halted"}
    carrier = Draft(measure=Measure.CLOSE_NUMBER, target="13900000001")
    assert {_why(one) for one in await given.open(case_id, carrier, institution=CARRIER)} == {"halted"}
    let_go = await given.open(case_id, lift(held, "finding"), unfreeze(frozen, "decision"))
    assert [one.standing for one in let_go] == ["new", "new"]
    assert let_go[0].order is not None
    assert let_go[0].order.handling.number == HANDLING

    await given.duty()
    (after,) = await given.open(case_id, stop(ref("6222000000000003")))
    assert after.standing == "new"


async def test_what_a_halt_finds_under_way_is_asked_for_but_not_sent_again(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    sent, held = ref(), ref("6222000000000002")
    (pending,) = await given.open(case_id, stop(sent))
    await given.stopped(case_id, held)
    (let_go,) = await given.open(case_id, lift(held, "decision"))
    await given.register.halt(COUNTY, NOW)

    (standing,) = await given.open(case_id, stop(sent))
    may = await given.register.note_sent_again([pending.application_id, let_go.application_id], NOW)

    assert standing.standing == "sent"
    assert may == [let_go.application_id]


async def test_a_freeze_that_has_not_left_does_not_leave_under_a_halt(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    await given.stopped(case_id, ref())
    await given.approved(given.sheet(case_id, (ref(), 700)))
    (written,) = await given.open(case_id, freeze(ref(), 700))  # its line was down, say
    assert written.standing == "new"

    await given.register.halt(COUNTY, NOW)

    assert await given.register.note_sent_again([written.application_id], NOW) == []


async def test_sending_again_moves_the_clock(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    (opened,) = await given.open(case_id, stop(ref()))
    later = NOW + timedelta(seconds=5)
    assert await given.register.note_sent_again([opened.application_id], later) == [opened.application_id]
    (again,) = await given.open(case_id, stop(ref()), now=later)
    assert again.last_sent_at == later


async def test_the_fuse_of_a_case_stops_the_next_stop_until_it_is_raised(url: str, given: Given) -> None:
    narrow = Given(await Register.connect(url, stops_allowed=3, ring=RING))
    await given.duty()
    case_id = await narrow.case()
    accounts = numbered(5)

    opened = await narrow.open(case_id, *(stop(one) for one in accounts))
    assert [one.standing for one in opened] == ["new"] * 3 + ["held_back"] * 2
    assert {_why(one) for one in opened[3:]} == {"fuse_case"}
    assert (await narrow.open(case_id, query(accounts[4])))[0].standing == "new"

    sheet = narrow.sheet(case_id, name="U-01", kind=SheetKind.FUSE, quorum=[Role.DUTY_CHIEF])
    await narrow.register.keep_sheet(sheet)
    with pytest.raises(ValueError, match="U-01"):
        await narrow.register.raise_fuse(case_id, 1, "U-01")
    await narrow.approved(sheet)
    await narrow.register.raise_fuse(case_id, 1, "U-01")
    await narrow.register.raise_fuse(case_id, 1, "U-01")

    again = await narrow.open(case_id, *(stop(one) for one in accounts))
    assert [one.standing for one in again] == ["sent"] * 3 + ["new", "held_back"]
    await narrow.register.close()


async def test_the_fuse_of_a_minute_counts_all_cases(url: str, given: Given) -> None:
    narrow = Given(await Register.connect(url, stops_per_minute=3, ring=RING))
    await given.duty()
    accounts = numbered(6)
    first = await narrow.open(await narrow.case(), *(stop(one) for one in accounts[:2]))
    second_case = await narrow.case()
    second = await narrow.open(second_case, *(stop(one) for one in accounts[2:4]))
    assert [one.standing for one in first + second] == ["new", "new", "new", "held_back"]
    assert _why(second[1]) == "fuse_minute"
    later = await narrow.open(second_case, stop(accounts[3]), now=NOW + timedelta(seconds=61))
    assert later[0].standing == "new"
    await narrow.register.close()


async def test_stops_and_queries_of_one_call_have_one_numbered_paper_each(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    one, two = numbered(2)

    opened = await given.open(case_id, stop(one), stop(two), query(one))
    (later,) = await given.open(case_id, query(two))

    papers = [order.order.paper for order in opened if order.order is not None]
    assert papers[0] == papers[1] != papers[2]
    numbers = [order.order.paper_number for order in (*opened, later) if order.order is not None]
    assert numbers == [
        "锡公（反诈）止付字〔2026〕000001号",
        "锡公（反诈）止付字〔2026〕000001号",
        "锡公（反诈）查财字〔2026〕000001号",
        "锡公（反诈）查财字〔2026〕000002号",
    ]
    document = await given.register.paper(papers[0])
    annex = json.loads(document.removeprefix(b"%PDF "))["lines"]
    assert [line["number"] for line in annex] == [one.number, two.number]


async def test_a_paper_is_kept_for_other_processes_too(url: str, given: Given) -> None:
    await given.duty()
    (opened,) = await given.open(await given.case(), stop(ref()))
    assert opened.order is not None
    other = await Register.connect(url, ring=RING)
    assert (await other.paper(opened.order.paper)).startswith(b"%PDF")
    with pytest.raises(LookupError):
        await other.paper("0" * 64)
    await other.close()


async def test_carriers_get_officers_and_no_paper(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    drafts = [
        Draft(measure=Measure.CLOSE_NUMBER, target="13900000001"),
        Draft(measure=Measure.BLOCK_LINK, target="https://example.invalid/x"),
    ]
    opened = await given.open(case_id, *drafts, institution=CARRIER)
    assert [one.standing for one in opened] == ["new", "new"]
    assert {one.order.paper for one in opened if one.order} == {""}
    await given.answer(*opened)
    assert [one.standing for one in await given.open(case_id, *drafts, institution=CARRIER)] == ["answered"] * 2


async def test_an_account_of_another_institution_or_an_unknown_case_is_an_error(given: Given) -> None:
    case_id = await given.case()
    with pytest.raises(ValueError, match="names an account"):
        await given.open(case_id, stop(ref(institution=ABC.id)))
    with pytest.raises(ValueError, match="neither"):
        await given.open(case_id, Draft(measure=Measure.BLOCK_LINK))
    with pytest.raises(LookupError):
        await given.register.open_orders(
            OpenOrders(case_id="c-none", institution=ICBC, drafts=(stop(ref()),), now=NOW), render
        )


async def test_a_freeze_needs_its_approved_line_with_this_account_and_amount(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    one, two, three = numbered(3)
    sheet = given.sheet(case_id, (one, 500), (two, 600))
    drafts = [freeze(one, 500), freeze(two, 600), freeze(one, 501, sequence=2), freeze(three, 500)]

    assert {_why(opened) for opened in await given.open(case_id, *drafts)} == {"not_decided"}
    await given.register.keep_sheet(sheet)
    assert {_why(opened) for opened in await given.open(case_id, *drafts)} == {"not_decided"}
    await given.decide(sheet, COUNTY, except_lines=[2])
    assert _why((await given.open(case_id, drafts[0]))[0]) == "not_decided"
    await given.decide(sheet, SECOND_TOO)

    opened = await given.open(case_id, *drafts)
    assert opened[0].standing == "new"
    assert {_why(other) for other in opened[1:]} == {"not_decided"}


async def test_a_rejected_sheet_entitles_nothing(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    sheet = given.sheet(case_id, (ref(), 500))
    await given.register.keep_sheet(sheet)
    await given.decide(sheet, SECOND_TOO, Verdict.REJECT)
    assert _why((await given.open(case_id, freeze(ref(), 500)))[0]) == "not_decided"


async def test_another_cases_sheet_entitles_nothing(given: Given) -> None:
    await given.duty()
    ours, theirs = await given.case(), await given.case()
    await given.approved(given.sheet(theirs, (ref(), 500)))
    assert _why((await given.open(ours, freeze(ref(), 500)))[0]) == "not_decided"


async def test_one_approval_entitles_one_freeze_and_after_a_refusal_another_try(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    await given.approved(given.sheet(case_id, (ref(), 500)))
    (first,) = await given.open(case_id, freeze(ref(), 500))
    (second,) = await given.open(case_id, freeze(ref(), 500, sequence=2))
    assert _why(second) == "not_decided"
    await given.answer(first, outcome=Refused(code="1100", at=NOW))
    (third,) = await given.open(case_id, freeze(ref(), 500, sequence=2))
    assert third.standing == "new"


async def test_a_freeze_is_signed_by_who_asked_and_by_who_decided_as_second_officer(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    by_centre = given.sheet(case_id, (ref(), 500), name="F-01")
    by_officer = given.sheet(case_id, (ref(), 700), name="F-02", requester=SECOND)
    by_county = given.sheet(case_id, (ref(), 900), name="F-03", quorum=[Role.APPROVER_COUNTY], requester=SECOND)
    for sheet in (by_centre, by_officer, by_county):
        await given.approved(sheet)

    drafts = [freeze(ref(), 500, "F-01"), freeze(ref(), 700, "F-02", 2), freeze(ref(), 900, "F-03", 3)]
    orders = [opened.order for opened in await given.open(case_id, *drafts)]

    signed = [(order.handling.number, order.second.number, order.authority) for order in orders if order]
    # of F-03 nobody decided as second officer, and the duty's second officer asked for it: the other duty officer signs
    assert signed == [(HANDLING, SECOND_TOO, "F-01"), (SECOND, SECOND_TOO, "F-02"), (SECOND, HANDLING, "F-03")]


async def test_other_bytes_for_the_same_order_are_a_fault(given: Given) -> None:
    await given.duty()
    (opened,) = await given.open(await given.case(), stop(ref()))
    await given.register.note_sealed([(opened.application_id, "aa")])
    await given.register.note_sealed([(opened.application_id, "aa")])
    await given.register.note_sealed([])
    with pytest.raises(ValueError, match=opened.application_id):
        await given.register.note_sealed([(opened.application_id, "bb")])


async def test_open_orders_are_counted_and_listed(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    one, _ = await given.open(case_id, *(stop(account) for account in numbered(2)))
    await given.answer(one)
    assert await given.unanswered() == 1
    assert {opened.standing for opened in await given.register.orders_of(case_id)} == {"answered", "sent"}
