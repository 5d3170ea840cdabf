"""Nothing runs off a sheet: what does not go on the first page goes on the next, and every page says which it is."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from adapters.papers import Printer, render
from adapters.papers.sample import LONGEST_CATEGORY, sample
from domain.papers import Paper, PaperKind
from domain.report import Report

_SHEET = 842.0
_FOOT = _SHEET - 20.0
"""Points from the top: the last line that any page has."""
_WORD = re.compile(r'<word xMin="[\d.]+" yMin="[\d.]+" xMax="([\d.]+)" yMax="([\d.]+)">([^<]*)</word>')


def pages(document: bytes, place: Path) -> list[list[tuple[float, float, str]]]:
    """Of each page its words, with where they end: from the left and from the top, in points."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not on this machine: what is printed cannot be read back")
    file = place / "paper.pdf"
    file.write_bytes(document)
    command = ["pdftotext", "-bbox", str(file), "-"]
    read = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [[(float(x), float(y), words) for x, y, words in _WORD.findall(page)] for page in read.split("<page ")[1:]]


def longest(kind: PaperKind, accounts: int = 1, law: int = 200) -> Paper:
    """All that may be long, as long as it may be."""
    paper = sample(kind, long=True, accounts=accounts)
    return paper.model_copy(update={"category": LONGEST_CATEGORY, "basis": "法" * law})


def test_the_longest_category_is_the_one_that_a_report_may_say():
    (length,) = [one.max_length for one in Report.model_fields["category"].metadata if hasattr(one, "max_length")]
    assert len(LONGEST_CATEGORY) == length


@pytest.mark.parametrize("accounts", [1, 2])
@pytest.mark.parametrize("kind", PaperKind)
def test_a_seal_that_does_not_go_on_the_first_page_goes_on_the_second(kind: PaperKind, accounts: int, tmp_path: Path):
    printer = Printer(signature="无锡市公安局|反电信网络诈骗中心|值班室")
    document = printer.render(longest(kind, accounts))
    read = pages(document, tmp_path)
    assert all(0 < x < 595 and 0 < y < _FOOT for page in read for x, y, _ in page)
    words = ["".join(word for _, _, word in page) for page in read]
    (signed,) = [no for no, page in enumerate(words) if "（印章）" in page]
    assert "值班室" in words[signed]
    assert "2026年11月22日" in words[signed]
    assert signed == (0 if printer.room(longest(kind, accounts)) >= 0 else 1)
    assert "李测试" in words[0], "whoever signs stands under the words"
    assert [f"第{no}页共{len(words)}页" in page for no, page in enumerate(words, 1)] == [True] * len(words)
    assert all("〔2026〕000123号" in page for page in words)


def test_most_papers_are_one_page_with_its_seal(tmp_path: Path):
    for kind in PaperKind:
        assert len(pages(render(sample(kind, long=True)), tmp_path)) == 1
