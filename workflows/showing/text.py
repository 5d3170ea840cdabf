"""Text as the Temporal UI bears it, and amounts and moments as people read them.

Measured on Web UI 2.54: the details are markdown with raw HTML, shown in a frame whose style sheet resets borders,
padding and font sizes. Markdown is read inside HTML and inside SVG too, bare addresses become links, and
`&lt;` is shown as it is typed: escaping by entities does not work. So what could be markup is replaced by its
full-width twin, which every renderer shows as a plain character. A line break is shown as one.
"""

import re
from datetime import datetime

from domain.clock import shown_clock, shown_time
from domain.money import shown

_TWINS = str.maketrans(
    {sign: chr(ord(sign) + 0xFEE0) for sign in "<>[]&`*_~#|\\@$^{}"}
    | {'"': "”", "'": "’"}
    | {chr(no): " " for no in (*range(0x20), 0x7F)}
)
_SCHEME = re.compile(r":(?=//)|(?i:(?<=www)\.)|(?i:(?<=javascript):)|(?i:(?<=mailto):)|(?i:(?<=data):)")
_NUMBER = re.compile(r"(?<![0-9A-Za-z])(?:\d{9,}(?=\d{4}(?!\d))|1[3-9]\d{5}(?=\d{4}(?!\d)))")
_UNPRINTABLE = re.compile("[\u0080-\u009f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")

LONGEST = 300
"""Foreign text beyond this is cut: it must not push the case off the page."""

YI, WAN, YUAN = 10_000_000_000, 1_000_000, 100
"""亿, 万 and 元 in fen: the units people here read amounts in."""
MINUTE, HOUR = 60, 3600


def foreign(text: str, longest: int = LONGEST) -> str:
    """Text that others wrote: no markup, no link, no line break, no long number (only its last four digits)."""
    cut = text if len(text) <= longest else text[: longest - 1] + "…"
    masked = _NUMBER.sub("…", _UNPRINTABLE.sub("�", cut))
    return _SCHEME.sub(lambda sign: chr(ord(sign[0]) + 0xFEE0), masked.translate(_TWINS))


def brief(fen: int) -> str:
    """An amount that fits a box, rounded down: "¥26.8万", "¥1.32亿", "¥9,380"."""
    if fen < 0:
        return f"-{brief(-fen)}"
    if fen >= YI:
        return f"¥{fen // (YI // 100) / 100:.2f}亿"
    if fen >= WAN * 1000:
        return f"¥{fen // WAN}万"
    if fen >= WAN:
        return f"¥{fen // (WAN // 10) / 10:.1f}万"
    return f"¥{fen // YUAN:,}" if fen >= YUAN else shown(fen)


def moment(at: datetime) -> str:
    """A moment in China Standard Time to the minute; total, also at the ends of the calendar."""
    try:
        return shown_clock(at)
    except (OverflowError, ValueError):
        return at.isoformat(" ", "minutes")


def moment_to_second(at: datetime) -> str:
    """Likewise, to the second."""
    try:
        return shown_time(at)
    except (OverflowError, ValueError):
        return at.isoformat(" ", "seconds")


def seconds_between(earlier: datetime, later: datetime) -> int:
    """Whole seconds, never negative; 0 where the two cannot be compared."""
    try:
        return max(0, int((later - earlier).total_seconds()))
    except TypeError:
        return 0


def age(seconds: int) -> str:
    """How long something has lasted: "45 s", "12 min", "3 h 05"."""
    if seconds < 2 * MINUTE:
        return f"{seconds} s"
    if seconds < 2 * HOUR:
        return f"{seconds // MINUTE} min"
    return f"{seconds // HOUR} h {seconds % HOUR // MINUTE:02d}"


def row(*cells: str, right: int = -1, head: bool = False) -> str:
    """One table row; cells from `right` on are set right. The frame takes padding away: wide spaces part columns."""
    tag = "th" if head else "td"
    sides = ["right" if 0 <= right <= no else "left" for no in range(len(cells))]
    parts = [
        f'<{tag} height="24" align="{side}" nowrap>{cell}　</{tag}>' for side, cell in zip(sides, cells, strict=True)
    ]
    return f"<tr>{''.join(parts)}</tr>"


def table(rows: list[str]) -> str:
    """A table; for renderers that respect them, with borders and padding."""
    return f'<table border="1" cellpadding="6">{"".join(rows)}</table>'
