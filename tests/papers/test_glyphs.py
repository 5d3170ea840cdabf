"""No character of a name falls away or turns into another: what the font lacks is seen to be missing."""

import re
from pathlib import Path

import pytest

from adapters.papers import render
from adapters.papers.glyphs import MISSING, first_beyond, printable
from adapters.papers.templates import BUILT_IN, TemplateError, load_templates
from domain.papers import PaperLine
from tests.papers.test_papers import paper, text_of

_DOT, _READ_BACK = "\u30fb", "\u00b7"
"""The font has one glyph for both; readers give it back as the usual one."""
_PUBLISHED = Path("/usr/share/poppler/cMap/Adobe-GB1/UniGB-UCS2-H")


@pytest.mark.parametrize("dot", ["\u00b7", "\u2022", "\u2027", "\u2219", "\u22c5", "\uff65", "\u30fb"])
def test_the_dot_between_names_is_printed_on_first_page_and_annex(dot: str, tmp_path: Path):
    line = PaperLine(number="6217006400000000001", name=f"阿卜杜拉{dot}买买提", amount_fen=5)
    for lines in ((line,), (line, line.model_copy(update={"number": "2"}))):
        assert f"阿卜杜拉{_READ_BACK}买买提" in text_of(render(paper(lines=lines)), tmp_path)


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("김철수", "〓〓〓"),
        ("Peña", "Pe〓a"),
        ("Köß", "K〓〓"),
        ("王\u9fa6", "王〓"),
        ("王\U0002000b", "王〓"),
        ("王\u200b梅", "王〓梅"),
        ("龥㐀䶵・ü（①）", "龥㐀䶵・ü（①）"),
    ],
)
def test_what_the_font_lacks_is_seen_to_be_missing(name: str, printed: str, tmp_path: Path):
    line = PaperLine(number="6217006400000000001", name=name, amount_fen=5)
    for lines in ((line,), (line, line.model_copy(update={"number": "2"}))):
        assert printed.replace(_DOT, _READ_BACK) in text_of(render(paper(lines=lines)), tmp_path)


def test_the_characters_are_those_of_the_published_encoding():
    """The constant was made of this file; poppler, which reads papers back in these tests, brings it along."""
    if not _PUBLISHED.is_file():
        pytest.skip("poppler-data is not on this machine")
    source = _PUBLISHED.read_text(encoding="latin-1")
    mapped: set[int] = set()
    for block in re.findall(r"begincidrange(.*?)endcidrange", source, re.DOTALL):
        for first, last in re.findall(r"<(\w+)>\s*<(\w+)>", block):
            mapped.update(range(int(first, 16), int(last, 16) + 1))
    for block in re.findall(r"begincidchar(.*?)endcidchar", source, re.DOTALL):
        mapped.update(int(one, 16) for one in re.findall(r"<(\w+)>", block))
    ours = {code for code in range(0x10000) if printable(chr(code)) == chr(code)}
    assert ours == mapped
    assert len(mapped) == 28_840
    assert ord(MISSING) in mapped


@pytest.mark.parametrize(("words", "lacks"), [("阿・买", ""), ("阿·买", ""), ("张ñ", "ñ"), ("김", "김")])
def test_a_template_is_refused_for_what_the_font_lacks_and_for_nothing_else(words: str, lacks: str, tmp_path: Path):
    assert first_beyond(words) == lacks
    text = (BUILT_IN / "freeze.toml").read_text(encoding="utf-8").replace("协助冻结下列财产", f"协助冻结{words}财产")
    (tmp_path / "freeze.toml").write_text(text, encoding="utf-8")
    if not lacks:
        load_templates(tmp_path)
        return
    with pytest.raises(TemplateError, match=rf"U\+{ord(lacks):04X} cannot be printed"):
        load_templates(tmp_path)
