"""A case taken up from the register: everything done stands, everything begun is asked for under the same key."""

from datetime import timedelta

import pytest
from temporalio.testing import ActivityEnvironment

from activities.ports import Draft
from activities.register import RegisterActivities
from domain.bookkeeping import CaseRecord, Filing, Visit
from domain.books import Books
from domain.case_start import CaseStart
from domain.errands import STEPS, Errand, ErrandKind
from domain.findings import Finding, FindingReport
from domain.institutions import Directory
from domain.officers import Role
from domain.recall import OpenVisits
from domain.sheets import SheetKind, SheetState, Verdict, Why
from tests.register.given import (
    ABC,
    CARRIER,
    CHIEF,
    COUNTY,
    FIELD,
    ICBC,
    NOW,
    SECOND,
    Given,
    code,
    key,
    lift,
    numbered,
    query,
    render,
    row,
    statement,
    stop,
)
from tests.workflows.builders import default_policy
from workflows.casework.packing import pack, unpack
from workflows.casework.taking_up import TakenUp, take_up

FIRST = numbered(1)[0]
"""The account the report names."""


async def taken_up(given: Given, case_id: str, visits: OpenVisits | None = None) -> TakenUp:
    row_ = await given.register.case(case_id)
    start = CaseStart(
        case_id=case_id,
        case_number=row_.case_number,
        received_at=row_.received_at,
        report=await given.register.report(case_id),
        policy=default_policy(),
        directory=Directory(institutions=(ICBC, ABC, CARRIER)),
        restarts=1,
    )
    taken = take_up(start, await given.register.recall(case_id), visits or OpenVisits(), NOW)
    assert unpack(pack(taken.state)) == taken.state
    return taken


async def asked_again(given: Given, case_id: str, errand: Errand) -> list[str]:
    """How the register stands to each step of an errand when it is asked for."""
    assert errand.account is not None
    standings = []
    for measure in STEPS[errand.kind]:
        draft = Draft(
            measure=measure,
            account=errand.account,
            evidence=errand.evidence,
            amount_fen=errand.amount_fen,
            sequence=errand.query_sequence if measure == "query" else errand.sequence,
            sheet=errand.sheet,
            cause=errand.cause,
        )
        standings.append((await given.open(case_id, draft))[0].standing)
    return standings


async def of_one_statement(given: Given, case_id: str, account=FIRST, amount_fen: int = 1_000_000) -> None:
    """Stopped and queried; its statement shows the reported transfer and nothing else."""
    await given.stopped(case_id, account)
    (asked,) = await given.open(case_id, query(account))
    rows = [row(1, amount_fen=amount_fen, balance_fen=amount_fen).model_copy(update={"at": NOW})]
    await given.answer(asked, statement=statement(rows, balance_fen=amount_fen))


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
    await _found(given, case_id, Finding.MERCHANT)
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


# ---------------------------------------------------------------- second looks


async def _looked(given: Given, verdict: Verdict | None = None, but: tuple[int, ...] = ()) -> str:
    """A case with a second look at its one stop."""
    await given.duty()
    case_id = await given.case()
    await of_one_statement(given, case_id)
    look = given.look(case_id, (FIRST, 1_000_000))
    await given.register.keep_sheet(look)
    if verdict is not None:
        assert (await given.decide(look, SECOND, verdict, but)).accepted
    return case_id


async def test_a_pending_look_is_not_asked_for_twice(given: Given) -> None:
    state = (await taken_up(given, await _looked(given))).state
    account = state.accounts[key(FIRST)]
    assert (account.look_asked, account.looked_stop, account.release_proposed) == (1, 0, False)
    assert state.sheets["L-01"].state is SheetState.PENDING


async def test_an_approved_look_stands_as_one(given: Given) -> None:
    taken = await taken_up(given, await _looked(given, Verdict.APPROVE))
    assert taken.state.accounts[key(FIRST)].looked_stop == 1
    assert taken.errands == ()


@pytest.mark.parametrize(("verdict", "but"), [(Verdict.REJECT, ()), (Verdict.APPROVE, (1,))])
async def test_what_a_look_lets_go_is_lifted(given: Given, verdict: Verdict, but: tuple[int, ...]) -> None:
    (errand,) = (await taken_up(given, await _looked(given, verdict, but))).errands
    assert (errand.kind, errand.cause) == (ErrandKind.LIFT, "decision")


async def test_a_look_settled_by_a_freeze_stays_settled_and_one_not_yet_told_is_told(given: Given) -> None:
    case_id = await _looked(given)
    await given.frozen(case_id, FIRST, 1_000_000)
    file = (await taken_up(given, case_id)).state.sheets["L-01"]
    assert (file.state, file.settling) == (SheetState.SETTLED, True)
    await given.register.settle_sheets(case_id, ["L-01"], NOW)
    file = (await taken_up(given, case_id)).state.sheets["L-01"]
    assert (file.state, file.settling) == (SheetState.SETTLED, False)


async def _released(given: Given) -> str:
    """A case whose one account the duty chief has let go, and the bank has lifted."""
    await given.duty()
    case_id = await given.case()
    await of_one_statement(given, case_id)
    (release, number) = (
        given.sheet(case_id, (FIRST, 1_000_000), name="R-01", kind=SheetKind.RELEASE, why=Why.SMALL_SHARE_UNDECIDED),
        CHIEF,
    )
    release = release.model_copy(update={"quorum": (Role.DUTY_CHIEF,)})
    await given.register.keep_sheet(release)
    assert (await given.decide(release, number)).accepted
    (errand,) = (await taken_up(given, case_id)).errands
    await given.answer(*await given.open(case_id, lift(FIRST, "decision", errand.sequence)))
    return case_id


async def test_a_release_that_was_not_looked_at_still_is_to_be(given: Given) -> None:
    state = (await taken_up(given, await _released(given))).state
    account, file = state.accounts[key(FIRST)], state.sheets["R-01"]
    assert account.let_go
    assert (account.released_on, file.look_due, file.decided_by) == ("R-01", True, [CHIEF])


async def test_a_release_that_was_rejected_afterwards_is_stopped_once_more_under_the_next_key(given: Given) -> None:
    # given a look at the release that says no, and the stop that follows not written
    case_id = await _released(given)
    look = given.look(case_id, (FIRST, 1_000_000), why=Why.SECOND_LOOK_AT_RELEASE, requester=CHIEF)
    look = look.model_copy(update={"made_at": NOW + timedelta(seconds=1)})
    await given.register.keep_sheet(look)
    word = given.word(look, SECOND, await given.fresh_code(SECOND), Verdict.REJECT, at=NOW + timedelta(seconds=2))
    assert (await given.register.decide(word)).accepted
    taken = await taken_up(given, case_id)
    (errand,) = taken.errands
    assert (errand.kind, errand.sequence) == (ErrandKind.PURSUE, 2)
    assert (await given.open(case_id, stop(FIRST, 2)))[0].standing == "new"
    # and once it is written, it is asked for under its key, and not a third time
    (again,) = (await taken_up(given, case_id)).errands
    assert (again.kind, again.sequence) == (ErrandKind.PURSUE, 2)
    assert taken.state.accounts[key(FIRST)].looked_stop == 2


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


# ---------------------------------------------------------------- who speaks for a case


async def test_a_restart_is_on_record_once_and_a_closed_case_is_not_started(given: Given) -> None:
    case_id = await given.case()
    await given.register.note_started(case_id)
    assert [one.case_id for one in await given.register.open_cases(0)] == [case_id]
    assert await given.register.note_restart(case_id, 0, "run-1", "terminated", NOW) == 1
    assert await given.register.note_restart(case_id, 0, "run-1", "terminated", NOW) is None
    (kept,) = await given.register.open_cases(0)
    assert (kept.restarts, kept.restarted_at) == (1, NOW)
    await given.register.close_case(case_id, "lost", NOW)
    assert await given.register.note_restart(case_id, 1, "run-2", "terminated", NOW) is None
    assert await given.register.open_cases(0) == []
    assert await given.register.verify_all() == []


@pytest.mark.parametrize(("born_as", "restarts"), [("another-run", 1), ("", 0)])
async def test_a_run_made_by_a_reset_and_an_older_start_are_not_heard(
    given: Given, born_as: str, restarts: int
) -> None:
    case_id = await given.case(1000)
    await given.register.note_restart(case_id, 0, "run-1", "terminated", NOW)
    record = CaseRecord(
        case_id=case_id,
        books=Books(loss_fen=1000, left_cash_fen=1000),
        status="tracing",
        born_as=born_as,
        restarts=restarts,
        at=NOW,
    )
    engine = ActivityEnvironment()
    keep_record = RegisterActivities(given.register, render).keep_record
    assert await engine.run(keep_record, record) is False
    assert (await given.register.case(case_id)).books.left_cash_fen == 0
    speaks = record.model_copy(update={"born_as": engine.info.workflow_run_id, "restarts": 1})
    assert await engine.run(keep_record, speaks) is True
    assert (await given.register.case(case_id)).books.left_cash_fen == 1000


async def test_a_finding_given_to_nobody_is_read_from_the_register(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    await given.stopped(case_id, FIRST)
    visit = Visit(
        case_id=case_id,
        case_number="A2026-000001",
        ordinal=1,
        institution=FIRST.institution,
        institution_code="ICBC",
        number=FIRST.number,
        name=FIRST.name,
    )
    read = RegisterActivities(given.register, render).read_finding
    with pytest.raises(Exception, match="no finding yet"):
        await ActivityEnvironment().run(read, visit)
    await _found(given, case_id, Finding.MULE)
    assert (await ActivityEnvironment().run(read, visit)).finding.finding is Finding.MULE


async def _found(given: Given, case_id: str, finding: Finding) -> None:
    report = FindingReport(
        case_id=case_id,
        institution=FIRST.institution,
        number=FIRST.number,
        officer=FIELD,
        finding=finding,
        evidence=code(FIELD, NOW),
        at=NOW,
    )
    assert (await given.register.keep_finding(report)).accepted
