"""The money flow drawn as inline SVG.

Measured on Web UI 2.54: the frame's style sheet sets every text to 16 px whatever its attribute says, so all is laid
out for text of 16 units and the picture as a whole is scaled. The panel gives 528 px on a screen of 1,440, 768 px
on 1,920. Where the columns need more, a spacer keeps the text readable and the frame scrolls sideways.
A background of its own makes it the same on light and dark pages. Nothing drawn may hold a line break.
"""

from domain.money import shown
from domain.statement import Way
from workflows.showing.flow import Flow, Kind, Node
from workflows.showing.standing import Look, Standing
from workflows.showing.text import YUAN, brief

BOX_W, BOX_H = 96, 42
VICTIM_W, EXIT_W = 74, 88
GAP_X, GAP_Y = 26, 7
MARGIN = 8
LEGEND_H, HEADING_H = 58, 48
LEAST_W = 640
"""Narrower pictures would be blown up on wide screens."""
LEAST_SCALE = 0.6
"""Text of 16 units is then 10 px: the least that is read at night. Five layers fit the narrow panel."""
NARROW_PANEL = 528
WIDER_WORDS = (
    "层数较多：向右滚动，或收起左侧菜单、放宽窗口 deep: scroll right, or fold the menu away and widen the window"
)
THICKEST = 34
"""Of a ribbon that carries the whole loss; a box is 42 high."""

WAY_WORDS: dict[Way, tuple[str, str]] = {
    Way.CASH: ("取现", "cash"),
    Way.CARD: ("消费", "card"),
    Way.CRYPTO: ("虚拟币", "crypto"),
    Way.ABROAD: ("境外", "abroad"),
    Way.TRANSFER: ("转账", "transfer"),
}
_VICTIM = Look("", "报案人", "victim", "#2b3440", "#2b3440")
_EXIT = Look("", "", "", "#fbe3d0", "#8a3b00")
_REST = Look("", "其余", "rest", "#ffffff", "#555555")


def draw(flow: Flow) -> str:
    """The SVG, without line breaks; above a deep one a word on how to see all of it."""
    tallest = max((len(column) for column in flow.columns), default=1)
    body_h = tallest * (BOX_H + GAP_Y)
    wide = sum(_width(column) for column in flow.columns) + (len(flow.columns) - 1) * GAP_X + 2 * MARGIN
    width, height = max(LEAST_W, wide), LEGEND_H + HEADING_H + body_h + MARGIN
    lefts = _lefts(flow, (width - wide) / 2 + MARGIN)
    spots = _spots(flow, lefts, LEGEND_H + HEADING_H, body_h)
    parts = [
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        _legend(width),
        _headings(flow, lefts),
        _ribbons(flow, spots),
        *(_box(node, *spots[node.name]) for column in flow.columns for node in column),
    ]
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="100%" viewBox="0 0 {width} {height}" '
        f'font-family="sans-serif" font-size="16" fill="#111111">{"".join(parts)}</svg>'
    )
    wider = "" if width * LEAST_SCALE <= NARROW_PANEL else WIDER_WORDS
    return (
        f'{wider}<table width="100%"><tr><td><svg width="{int(width * LEAST_SCALE)}" height="1"></svg></td></tr>'
        f"<tr><td>{svg}</td></tr></table>"
    )


def _width(column: list[Node]) -> int:
    kinds = {Kind.VICTIM: VICTIM_W, Kind.EXIT: EXIT_W}
    return kinds.get(column[0].kind, BOX_W) if column else BOX_W


def _lefts(flow: Flow, left: float) -> list[float]:
    """The left edge of each column."""
    edges = []
    for column in flow.columns:
        edges.append(left)
        left += _width(column) + GAP_X
    return edges


def _spots(flow: Flow, lefts: list[float], top: float, body_h: float) -> dict[str, tuple[float, float]]:
    """Upper left corner of each box; columns are centred, so that the eye follows the middle."""
    spots = {}
    for no, column in enumerate(flow.columns):
        pitch = min(body_h / max(1, len(column)), 2.2 * BOX_H) if column else body_h
        start = top + (body_h - pitch * len(column)) / 2
        for rank, node in enumerate(column):
            spots[node.name] = (lefts[no], start + rank * pitch + (pitch - BOX_H) / 2)
    return spots


def _legend(width: float) -> str:
    parts, pitch = [], (width - MARGIN) / 4
    for no, standing in enumerate(Standing):
        x, y = MARGIN + no % 4 * pitch, 4 + no // 4 * 26
        look = standing.look
        parts.append(f"{_badge(look, x, y)}{_text(x + 25, y + 16, f'{look.zh} {look.en}', pitch - 30)}")
    return "".join(parts)


def _headings(flow: Flow, lefts: list[float]) -> str:
    """Chinese above English: a column is narrow."""
    parts = []
    for (zh, en), left, column in zip(flow.headings, lefts, flow.columns, strict=True):
        middle = left + _width(column) / 2
        parts.append(_text(middle, LEGEND_H + 16, zh, BOX_W + GAP_X, middle=True, bold=True))
        parts.append(_text(middle, LEGEND_H + 34, en, BOX_W + GAP_X, middle=True))
    return "".join(parts)


def _ribbons(flow: Flow, spots: dict[str, tuple[float, float]]) -> str:
    """Curves as wide as their sums, side by side where they leave and arrive."""
    nodes, most = flow.nodes, max((node.amount_fen for node in flow.columns[0]), default=0) or 1
    thick = {pair: max(1.0, THICKEST * fen / most) for pair, fen in flow.ribbons.items()}
    ordered = sorted(flow.ribbons, key=lambda pair: (spots[pair[0]][1], spots[pair[1]][1]))
    leaves = _ports(ordered, thick, spots, end=0)
    arrives = _ports(sorted(ordered, key=lambda pair: (spots[pair[1]][1], spots[pair[0]][1])), thick, spots, end=1)
    inside: list[str] = []
    out: list[str] = []
    for pair in ordered:
        source, target = nodes[pair[0]], nodes[pair[1]]
        x1, x2 = spots[pair[0]][0] + _width([source]), spots[pair[1]][0]
        curve = _curve(x1, leaves[pair], x2, arrives[pair], onward=target.column > source.column)
        (out if target.kind is Kind.EXIT else inside).append(f'<path d="{curve}" stroke-width="{thick[pair]:.1f}"/>')
    return (
        f'<g fill="none" stroke="#7d93ab" stroke-opacity="0.5">{"".join(inside)}</g>'
        f'<g fill="none" stroke="#d9822b" stroke-opacity="0.55">{"".join(out)}</g>'
    )


def _curve(x1: float, y1: float, x2: float, y2: float, *, onward: bool) -> str:
    """From the right of one box to the left of the next; what goes back or stays in its layer bows out to the right."""
    bend = max(18.0, (x2 - x1) / 2) if onward else 40.0
    end = x2 if onward else x2 + BOX_W
    before = end - bend if onward else end + bend
    return f"M{x1:.0f} {y1:.1f}C{x1 + bend:.0f} {y1:.1f} {before:.0f} {y2:.1f} {end:.0f} {y2:.1f}"


def _ports(
    pairs: list[tuple[str, str]], thick: dict[tuple[str, str], float], spots: dict[str, tuple[float, float]], end: int
) -> dict[tuple[str, str], float]:
    """Where each ribbon meets its box: one beside the other, squeezed where there are too many."""
    total: dict[str, float] = {}
    for pair in pairs:
        total[pair[end]] = total.get(pair[end], 0.0) + thick[pair]
    used: dict[str, float] = {}
    found = {}
    for pair in pairs:
        name = pair[end]
        squeeze = min(1.0, (BOX_H - 4) / total[name])
        at = used.get(name, 0.0)
        middle = spots[name][1] + BOX_H / 2 - total[name] * squeeze / 2
        found[pair] = middle + at + thick[pair] * squeeze / 2
        used[name] = at + thick[pair] * squeeze
    return found


def _box(node: Node, x: float, y: float) -> str:
    match node.kind:
        case Kind.VICTIM:
            return _plain(
                node.kind,
                _VICTIM,
                x,
                y,
                ("报案人", brief(node.amount_fen)),
                f"报案人 victim {shown(node.amount_fen)}",
                "#ffffff",
            )
        case Kind.EXIT:
            zh, en = WAY_WORDS[node.way or Way.TRANSFER]
            return _plain(
                node.kind, _EXIT, x, y, (f"{zh} {en}", brief(node.amount_fen)), f"{zh} {en} {shown(node.amount_fen)}"
            )
        case Kind.REST:
            title = f"其余 {node.count} 户 {node.count} more {shown(node.amount_fen)}"
            lines = (f"其余 {node.count} 户", brief(node.amount_fen))
            return _plain(node.kind, _REST, x, y, lines, title, stripe=_stripe(node, x, y))
        case Kind.ACCOUNT:
            return _account(node, x, y)


def _account(node: Node, x: float, y: float) -> str:
    seen = node.seen
    assert seen is not None, "a box of one account has it"
    look = seen.standing.look
    passed = seen.standing is Standing.EMPTY
    amount = brief(node.passed_fen if passed else node.amount_fen)
    uncovered = node.risk_fen >= YUAN and seen.standing not in {Standing.MOTION, Standing.PENDING}
    title = (
        f"{seen.label} {look.zh} {look.en}：现有 here {shown(node.amount_fen)}，"
        f"流走 passed on {shown(node.passed_fen)}，未控 at risk {shown(node.risk_fen)}"
    )
    heavier = ' stroke-width="3"' if seen.standing is Standing.MOTION else ' stroke-width="1.5"'
    return (
        f'<g class="account"><title>{title}</title>'
        f"{_frame(look, x, y, BOX_W, heavier)}"
        f"{_text(x + 5, y + 17, seen.label, BOX_W - 10, bold=True)}{_badge(look, x + 4, y + 21, small=True)}"
        f"{_text(x + 25, y + 36, amount + (' !' if uncovered else ''), BOX_W - 29)}</g>"
    )


def _plain(
    kind: Kind,
    look: Look,
    x: float,
    y: float,
    lines: tuple[str, str],
    title: str,
    ink: str = "#111111",
    stripe: str = "",
) -> str:
    wide = {Kind.VICTIM: VICTIM_W, Kind.EXIT: EXIT_W}.get(kind, BOX_W)
    dashed = ' stroke-dasharray="5 3"' if kind is Kind.REST else ""
    return (
        f'<g class="{kind.value}" fill="{ink}"><title>{title}</title>'
        f"{_frame(look, x, y, wide, dashed)}"
        f"{stripe}{_text(x + 6, y + 16, lines[0], wide - 12, bold=True)}{_text(x + 6, y + 33, lines[1], wide - 12)}</g>"
    )


def _frame(look: Look, x: float, y: float, wide: int, more: str) -> str:
    return (
        f'<rect x="{x:.0f}" y="{y:.0f}" width="{wide}" height="{BOX_H}" rx="7" '
        f'fill="{look.fill}" stroke="{look.line}"{more}/>'
    )


def _stripe(node: Node, x: float, y: float) -> str:
    """How the summed accounts stand, as a bar at the foot of their box."""
    if node.amount_fen <= 0:
        return ""
    parts, at, full = [], x + 4, BOX_W - 8
    for standing in Standing:
        wide = full * node.by_standing.get(standing, 0) / node.amount_fen
        if wide > 0:
            spot = f'x="{at:.1f}" y="{y + BOX_H - 6:.0f}" width="{wide:.1f}" height="4"'
            parts.append(f'<rect {spot} fill="{standing.look.line}"/>')
            at += wide
    return "".join(parts)


def _badge(look: Look, x: float, y: float, *, small: bool = False) -> str:
    """The mark in a square of its colour, for who cannot tell the colours."""
    side = 18 if small else 21
    return (
        f'<rect x="{x:.0f}" y="{y:.0f}" width="{side}" height="{side}" rx="3" fill="{look.line}"/>'
        f'<text x="{x + side / 2:.1f}" y="{y + side - 4:.0f}" text-anchor="middle" fill="#ffffff">{look.mark}</text>'
    )


def _text(x: float, y: float, words: str, room: float, *, middle: bool = False, bold: bool = False) -> str:
    """One line of text, squeezed where it would not fit."""
    squeezed = f' textLength="{room:.0f}" lengthAdjust="spacingAndGlyphs"' if width_of(words, bold=bold) > room else ""
    anchor = ' text-anchor="middle"' if middle else ""
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:.0f}" y="{y:.0f}"{anchor}{weight}{squeezed}>{words}</text>'


FULL_WIDTH_FROM = 0x2000


def width_of(words: str, *, bold: bool = False) -> float:
    """About how many units a text of 16 takes: full-width signs 16, capitals 11, digits and the rest 9."""
    units = sum(
        16.0 if ord(sign) >= FULL_WIDTH_FROM else 11.3 if sign.isupper() else 4.6 if sign in " .,·!il" else 9.0
        for sign in words
    )
    return units * (1.05 if bold else 1.0)
