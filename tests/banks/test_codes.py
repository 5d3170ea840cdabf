"""Every code of the platform's table has its class; an answer becomes the outcome of that class."""

import pytest

from adapters.banks.codes import answer_class, receipt_class, table, words
from domain.orders import AnswerClass, Measure

EXACT = {
    "100000": AnswerClass.OK,
    "0000": AnswerClass.OK,
    "200001": AnswerClass.PERMANENT,
    "200004": AnswerClass.PERMANENT,
    "200005": AnswerClass.PERMANENT,
    "200006": AnswerClass.PERMANENT,
    "200007": AnswerClass.PERMANENT,
    "200002": AnswerClass.RETRY,
    "600004": AnswerClass.RETRY,
    "600005": AnswerClass.RETRY,
    "603202": AnswerClass.RETRY,
    "200003": AnswerClass.DUPLICATE,
    "200008": AnswerClass.LATER,
    "200009": AnswerClass.LATER,
    "200010": AnswerClass.PERSON,
    "0300": AnswerClass.PERSON,
    "0301": AnswerClass.PERSON,
    "0302": AnswerClass.PERSON,
    "0303": AnswerClass.PERSON,
    "0304": AnswerClass.PERSON,
    "0399": AnswerClass.PERSON,
    "0600": AnswerClass.PERSON,
    "1200": AnswerClass.PARTIAL,
    "1300": AnswerClass.RETRY,
    "1399": AnswerClass.RETRY,
    "1301": AnswerClass.HELD,
    "1302": AnswerClass.HELD,
    "1303": AnswerClass.HELD,
    "1304": AnswerClass.PERSON,
    "1800": AnswerClass.TOO_LATE,
    "1900": AnswerClass.TOO_LATE,
}
FAMILIES = {
    "01": AnswerClass.PERSON,
    "02": AnswerClass.PERSON,
    "04": AnswerClass.PERSON,
    "05": AnswerClass.PERMANENT,
    "07": AnswerClass.PERMANENT,
    "08": AnswerClass.PERSON,
    "09": AnswerClass.DUPLICATE,
    "10": AnswerClass.OTHER_CHANNEL,
    "11": AnswerClass.RETRY,
    "14": AnswerClass.PERSON,
    "15": AnswerClass.PERSON,
    "16": AnswerClass.PERSON,
    "17": AnswerClass.PERSON,
}


@pytest.mark.parametrize(("code", "expected"), EXACT.items())
def test_each_code_has_its_class(code: str, expected: AnswerClass):
    assert answer_class(code, Measure.STOP) is expected


@pytest.mark.parametrize(("family", "expected"), FAMILIES.items())
def test_each_family_has_its_class_throughout(family: str, expected: AnswerClass):
    assert {answer_class(f"{family}{rest:02d}", Measure.STOP) for rest in range(100)} == {expected}


def test_the_table_holds_nothing_that_is_not_examined_here():
    assert set(table()) == {*EXACT, "0201", "0202", *(f"{family}xx" for family in FAMILIES)}


def test_words_stand_in_both_languages():
    for code in table():
        zh, en = words(code)
        assert zh
        assert en
        assert zh != en
    assert words("4711") != words("0000")


def test_the_end_of_what_has_ended_is_done():
    ends = {Measure.LIFT, Measure.UNFREEZE}
    assert {measure for measure in Measure if answer_class("1900", measure) is AnswerClass.OK} == ends


def test_an_unlisted_code_goes_to_a_person_and_an_unlisted_receipt_is_sent_again():
    assert answer_class("4711", Measure.STOP) is AnswerClass.PERSON
    assert {receipt_class(code) for code in ("4711", "", "999999")} == {AnswerClass.RETRY}


def test_a_receipt_speaks_only_of_arrival():
    assert receipt_class("100000") is AnswerClass.OK
    assert receipt_class("200003") is AnswerClass.DUPLICATE
    assert receipt_class("200008") is AnswerClass.LATER
    assert receipt_class("200002") is AnswerClass.RETRY
    assert {receipt_class(code) for code in ("200001", "200005", "0301", "200010")} == {AnswerClass.PERMANENT}
