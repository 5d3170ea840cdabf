"""The edge: bodies read within limits, fields checked by hand, refusals said as path, problem and remedy.

Checked by hand because the hot path carries hundreds of letters a second, and because each sentence is for a person.
"""

import json
import math
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

LETTERS_BODY: Final = 8 * 1024 * 1024
ADMIN_BODY: Final = 256 * 1024 * 1024  # a scenario may have any size that fits into memory


class RefusedError(Exception):
    """A call that is not obeyed: HTTP status, and what is wrong where."""

    def __init__(self, status: int, path: str, problem: str, remedy: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.status = status
        self.errors = [{"path": path, "problem": problem, "remedy": remedy}]


class SpokenJson(JSONResponse):
    """JSON as short as possible, Chinese readable."""

    def render(self, content: object) -> bytes:
        """The bytes of the answer."""
        return json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def refusal(refused: RefusedError) -> Response:
    """The refusal as every door says it."""
    return SpokenJson({"errors": refused.errors}, status_code=refused.status)


async def body_of(request: Request, most: int) -> dict[str, Any]:
    """The JSON object of a request. Refuses 413 beyond `most` bytes, 422 for anything that is not an object."""
    if int(request.headers.get("content-length") or 0) > most:
        raise _too_large(most)
    chunks, size = [], 0
    async for chunk in request.stream():
        chunks.append(chunk)
        size += len(chunk)
        if size > most:
            raise _too_large(most)
    raw = b"".join(chunks)
    try:
        said = json.loads(raw or b"{}")
        if b"\\ud" in raw or b"\\uD" in raw:  # half a character: text that could not be written down
            json.dumps(said, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise RefusedError(422, "$", "not JSON in UTF-8", "send one JSON object") from None
    if not isinstance(said, dict):
        raise RefusedError(422, "$", "not a JSON object", "send one JSON object")
    return said


def _too_large(most: int) -> RefusedError:
    return RefusedError(413, "$", f"larger than {most} bytes", "send fewer at a time")


def listed(said: dict[str, Any], name: str, most: int) -> list[Any]:
    """A list of at most so many entries."""
    value = said.get(name)
    if not isinstance(value, list):
        raise RefusedError(422, name, "missing or not a list", "write a list")
    if len(value) > most:
        raise RefusedError(422, name, f"more than {most} entries", "send fewer at a time")
    return value


def text(said: dict[str, Any], name: str, path: str = "") -> str:
    """A text that is there and not empty."""
    value = said.get(name)
    if not isinstance(value, str) or not value:
        raise RefusedError(422, path + name, "missing or not a text", "write a text in quotes")
    return value


def number(said: dict[str, Any], name: str, least: float, most: float, default: float, path: str = "") -> float:
    """A number between bounds, or the default where it is left out."""
    value = said.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise RefusedError(422, path + name, "not a number", "write a number, without quotes")
    if not least <= value <= most:
        raise RefusedError(422, path + name, f"not between {least:g} and {most:g}", "correct the value")
    return value


def whole(said: dict[str, Any], name: str, path: str = "") -> int | None:
    """A whole number of 0 or more; None where it is left out."""
    value = said.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        raise RefusedError(422, path + name, "not a whole number of 0 or more", "write a whole number, without quotes")
    return value


def objects(said: dict[str, Any], name: str, most: int) -> list[dict[str, Any]]:
    """A list of JSON objects."""
    values = listed(said, name, most)
    for i, value in enumerate(values):
        if not isinstance(value, dict):
            raise RefusedError(422, f"{name}[{i}]", "not an object", "write an object")
    return values
