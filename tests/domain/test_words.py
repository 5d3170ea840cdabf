"""What officers type: understood, or answered in words; nothing whatever raises."""

import json
import string

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.evidence import Signature, Totp
from domain.findings import Finding
from domain.sheets import Verdict
from domain.words import (
    CONTRADICTS_ITSELF,
    MOST_SHEETS,
    SAY_CODE,
    SAY_DECISION,
    SAY_DECISION_HERE,
    SAY_FILING,
    SAY_FINDING,
    SAY_FINDING_HERE,
    SAY_HALT,
    SAY_HALT_ALONE,
    Complaint,
    DecisionWords,
    FilingWords,
    FindingWords,
    HaltWords,
    decision_words,
    filing_words,
    finding_words,
    halt_words,
)

ANY_SIGN = st.characters()  # surrogates, NUL and direction marks too: a browser can send them
CODE, SIGNATURE = "493021", "Aq_-" * 21 + "Aq"
WORDS = st.sampled_from(
    [
        "F-01",
        "F-02,f-03",
        "A2026-000123/F-03",
        "012345",
        CODE,
        CODE,
        SIGNATURE,
        "４９３０２１",
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
    [
        "sheet",
        "officer",
        "verdict",
        "except",
        "except_lines",
        "reason",
        "finding",
        "remark",
        "number",
        "code",
        "signature",
        "sheets",
    ]
)
NEARLY = (
    st.lists(WORDS | st.text(ANY_SIGN, max_size=6), max_size=8).map(" ".join)
    | st.dictionaries(FIELDS, WORDS | JUNK, max_size=6)
    | st.lists(st.text(string.printable)).map("\t".join)
)


def decision_here(given_):
    return decision_words(given_, sheet="F-09")


def finding_here(given_):
    return finding_words(given_, Finding.MULE)


@given(JUNK | NEARLY)
@settings(max_examples=1500)
@example("F-01 012345 493021 approve except " + "9" * 1900)
@example({"sheet": "F-01", "officer": "012345", "code": "493021", "verdict": "approve", "except": [10**5000]})
@example({"sheet": "F-01", "officer": "012345", "code": "493021", "verdict": "reject", "reason": "\ud800\x00"})
@example({"sheets": ["F-01"] * 500, "officer": "012345", "code": "493021"})
def test_any_input_at_all_gives_words_or_a_complaint(given_):
    for read, understood, complaints in (
        (decision_words, DecisionWords, (SAY_DECISION, SAY_CODE)),
        (decision_here, DecisionWords, (SAY_DECISION_HERE, SAY_CODE)),
        (finding_words, FindingWords, (SAY_FINDING,)),
        (finding_here, FindingWords, (SAY_FINDING_HERE, CONTRADICTS_ITSELF)),
        (filing_words, FilingWords, (SAY_FILING,)),
        (halt_words, HaltWords, (SAY_HALT, SAY_HALT_ALONE)),
    ):
        heard = read(given_)
        assert isinstance(heard, understood) or heard in complaints
        # what was understood can travel and can be kept: valid UTF-8, no NUL, officers in plain digits
        kept = json.loads(heard.model_dump_json())
        assert "\x00" not in json.dumps(kept, ensure_ascii=False)
        if not isinstance(heard, Complaint):
            assert heard.officer.isascii()
            assert heard.officer.isdigit()
        if not isinstance(heard, Complaint | HaltWords):
            assert isinstance(heard.evidence, Totp | Signature)
        if isinstance(heard, DecisionWords):
            assert all(0 < no < 100_000 for no in heard.except_lines)
            assert 1 <= len(heard.sheets) <= MOST_SHEETS
            assert len(heard.sheets) == 1 or not heard.except_lines


GIVEN = Totp(code=CODE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("F-01 012345 493021", (("F-01",), Verdict.APPROVE, (), "")),
        ("F-01 012345 493021 approve", (("F-01",), Verdict.APPROVE, (), "")),
        ("  f-01\t012345 493021  批准 ", (("F-01",), Verdict.APPROVE, (), "")),
        ("F-01 012345 493021 reject 金额不对 请核", (("F-01",), Verdict.REJECT, (), "金额不对 请核")),
        ("F-01 012345 493021 except 3 7", (("F-01",), Verdict.APPROVE, (3, 7), "")),
        ("F-01 012345 493021 approve except 3 7", (("F-01",), Verdict.APPROVE, (3, 7), "")),
        ("F-01 012345 493021 同意 除外 3 商户", (("F-01",), Verdict.APPROVE, (3,), "商户")),
        (
            "F-01,F-02 a2026-000123/f-03 012345 493021",
            (("F-01", "F-02", "A2026-000123/F-03"), Verdict.APPROVE, (), ""),
        ),
    ],
)
def test_a_decision_is_understood_as_officers_type_it(text, expected):
    sheets, verdict, except_lines, reason = expected
    assert decision_words(text) == DecisionWords(
        sheets=sheets, officer="012345", evidence=GIVEN, verdict=verdict, except_lines=except_lines, reason=reason
    )


def test_a_signature_stands_where_the_code_would():
    heard = decision_words(f"F-01 012345 {SIGNATURE}== reject 不同意")
    assert isinstance(heard, DecisionWords)
    assert heard.evidence == Signature(value=SIGNATURE)
    assert heard.verdict is Verdict.REJECT


@pytest.mark.parametrize("text", ["012345 493021", "012345 493021 approve", "012345 493021 except 3 7"])
def test_where_the_sheet_is_given_it_is_not_typed(text):
    heard = decision_words(text, sheet="F-09")
    assert isinstance(heard, DecisionWords)
    assert heard.sheets == ("F-09",)
    assert heard.verdict is Verdict.APPROVE


def test_a_decision_is_understood_as_an_object():
    said = {"officer": "012345", "code": CODE, "verdict": "Approve", "except": [2], "reason": "ok", "more": 1}
    heard = decision_words({**said, "sheet": "f-01"})
    assert heard == DecisionWords(
        sheets=("F-01",), officer="012345", evidence=GIVEN, verdict=Verdict.APPROVE, except_lines=(2,), reason="ok"
    )
    assert decision_words(said, sheet="F-01") == heard
    several = decision_words({"sheets": ["F-01", "A2026-000123/F-02"], "officer": "012345", "signature": SIGNATURE})
    assert isinstance(several, DecisionWords)
    assert several.sheets == ("F-01", "A2026-000123/F-02")
    assert several.evidence == Signature(value=SIGNATURE)


@pytest.mark.parametrize(
    "given_",
    [
        "F-01 012345",
        "F-01 012345 approve",
        "F-01 012345 reject 理由",
        "F-01 012345 49302",
        "F-01 012345 " + SIGNATURE[:-1],
        {"sheet": "F-01", "officer": "012345", "verdict": "approve"},
    ],
)
def test_a_word_without_a_code_is_refused_with_what_to_type(given_):
    assert decision_words(given_) == SAY_CODE


@pytest.mark.parametrize(
    "text",
    [
        "F-01 493021 approve",
        "F-01 approve 012345",
        "F-01 012345 493021 maybe",
        "F01 012345 493021 approve",
        "F-01 12 493021 approve",
        "F-01 012345 493021 approve except",
        "F-01 012345 493021 approve except all",
        "F-01 012345 493021 approve except 0",
        "F-01 F-02 012345 493021 except 3",
        "F-01 012345 493021 reject " + "x" * 3000,
        " ".join(f"F-{no:02d}" for no in range(MOST_SHEETS + 1)) + " 012345 493021",
    ],
)
def test_a_decision_that_is_nearly_right_is_not_guessed_at(text):
    assert decision_words(text) in (SAY_DECISION, SAY_CODE)


@pytest.mark.parametrize(
    ("text", "finding", "remark"),
    [
        ("012370 493021 mule", Finding.MULE, ""),
        ("012370 493021 merchant 真实交易，有发货单", Finding.MERCHANT, "真实交易，有发货单"),
        ("012370 493021  善意商户", Finding.MERCHANT, ""),
        ("012370 493021 not_found", Finding.NOT_FOUND, ""),
    ],
)
def test_a_finding_is_understood(text, finding, remark):
    assert finding_words(text) == FindingWords(officer="012370", evidence=GIVEN, finding=finding, remark=remark)
    again = finding_words({"officer": "012370", "code": CODE, "finding": finding.value, "remark": remark})
    assert again == FindingWords(officer="012370", evidence=GIVEN, finding=finding, remark=remark)


@pytest.mark.parametrize(
    ("text", "remark"),
    [("012370 493021", ""), ("012370 493021 mule", ""), ("012370 493021 涉案人 出租银行卡", "出租银行卡")],
)
def test_where_the_finding_is_given_it_is_not_typed(text: str, remark: str):
    words = finding_words(text, Finding.MULE)
    assert words == FindingWords(officer="012370", evidence=GIVEN, finding=Finding.MULE, remark=remark)


@pytest.mark.parametrize("text", ["012370 493021 merchant", {"officer": "012370", "code": CODE, "finding": "victim"}])
def test_a_text_that_names_another_finding_than_its_operation_is_refused(text: object):
    assert finding_words(text, Finding.MULE) == CONTRADICTS_ITSELF


@pytest.mark.parametrize("text", ["012350", " 012350 ", "012350 快停", {"officer": "012350"}])
def test_a_halt_needs_a_number_and_nothing_else(text: object):
    assert halt_words(text) == HaltWords(officer="012350")


@pytest.mark.parametrize("text", ["012345 493021", "012345 493021 reject 理由", {"officer": "012345", "code": CODE}])
def test_what_was_meant_for_a_sheet_does_not_halt_the_centre(text: object):
    assert halt_words(text) == SAY_HALT_ALONE


@pytest.mark.parametrize("text", ["", "停手", "停手 012350", "12", {"officer": 12350}, None, 12350, ["012350"]])
def test_a_halt_that_names_nobody_is_no_halt(text: object):
    assert halt_words(text) == SAY_HALT


def test_a_filing_is_understood_and_needs_a_number_an_officer_and_a_code():
    assert filing_words("A3202112026110001 012345 493021") == FilingWords(
        number="A3202112026110001", officer="012345", evidence=GIVEN
    )
    assert filing_words({"number": "锡公立〔2026〕1号", "officer": "012345", "code": CODE}) == FilingWords(
        number="锡公立〔2026〕1号", officer="012345", evidence=GIVEN
    )
    for wrong in ("012345 493021", "A3202 012345", "A1 012345 493021", "A3202 officer 493021", "A3202 012345 493021 x"):
        assert filing_words(wrong) == SAY_FILING
    assert filing_words({"number": "A3202", "officer": "012345"}) == SAY_FILING


def test_complaints_say_in_both_languages_what_to_type():
    for one in (SAY_DECISION, SAY_FINDING, SAY_FINDING_HERE, CONTRADICTS_ITSELF, SAY_FILING, SAY_HALT, SAY_HALT_ALONE):
        assert one.zh in one.both
        assert one.en in one.both
