"""Turns of several cases in one transaction come to the same as one after the other."""

from datetime import timedelta

from activities.ports import Answered, Ask, CaseTurn, Draft, OpenOrders
from adapters.register import Register
from domain.institutions import Institution
from domain.orders import HeldBack
from tests.register.given import ABC, ICBC, NOW, Given, executed, freeze, query, ref, render, statement, stop


def turn(case_id: str, *drafts: Draft, answers: tuple[Answered, ...] = (), at: Institution = ICBC) -> CaseTurn:
    request = OpenOrders(case_id=case_id, institution=at, drafts=drafts, now=NOW)
    asks = (Ask(request, lambda order, _paper: f"sealed {order.application_id}"),) if drafts else ()
    return CaseTurn(case_id, answers, asks, NOW)


async def test_two_cases_that_want_one_account_stopped_in_one_transaction_stop_it_once(given: Given) -> None:
    await given.duty()
    first, second = await given.case(), await given.case()

    (_, [[ours]]), (_, [[theirs]]) = await given.register.turns(
        [turn(first, stop(ref())), turn(second, stop(ref()))], render
    )

    assert ours.standing == "new"
    assert (theirs.standing, theirs.joined, theirs.application_id) == ("sent", True, ours.application_id)
    assert theirs.order is None, "another case's order is never sent from here"
    # and once it is executed, both hold it
    await given.answer(ours)
    await given.books(first, ref(), 400)
    await given.books(second, ref(), 600)
    (held,) = await given.open(second, freeze(ref(), 600, "F-09"))
    assert isinstance(held.outcome, HeldBack), "a stop shared is no freeze decided"


async def test_each_case_of_a_transaction_keeps_its_own_chain_papers_and_fuse(given: Given) -> None:
    await given.duty()
    cases = [await given.case() for _ in range(3)]
    accounts = [ref(f"622200000000010{no}") for no in range(3)]

    results = await given.register.turns(
        [turn(case, stop(account)) for case, account in zip(cases, accounts, strict=True)], render
    )

    papers = set()
    for case, account, (_, [[opened]]) in zip(cases, accounts, results, strict=True):
        assert opened.order is not None
        assert (opened.order.case_id, opened.order.account) == (case, account)
        papers.add(opened.order.paper_number)
    assert len(papers) == 3
    assert await given.register.verify_all() == []


async def test_answers_of_one_case_and_orders_of_another_go_together(given: Given) -> None:
    await given.duty()
    first, second = await given.case(), await given.case()
    (asked,) = await given.open(first, query(ref()))
    answer = Answered(application_id=asked.application_id, outcome=executed(), statement=statement(balance_fen=77))

    (kept, nothing), (none, [[opened]]) = await given.register.turns(
        [turn(first, answers=(answer,)), turn(second, stop(ref("6228000000000001", ABC.id)), at=ABC)], render
    )

    assert [one.digest.balance_fen for one in kept if one.digest] == [77]
    assert nothing == []
    assert none == []
    assert opened.standing == "new"


async def test_a_stop_is_known_from_its_answer_not_from_when_another_turn_began_to_wait(given: Given) -> None:
    await given.duty()
    first, second, third = [await given.case() for _ in range(3)]
    (stopping,) = await given.open(first, stop(ref()))
    (asked,) = await given.open(second, query(ref()), now=NOW + timedelta(seconds=5))  # the account still pays
    # given a turn that waited so long that the stop's answer went along with it
    answer = Answered(application_id=stopping.application_id, outcome=executed(NOW + timedelta(seconds=15)))
    waited = turn(third, stop(ref("6222000000000002")))
    await given.register.turns([waited, turn(first, answers=(answer,))], render)
    await given.answer(asked, statement=statement(balance_fen=77), now=NOW + timedelta(seconds=16))
    # then what the account showed before the stop serves nobody as what it shows since
    (own,) = await given.open(third, query(ref()), now=NOW + timedelta(seconds=20))
    assert own.standing == "new"


async def test_the_fuse_of_a_minute_counts_the_stops_of_all_cases_of_a_transaction(given: Given, url: str) -> None:
    register = await Register.connect(url, stops_per_minute=3)
    try:
        await given.duty()
        cases = [await given.case() for _ in range(2)]
        results = await register.turns(
            [turn(case, *(stop(ref(f"62220000000{no}020{n}")) for n in range(2))) for no, case in enumerate(cases)],
            render,
        )
    finally:
        await register.close()
    standings = [one.standing for _, opened in results for part in opened for one in part]
    assert sorted(standings) == ["held_back", "new", "new", "new"]
