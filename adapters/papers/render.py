"""A paper becomes one numbered A4 PDF in Chinese; the same paper gives the same bytes.

The words are the templates' (templates.py); here is only where they stand. The font is one of the reader's own (a CID
font): embedding a Chinese font would cost 400 ms and 100 KB a document.
"""

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import zip_longest
from string import Formatter

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont, stringWidth
from reportlab.pdfgen.canvas import Canvas

from adapters.papers.binding import Pad
from adapters.papers.glyphs import printable as _printable
from adapters.papers.placeholders import REQUIRED, values_of
from adapters.papers.seal import DIAMETER, Seal, practice_seal
from adapters.papers.templates import Template, load_templates
from adapters.papers.words import words_from
from domain.money import shown
from domain.papers import Paper, PaperKind, PaperLine

_FONT = "STSong-Light"
_DIGITS = "Courier"  # one byte a character and all of one width: columns of figures stay straight and small

# Points. A4 with the margins of an official letter.
_WIDTH, _HEIGHT = A4
_LEFT, _RIGHT, _BOTTOM = 72.0, _WIDTH - 72.0, 64.0
_TITLE, _ORGAN, _BODY, _ANNEX = 22, 14, 12, 9
LEADING = 21.0
_LABEL = 72.0  # the labels' column on the first page
_ANNEX_LEADING = 14.0
_ANNEX_TOP: float = _HEIGHT - 126.0
_ANNEX_LINES = int((_ANNEX_TOP - _BOTTOM) / _ANNEX_LEADING)
# The annex: running number and account in one column of figures, the name, the amount that ends at the right edge.
_NAME_LEFT, _NAME_WIDTH = _LEFT + 196, 165.0
_RUNNING_CHARACTERS, _ACCOUNT_CHARACTERS, _AMOUNT_CHARACTERS = 7, 28, 18
_FIGURE = _ANNEX * 0.6  # Courier is 0.6 em wide
_AMOUNT_LEFT = _RIGHT - _AMOUNT_CHARACTERS * _FIGURE

# A number or word stays on one line; an opening sign never ends one, a closing sign never starts one.
_PIECES = re.compile(r"[《（〔“]?(?:[0-9A-Za-z.,\-]+|.)")
_CLOSING = frozenset("，。、；：）》〕”")

registerFont(UnicodeCIDFont(_FONT))
_AnnexLine = tuple[str, str, str]  # running number and account, name, amount


@dataclass(frozen=True)
class Printer:
    """Prints papers of all kinds. Thread-safe.

    `signature`: lines parted by "|" over the date; empty: the organ. `seal`: None leaves a ring for a stamp by hand.
    `practice`: every page says that it is practice, and the seal is the practice seal whatever was given.
    """

    templates: Mapping[PaperKind, Template] = field(default_factory=load_templates)
    signature: str = ""
    seal: Seal | None = None
    practice: bool = False
    _thread: threading.local = field(default_factory=threading.local, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.practice:
            object.__setattr__(self, "seal", practice_seal())

    def render(self, paper: Paper) -> bytes:
        """The document of one case, institution and kind: first page, and with several accounts their list as annex.

        Raises WordsError for words that a program of another time wrote.
        """
        template, signature = self._words(paper)
        interest = template.interest.included if paper.interest else template.interest.excluded
        values = values_of(paper, signature, template.scope.of(paper.scope), interest)
        pages = _annex_pages(paper.lines)
        pad = self._pad()
        y = self._first_page(pad, paper, template, values) - LEADING
        spills = y - DIAMETER < _BOTTOM
        signed_on = 2 if spills else 1
        last = signed_on + len(pages)
        if spills:
            self._foot(pad, 1, last)
            y = _page_head(pad, values["文书编号"])
            pad.setFont(_FONT, _BODY)
            y = _paragraph(pad, y, "（此页无正文）") - LEADING
        self._signature(pad, paper, template, values, y)
        self._foot(pad, signed_on, last)
        for count, page in enumerate(pages, start=signed_on + 1):
            _annex_page(pad, template, values["文书编号"], page)
            self._foot(pad, count, last)
        return pad.bound(title=f"{template.title} {_printable(values['文书编号'])}", author=_printable(paper.organ))

    def room(self, paper: Paper, *, signed: bool = True) -> float:
        """Points left on the first page under its seal, or under its last line; negative: it does not go on there.

        A seal that does not is put on the second page; words that do not run off the paper.
        """
        template, signature = self._words(paper)
        interest = max(template.interest.included, template.interest.excluded, key=len)
        scope = max(template.scope.limited, template.scope.whole, template.scope.mixed, key=len)
        pad = Pad(A4, (_FONT, _DIGITS))
        end = self._first_page(pad, paper, template, values_of(paper, signature, scope, interest))
        return (end - LEADING - DIAMETER if signed else end + LEADING) - _BOTTOM

    def _words(self, paper: Paper) -> tuple[Template, str]:
        """Template and signature: the paper's own, where it brings its words."""
        if not paper.words:
            return self.templates[paper.kind], self.signature
        words = words_from(paper.words)
        return words.template, words.signature

    def _pad(self) -> Pad:
        """One for each thread: pages are drawn one after the other."""
        pad: Pad | None = getattr(self._thread, "pad", None)
        if pad is None:
            pad = self._thread.pad = Pad(A4, (_FONT, _DIGITS), self.seal)
        return pad

    def _first_page(self, pad: Pad, paper: Paper, template: Template, values: Mapping[str, str]) -> float:
        """All but the signature; returns where the next line would go."""
        middle = _WIDTH / 2
        _centred(pad, middle, _HEIGHT - 92, _ORGAN, template.organ.format_map(values))
        _centred(pad, middle, _HEIGHT - 126, _TITLE, template.title + ("（审批稿）" if paper.draft else ""))
        pad.setFont(_FONT, _BODY)
        pad.drawRightString(_RIGHT, _HEIGHT - 158, _printable(template.number.format_map(values)))
        pad.setLineWidth(1.2)
        pad.line(_LEFT, _HEIGHT - 168, _RIGHT, _HEIGHT - 168)
        y = _paragraph(pad, _HEIGHT - 198, template.to.format_map(values))
        y = _paragraph(pad, y, template.text.format_map(values))
        y -= LEADING / 2
        rows = template.one_account if len(paper.lines) == 1 else template.several_accounts
        y = _labelled(pad, y, [(label, _filled(text, values, paper.kind)) for label, text in rows])
        y -= LEADING / 2
        y = _paragraph(pad, y, template.closing.format_map(values))
        return _labelled(pad, y, [(label, text.format_map(values)) for label, text in template.officers])

    def _signature(self, pad: Pad, paper: Paper, template: Template, values: Mapping[str, str], y: float) -> None:
        """Organ and date at the right, the seal over both."""
        x = _RIGHT - 110
        signers = template.signature.organ.format_map(values).split("|")
        below = y - DIAMETER / 2 + 14 + 16 * (len(signers) - 1)
        for signer in signers:
            _centred(pad, x, below, _BODY, signer)
            below -= 16
        _centred(pad, x, below - 6, _BODY, template.signature.date.format_map(values))
        if self.seal is not None and not paper.draft:
            pad.stamp(
                x - self.seal.width / 2, y - DIAMETER / 2 - self.seal.height / 2, self.seal.width, self.seal.height
            )
        else:
            pad.setLineWidth(0.6)
            pad.setDash(3, 3)
            pad.circle(x, y - DIAMETER / 2, DIAMETER / 2)
            pad.setDash()
            _centred(pad, x, y - DIAMETER + 18, _ANNEX, "（印章）")

    def _foot(self, pad: Pad, page: int, pages: int) -> None:
        _centred(pad, _WIDTH / 2, 36, _ANNEX, f"第 {page} 页　共 {pages} 页")
        if self.practice:
            _centred(pad, _WIDTH / 2, 22, _ANNEX, "演练文书，不具法律效力　PRACTICE")
        pad.showPage()


@cache
def plain() -> Printer:
    """The printer with the templates that came with the system, without a seal."""
    return Printer()


def render(paper: Paper) -> bytes:
    """A paper as the plain printer prints it."""
    return plain().render(paper)


def _filled(text: str, values: Mapping[str, str], kind: PaperKind) -> str:
    """The row's text; a dash where nothing stands that should, empty where nothing stands that may."""
    names = _names(text)
    if not names or any(values[name] for name in names):
        return text.format_map(values)
    return "——" if names & REQUIRED[kind] else ""


@lru_cache(maxsize=1_000)
def _names(text: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name)


def _labelled(canvas: Canvas, y: float, rows: Sequence[tuple[str, str]]) -> float:
    for label, text in rows:
        if text:
            canvas.drawString(_LEFT, y, _printable(label))
            y = _paragraph(canvas, y, text, indent=_LABEL)
    return y


def _annex_pages(lines: Sequence[PaperLine]) -> list[list[_AnnexLine]]:
    if len(lines) <= 1:
        return []
    printed = [line for number, one in enumerate(lines, start=1) for line in _annex_lines(number, one)]
    return [printed[start : start + _ANNEX_LINES] for start in range(0, len(printed), _ANNEX_LINES)]


def _annex_lines(number: int, line: PaperLine) -> Iterator[_AnnexLine]:
    """One account, on as many lines as its number and name need: nothing is cut."""
    account = line.number.encode("ascii", "replace").decode()  # all that Courier can print, and all an account has
    accounts = [account[start : start + _ACCOUNT_CHARACTERS] for start in range(0, len(account), _ACCOUNT_CHARACTERS)]
    amount = "" if line.amount_fen is None else _yuan(line.amount_fen).rjust(_AMOUNT_CHARACTERS)
    running = str(number)
    for part, name in zip_longest(accounts, _wrapped(line.name, _ANNEX, _NAME_WIDTH), fillvalue=""):
        yield f"{running:<{_RUNNING_CHARACTERS}}{part}", name, amount
        running = amount = ""


def _page_head(canvas: Canvas, number: str) -> float:
    """Which paper a further page is of; returns where its first line may go."""
    canvas.setFont(_FONT, _ANNEX)
    canvas.drawRightString(_RIGHT, _HEIGHT - 92, _printable(number))
    return _ANNEX_TOP


def _annex_page(canvas: Canvas, template: Template, number: str, lines: Sequence[_AnnexLine]) -> None:
    _centred(canvas, _WIDTH / 2, _HEIGHT - 72, _ORGAN, template.annex.title)
    _page_head(canvas, number)
    head = _ANNEX_TOP + 18
    canvas.drawString(_LEFT, head, "序号")
    canvas.drawString(_LEFT + _RUNNING_CHARACTERS * _FIGURE, head, "账号")
    canvas.drawString(_NAME_LEFT, head, "户名")
    canvas.drawRightString(_RIGHT, head, _printable(template.annex.amount))
    canvas.setLineWidth(0.6)
    canvas.line(_LEFT, head - 5, _RIGHT, head - 5)
    for column, (x, font) in enumerate(((_LEFT, _DIGITS), (_NAME_LEFT, _FONT), (_AMOUNT_LEFT, _DIGITS))):
        text = canvas.beginText(x, _ANNEX_TOP)
        text.setFont(font, _ANNEX, _ANNEX_LEADING)
        for line in lines:
            text.textLine(line[column])
        canvas.drawText(text)


def _centred(canvas: Canvas, x: float, y: float, size: int, text: str) -> None:
    canvas.setFont(_FONT, size)
    canvas.drawCentredString(x, y, _printable(text))


def _paragraph(canvas: Canvas, y: float, text: str, indent: float = 0.0) -> float:
    """Print, broken into lines; returns where the next line goes."""
    for line in _wrapped(text, _BODY, _RIGHT - _LEFT - indent):
        canvas.drawString(_LEFT + indent, y, line)
        y -= LEADING
    return y


@lru_cache(maxsize=20_000)
def _wide(text: str, size: int) -> float:
    """Points. The same sentences and characters come again in every paper."""
    return float(stringWidth(text, _FONT, size))


def _wrapped(text: str, size: int, width: float) -> Iterator[str]:
    whole = _printable(text)
    if _wide(whole, size) <= width:
        yield whole
        return
    line, used = "", 0.0
    for piece in _pieces(whole, size, width):
        wide = _wide(piece, size)
        if used + wide > width and piece not in _CLOSING:
            yield line
            line, used = "", 0.0
        line += piece
        used += wide
    yield line


def _pieces(text: str, size: int, width: float) -> Iterator[str]:
    for piece in _PIECES.findall(text):
        if _wide(piece, size) > width:
            yield from piece
        else:
            yield piece


def _yuan(fen: int) -> str:
    return shown(fen).replace("¥", "")
