"""A case taken up from the register: everything done stands, everything begun is asked for under the same key."""

from domain.bookkeeping import Filing
from domain.errands import ErrandKind
from domain.findings import Finding
from domain.officers import Role
from domain.orders import AccountKind
from domain.recall import OpenVisits
from domain.sheets import SheetKind, SheetState, Verdict
from tests.register.given import COUNTY, ICBC, NOW, SECOND, Given, key, lift, numbered, query, row, statement, stop
from tests.register.taken_up import FIRST, asked_again, found, of_one_statement, taken_up
from tests.workflows.builders import default_policy


async def test_a_case_of_which_nothing_was_sent_begins_anew(given: Given) -> None:
    await given.duty()
    taken = await taken_up(given, await given.case())
    (errand,) = taken.errands
    assert (errand.kind, errand.account, errand.sequence, errand.query_sequence) == (ErrandKind.PURSUE, FIRST, 1, 1)
    assert taken.state.stops_asked == 1


async def test_a_stop_without_an_answer_is_asked_for_under_its_key(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    (sent,) = await given.open(case_id, stop(FIRST))
    (errand,) = (await taken_up(given, case_id)).errands
    again = (await given.open(case_id, stop(FIRST, errand.sequence)))[0]
    assert errand.kind is ErrandKind.PURSUE
    assert (again.application_id, again.standing) == (sent.application_id, "sent")


async def test_a_stopped_and_queried_account_needs_nothing_more(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    await of_one_statement(given, case_id)
    taken = await taken_up(given, case_id)
    account = taken.state.accounts[key(FIRST)]
    assert taken.errands == ()
    assert account.stopped
    assert account.settled
    assert (account.layer, account.queries, taken.state.stops_asked) == (1, 1, 1)


async def test_a_stop_answered_and_not_yet_queried_is_queried(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    await given.stopped(case_id, FIRST)
    (errand,) = (await taken_up(given, case_id)).errands
    assert (errand.kind, errand.query_sequence) == (ErrandKind.QUERY, 1)


async def test_a_pending_sheet_keeps_name_deadline_and_the_decision_given(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    await of_one_statement(given, case_id)
    sheet = given.sheet(case_id, (FIRST, 1_000_000))
    await given.register.keep_sheet(sheet)
    assert (await given.decide(sheet, COUNTY)).accepted
    taken = await taken_up(given, case_id)
    file = taken.state.sheets["F-01"]
    assert file.sheet == sheet
    assert file.kept
    assert (file.state, file.awaited, file.decided_by) == (SheetState.PENDING, ["second_officer"], [COUNTY])
    assert taken.state.sheet_count == {"freeze": 1}
    assert taken.state.accounts[key(FIRST)].sheeted_fen == 1_000_000
    assert taken.errands == ()


async def test_an_approved_freeze_that_was_not_sent_is_sent_once(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    await of_one_statement(given, case_id)
    await given.approved(given.sheet(case_id, (FIRST, 1_000_000)))
    (errand,) = (await taken_up(given, case_id)).errands
    assert (errand.kind, errand.sequence, errand.amount_fen) == (ErrandKind.FREEZE, 1, 1_000_000)
    assert (await asked_again(given, case_id, errand))[0] == "new"
    (again,) = (await taken_up(given, case_id)).errands
    assert again.sequence == errand.sequence
    assert (await asked_again(given, case_id, again))[0] == "sent"


async def test_a_frozen_account_is_not_frozen_twice_and_its_stop_is_lifted(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    await of_one_statement(given, case_id)
    await given.frozen(case_id, FIRST, 1_000_000)
    await given.books(case_id, FIRST, 1_000_000)
    taken = await taken_up(given, case_id)
    account = taken.state.accounts[key(FIRST)]
    assert (account.frozen_fen, len(account.freezes), len(account.covers)) == (1_000_000, 1, 1)
    (errand,) = taken.errands
    assert await asked_again(given, case_id, errand) == ["answered", "new"]


async def test_a_freeze_whose_lift_is_answered_is_done(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    await of_one_statement(given, case_id)
    await given.frozen(case_id, FIRST, 1_000_000)
    await given.books(case_id, FIRST, 1_000_000)
    await given.answer(*await given.open(case_id, lift(FIRST)))
    taken = await taken_up(given, case_id)
    assert taken.errands == ()
    assert taken.state.accounts[key(FIRST)].stop_ended


async def test_an_honest_merchant_let_go_is_not_stopped_again_nor_visited_again(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    await of_one_statement(given, case_id)
    await found(given, case_id, Finding.MERCHANT)
    (errand,) = (await taken_up(given, case_id)).errands
    assert errand.kind is ErrandKind.LIFT
    assert errand.cause == "finding"
    await given.answer(*await given.open(case_id, lift(FIRST, "finding", errand.sequence)))
    taken = await taken_up(given, case_id, OpenVisits(open={key(FIRST): 1}, last=1))
    account = taken.state.accounts[key(FIRST)]
    assert taken.errands == ()
    assert account.finding is Finding.MERCHANT
    assert account.let_go
    assert not account.stopped
    assert (taken.state.visits_open, taken.state.visits) == ({}, 1)


async def test_an_open_visit_is_followed(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    await of_one_statement(given, case_id)
    taken = await taken_up(given, case_id, OpenVisits(open={key(FIRST): 3}, last=4))
    assert taken.state.visits_open == {key(FIRST): 3}
    assert taken.state.accounts[key(FIRST)].visit == 3
    assert taken.state.visits == 4


async def test_a_rejected_sheet_lets_go_what_was_not_frozen(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    await of_one_statement(given, case_id)
    sheet = given.sheet(case_id, (FIRST, 1_000_000))
    await given.register.keep_sheet(sheet)
    assert (await given.decide(sheet, COUNTY, Verdict.REJECT)).accepted
    taken = await taken_up(given, case_id)
    (errand,) = taken.errands
    assert (errand.kind, errand.cause) == (ErrandKind.LIFT, "decision")
    assert taken.state.accounts[key(FIRST)].letting_go


# ---------------------------------------------------------------- shared accounts, layers, words


async def test_a_stop_of_another_case_is_joined_again_and_not_doubled(given: Given) -> None:
    await given.duty()
    theirs, ours = await given.case(), await given.case()
    await of_one_statement(given, theirs)
    (joined,) = await given.open(ours, stop(FIRST))
    assert joined.joined
    taken = await taken_up(given, ours)
    account = taken.state.accounts[key(FIRST)]
    assert account.stopped
    assert account.digest is not None
    assert taken.errands == ()
    assert taken.state.stops_asked == 1


async def test_a_company_known_by_another_cases_statement_keeps_its_sheet_and_is_asked_for_no_second_one(
    given: Given,
) -> None:
    # given a company that another case has stopped and queried; ours asked nothing there and has it on a sheet
    await given.duty()
    theirs, ours = await given.case(), await given.case()
    company = numbered(2)[1].model_copy(update={"kind": AccountKind.CORPORATE})
    await of_one_statement(given, theirs, company)
    await of_one_statement(given, ours)
    (joined,) = await given.open(ours, query(company))
    assert joined.standing == "answered"
    await given.books(ours, company, 400, held=0)
    sheet = given.sheet(ours, (company, 400))
    await given.register.keep_sheet(sheet)

    account = (await taken_up(given, ours)).state.accounts[key(company)]
    assert (account.sheeted_fen, account.stop_asked, account.query_first) == (400, False, True)

    # and its freeze, approved and not written, is not forgotten
    for officer in (COUNTY, SECOND):
        assert (await given.decide(sheet, officer)).accepted
    freezes = [one for one in (await taken_up(given, ours)).errands if one.kind is ErrandKind.FREEZE]
    assert [(one.account, one.amount_fen) for one in freezes] == [(company, 400)]


async def test_layers_follow_the_money(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    await given.stopped(case_id, FIRST)
    (asked,) = await given.open(case_id, query(FIRST))
    moved = row(2, credit=False, amount_fen=400_000, balance_fen=600_000).model_copy(
        update={"opponent_institution": ICBC.id, "opponent_number": numbered(2)[1].number}
    )
    came = row(1, amount_fen=1_000_000, balance_fen=1_000_000).model_copy(update={"at": NOW})
    await given.answer(asked, statement=statement([came, moved], balance_fen=600_000))
    await given.open(case_id, stop(numbered(2)[1]))
    taken = await taken_up(given, case_id)
    assert taken.state.accounts[key(numbered(2)[1])].layer == 2
    assert [errand.kind for errand in taken.errands] == [ErrandKind.PURSUE]


async def test_a_yes_to_the_fuse_stands(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    await given.approved(given.sheet(case_id, name="U-01", kind=SheetKind.FUSE, quorum=[Role.DUTY_CHIEF]))
    recalled = await given.register.recall(case_id)
    assert [one.opened for one in recalled.sheets] == [False]
    policy = default_policy()
    taken = await taken_up(given, case_id)
    assert taken.state.stops_allowed == policy.fuse.accounts_per_case + policy.fuse.each_yes_opens
    await given.register.raise_fuse(case_id, policy.fuse.each_yes_opens, "U-01")
    assert [one.opened for one in (await given.register.recall(case_id)).sheets] == [True]


async def test_a_filing_and_an_approved_cancellation_stand(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    code = await given.fresh_code(COUNTY)
    filing = Filing(case_id=case_id, number="LA-1", officer=COUNTY, evidence=code, at=NOW)
    assert (await given.register.keep_filing(filing)).accepted
    await given.approved(given.sheet(case_id, name="C-01", kind=SheetKind.CANCEL, quorum=[Role.DUTY_CHIEF]))
    state = (await taken_up(given, case_id)).state
    assert (state.filing_number, state.cancelled, state.cancel_asked) == ("LA-1", True, False)


async def test_a_stop_that_another_order_ended_does_not_stand(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    await of_one_statement(given, case_id)
    await given.frozen(case_id, FIRST, 1_000_000)
    await given.books(case_id, FIRST, 1_000_000)
    await given.answer(*await given.open(case_id, lift(FIRST, sequence=7)))  # as another case's lift would
    taken = await taken_up(given, case_id)
    assert taken.state.accounts[key(FIRST)].stop_ended
    assert taken.errands == ()
