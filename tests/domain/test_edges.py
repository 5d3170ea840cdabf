"""Money, time and identifiers at the edge to the platform: exact, total in their refusals, and silent about persons."""

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clock import CST, from_platform_time, platform_time, shown_clock
from domain.identifiers import (
    account_key,
    application_id,
    case_number,
    case_workflow_id,
    masked,
    new_case_id,
    paper_number,
    sheet_name,
    transmission_serial,
    verification_workflow_id,
)
from domain.money import fen_of, share_of, shown, yuan_text
from domain.orders import CODES, Measure

FEN = st.integers(0, 10**15)


@given(FEN)
def test_an_amount_survives_the_way_to_the_platform_and_back(fen):
    assert fen_of(yuan_text(fen)) == fen
    assert re.fullmatch(r"\d+\.\d\d", yuan_text(fen))


@pytest.mark.parametrize(
    ("text", "fen"), [("0", 0), ("1", 100), ("1.5", 150), ("1.05", 105), (" 49380.00 ", 4_938_000)]
)
def test_yuan_text_of_other_authors_is_read(text, fen):
    assert fen_of(text) == fen


@pytest.mark.parametrize(
    "text", ["", "-1", "1.234", "1,000", "1e3", "１", "٣", "0x1", "1.", ".5", "NaN", "1\n2", "9" * 16]
)
def test_anything_else_is_no_amount_and_is_not_quoted(text):
    with pytest.raises(ValueError, match="not an amount") as refused:
        fen_of(text)
    assert not text or text not in str(refused.value)


@given(st.text(max_size=30))
def test_reading_an_amount_raises_nothing_but_value_error(text):
    with suppress(ValueError):
        assert fen_of(text) >= 0


def test_amounts_are_shown_as_people_write_them():
    assert (shown(4_938_000), shown(-5), shown(0)) == ("¥49,380.00", "-¥0.05", "¥0.00")


def test_the_share_of_an_empty_account_is_the_whole():
    assert (share_of(50, 200), share_of(0, 0), share_of(5, -3)) == (0.25, 1.0, 1.0)


MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(9999, 12, 30)).map(  # noqa: DTZ001 - made aware right here
    lambda moment: moment.replace(tzinfo=UTC, microsecond=0)
)


@given(MOMENTS)
def test_a_moment_survives_the_way_to_the_platform_and_back(moment):
    assert from_platform_time(platform_time(moment)) == moment


def test_platform_time_is_chinas():
    assert platform_time(datetime(2026, 11, 22, 16, 0, 1, tzinfo=UTC)) == "20261123000001"
    assert shown_clock(datetime(2026, 11, 22, 16, 0, 1, tzinfo=UTC)) == "11-23 00:00"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026",
        "20261322000000",
        "2026112200000a",
        "00010101000000",
        "２０２６１１２２００００００",
        "20261122000060",
    ],
)
def test_what_is_no_platform_time_is_refused(text):
    with pytest.raises(ValueError, match="not a platform time"):
        from_platform_time(text)


@given(st.text(max_size=20))
def test_reading_a_platform_time_raises_nothing_but_value_error(text):
    with suppress(ValueError):
        assert from_platform_time(text).tzinfo is UTC


# ---------------------------------------------------------------- identifiers

NUMBERS = st.from_regex(r"\A62[1-9]{14,17}\Z")
CASES = st.from_regex(r"\Ac-[0-9a-f]{16}\Z")


@given(CASES, NUMBERS, st.sampled_from(list(CODES.values())), st.integers(1, 10**6))
def test_an_application_id_has_its_form_and_names_its_message(case, number, code, sequence):
    one = application_id(case, "102302000011", number, code, sequence)
    assert re.fullmatch(r"\d{36}", one)
    assert one[:4] == code[-4:]
    # sending again, by whichever run or attempt, is the same key: nothing else goes into it
    assert one == application_id(case, "102302000011", number, code, sequence)


@given(CASES, NUMBERS)
def test_no_identifier_contains_the_account_number(case, number):
    one = application_id(case, "102302000011", number, "100101", 1)
    for text in (one, transmission_serial("111111000000", one)):
        assert number not in text


@given(st.lists(st.tuples(CASES, NUMBERS, st.sampled_from(list(CODES.values())), st.integers(1, 999)), unique=True))
def test_different_orders_have_different_keys(orders):
    keys = {application_id(case, "102302000011", number, code, no) for case, number, code, no in orders}
    assert len(keys) == len(orders)


def test_parts_of_a_key_cannot_be_shifted_into_each_other():
    assert application_id("c-1", "12", "3", "100101", 1) != application_id("c-1", "1", "23", "100101", 1)
    assert application_id("c-1", "1", "2", "100101", 11) != application_id("c-1", "1", "21", "100101", 1)


@given(st.from_regex(r"\A\d{36}\Z"))
def test_a_transmission_serial_has_53_characters(application):
    one = transmission_serial("111111000000", application)
    assert re.fullmatch(r"111111000000_0{12}\d{28}", one)
    assert len(one) == 53


def test_case_ids_are_random_and_workflow_ids_follow_from_them():
    made = {new_case_id() for _ in range(500)}
    assert len(made) == 500
    assert all(re.fullmatch(r"c-[0-9a-f]{16}", one) for one in made)
    assert case_workflow_id("c-1") == "case/c-1"
    assert verification_workflow_id("c-1", 2) == "case/c-1/verification/2"


def test_names_people_say():
    assert case_number(2026, 123) == "A2026-000123"
    assert sheet_name("F", 3) == "F-03"
    assert masked("ICBC", "6222020000001234") == "ICBC·1234"
    assert account_key("b", "1") == "b:1"
    assert paper_number("锡公（反诈）", "冻财", 2027, 123) == "锡公（反诈）冻财字〔2027〕000123号"


def test_every_measure_has_a_code_of_its_own():
    assert set(CODES) == set(Measure)
    assert len(set(CODES.values())) == len(CODES)
    assert CST.utcoffset(None) == timedelta(hours=8)
