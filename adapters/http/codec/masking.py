"""A payload for eyes that need not know who: the case's course stays readable, persons and accounts do not.

Masked are runs of seven digits and more (adapters/redaction.py) but for the last four, names but for their first sign,
and free text whole. What is no JSON, or carries a packed state, is withheld.
"""

import json
import re
from typing import Any

from temporalio.api.common.v1 import Payload

from adapters.redaction import replace_digits

HIDDEN = "•••"
_KEPT_DIGITS = 4
_LONG_NUMBER = 10**6
_NAMES = re.compile(r"(?:.*_)?names?|victim|holder|payee|opponent|subscriber")
_NOT_OF_PERSONS = frozenset({"institution_name", "organisation_name", "bank_name", "activity_name"})
_FREE = frozenset({"text", "remark", "reason", "links", "link", "url", "packed", "stack_trace", "id_number", "phone"})
"""Whatever somebody wrote may name somebody; `packed` is the whole state of a case, compressed."""
_MEASURES = re.compile(r"(?:.*_)?(?:fen|at|ms|s|seconds|count|rows)")
_JSON = frozenset({b"json/plain", b"json/protobuf"})
_EMPTY = frozenset({b"binary/null"})


def masked(payload: Payload) -> Payload:
    """The same payload with persons and accounts masked. Never raises."""
    encoding = payload.metadata.get("encoding", b"")
    if encoding in _EMPTY:
        return payload
    content: Any = HIDDEN
    if encoding in _JSON:
        try:
            content = _masked("", json.loads(payload.data))
        except (ValueError, RecursionError):
            content = HIDDEN
    metadata = dict(payload.metadata) if encoding in _JSON else {"encoding": b"json/plain"}
    return Payload(metadata=metadata, data=json.dumps(content, ensure_ascii=False).encode())


def _masked(key: str, value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    if isinstance(value, dict):
        return {_digits(str(name)): _masked(str(name), inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_masked(key, inner) for inner in value]
    if isinstance(value, str):
        return _text(key, value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= _LONG_NUMBER:
        return value if _MEASURES.fullmatch(key) else _digits(str(value))
    return value


def _text(key: str, value: str) -> str:
    if key in _FREE:
        return HIDDEN if value else value
    if _NAMES.fullmatch(key) and key not in _NOT_OF_PERSONS:
        return value[:1] + HIDDEN if value else value
    return _digits(value)


def _digits(text: str) -> str:
    return replace_digits(text, _but_the_last)


def _but_the_last(found: str) -> str:
    digits = [sign for sign in found if sign.isdigit()]
    return HIDDEN + "".join(digits[-_KEPT_DIGITS:])
