"""Drawn pages bound into one PDF file.

The library draws; only its writing of the file is done here. It takes the catalogue, the fonts and the page tree apart
into objects for each document anew, although in ours they are always the same: half the time of a paper, and papers
are made while an account is still open. What stands in the file (pages, fonts, title) is what the library would write.
"""

import hashlib
import io
import re
import zlib
from collections.abc import Sequence

from reportlab.pdfgen.canvas import Canvas

from adapters.papers.seal import Seal

_OBJECT = re.compile(rb"(\d+) 0 obj\n(.*?)\nendobj", re.DOTALL)
_HEADER = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
_CATALOG, _PAGES, _INFO, _FONTS = 1, 2, 3, 4


class Pad(Canvas):  # type: ignore[misc]  # reportlab is untyped
    """A canvas whose pages are torn off, to be drawn on again; its fonts have their names once and for all."""

    def __init__(self, pagesize: tuple[float, float], fonts: Sequence[str], seal: Seal | None = None) -> None:
        super().__init__(io.BytesIO(), pagesize=pagesize, pageCompression=0, invariant=1)
        self._pages: list[bytes] = []
        for font in fonts:
            self.setFont(font, 12)
        self._font_objects = _fonts(pagesize, fonts)
        self._seal_at = _FONTS + 1 + len(self._font_objects)
        self._seal_objects = seal.objects(self._seal_at, _FONTS) if seal is not None else []
        self._startPage()

    def stamp(self, x: float, y: float, width: float, height: float) -> None:
        """Print the seal with its lower left corner there, as ink: what lies under it can be read."""
        self._code.append(f"q /Ink gs {width:.2f} 0 0 {height:.2f} {x:.2f} {y:.2f} cm /Seal Do Q")

    def showPage(self) -> None:  # noqa: N802 - the library's name
        """Tear the page off."""
        drawn = "\n".join([self._preamble, *self._code, " "])
        self._pages.append(zlib.compress(drawn.encode("latin-1")))
        self._startPage()

    def bound(self, title: str, author: str) -> bytes:
        """The pages torn off since the last time, as one file."""
        pages, self._pages = self._pages, []
        width, height = self._pagesize
        first = self._seal_at + len(self._seal_objects)
        names = b" ".join(b"/F%d %d 0 R" % (no, _FONTS + no) for no in range(1, len(self._font_objects) + 1))
        kids = b" ".join(b"%d 0 R" % (first + 2 * no) for no in range(len(pages)))
        objects = [
            b"<< /Type /Catalog /Pages %d 0 R >>" % _PAGES,
            b"<< /Type /Pages /Count %d /Kids [ %s ] >>" % (len(pages), kids),
            b"<< /Title %s /Author %s /Producer (Holdfast) >>" % (_text(title), _text(author)),
            b"<< %s >>" % names,
            *self._font_objects,
            *self._seal_objects,
        ]
        ink = b""
        if self._seal_objects:
            ink = b" /XObject << /Seal %d 0 R >> /ExtGState << /Ink << /BM /Multiply >> >>" % self._seal_at
        for no, page in enumerate(pages):
            objects.append(
                b"<< /Type /Page /Parent %d 0 R /MediaBox [ 0 0 %.4f %.4f ] /Contents %d 0 R"
                b" /Resources << /Font %d 0 R%s /ProcSet [ /PDF /Text /ImageC ] >> >>"
                % (_PAGES, width, height, first + 2 * no + 1, _FONTS, ink)
            )
            objects.append(b"<< /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (len(page), page))
        return _file(objects)


def _file(objects: Sequence[bytes]) -> bytes:
    file, places = bytearray(_HEADER), []
    for number, content in enumerate(objects, start=1):
        places.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start, mark = len(file), hashlib.sha256(file).hexdigest()[:32].encode()
    file += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    file += b"".join(b"%010d 00000 n \n" % place for place in places)
    file += b"trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R /ID [ <%s> <%s> ] >>\n" % (
        len(objects) + 1,
        _CATALOG,
        _INFO,
        mark,
        mark,
    )
    return bytes(file + b"startxref\n%d\n%%%%EOF\n" % start)


def _text(text: str) -> bytes:
    """A text string in a PDF's own form, whatever is in it."""
    return b"<FEFF" + text.encode("utf-16-be", "replace").hex().upper().encode() + b">"


def _fonts(pagesize: tuple[float, float], fonts: Sequence[str]) -> list[bytes]:
    """The library's own font objects, in the order of their names: its first font, then ours."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=pagesize, pageCompression=0, invariant=1)
    for font in fonts:
        canvas.setFont(font, 12)
        canvas.drawString(0, 0, "1")
    canvas.save()
    found = {}
    for _, content in _OBJECT.findall(file.getvalue()):
        if name := re.search(rb"/Name /F(\d+) /Subtype /Type[01] /Type /Font\s*>>\s*$", content):
            found[int(name[1])] = content
    if sorted(found) != list(range(1, len(fonts) + 2)):
        raise RuntimeError("the PDF library writes its fonts in another way than this module knows")
    return [found[no] for no in sorted(found)]
