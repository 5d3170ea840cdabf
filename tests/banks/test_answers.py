"""Any bytes become a reply: the right ones an outcome with its facts, all others one line that quotes nothing."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.line_ports import Reply
from adapters.banks.answers import read
from domain.clock import from_platform_time, platform_time
from domain.orders import (
    AccountKind,
    AnswerClass,
    Executed,
    HeldElsewhere,
    Measure,
    Outcome,
    Partial,
    Refused,
)
from domain.statement import Way
from tests.banks.answer_texts import answer, row
from tests.banks.orders import CENTRE, order

AT = datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC)
STARTED, EXPIRES = datetime(2026, 11, 21, 19, 4, 6, tzinfo=UTC), datetime(2026, 11, 23, 19, 4, 6, tzinfo=UTC)
TERM = {"StartTime": "20261122030406", "ExpireTime": "20261124030406"}
STOP, LIFT, FREEZE, QUERY = (
    order(measure).application_id for measure in (Measure.STOP, Measure.LIFT, Measure.FREEZE, Measure.QUERY)
)


def understood(key: str, message: bytes) -> Reply:
    reply = read(key, message, CENTRE.organisation_id, AT)
    assert (reply.key, reply.unreadable) == (key, "")
    return reply


def outcome(key: str, **fields: str) -> Outcome | None:
    return understood(key, answer(key, fields)).outcome


def test_a_stop_brings_the_banks_own_clock_and_the_balance():
    found = outcome(STOP, Result="0000", AccountBalance="49380.05", **TERM)
    assert found == Executed(code="0000", at=AT, started=STARTED, expires=EXPIRES, balance_fen=4_938_005)


def test_some_banks_write_the_end_as_end_time():
    found = outcome(STOP, Result="0000", StartTime="20261122030406", EndTime="20261124030406")
    assert isinstance(found, Executed)
    assert found.expires == EXPIRES


def test_a_short_balance_is_a_stop_in_part():
    found = outcome(STOP, Result="1200", AccountBalance="0.00", FeedbackRemark="余额不足", **TERM)
    assert found == Partial(code="1200", at=AT, started=STARTED, expires=EXPIRES, balance_fen=0, remark="余额不足")


@pytest.mark.parametrize("code", ["1301", "1303"])
def test_another_stop_or_freeze_that_stands_is_said_with_its_term(code: str):
    found = outcome(STOP, Result=code, **TERM)
    assert found == HeldElsewhere(code=code, at=AT, started=STARTED, expires=EXPIRES)


def test_a_freeze_of_less_than_nothing_is_no_answer():
    fields = {"Result": "0000", "AppliedBalance": "100.00", "FrozedBalance": "-1.00", **TERM}
    assert read(FREEZE, answer(FREEZE, fields), CENTRE.organisation_id, AT).unreadable == "FrozedBalance is below zero"


def test_an_earlier_freeze_of_another_authority_is_named():
    found = outcome(
        FREEZE,
        Result="1302",
        FrozedBalance="0.00",
        AccountBalance="100.00",
        FormerApplicationDepartment="某市中级人民法院",
        FormerFrozenExpireTime="20261124030406",
    )
    assert isinstance(found, HeldElsewhere)
    assert (found.authority, found.expires) == ("某市中级人民法院", EXPIRES)
    assert (found.amount_fen, found.balance_fen) == (0, 10_000)


def test_a_freeze_says_what_was_really_frozen():
    found = outcome(
        FREEZE,
        Result="1200",
        AppliedBalance="500.00",
        FrozedBalance="123.45",
        FreezeStartTime="20261122030406",
        ExpireTime="20261124030406",
    )
    assert isinstance(found, Partial)
    assert (found.amount_fen, found.started, found.expires) == (12_345, STARTED, EXPIRES)


@pytest.mark.parametrize(("said", "kind"), [("02", AccountKind.CORPORATE), ("01", AccountKind.PERSON), ("", None)])
def test_a_wrong_name_says_what_kind_of_account_it_is(said: str, kind: AccountKind | None):
    found = outcome(STOP, Result="0303", AccountType=said)
    assert isinstance(found, Refused)
    assert (found.answer_class, found.account_kind) == (AnswerClass.PERSON, kind)


def test_the_kind_of_account_is_only_read_where_it_is_the_refusals_reason():
    found = outcome(STOP, Result="0301", AccountType="02")
    assert isinstance(found, Refused)
    assert found.account_kind is None


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("0201", AnswerClass.PERSON),
        ("0302", AnswerClass.PERSON),
        ("0600", AnswerClass.PERSON),
        ("1304", AnswerClass.PERSON),
        ("1555", AnswerClass.PERSON),
        ("4711", AnswerClass.PERSON),
        ("200010", AnswerClass.PERSON),
        ("0501", AnswerClass.PERMANENT),
        ("200005", AnswerClass.PERMANENT),
        ("1001", AnswerClass.OTHER_CHANNEL),
        ("1800", AnswerClass.TOO_LATE),
        ("1900", AnswerClass.TOO_LATE),
    ],
)
def test_a_refusal_is_an_answer_with_its_class(code: str, expected: AnswerClass):
    found = outcome(STOP, Result=code, FailureCause="系统", FeedbackRemark="业务")
    assert found == Refused(code=code, at=AT, answer_class=expected, remark="系统; 业务")


@pytest.mark.parametrize(
    "code", ["200002", "600004", "600005", "603202", "1100", "1199", "1300", "1399", "200008", "200009"]
)
def test_what_the_bank_could_not_do_yet_is_no_outcome_but_the_code_is_known(code: str):
    reply = understood(STOP, answer(STOP, {"Result": code}))
    assert (reply.outcome, reply.code) == (None, code)


@pytest.mark.parametrize("code", ["200003", "0900", "0955", "100000"])
def test_seen_before_counts_as_done_only_where_the_fields_prove_it(code: str):
    assert outcome(STOP, Result=code) is None
    found = outcome(STOP, Result=code, **TERM)
    assert isinstance(found, Executed)
    assert found.expires == EXPIRES
    assert outcome(LIFT, Result=code, **TERM) is None
    assert isinstance(outcome(LIFT, Result=code, WithdrawalTime="20261122030406"), Executed)
    assert isinstance(outcome(FREEZE, Result=code, AppliedBalance="2.00", FrozedBalance="1.00"), Partial)


@pytest.mark.parametrize("measure", [Measure.LIFT, Measure.UNFREEZE])
def test_a_lift_of_what_has_ended_is_executed(measure: Measure):
    found = outcome(order(measure).application_id, Result="1900", WithdrawalTime="20261122030406")
    assert found == Executed(code="1900", at=AT, started=STARTED)


HOLDER = {
    "Result": "0000",
    "AccountType": "02",
    "AccountName": "测试商行",
    "IDType": "14",
    "IDNumber": "913202990000000000",
    "AccountBalance": "-12.34",
}


def statement_of(rows: str, measures: str = "", **changes: str) -> Reply:
    inner = f"<Transactions>{rows}</Transactions><Measures>{measures}</Measures>"
    return understood(QUERY, answer(QUERY, HOLDER | {"TransactionTotal": "3"} | changes, inner=inner))


def test_a_statement_comes_whole():
    measure = (
        "<Measure><Authority>某法院</Authority><Amount>5.00</Amount><StartTime>20261122030406</StartTime>"
        "<ExpireTime>20261124030406</ExpireTime><Kind>1001</Kind><ApplicationID></ApplicationID></Measure>"
        f"<Measure><Authority>本中心</Authority><Amount/><StartTime/><ExpireTime/><Kind>0001</Kind>"
        f"<ApplicationID>{STOP}</ApplicationID></Measure>"
    )
    failed = row(12, TransactionStatus="01", TransactionType="取现", CashMark="01", BorrowingSigns="0")
    company = row(13, OpponentAccountType="02", MerchantName="某店", BorrowingSigns="0")
    found = statement_of(row(11) + failed + company, measure)
    assert isinstance(found.outcome, Executed)
    assert found.outcome.balance_fen == -1_234
    statement = found.statement
    assert statement is not None
    assert (statement.holder_name, statement.holder_id_type, statement.kind) == (
        "测试商行",
        "14",
        AccountKind.CORPORATE,
    )
    assert (statement.balance_fen, statement.total_rows, len(statement.rows)) == (-1_234, 3, 3)
    first, second, third = statement.rows
    assert first.model_dump() == {
        "serial": 11,
        "at": datetime(2026, 11, 21, 18, 42, 5, tzinfo=UTC),
        "credit": True,
        "amount_fen": 4_938_000,
        "balance_fen": 4_938_005,
        "done": True,
        "way": Way.TRANSFER,
        "opponent_institution": "102302000011",
        "opponent_number": "6222029511307277894",
        "opponent_name": "测试乙0001",
        "opponent_kind": AccountKind.PERSON,
        "channel": "mobile",
        "place": "无锡",
        "merchant": "",
        "ip": "10.0.0.7",
        "mac": "02:00:00:00:00:07",
        "terminal": "T-17",
    }
    assert (second.done, second.way, second.credit) == (False, Way.CASH, False)
    assert (third.opponent_kind, third.merchant) == (AccountKind.CORPORATE, "某店")
    court, ours = statement.measures
    assert (court.authority, court.amount_fen, court.started, court.expires) == ("某法院", 500, STARTED, EXPIRES)
    assert (ours.kind, ours.amount_fen, ours.expires, ours.application_id) == ("0001", None, None, STOP)


@pytest.mark.parametrize(
    ("word", "mark", "way"),
    [
        ("转账", "00", Way.TRANSFER),
        ("取现", "01", Way.CASH),
        ("消费", "00", Way.CARD),
        ("虚拟货币", "00", Way.CRYPTO),
        ("境外汇款", "00", Way.ABROAD),
        ("柜面现金", "01", Way.CASH),
        ("工资", "00", Way.TRANSFER),
    ],
)
def test_each_kind_of_transaction_has_its_way(word: str, mark: str, way: Way):
    found = statement_of(row(1, TransactionType=word, CashMark=mark)).statement
    assert found is not None
    assert found.rows[0].way is way


def test_a_serial_that_comes_twice_counts_once_and_first():
    found = statement_of(row(1) + row(1, TransactionAmount="1.00") + row(2)).statement
    assert found is not None
    assert [(one.serial, one.amount_fen) for one in found.rows] == [(1, 4_938_000), (2, 4_938_000)]


def test_an_answer_without_rows_is_a_statement_too():
    found = understood(QUERY, answer(QUERY, HOLDER)).statement
    assert found is not None
    assert (found.rows, found.total_rows) == ((), 0)


def test_the_holder_of_an_account_is_told_without_rows():
    key = order(Measure.HOLDER).application_id
    found = understood(key, answer(key, HOLDER)).statement
    assert found is not None
    assert (found.holder_name, found.holder_id_number, found.rows) == ("测试商行", "913202990000000000", ())


def test_a_refused_query_has_no_statement():
    reply = understood(QUERY, answer(QUERY, {"Result": "0301"}))
    assert isinstance(reply.outcome, Refused)
    assert reply.statement is None


@given(st.datetimes(datetime(1990, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis adds the zone
def test_times_are_read_as_the_domain_writes_them(moment: datetime):
    found = outcome(STOP, Result="0000", ExpireTime=platform_time(moment))
    assert isinstance(found, Executed)
    assert found.expires == from_platform_time(platform_time(moment)) == moment.replace(microsecond=0)


SECRET = "张三6222029511307277894"
ENTITY_BOMB = (
    b'<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">'.encode() for n in range(12))
    + b"]><Response>&m;</Response>"
)
OUTSIDE = b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><Response><Head/><Body>&x;</Body></Response>'
GOOD = answer(STOP, {"Result": "0000", **TERM})
HOSTILE = {
    "nothing": b"",
    "junk": b"\x00\xff\x17",
    "words": SECRET.encode(),
    "cut short": GOOD[:-20],
    "two documents": GOOD + GOOD,
    "entity bomb": ENTITY_BOMB,
    "outside entity": OUTSIDE,
    "document type": GOOD.replace(b"<Response>", b"<!DOCTYPE Response><Response>", 1),
    "unknown encoding": GOOD.replace(b"UTF-8", b"X-NONE-8"),
    "wrong encoding": GOOD.replace(b"UTF-8", b"UTF-16"),
    "other root": GOOD.replace(b"Response>", b"Request>"),
    "no head": b"<Response><Body/></Response>",
    "two bodies": GOOD.replace(b"</Body>", b"</Body><Body/>"),
    "namespace": GOOD.replace(b"<Response>", b'<Response xmlns="urn:x">'),
    "other organisation": answer(STOP, {"Result": "0000"}, to="999999999999"),
    "other code": answer(STOP, {"Result": "0000"}, code="100104"),
    "request": answer(STOP, {"Result": "0000"}, code="100101"),
    "other case": GOOD.replace(STOP.encode(), LIFT.encode()),
    "no result": answer(STOP, {}),
    "result in words": answer(STOP, {"Result": SECRET}),
    "result twice": answer(STOP, {"Result": "0000"}, inner="<Result>0301</Result>"),
    "bad time": answer(STOP, {"Result": "0000", "ExpireTime": "20261399000000"}),
    "time in words": answer(STOP, {"Result": "0000", "StartTime": SECRET}),
    "time before time": answer(STOP, {"Result": "0000", "StartTime": "00010101000000"}),
    "odd digits": answer(STOP, {"Result": "0000", "StartTime": "²²²²²²²²²²²²²²"}),
    "bad amount": answer(STOP, {"Result": "0000", "AccountBalance": "1,000.00"}),
    "far too long": GOOD.replace(b"</Body>", b"<x>" + b"a" * 5_000_000 + b"</x></Body>"),
    "deep": b"<Response>" * 5_000 + b"</Response>" * 5_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_answer_to_this_order_is_unreadable_in_one_line(name: str):
    reply = read(STOP, HOSTILE[name], CENTRE.organisation_id, AT)
    assert (reply.key, reply.outcome, reply.statement) == (STOP, None, None)
    assert 0 < len(reply.unreadable) < 100
    assert reply.unreadable.isprintable()
    assert "张三" not in reply.unreadable
    assert "6222" not in reply.unreadable


@pytest.mark.parametrize(
    "broken",
    [
        row(1, TransactionAmount="many"),
        row(1, TransactionAmount="-1.00"),
        row(1, TransactionTime=""),
        row(1, TransactionSerial="x"),
        row(1, TransactionSerial="9" * 5_000),
        row(1, BorrowingSigns="2"),
        row(1, AccountBalance=""),
        "<Other/>",
        "<Transaction/>",
    ],
)
def test_a_statement_with_a_row_that_cannot_be_read_is_not_taken_for_the_whole(broken: str):
    inner = f"<Transactions>{row(7)}{broken}</Transactions>"
    reply = read(QUERY, answer(QUERY, HOLDER, inner=inner), CENTRE.organisation_id, AT)
    assert reply.outcome is None
    assert reply.unreadable.startswith("Transaction")


@given(st.binary(max_size=300))
def test_any_bytes_give_a_reply(junk: bytes):
    assert read(STOP, junk, CENTRE.organisation_id, AT).unreadable


@given(st.text(max_size=40), st.integers(0, len(GOOD)), st.binary(max_size=5))
def test_any_key_and_any_damage_give_a_reply(key: str, place: int, damage: bytes):
    read(key, GOOD, CENTRE.organisation_id, AT)
    read(STOP, GOOD[:place] + damage + GOOD[place + len(damage) :], CENTRE.organisation_id, AT)


@given(
    st.dictionaries(
        st.sampled_from(
            ["Result", "ExpireTime", "StartTime", "AccountBalance", "FrozedBalance", "AppliedBalance", "AccountType"]
        ),
        st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=20),
    ),
    st.sampled_from([STOP, LIFT, FREEZE, QUERY]),
)
def test_any_fields_give_a_reply(fields: dict[str, str], key: str):
    read(key, answer(key, fields), CENTRE.organisation_id, AT)


def test_a_full_page_is_read_in_a_moment():
    inner = f"<Transactions>{''.join(row(serial) for serial in range(1, 1_001))}</Transactions>"
    page = answer(QUERY, HOLDER, inner=inner)
    took = []
    for _ in range(5):
        begun = time.perf_counter()
        found = understood(QUERY, page).statement
        took.append(time.perf_counter() - begun)
    assert found is not None
    assert len(found.rows) == 1_000
    print(f"\n1,000 rows: {min(took) * 1000:.1f} ms of {len(page) / 1e6:.2f} MB")
    assert min(took) < 0.1  # 30 ms on an idle machine
