"""Foreign text and numbers on the page: shown as text, masked, and never markup."""

import re

import pytest

from tests.workflows.pages import deciding, secrets
from workflows.details import details
from workflows.showing.text import foreign

PLANTED = (
    "[x](javascript:alert(1))",
    "<script>alert(1)</script>",
    "](http://evil.example)",
    '"><img src=x onerror=alert(1)>',
    "</svg></table><a href='https://evil.example'>",
    "&lt;b&gt; &#91;x&#93;(javascript&colon;alert(1))",
    "```\n# heading\n\n- list | a | b",
    "www.evil.example mailto:a@evil.example HTTPS://evil.example",
    "\u202e\ud800\x00\x07",
)


@pytest.mark.parametrize("planted", PLANTED)
def test_foreign_text_is_shown_as_text_and_never_becomes_markup_or_a_link(planted: str):
    made = foreign(planted)
    assert not re.search(r"[<>\[\]&`*_~#|\\\n\"'@]|://|(?i:www\.|javascript:|mailto:)", made)
    assert made.encode()
    case = deciding()
    case.start = case.start.model_copy(
        update={"report": case.start.report.model_copy(update={"category": planted}), "case_number": planted}
    )
    case.problem("input:1", planted, planted)
    case.state.filing_number = planted
    case.state.numbers = {f"{planted}:{planted}": planted}
    name, file = next(iter(case.state.sheets.items()))
    file.awaited, file.decided_by = [planted], [planted]
    next(iter(case.state.accounts.values())).cut = planted
    case.state.sheets[planted] = case.state.sheets.pop(name)
    page = details(case)
    bare = re.sub(
        r"<(/?(h[234]|b|br|table|tr|td|th|ul|li|details|summary|font|svg|g|rect|path|text|title)\b[^<>]*)>", "", page
    )
    assert not re.search(r"[<>\[\]&*_~\\]", bare)
    assert "://" not in page.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"(?i)javascript:|<script|<img|<a |onerror=(?!alert)|www\.evil", page)


def test_numbers_in_foreign_text_keep_only_their_last_four_digits():
    assert foreign("转到 6217000012345678901 了") == "转到 …8901 了"
    assert foreign("call 13900000001") == "call …0001"
    assert foreign("没有通往机构 102302000011 的线路") == "没有通往机构 102302000011 的线路"


def test_neither_a_whole_number_nor_a_holder_is_anywhere_on_the_page():
    page = details(deciding(120))
    case = deciding(120)
    assert not [secret for secret in secrets(case) if secret in page]
