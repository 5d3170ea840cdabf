"""Answers: the first final one stands, statements are kept row by row, and come back as they were."""

import pytest

from activities.ports import Answered
from domain.orders import HeldBack, HeldElsewhere, Outcome, Partial, Refused, Unknown
from domain.statement import EarlierMeasure, Statement, digest
from tests.register.given import ICBC, NOW, Given, executed, key, numbered, query, ref, row, statement, stop


async def test_the_first_final_answer_stands_and_a_different_one_is_on_record(given: Given, sql) -> None:
    await given.duty()
    case_id = await given.case()
    (opened,) = await given.stopped(case_id, ref())

    (same,) = await given.answer(opened, now=NOW)
    (other,) = await given.answer(opened, outcome=Refused(code="0301", at=NOW))

    assert same.outcome == other.outcome == executed()
    events = sql.execute("SELECT kind FROM events WHERE case_id = %s ORDER BY seq", [case_id]).fetchall()
    assert [kind for (kind,) in events] == ["case_opened", "orders_written", "answers_kept", "answer_ignored"]


async def test_unknown_gives_way_to_an_answer_and_never_replaces_one(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    (opened,) = await given.open(case_id, stop(ref()))
    (unknown,) = await given.answer(opened, outcome=Unknown(since=NOW))
    assert unknown.outcome.kind == "unknown"
    (standing,) = await given.open(case_id, stop(ref()))
    assert (standing.standing, standing.outcome) == ("sent", Unknown(since=NOW))
    assert await given.unanswered() == 1

    (kept,) = await given.answer(opened)
    assert kept.outcome == executed()
    (still,) = await given.answer(opened, outcome=Unknown(since=NOW))
    assert still.outcome == executed()


async def test_one_batch_may_hold_an_answer_twice(given: Given) -> None:
    await given.duty()
    (opened,) = await given.open(await given.case(), stop(ref()))
    answers = [
        Answered(application_id=opened.application_id, outcome=outcome)
        for outcome in (Unknown(since=NOW), executed(), Refused(code="0301", at=NOW))
    ]
    kept = await given.register.keep_answers(answers, NOW)
    assert [one.outcome.kind for one in kept] == ["executed"] * 3


async def test_answers_of_several_cases_are_kept_together(given: Given) -> None:
    await given.duty()
    accounts = numbered(4)
    opened = []
    for account in accounts:
        opened += await given.open(await given.case(), stop(account))
    assert len(await given.answer(*opened)) == 4
    assert await given.register.verify_all() == []


async def test_no_answers_are_no_work_and_unknown_orders_are_an_error(given: Given) -> None:
    assert await given.register.keep_answers([], NOW) == []
    with pytest.raises(LookupError):
        await given.register.keep_answers([Answered(application_id="0" * 36, outcome=executed())], NOW)


async def test_a_written_order_cannot_be_answered_as_never_sent(given: Given) -> None:
    await given.duty()
    (opened,) = await given.open(await given.case(), stop(ref()))
    with pytest.raises(ValueError, match="held back"):
        await given.answer(opened, outcome=HeldBack(reason="halted"))


async def test_every_kind_of_outcome_comes_back_as_it_was(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    outcomes: list[Outcome] = [
        executed(balance_fen=77, remark="已止付"),
        Partial(code="1200", at=NOW, balance_fen=5),
        Refused(code="0303", at=NOW, remark="户名不符\x00"),
        HeldElsewhere(code="1303", at=NOW, authority="某市公安局"),
    ]
    accounts = numbered(4)
    opened = await given.open(case_id, *(stop(one) for one in accounts))
    await given.register.keep_answers(
        [
            Answered(application_id=one.application_id, outcome=outcome)
            for one, outcome in zip(opened, outcomes, strict=True)
        ],
        NOW,
    )
    again = await given.open(case_id, *(stop(one) for one in accounts))
    assert [one.standing for one in again] == ["answered"] * 4
    shown = [one.outcome for one in again]
    assert shown[0] == outcomes[0]
    assert shown[1] == outcomes[1]
    assert shown[2] == Refused(code="0303", at=NOW, remark="户名不符\ufffd")  # PostgreSQL keeps no NUL
    assert shown[3] == outcomes[3]


async def test_a_statement_comes_back_as_the_same_digest(given: Given, sql) -> None:
    await given.duty()
    case_id = await given.case()
    told = Statement(
        holder_name="测试甲",
        holder_id_type="01",
        holder_id_number="320299199508156208",
        balance_fen=700,
        total_rows=3,
        rows=(row(9, credit=False, balance_fen=700), row(7, balance_fen=800), row(8, done=False)),
        measures=(EarlierMeasure(authority="某院", amount_fen=None, started=NOW, expires=None, kind="1001"),),
    )
    (asked,) = await given.open(case_id, query(ref()))
    (kept,) = await given.answer(asked, statement=told)
    assert kept.digest == digest(told)

    (again,) = await given.open(case_id, query(ref()))
    (twice,) = await given.answer(asked, statement=told)
    assert again.digest == twice.digest == digest(told)
    rows = sql.execute("SELECT serial, channel, ip, mac, terminal, done FROM transactions ORDER BY serial").fetchall()
    assert rows == [(serial, "mobile", "10.0.0.1", "00-00-5E-00-53-01", "T1", serial != 8) for serial in (7, 8, 9)]
    kept_statement = "SELECT account, complete, stop_order, holder ->> 'name', serials FROM statements"
    assert sql.execute(kept_statement).fetchone() == (key(ref()), True, None, "测试甲", [7, 8, 9])


async def test_pages_share_rows_and_each_keeps_its_own_digest(given: Given, sql) -> None:
    await given.duty()
    case_id = await given.case()
    first, second = await given.open(case_id, query(ref()), query(ref(), sequence=2))
    pages = [statement([row(1), row(2)], total=3), statement([row(2), row(3)])]
    kept = await given.register.keep_answers(
        [
            Answered(application_id=one.application_id, outcome=executed(), statement=page)
            for one, page in zip((first, second), pages, strict=True)
        ],
        NOW,
    )
    assert [one.digest.more for one in kept if one.digest] == [True, False]
    assert sql.execute("SELECT count(*) FROM transactions").fetchone() == (3,)
    again = await given.open(case_id, query(ref()), query(ref(), sequence=2))
    assert [one.digest for one in again] == [one.digest for one in kept]


async def test_a_thousand_rows_of_sixty_accounts_are_kept(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    opened = await given.open(case_id, *(query(one) for one in numbered(60)))
    rows = statement([row(serial) for serial in range(1, 101)])
    kept = await given.answer(*opened, statement=rows)
    assert {len(one.digest.passages) for one in kept if one.digest} == {100}
    assert opened[0].order is not None
    assert opened[0].order.institution == ICBC.id
