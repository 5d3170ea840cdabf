"""What an officer types in the live view: understood with or without quotes, and covered on the screen."""

_QUOTES = "\"'“”‘’„‟「」『』＂＇`"


def unquoted(typed: str) -> str:
    """Without the quotes that a manual puts around what is to be typed; those inside a reason stay."""
    number, code, reason = _parts(typed)
    if code.endswith(tuple(_QUOTES)) or not typed.strip().startswith(tuple(_QUOTES)):
        return " ".join(part for part in (number.strip(_QUOTES), code.strip(_QUOTES), reason) if part)
    return " ".join(part for part in (number.strip(_QUOTES), code, reason) if part).rstrip(_QUOTES + " ")


def hidden(typed: str) -> str:
    """What is typed, with the code or signature covered: others stand behind an officer."""
    start = len(typed) - len(typed.lstrip(_QUOTES + " \u3000"))
    number, gap, rest = typed[start:].replace("\u3000", " ").partition(" ")
    spaces = len(rest) - len(rest.lstrip(" "))
    code, gap_too, more = rest[spaces:].partition(" ")
    return f"{typed[:start]}{number}{gap}{' ' * spaces}{'•' * len(code)}{gap_too}{more}"


def _parts(typed: str) -> tuple[str, str, str]:
    """Number, code, and the rest as it stands."""
    number, code, reason, *_ = [*typed.strip().lstrip(_QUOTES + " \u3000").split(maxsplit=2), "", "", ""]
    return number, code, reason.rstrip()
