"""A carrier's answers: any bytes become a reply, understood or with one line that says why not."""

import json
from collections.abc import Mapping
from datetime import datetime

from activities.line_ports import Reply
from domain.clock import from_platform_time
from domain.orders import AnswerClass, Executed, Outcome, Refused

MOST_BYTES = 64 * 1024  # an answer has six short fields

_DONE = "0000"
_NOT_OURS = "0310"
CLASSES: Mapping[str, AnswerClass] = {
    _DONE: AnswerClass.OK,
    "0301": AnswerClass.PERSON,  # unknown number
    _NOT_OURS: AnswerClass.OTHER_CHANNEL,  # ported: the answer names the right carrier
    "0600": AnswerClass.PERSON,  # officers missing
    "1100": AnswerClass.RETRY,  # the carrier's own error
}


def read(key: str, message: bytes, at: datetime) -> Reply:
    """The reply to the order `key` in these bytes. `at`: when they reached us (UTC)."""
    if len(message) > MOST_BYTES:
        return Reply(key=key, unreadable="the message is too long")
    try:
        answer = json.loads(message)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        return Reply(key=key, unreadable="the message is not a JSON object")
    if answer.get("application_id") != key:
        return Reply(key=key, unreadable="application_id is another order's")
    code = _text(answer, "result")
    if not (len(code) == len(_DONE) and code.isascii() and code.isdigit()):
        return Reply(key=key, unreadable="result is not a code")
    try:
        return Reply(key=key, code=code, outcome=_outcome(code, answer, at))
    except (ValueError, OverflowError):
        return Reply(key=key, unreadable="done_at is not a time")


def _outcome(code: str, answer: Mapping[str, object], at: datetime) -> Outcome | None:
    known = CLASSES.get(code, AnswerClass.PERSON)
    if known is AnswerClass.RETRY:
        return None
    if known is AnswerClass.OK:
        done = _text(answer, "done_at")
        return Executed(
            code=code, at=at, started=from_platform_time(done) if done else None, remark=_text(answer, "text")
        )
    remark = _text(answer, "carrier" if code == _NOT_OURS else "text")
    return Refused(code=code, at=at, answer_class=known, remark=remark)


def _text(answer: Mapping[str, object], name: str) -> str:
    """A text of the answer; half a character, which JSON can spell and nothing can store, becomes a question mark."""
    found = answer.get(name)
    return found.encode("utf-8", "replace").decode() if isinstance(found, str) else ""
