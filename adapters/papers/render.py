"""A paper becomes one numbered A4 PDF in Chinese; the same paper gives the same bytes.

The font is one of the reader's own (a CID font): embedding a Chinese font would cost 400 ms and 100 KB a document.
"""

import re
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import zip_longest

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont, stringWidth
from reportlab.pdfgen.canvas import Canvas

from adapters.papers.binding import Pad
from adapters.papers.words import WORDS, Words
from domain.clock import CST
from domain.money import shown
from domain.orders import OfficerCard
from domain.papers import Paper, PaperLine
from domain.sheets import role_words

_FONT = "STSong-Light"
_DIGITS = "Courier"  # one byte a character and all of one width: columns of figures stay straight and small
_NOT_IN_FONT = re.compile("[^\x20-\x7e\xa0-\ud7ff\ue000-\ufffd]")  # CID fonts know the basic plane only
_MISSING = "\u3013"  # what printers put where a character is missing

# Points. A4 with the margins of an official letter.
_WIDTH, _HEIGHT = A4
_LEFT, _RIGHT, _BOTTOM = 72.0, _WIDTH - 72.0, 64.0
_TITLE, _ORGAN, _BODY, _ANNEX = 22, 14, 12, 9
_LEADING = 21.0
_LABEL = 72.0  # the labels' column on the first page
_SEAL_RADIUS = 54.0
_ANNEX_LEADING = 14.0
_ANNEX_TOP = _HEIGHT - 126.0
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
_thread = threading.local()

_ACTS = "《中华人民共和国刑事诉讼法》《中华人民共和国反电信网络诈骗法》"
_AnnexLine = tuple[str, str, str]  # running number and account, name, amount


def render(paper: Paper) -> bytes:
    """The document of one case, institution and kind: first page, and with several accounts their list as annex."""
    words = WORDS[paper.kind]
    pages = _annex_pages(paper.lines)
    canvas = _pad()
    _first_page(canvas, paper, words, 1 + len(pages))
    for count, page in enumerate(pages, start=2):
        _annex_page(canvas, paper, words, page)
        _foot(canvas, count, 1 + len(pages))
    return canvas.bound(title=f"{words.title} {_printable(paper.number)}", author=_printable(paper.organ))


def _pad() -> Pad:
    """One for each thread: pages are drawn one after the other."""
    pad: Pad | None = getattr(_thread, "pad", None)
    if pad is None:
        pad = _thread.pad = Pad(A4, (_FONT, _DIGITS))
    return pad


def _first_page(canvas: Canvas, paper: Paper, words: Words, pages: int) -> None:
    middle = _WIDTH / 2
    _centred(canvas, middle, _HEIGHT - 92, _ORGAN, paper.organ)
    _centred(canvas, middle, _HEIGHT - 126, _TITLE, words.title)
    canvas.setFont(_FONT, _BODY)
    canvas.drawRightString(_RIGHT, _HEIGHT - 158, _printable(paper.number))
    canvas.setLineWidth(1.2)
    canvas.line(_LEFT, _HEIGHT - 168, _RIGHT, _HEIGHT - 168)
    y = _paragraph(canvas, _HEIGHT - 198, f"{paper.institution_name}：")
    y = _paragraph(canvas, y, f"　　{_grounds(paper)}{words.asks}")
    y -= _LEADING / 2
    for label, value in _facts(paper, words):
        canvas.drawString(_LEFT, y, label)
        y = _paragraph(canvas, y, value or "——", indent=_LABEL)
    y -= _LEADING / 2
    y = _paragraph(canvas, y, "　　上述措施的经办人、协查人如下，办理结果请通过原渠道反馈。")
    for label, officer in (("经办人", paper.handling), ("协查人", paper.second)):
        canvas.drawString(_LEFT, y, label)
        y = _paragraph(canvas, y, _officer(officer), indent=_LABEL)
    _signature(canvas, paper, y - _LEADING)
    _foot(canvas, 1, pages)


def _grounds(paper: Paper) -> str:
    law = f"{paper.basis}的规定" if paper.basis else f"{_ACTS}有关规定"
    return f"因侦办“{paper.category}”案件（案件编号 {paper.case_number}）需要，根据{law}，"


def _facts(paper: Paper, words: Words) -> Iterator[tuple[str, str]]:
    amounts = [line.amount_fen for line in paper.lines if line.amount_fen is not None]
    if len(paper.lines) == 1:
        yield "户　　名", paper.lines[0].name
        yield "账　　号", paper.lines[0].number
    else:
        yield "账　　户", f"共 {len(paper.lines)} 户，户名、账号及金额见附件《账户清单》"
    if amounts:
        yield "金　　额", f"{'合计 ' if len(paper.lines) > 1 else ''}{_yuan(sum(amounts))} 元"
    yield "期　　限", paper.term
    yield "范　　围", words.scope
    if paper.level:
        yield "批准层级", f"{words.level}（{role_words(paper.level)[0]}）"


def _officer(card: OfficerCard) -> str:
    return f"{card.name}　警号 {card.number}" + (f"　电话 {card.phone}" if card.phone else "")


def _signature(canvas: Canvas, paper: Paper, y: float) -> None:
    """Organ and date at the right, over the place of the seal."""
    x = _RIGHT - 110
    _centred(canvas, x, y - _SEAL_RADIUS + 14, _BODY, paper.organ)
    _centred(canvas, x, y - _SEAL_RADIUS - 8, _BODY, _day(paper.issued_at))
    canvas.setLineWidth(0.6)
    canvas.setDash(3, 3)
    canvas.circle(x, y - _SEAL_RADIUS, _SEAL_RADIUS)
    canvas.setDash()
    _centred(canvas, x, y - 2 * _SEAL_RADIUS + 18, _ANNEX, "（印章）")


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


def _annex_page(canvas: Canvas, paper: Paper, words: Words, lines: Sequence[_AnnexLine]) -> None:
    _centred(canvas, _WIDTH / 2, _HEIGHT - 72, _ORGAN, "附件：账户清单")
    canvas.setFont(_FONT, _ANNEX)
    canvas.drawRightString(_RIGHT, _HEIGHT - 92, _printable(paper.number))
    head = _ANNEX_TOP + 18
    canvas.drawString(_LEFT, head, "序号")
    canvas.drawString(_LEFT + _RUNNING_CHARACTERS * _FIGURE, head, "账号")
    canvas.drawString(_NAME_LEFT, head, "户名")
    canvas.drawRightString(_RIGHT, head, words.amount)
    canvas.setLineWidth(0.6)
    canvas.line(_LEFT, head - 5, _RIGHT, head - 5)
    for column, (x, font) in enumerate(((_LEFT, _DIGITS), (_NAME_LEFT, _FONT), (_AMOUNT_LEFT, _DIGITS))):
        text = canvas.beginText(x, _ANNEX_TOP)
        text.setFont(font, _ANNEX, _ANNEX_LEADING)
        for line in lines:
            text.textLine(line[column])
        canvas.drawText(text)


def _foot(canvas: Canvas, page: int, pages: int) -> None:
    _centred(canvas, _WIDTH / 2, 36, _ANNEX, f"第 {page} 页　共 {pages} 页")
    canvas.showPage()


def _centred(canvas: Canvas, x: float, y: float, size: int, text: str) -> None:
    canvas.setFont(_FONT, size)
    canvas.drawCentredString(x, y, _printable(text))


def _paragraph(canvas: Canvas, y: float, text: str, indent: float = 0.0) -> float:
    """Print, broken into lines; returns where the next line goes."""
    for line in _wrapped(text, _BODY, _RIGHT - _LEFT - indent):
        canvas.drawString(_LEFT + indent, y, line)
        y -= _LEADING
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


def _printable(text: str) -> str:
    return _NOT_IN_FONT.sub(_MISSING, text)


def _yuan(fen: int) -> str:
    return shown(fen).replace("¥", "")


def _day(moment: datetime) -> str:
    local = moment.astimezone(CST)
    return f"{local.year}年{local.month}月{local.day}日"
