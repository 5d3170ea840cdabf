"""An account is shared by cases: one stop for all, ended when no case needs it any more."""

from datetime import timedelta

from activities.ports import Draft
from domain.orders import Executed, HeldBack, HeldElsewhere, Measure, Refused
from tests.register.given import (
    NOW,
    Given,
    executed,
    freeze,
    key,
    lift,
    query,
    ref,
    row,
    statement,
    stop,
    unfreeze,
)

MINUTE = timedelta(minutes=1)


def _why(opened) -> str:
    assert opened.standing == "held_back", opened
    assert isinstance(opened.outcome, HeldBack)
    return opened.outcome.reason


async def test_an_account_another_case_has_stopped_is_joined(given: Given) -> None:
    await given.duty()
    first, second = await given.case(), await given.case()
    (theirs,) = await given.open(first, stop(ref()))
    await given.answer(theirs, outcome=executed(balance_fen=4200))

    (ours,) = await given.open(second, stop(ref()))

    assert ours.standing == "answered"
    assert ours.joined
    assert ours.application_id == theirs.application_id
    assert isinstance(ours.outcome, Executed)
    assert ours.outcome.shared
    assert ours.outcome.balance_fen == 4200
    assert ours.outcome.expires == NOW + timedelta(hours=48)
    assert await given.unanswered() == 0


async def test_an_account_being_stopped_is_joined_and_never_sent_from_here(given: Given) -> None:
    await given.duty()
    first, second = await given.case(), await given.case()
    (theirs,) = await given.open(first, stop(ref()))

    (ours,) = await given.open(second, stop(ref()))

    assert (ours.standing, ours.joined, ours.order) == ("sent", True, None)
    assert ours.application_id == theirs.application_id
    await given.answer(ours)  # whoever fetches it may keep it
    (after,) = await given.open(second, stop(ref()))
    assert after.standing == "answered"


async def test_a_refused_or_foreign_stop_is_not_joined(given: Given) -> None:
    await given.duty()
    first, second = await given.case(), await given.case()
    refused, elsewhere = await given.open(first, stop(ref("6222000000000001")), stop(ref("6222000000000002")))
    await given.answer(refused, outcome=Refused(code="0201", at=NOW))
    await given.answer(elsewhere, outcome=HeldElsewhere(code="1301", at=NOW, authority="另案"))
    opened = await given.open(second, stop(ref("6222000000000001")), stop(ref("6222000000000002")))
    assert [one.standing for one in opened] == ["new", "new"]


async def test_a_lapsed_stop_is_not_joined(given: Given) -> None:
    await given.duty()
    first, second = await given.case(), await given.case()
    await given.stopped(first, ref())
    later = NOW + timedelta(hours=48)
    await given.duty(now=later)
    (ours,) = await given.open(second, stop(ref()), now=later)
    assert ours.standing == "new"


async def test_a_complete_statement_from_after_the_stop_serves_the_other_case(given: Given) -> None:
    await given.duty()
    first, second = await given.case(), await given.case()
    await given.stopped(first, ref())
    (asked,) = await given.open(first, query(ref()), now=NOW + MINUTE)
    (kept,) = await given.answer(asked, statement=statement([row(1), row(2)], balance_fen=100), now=NOW + MINUTE)
    await given.open(second, stop(ref()), now=NOW + 2 * MINUTE)

    (ours,) = await given.open(second, query(ref()), now=NOW + 2 * MINUTE)

    assert (ours.standing, ours.joined) == ("answered", True)
    assert ours.digest == kept.digest is not None
    assert isinstance(ours.outcome, Executed)
    assert ours.outcome.shared
    # an earlier period, money that came later, or a further page are asked for
    earlier = query(ref(), since=NOW - timedelta(days=1))
    newer = query(ref(), since=NOW + timedelta(minutes=2))
    page = query(ref(), sequence=2)
    for draft in (earlier, newer, page):
        (opened,) = await given.open(second, draft, now=NOW + 3 * MINUTE)
        assert opened.standing == ("sent" if draft is newer else "new")


async def test_statements_that_do_not_cover_the_stop_are_not_shared(given: Given) -> None:
    await given.duty()
    for number, total, stop_first in (("6222000000000001", 5, True), ("6222000000000002", 2, False)):
        first, second = await given.case(), await given.case()
        account = ref(number)
        if stop_first:
            await given.stopped(first, account)
        (asked,) = await given.open(first, query(account), now=NOW + MINUTE)
        if not stop_first:
            await given.stopped(first, account, now=NOW + 2 * MINUTE)
        await given.answer(asked, statement=statement([row(1), row(2)], total=total), now=NOW + 3 * MINUTE)
        (ours,) = await given.open(second, query(account), now=NOW + 4 * MINUTE)
        assert ours.standing == "new"


async def test_a_query_under_way_since_the_stop_is_joined(given: Given) -> None:
    await given.duty()
    first, second = await given.case(), await given.case()
    await given.stopped(first, ref())
    (theirs,) = await given.open(first, query(ref()), now=NOW + MINUTE)
    (ours,) = await given.open(second, query(ref()), now=NOW + MINUTE)
    assert (ours.standing, ours.joined, ours.application_id) == ("sent", True, theirs.application_id)


async def test_a_stop_is_lifted_once_freezes_cover_every_claim(given: Given) -> None:
    await given.duty()
    first, second = await given.case(), await given.case()
    (stopped,) = await given.stopped(first, ref())
    await given.open(second, stop(ref()))
    await given.books(first, ref(), 500)
    await given.books(second, ref(), 300)

    assert _why((await given.open(first, lift(ref())))[0]) == "other_claims"
    await given.frozen(first, ref(), 500)
    assert _why((await given.open(first, lift(ref())))[0]) == "other_claims"
    await given.frozen(second, ref(), 300)
    (opened,) = await given.open(first, lift(ref()))

    assert opened.standing == "new"
    assert opened.order is not None
    assert opened.order.original == stopped.application_id
    assert opened.order.paper_number.startswith("锡公（反诈）解止字")
    await given.answer(opened)
    (again,) = await given.open(second, lift(ref()))
    assert _why(again) == "nothing_to_end"


async def test_a_young_claim_without_books_keeps_the_stop_for_a_while(given: Given) -> None:
    await given.duty()
    first, second = await given.case(), await given.case()
    await given.stopped(first, ref())
    await given.books(first, ref(), 500)
    await given.frozen(first, ref(), 500)
    await given.open(second, stop(ref()))

    assert _why((await given.open(first, lift(ref()), now=NOW + 14 * MINUTE))[0]) == "other_claims"
    (opened,) = await given.open(first, lift(ref()), now=NOW + 15 * MINUTE)
    assert opened.standing == "new"


async def test_a_case_that_joins_the_stop_again_keeps_it_until_its_books_say_why(given: Given) -> None:
    await given.duty()
    first, second = await given.case(), await given.case()
    await given.stopped(first, ref())
    await given.open(second, stop(ref()))
    await given.books(first, ref(), 500, now=NOW + MINUTE)
    await given.books(second, ref(), 300, now=NOW + MINUTE)
    await given.frozen(second, ref(), 300, now=NOW + 2 * MINUTE)
    assert _why((await given.open(second, lift(ref()), now=NOW + 2 * MINUTE))[0]) == "other_claims"

    (again,) = await given.open(second, stop(ref(), sequence=2), now=NOW + 3 * MINUTE)  # more has come in
    assert again.joined
    await given.books(second, ref(), 300, now=NOW + 2 * MINUTE)  # was on its way, from before
    await given.frozen(first, ref(), 500, now=NOW + 4 * MINUTE)

    assert _why((await given.open(first, lift(ref()), now=NOW + 4 * MINUTE))[0]) == "other_claims"
    await given.books(second, ref(), 900, now=NOW + 5 * MINUTE)
    assert _why((await given.open(first, lift(ref()), now=NOW + 20 * MINUTE))[0]) == "other_claims"
    await given.frozen(second, ref(), 600, "F-02", 2, now=NOW + 21 * MINUTE)
    (opened,) = await given.open(second, lift(ref(), sequence=2), now=NOW + 21 * MINUTE)
    assert opened.standing == "new"


async def test_a_finding_releases_this_cases_claim_and_only_the_last_one_lifts(given: Given) -> None:
    await given.duty()
    first, second = await given.case(), await given.case()
    (stopped,) = await given.stopped(first, ref())
    await given.open(second, stop(ref()))
    await given.books(first, ref(), 500)
    await given.books(second, ref(), 300)

    assert _why((await given.open(first, lift(ref(), "finding")))[0]) == "other_claims"
    (last,) = await given.open(second, lift(ref(), "decision"))

    assert last.standing == "new"
    assert last.order is not None
    assert last.order.original == stopped.application_id


async def test_a_closed_case_claims_no_stop_any_more(given: Given) -> None:
    await given.duty()
    first, second = await given.case(), await given.case()
    await given.stopped(first, ref())
    await given.open(second, stop(ref()))
    await given.books(second, ref(), 300)
    await given.register.close_case(second, "lost", NOW)
    (opened,) = await given.open(first, lift(ref(), "finding"))
    assert opened.standing == "new"


async def test_a_lift_tombstones_the_stop_it_takes_back(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    (sent,) = await given.open(case_id, stop(ref()))
    (taken_back,) = await given.open(case_id, lift(ref(), "decision"))
    assert taken_back.standing == "new"

    assert _why((await given.open(case_id, stop(ref())))[0]) == "nothing_to_end"
    assert await given.register.note_sent_again([sent.application_id], NOW) == []
    assert await given.register.tombstoned([sent.application_id]) == {sent.application_id}
    (anew,) = await given.open(case_id, stop(ref(), sequence=2))
    assert anew.standing == "new"


async def test_a_stop_answered_after_its_lift_is_not_in_force(given: Given) -> None:
    await given.duty()
    case_id, other = await given.case(), await given.case()
    (sent,) = await given.open(case_id, stop(ref()))
    (taken_back,) = await given.open(case_id, lift(ref(), "decision"))
    await given.answer(taken_back)
    await given.answer(sent)
    (theirs,) = await given.open(other, stop(ref()))
    assert theirs.standing == "new"


async def test_lifting_too_late_ends_the_measure_as_well(given: Given) -> None:
    await given.duty()
    case_id, other = await given.case(), await given.case()
    await given.stopped(case_id, ref())
    (lifted,) = await given.open(case_id, lift(ref(), "finding"))
    await given.answer(lifted, outcome=Refused(code="1900", at=NOW))
    (theirs,) = await given.open(other, stop(ref()))
    assert theirs.standing == "new"


async def test_an_unfreeze_ends_the_freeze_of_its_sequence(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    await given.stopped(case_id, ref())
    await given.books(case_id, ref(), 900)
    first = await given.frozen(case_id, ref(), 500, "F-01", 1)
    second = await given.frozen(case_id, ref(), 400, "F-02", 2)

    (opened,) = await given.open(case_id, unfreeze(ref(), sequence=2))
    assert opened.order is not None
    assert opened.order.original == second.application_id
    await given.answer(opened)
    assert _why((await given.open(case_id, unfreeze(ref(), sequence=3)))[0]) == "nothing_to_end"
    (other,) = await given.open(case_id, unfreeze(ref(), sequence=1))
    assert other.order is not None
    assert other.order.original == first.application_id
    assert (await given.open(case_id, unfreeze(ref(), sequence=2)))[0].standing == "answered"


async def test_an_unfreeze_without_a_cause_is_not_decided(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    await given.frozen(case_id, ref(), 500)
    assert _why((await given.open(case_id, unfreeze(ref(), "")))[0]) == "not_decided"


async def test_hold_claims_and_measures_follow_the_answers(given: Given, sql) -> None:
    await given.duty()
    case_id = await given.case()
    (stopped,) = await given.stopped(case_id, ref())
    await given.books(case_id, ref(), 900)
    await given.approved(given.sheet(case_id, (ref(), 900)))
    (frozen,) = await given.open(case_id, freeze(ref(), 900))
    await given.answer(frozen, outcome=executed(hours=24 * 180, amount_fen=600))

    hold = sql.execute("SELECT stop_order, stops, frozen_fen FROM holds WHERE account = %s", [key(ref())]).fetchone()
    assert hold == (stopped.application_id, 1, 600)
    claim = "SELECT attributed_fen, claim_fen, frozen_fen FROM claims"
    assert sql.execute(claim).fetchone() == (900, 900, 600)

    later = NOW + timedelta(hours=48)
    assert await given.register.note_lapsed(later) == [stopped.application_id]
    assert sql.execute(claim).fetchone() == (900, 600, 600)  # what nothing covers any more is not claimed
    assert await given.register.note_lapsed(later) == []
    measures = sql.execute("SELECT kind, amount_fen, ended_by FROM measures ORDER BY kind").fetchall()
    assert measures == [("freeze", 600, ""), ("stop", None, "lapse")]
    assert await given.register.verify_all() == []


async def test_books_claim_no_more_than_what_covers_the_account(given: Given, sql) -> None:
    await given.duty()
    case_id = await given.case()
    await given.stopped(case_id, ref())
    later = NOW + timedelta(hours=49)
    await given.books(case_id, ref(), 900, now=later)  # the case does not know yet that the stop has lapsed
    assert sql.execute("SELECT attributed_fen, claim_fen FROM claims").fetchone() == (900, 0)
    assert sql.execute("SELECT stop_order FROM holds").fetchone() == (None,)


async def test_an_extension_prolongs_the_stop_and_counts(given: Given, sql) -> None:
    await given.duty()
    case_id = await given.case()
    assert _why((await given.open(case_id, Draft(measure=Measure.EXTEND_STOP, account=ref())))[0]) == "nothing_to_end"
    (stopped,) = await given.stopped(case_id, ref())
    (extended,) = await given.open(case_id, Draft(measure=Measure.EXTEND_STOP, account=ref(), sequence=2))
    assert extended.order is not None
    assert extended.order.original == stopped.application_id
    await given.answer(extended, outcome=executed(hours=96))
    assert sql.execute("SELECT stops, stop_expires FROM holds").fetchone() == (2, NOW + timedelta(hours=96))
    assert await given.register.note_lapsed(NOW + timedelta(hours=48)) == []
