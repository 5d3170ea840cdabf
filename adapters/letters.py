"""Letters over HTTP: lists out, receipts back, answers by long poll; the part that banks and carriers share.

What the network does is mapped in one place, `failed`:

    connection refused, no free connection, name unknown    -> NeverSent
    everything after the first byte may have left           -> PerhapsSent
    413                                                     -> the list is halved and sent again

The last step before the wire asks for warrants: a letter that nothing on record entitles does not leave.
"""

import asyncio
import base64
import binascii
import hashlib
import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

import httpx
import structlog

from activities.line_ports import Fetched, Letter, LetterReceipt, LineError, NeverSent, PerhapsSent, Reply, Warrants
from adapters.banks.codes import receipt_class
from domain.orders import AnswerClass

log = structlog.get_logger(__name__)

Reader = Callable[[str, bytes], Reply]
"""Understands one answer: key and bytes. Total: it never raises."""

# The wire's own bounds (docs/wire.md section 2), the body's with a margin.
MOST_LETTERS = 200
MOST_BODY_BYTES = 6 * 1024 * 1024
MOST_KEYS = 2_000
MOST_WAIT_S = 30.0
_LETTER_FRAME_BYTES = 64  # quotes, names and commas round one letter in the body

# Seconds. A POST of 200 letters is taken in within a second; ten leave room for a machine under load.
SECONDS: Mapping[str, float] = MappingProxyType(
    {
        "connect": 2.0,
        "write": 10.0,
        "pool": 2.0,  # for a free connection: nothing has left, so failing early costs nothing
        "receipt": 10.0,
        "answer_slack": 5.0,  # beyond the long poll's own waiting
    }
)
_MOST_ANSWER_BYTES = 64 * 1024 * 1024  # fifty full statements are 40 MiB; whatever is longer is no answer
_LONG_MESSAGE = 32 * 1024  # read in a thread: a page of 1,000 rows takes longer than other lines should wait

_OK = 200
_TOO_LARGE = 413
UNPROVEN = "unproven"
"""Our own code on the receipt of a letter that does not leave: nothing on record entitles it."""


def sealed(key: str, serial: str, message: bytes) -> Letter:
    """A letter round a message."""
    return Letter(
        key=key,
        serial=serial,
        message=base64.b64encode(message).decode("ascii"),
        sha256=hashlib.sha256(message).hexdigest(),
    )


class Mail(Protocol):
    """What a line needs of a door, alone or shared (adapters/mailroom.py)."""

    async def hand_in(self, letters: Sequence[Letter]) -> list[LetterReceipt]:
        """See Door."""
        ...

    async def fetch(self, keys: Sequence[str], read: Reader, *, wait_s: float, linger_s: float) -> Fetched:
        """See Door."""
        ...


class Door:
    """One door of docs/wire.md section 2; `path` is its address without the slash at the end.

    `polls` has the long polls' connections apart from those of the posts: the pool looks at every idle connection at
    each request, and those of sixty waiting polls are the many.
    """

    def __init__(
        self, client: httpx.AsyncClient, path: str, warrants: Warrants, polls: httpx.AsyncClient | None = None
    ) -> None:
        self._client = client
        self._warrants = warrants
        self._polls = polls or client
        self._path = path

    async def hand_in(self, letters: Sequence[Letter]) -> list[LetterReceipt]:
        """One receipt for each letter, in the same order. Raises NeverSent or PerhapsSent for the whole list.

        What is not warranted does not leave: its receipt is permanent, with the code "unproven".
        """
        unproven = await self._unproven(letters)
        leaving = [letter for letter in letters if letter.key not in unproven]
        receipts = {one.key: one for one in await self._send(leaving)}
        refused = {key: LetterReceipt(key=key, code=UNPROVEN, answer_class=AnswerClass.PERMANENT) for key in unproven}
        return [(receipts | refused)[letter.key] for letter in letters]

    async def _unproven(self, letters: Sequence[Letter]) -> Mapping[str, str]:
        altered = {one.key: "its digest is not of its bytes" for one in letters if not _is_whole(one)}
        unproven = altered | (await self._warrants.unproven(letters) if letters else {})
        for key, why in unproven.items():
            log.error("letter_unproven", alarm=True, application_id=key, why=why)
        return unproven

    async def _send(self, letters: Sequence[Letter]) -> list[LetterReceipt]:
        receipts: list[LetterReceipt] = []
        waiting = deque(_parts(letters))
        something_left = False
        while waiting:
            part = waiting.popleft()
            body = {"letters": [{"key": one.key, "serial": one.serial, "message": one.message} for one in part]}
            try:
                status, answer = await self._post(self._client, "letters", body, SECONDS["receipt"])
            except NeverSent as problem:
                if something_left:
                    raise PerhapsSent(str(problem)) from problem
                raise
            something_left = True
            if status != _TOO_LARGE:
                _insist_on_ok(status)
                receipts += _receipts(part, answer)
            elif len(part) > 1:
                middle = len(part) // 2
                waiting.extendleft((part[middle:], part[:middle]))
            else:  # no shorter list can be made: this letter will never arrive
                receipts.append(
                    LetterReceipt(key=part[0].key, code=str(_TOO_LARGE), answer_class=AnswerClass.PERMANENT)
                )
        return receipts

    async def fetch(self, keys: Sequence[str], read: Reader, *, wait_s: float, linger_s: float) -> Fetched:
        """The answers to any of these keys; more keys than one poll takes are asked side by side. Raises LineError."""
        polls = [list(keys[start : start + MOST_KEYS]) for start in range(0, len(keys), MOST_KEYS)]
        waited = min(max(wait_s, 0.0), MOST_WAIT_S)
        found = await asyncio.gather(*(self._poll(poll, read, waited, linger_s) for poll in polls))
        return Fetched(
            replies=tuple(reply for one in found for reply in one.replies),
            missing=tuple(key for one in found for key in one.missing),
            foreign=sum(one.foreign for one in found),
        )

    async def _poll(self, keys: Sequence[str], read: Reader, wait_s: float, linger_s: float) -> Fetched:
        body = {"keys": keys, "wait_s": wait_s, "linger_s": linger_s}
        status, answer = await self._post(self._polls, "answers", body, wait_s + linger_s + SECONDS["answer_slack"])
        _insist_on_ok(status)
        asked, foreign = set(keys), 0
        replies: dict[str, Reply] = {}
        for key, message in _pairs(answer, "answers", "message"):
            if key not in asked:
                foreign += 1
            elif key not in replies or replies[key].unreadable:  # the first answer stands, junk is none
                replies[key] = await _read(key, message, read)
        missing = answer.get("missing")
        return Fetched(
            replies=tuple(replies.values()),
            missing=tuple(key for key in missing if key in asked) if isinstance(missing, list) else (),
            foreign=foreign,
        )

    async def _post(
        self, client: httpx.AsyncClient, what: str, body: object, read_s: float
    ) -> tuple[int, Mapping[str, object]]:
        timeout = httpx.Timeout(connect=SECONDS["connect"], write=SECONDS["write"], pool=SECONDS["pool"], read=read_s)
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {"Content-Type": "application/json"}
        answer = bytearray()
        try:
            async with client.stream(
                "POST", f"{self._path}/{what}", content=content, headers=headers, timeout=timeout
            ) as response:
                async for piece in response.aiter_bytes():
                    answer += piece
                    if len(answer) > _MOST_ANSWER_BYTES:
                        raise PerhapsSent("the institution's answer has no end")
        except httpx.HTTPError as problem:
            raise failed(problem) from problem
        return response.status_code, _object(answer) if response.status_code == _OK else {}


def failed(problem: httpx.HTTPError) -> LineError:
    """The one mapping of what went wrong on the way. The text names the kind only: addresses and bodies stay out."""
    name = type(problem).__name__
    if isinstance(problem, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.UnsupportedProtocol):
        return NeverSent(f"the institution cannot be reached ({name})")
    return PerhapsSent(f"the line broke while the institution was asked ({name})")


def _insist_on_ok(status: int) -> None:
    if status != _OK:
        raise PerhapsSent(f"the institution's door answered {status}")


def _parts(letters: Sequence[Letter]) -> Iterator[Sequence[Letter]]:
    """The list in pieces that one POST may carry."""
    start, size = 0, 0
    for index, letter in enumerate(letters):
        length = len(letter.message) + len(letter.key) + len(letter.serial) + _LETTER_FRAME_BYTES
        if index > start and (index - start == MOST_LETTERS or size + length > MOST_BODY_BYTES):
            yield letters[start:index]
            start, size = index, 0
        size += length
    if letters:
        yield letters[start:]


def _is_whole(letter: Letter) -> bool:
    """Whether the digest that is looked up is of the very bytes that would leave."""
    try:
        return hashlib.sha256(base64.b64decode(letter.message, validate=True)).hexdigest() == letter.sha256
    except (binascii.Error, ValueError):
        return False


def _receipts(letters: Sequence[Letter], answer: Mapping[str, object]) -> Iterator[LetterReceipt]:
    codes = dict(_pairs(answer, "receipts", "code"))
    for letter in letters:
        # Without a receipt it may have arrived all the same: the same bytes again do no harm.
        code = codes.get(letter.key, "")
        yield LetterReceipt(key=letter.key, code=code, answer_class=receipt_class(code))


def _object(body: bytes | bytearray) -> Mapping[str, object]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise PerhapsSent("the institution's door answered something else than a JSON object")
    return found


def _pairs(answer: Mapping[str, object], group: str, name: str) -> Iterator[tuple[str, str]]:
    """Key and one text of each entry; what is no such entry answers to nobody's key and is passed over."""
    entries = answer.get(group)
    if not isinstance(entries, list):
        raise PerhapsSent(f"the institution's door answered without {group}")
    for entry in entries:
        if isinstance(entry, dict):
            key, text = entry.get("key"), entry.get(name)
            if isinstance(key, str):
                yield key, text if isinstance(text, str) else ""


async def _read(key: str, message: str, read: Reader) -> Reply:
    try:
        plain = base64.b64decode("".join(message.split()), validate=True)
    except (binascii.Error, ValueError):
        return Reply(key=key, unreadable="the message is not Base64")
    if len(plain) > _LONG_MESSAGE:
        return await asyncio.to_thread(read, key, plain)
    return read(key, plain)
