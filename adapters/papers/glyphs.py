"""What the readers' font can print: the characters that its encoding, Adobe's UniGB-UCS2-H, maps to a glyph.

Nothing falls away or turns into something else unseen: a dot between names becomes the one that the font has (the usual
dot of Uyghur and Tibetan names is not in it), and whatever else is missing becomes 〓, as printers do.
"""

import re

MISSING = "\u3013"
_SAME_TO_THE_EYE = str.maketrans(dict.fromkeys("\u00b7\u2022\u2027\u2219\u22c5\uff65", "\u30fb") | {"\u00a0": " "})
# Generated once from the CMap as poppler-data publishes it (cMap/Adobe-GB1/UniGB-UCS2-H): 28,840 code points.
_MAPPED = """
20-7e a4-a5 a7-a8 b0-b1 d7 e0-e1 e8-ea ec-ed f2-f3 f7 f9-fa fc 101 113 11b 12b 14d 16b 1ce 1d0 1d2 1d4 1d6 1d8
1da 1dc 1f9 2c7 2c9-2cb 2d9 391-3a1 3a3-3a9 3b1-3c1 3c3-3c9 401 410-44f 451 1e3f 2010 2013-2016 2018-2019
201c-201d 2025-2026 2030 2032-2033 2035 203b 20ac 2103 2105 2109 2116 2121 2160-216b 2170-2179 2190-2193
2196-2199 2208 220f 2211 2215 221a 221d-2220 2223 2225 2227-222b 222e 2234-2237 223d 2248 224c 2252 2260-2261
2264-2267 226e-226f 2295 2299 22a5 22bf 22ef 2312 2460-2469 2474-249b 2500-254b 2550-2573 2581-258f 2593-2595
25a0-25a1 25b2-25b3 25bc-25bd 25c6-25c7 25cb 25ce-25cf 25e2-25e5 2605-2606 2609 2640 2642 2e80-2e99 2e9b-2ef3
2f00-2fd5 2ff0-2ffb 3000-3003 3005-3017 301d-301e 3021-3029 3033-3035 3038-303a 303e-303f 3041-3094 309b-309e
30a1-30fe 3105-312c 31a0-31b7 3220-3229 3231 32a3 338e-338f 339c-339e 33a1 33c4 33ce 33d1-33d2 33d5 3400-4db5
4e00-9fa5 e816-e818 e81e e826 e82b-e82c e831-e832 e83b e843 e854-e855 e864 f92c fa0d-fa0f fa11 fa13-fa14 fa18
fa1f-fa21 fa23-fa24 fa27-fa29 fe30 fe49-fe52 fe54-fe57 fe59-fe66 fe68-fe6b ff01-ff5e ffe0-ffe5
"""


def _class(ranges: str) -> str:
    """As a character class of a regular expression, without its brackets."""
    return "".join("-".join(rf"\u{int(end, 16):04x}" for end in one.split("-")) for one in ranges.split())


_BEYOND = re.compile(f"[^{_class(_MAPPED)}]")


def printable(text: str) -> str:
    """The text as it can be printed."""
    return _BEYOND.sub(MISSING, text.translate(_SAME_TO_THE_EYE))


def first_beyond(text: str) -> str:
    """The first character that cannot be printed; empty: all can."""
    found = _BEYOND.search(text.translate(_SAME_TO_THE_EYE))
    return found[0] if found else ""
