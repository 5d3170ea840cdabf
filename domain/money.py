"""Money is a whole number of fen. Text in yuan appears only at the edges."""

import re
from typing import NewType

Fen = NewType("Fen", int)

_YUAN = re.compile(r"(?P<yuan>[0-9]{1,15})(?:\.(?P<fen>[0-9]{1,2}))?")


def yuan_text(fen: int) -> str:
    """Platform text of an amount, two decimals, no separators: 4938000 -> "49380.00" (rules section 5)."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def fen_of(text: str) -> Fen:
    """The fen in a platform's yuan text. Raises ValueError on anything else; the text is not quoted."""
    found = _YUAN.fullmatch(text.strip())
    if not found:
        msg = "not an amount in yuan: digits with at most two decimals are expected"
        raise ValueError(msg)
    return Fen(int(found["yuan"]) * 100 + int((found["fen"] or "0").ljust(2, "0")))


def shown(fen: int) -> str:
    """For people: 4938000 -> "¥49,380.00"."""
    sign = "-" if fen < 0 else ""
    return f"{sign}¥{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_GROUPS = ((100_000_000, "亿"), (10_000, "万"))


def capital(fen: int) -> str:
    """In capital numerals, as bills and legal documents say it: 4938050 -> "人民币肆万玖仟叁佰捌拾元伍角整".

    Raises ValueError for a negative amount.
    """
    if fen < 0:
        raise ValueError("only amounts from nothing upwards are written in capitals")
    yuan, rest = divmod(fen, 100)
    whole = f"{_capital_number(yuan)}元" if yuan or not rest else ""
    if not rest:
        return f"人民币{whole}整"
    tenths, last = divmod(rest, 10)
    jiao = f"{_DIGITS[tenths]}角" if tenths else ("零" if yuan else "")
    return f"人民币{whole}{jiao}{f'{_DIGITS[last]}分' if last else '整'}"


def _capital_number(number: int) -> str:
    for size, word in _GROUPS:
        if number >= size:
            high, low = divmod(number, size)
            # a zero is said where the next place down is empty and something comes after it
            gap = "零" if 0 < low < size // 10 else ""
            return f"{_capital_number(high)}{word}{gap}{_capital_number(low) if low else ''}"
    said, gap = "", ""
    for place in reversed(range(4)):
        digit = number // 10**place % 10
        if digit:
            said += gap + _DIGITS[digit] + _PLACES[place]
        gap = "零" if said and not digit else ""
    return said or _DIGITS[0]


def share_of(part: int, whole: int) -> float:
    """The share part / whole, 1.0 where there is no whole: nothing else is in the account."""
    return 1.0 if whole <= 0 else part / whole
