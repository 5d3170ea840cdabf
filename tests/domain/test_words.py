"""What officers type: understood, or answered in words; nothing whatever raises."""

import json
import string

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.findings import Finding
from domain.sheets import Verdict
from domain.words import (
    SAY_DECISION,
    SAY_FILING,
    SAY_FINDING,
    Complaint,
    DecisionWords,
    FilingWords,
    FindingWords,
    decision_words,
    filing_words,
    finding_words,
)

ANY_SIGN = st.characters()  # surrogates, NUL and direction marks too: a browser can send them
WORDS = st.sampled_from(
    [
        "F-01",
        "012345",
        "approve",
        "reject",
        "except",
        "3",
        "0",
        "-1",
        "9" * 30,
        "批准",
        "除外",
        "mule",
        "ſ",
        "١٢٣٤٥",
        "\x00",
        "\ud800",
    ]
)
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(ANY_SIGN) | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(ANY_SIGN, max_size=8) | st.integers(), inner, max_size=4)
    ),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    ["sheet", "officer", "verdict", "except", "except_lines", "reason", "finding", "remark", "number"]
)
NEARLY = (
    st.lists(WORDS | st.text(ANY_SIGN, max_size=6), max_size=8).map(" ".join)
    | st.dictionaries(FIELDS, WORDS | JUNK, max_size=6)
    | st.lists(st.text(string.printable)).map("\t".join)
)


@given(JUNK | NEARLY)
@settings(max_examples=1500, deadline=None)
@example("F-01 012345 approve except " + "9" * 1900)
@example({"sheet": "F-01", "officer": "012345", "verdict": "approve", "except": [10**5000]})
@example({"sheet": "F-01", "officer": "012345", "verdict": "reject", "reason": "\ud800\x00"})
def test_any_input_at_all_gives_words_or_a_complaint(given_):
    for read, understood, complaint in (
        (decision_words, DecisionWords, SAY_DECISION),
        (finding_words, FindingWords, SAY_FINDING),
        (filing_words, FilingWords, SAY_FILING),
    ):
        heard = read(given_)
        assert isinstance(heard, understood) or heard == complaint
        # what was understood can travel and can be kept: valid UTF-8, no NUL, officers in plain digits
        kept = json.loads(heard.model_dump_json())
        assert "\x00" not in json.dumps(kept, ensure_ascii=False)
        if not isinstance(heard, Complaint):
            assert heard.officer.isascii()
            assert heard.officer.isdigit()
        if isinstance(heard, DecisionWords):
            assert all(0 < no < 100_000 for no in heard.except_lines)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("F-01 012345 approve", ("F-01", "012345", Verdict.APPROVE, (), "")),
        ("  f-01\t012345  批准 ", ("F-01", "012345", Verdict.APPROVE, (), "")),
        ("F-01 012345 reject 金额不对 请核", ("F-01", "012345", Verdict.REJECT, (), "金额不对 请核")),
        ("F-01 012345 approve except 3 7", ("F-01", "012345", Verdict.APPROVE, (3, 7), "")),
        ("F-01 012345 同意 除外 3 商户", ("F-01", "012345", Verdict.APPROVE, (3,), "商户")),
    ],
)
def test_a_decision_is_understood_as_officers_type_it(text, expected):
    sheet, officer, verdict, except_lines, reason = expected
    assert decision_words(text) == DecisionWords(
        sheet=sheet, officer=officer, verdict=verdict, except_lines=except_lines, reason=reason
    )


def test_a_decision_is_understood_as_an_object():
    heard = decision_words(
        {"sheet": "f-01", "officer": "012345", "verdict": "Approve", "except": [2], "reason": "ok", "more": 1}
    )
    assert heard == DecisionWords(
        sheet="F-01", officer="012345", verdict=Verdict.APPROVE, except_lines=(2,), reason="ok"
    )


@pytest.mark.parametrize(
    "text",
    [
        "F-01 012345",
        "F-01 approve 012345",
        "F-01 012345 maybe",
        "F01 012345 approve",
        "F-01 12 approve",
        "F-01 012345 approve except",
        "F-01 012345 approve except all",
        "F-01 012345 approve except 0",
        "F-01 012345 reject " + "x" * 3000,
    ],
)
def test_a_decision_that_is_nearly_right_is_not_guessed_at(text):
    assert decision_words(text) == SAY_DECISION


@pytest.mark.parametrize(
    ("text", "finding", "remark"),
    [
        ("012370 mule", Finding.MULE, ""),
        ("012370 merchant 真实交易，有发货单", Finding.MERCHANT, "真实交易，有发货单"),
        ("012370  善意商户", Finding.MERCHANT, ""),
        ("012370 not_found", Finding.NOT_FOUND, ""),
    ],
)
def test_a_finding_is_understood(text, finding, remark):
    assert finding_words(text) == FindingWords(officer="012370", finding=finding, remark=remark)
    again = finding_words({"officer": "012370", "finding": finding.value, "remark": remark})
    assert again == FindingWords(officer="012370", finding=finding, remark=remark)


def test_a_filing_is_understood_and_needs_a_number_and_an_officer():
    assert filing_words("A3202112026110001 012345") == FilingWords(number="A3202112026110001", officer="012345")
    assert filing_words({"number": "锡公立〔2026〕1号", "officer": "012345"}) == FilingWords(
        number="锡公立〔2026〕1号", officer="012345"
    )
    for wrong in ("012345", "A1 012345", "A3202 officer", "A3202 012345 more", {"number": "A3202"}):
        assert filing_words(wrong) == SAY_FILING


def test_complaints_say_in_both_languages_what_to_type():
    for one in (SAY_DECISION, SAY_FINDING, SAY_FILING):
        assert one.zh in one.both
        assert one.en in one.both
