"""Money is a whole number of fen. Text in yuan appears only at the edges."""

import re
from typing import NewType

Fen = NewType("Fen", int)

_YUAN = re.compile(r"(?P<yuan>[0-9]{1,15})(?:\.(?P<fen>[0-9]{1,2}))?")


def yuan_text(fen: int) -> str:
    """Platform text of an amount, two decimals, no separators: 4938000 -> "49380.00" (DOMAIN section 5)."""
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


def share_of(part: int, whole: int) -> float:
    """The share part / whole, 1.0 where there is no whole: nothing else is in the account."""
    return 1.0 if whole <= 0 else part / whole
