"""The seal on a paper: an image by setting, or in practice worlds a drawn one that says so.

Either becomes one PDF object, made once and the same in every paper, printed over signature and date like ink.
"""

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PIL import Image, ImageChops, UnidentifiedImageError
from reportlab.pdfbase.pdfmetrics import stringWidth

DIAMETER = 119.0
"""Points: 42 mm, the seal of an organ of a city."""
_MOST_FILE_BYTES = 200 * 1024
_MOST_BYTES = 8 * 1024  # in the paper, which with 300 accounts of persons stays under 20 KB
_LEAST_SIDE = 100  # pixels; below it the characters of a seal cannot be read
_SIDES = (320, 260, 220, 180, 150)  # pixels: the largest that fits is taken
_COLOURS = 16
_RED = "0.8 0.08 0.08"
_BEZIER = 0.5523  # a quarter circle as a curve


class SealError(ValueError):
    """The seal's image cannot be used; the sentence names the setting and the remedy."""


@dataclass(frozen=True)
class Seal:
    """What is printed. `objects` gives its PDF objects; the first is the seal. `width`, `height`: points."""

    objects: Callable[[int, int], list[bytes]]
    """Of the number of its first object and of the fonts' object."""
    width: float = DIAMETER
    height: float = DIAMETER


def seal_from(path: Path) -> Seal:
    """The seal in a PNG file; without transparency its white is taken for none.

    Raises SealError.
    """
    try:
        if path.stat().st_size > _MOST_FILE_BYTES:
            raise SealError(f"HOLDFAST_PAPER_SEAL: {path.name} has over 200 KB; save it smaller, 300 pixels a side do.")
        with Image.open(path, formats=["PNG"]) as opened:
            drawn = opened.convert("RGBA")
    except (UnidentifiedImageError, Image.DecompressionBombError):
        raise SealError(f"HOLDFAST_PAPER_SEAL: {path.name} is no PNG image; save it as PNG.") from None
    except OSError as problem:
        why = problem.strerror or "it is damaged"
        raise SealError(f"HOLDFAST_PAPER_SEAL: {path.name} cannot be read ({why}); correct the path.") from None
    except (SyntaxError, EOFError, zlib.error, struct.error):  # the library's ways to say it of a PNG cut or altered
        raise SealError(f"HOLDFAST_PAPER_SEAL: {path.name} is damaged; save it as PNG again.") from None
    if min(drawn.size) < _LEAST_SIDE:
        raise SealError(f"HOLDFAST_PAPER_SEAL: {path.name} has under {_LEAST_SIDE} pixels a side; it cannot be read.")
    colours, ink = _parts(drawn)
    for side in _SIDES:
        objects = _image(colours, ink, side)
        if sum(map(len, objects)) <= _MOST_BYTES:
            wide, high = drawn.size
            scale = DIAMETER / max(wide, high)
            return Seal(partial(_numbered, objects), wide * scale, high * scale)
    raise SealError(
        f"HOLDFAST_PAPER_SEAL: {path.name} takes over {_MOST_BYTES // 1024} KB in a paper; "
        "use flat colours and a transparent ground."
    )


def _parts(drawn: Image.Image) -> tuple[Image.Image, Image.Image]:
    """Colours, and how much ink there is."""
    ink = drawn.getchannel("A")
    colours = drawn.convert("RGB")
    if ink.getextrema() == (255, 255):
        red, green, blue = colours.split()
        ink = ImageChops.invert(ImageChops.darker(ImageChops.darker(red, green), blue))
    return colours, ink


def _image(colours: Image.Image, ink: Image.Image, side: int) -> tuple[bytes, bytes]:
    """The image of few colours and its mask, at most so many pixels a side."""
    scale = min(1.0, side / max(colours.size))
    size = (max(1, round(colours.width * scale)), max(1, round(colours.height * scale)))
    small = colours.resize(size, Image.Resampling.LANCZOS).quantize(_COLOURS)
    palette = bytes(small.getpalette() or ())[: 3 * _COLOURS].ljust(3 * _COLOURS, b"\0")
    mask = ink.resize(size, Image.Resampling.LANCZOS).point(lambda level: level >> 4)
    space = b"[ /Indexed /DeviceRGB %d <%s> ]" % (_COLOURS - 1, palette.hex().encode())
    return (
        _image_object(size, space, _packed(small, size), b" /SMask %d 0 R"),
        _image_object(size, b"/DeviceGray", _packed(mask, size), b""),
    )


def _packed(image: Image.Image, size: tuple[int, int]) -> bytes:
    """Two pixels a byte, each line begun anew."""
    pixels, (wide, high) = image.tobytes(), size
    lines = (pixels[start : start + wide] + b"\0" * (wide % 2) for start in range(0, wide * high, wide))
    return b"".join(bytes(a << 4 | b for a, b in zip(line[::2], line[1::2], strict=True)) for line in lines)


def _image_object(size: tuple[int, int], space: bytes, pixels: bytes, more: bytes) -> bytes:
    packed = zlib.compress(pixels, 9)
    head = b"<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace %s /BitsPerComponent 4" % (*size, space)
    return head + more + b" /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (len(packed), packed)


def _numbered(objects: tuple[bytes, bytes], first: int, _: int) -> list[bytes]:
    image, mask = objects
    return [image.replace(b"/SMask %d 0 R", b"/SMask %d 0 R" % (first + 1), 1), mask]


def practice_seal() -> Seal:
    """A circle that says in two languages that this paper is practice and commands nothing."""
    drawn = zlib.compress(_practice_drawing().encode("ascii"), 9)

    def objects(_: int, fonts: int) -> list[bytes]:
        head = b"<< /Type /XObject /Subtype /Form /BBox [ 0 0 1 1 ] /Matrix [ 1 0 0 1 0 0 ]"
        resources = b" /Resources << /Font %d 0 R >> /Filter /FlateDecode /Length %d >>" % (fonts, len(drawn))
        return [head + resources + b"\nstream\n" + drawn + b"\nendstream"]

    return Seal(objects)


def _practice_drawing() -> str:
    """In a square of one: whoever prints it says how large."""
    lines = [f"{_RED} RG {_RED} rg"]
    lines += [_circle(0.48, 0.022), _circle(0.43, 0.008)]
    for text, chinese, size, height in (
        ("演练", True, 0.15, 0.76),
        ("PRACTICE", False, 0.11, 0.27),
        ("不具法律效力", True, 0.07, 0.17),
    ):
        wide = len(text) * size if chinese else stringWidth(text, "Helvetica", size)
        shown = f"<{text.encode('utf-16-be').hex()}>" if chinese else f"({text})"
        lines.append(f"BT /F{2 if chinese else 1} {size} Tf {0.5 - wide / 2:.4f} {height} Td {shown} Tj ET")
    return "\n".join(lines)


def _circle(radius: float, wide: float) -> str:
    r, k = radius, radius * _BEZIER
    corners = ((r, k, k, r, 0, r), (-k, r, -r, k, -r, 0), (-r, -k, -k, -r, 0, -r), (k, -r, r, -k, r, 0))
    curves = (" ".join(f"{0.5 + one:.4f}" for one in corner) + " c" for corner in corners)
    return f"{wide} w {0.5 + r:.4f} 0.5 m {' '.join(curves)} S"
