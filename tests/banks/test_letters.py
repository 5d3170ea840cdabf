"""Lists go out in pieces that a POST may carry; what the network does is told as never sent or perhaps sent."""

import asyncio
import base64
import json
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.line_ports import Fetched, Letter, NeverSent, PerhapsSent, Reply
from adapters.letters import MOST_BODY_BYTES, MOST_LETTERS, Door, sealed
from domain.orders import AnswerClass
from tests.contracts.practice import EVERY_LETTER

Answering = Callable[[httpx.Request], httpx.Response]


def door(answering: Answering) -> Door:
    return Door(
        httpx.AsyncClient(transport=httpx.MockTransport(answering)), "http://bank.invalid/w/t/platform", EVERY_LETTER
    )


def letters(count: int, size: int = 3) -> list[Letter]:
    return [sealed(f"{n:036d}", f"{n:053d}", b"x" * size) for n in range(count)]


def accepting(request: httpx.Request) -> httpx.Response:
    asked = json.loads(request.content)["letters"]
    return httpx.Response(200, json={"receipts": [{"key": one["key"], "code": "100000", "text": ""} for one in asked]})


class Posts:
    """A front-end that accepts, and remembers how many letters and bytes each POST had."""

    def __init__(self, most: int = 10**9) -> None:
        self.most = most
        self.seen: list[tuple[int, int]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        count = len(json.loads(request.content)["letters"])
        self.seen.append((count, len(request.content)))
        return accepting(request) if count <= self.most else httpx.Response(413, text="too large")


async def test_a_long_list_leaves_in_posts_of_two_hundred():
    front = Posts()
    handed = letters(450)
    receipts = await door(front).hand_in(handed)
    assert [count for count, _ in front.seen] == [200, 200, 50]
    assert [receipt.key for receipt in receipts] == [letter.key for letter in handed]


async def test_heavy_letters_leave_in_posts_that_the_door_takes():
    front = Posts()
    await door(front).hand_in(letters(20, size=1024 * 1024))
    assert sum(count for count, _ in front.seen) == 20
    assert max(size for _, size in front.seen) < MOST_BODY_BYTES


@settings(max_examples=25)  # heavy letters take their time
@given(st.lists(st.sampled_from([0, 1, 10_000, 3_000_000, 5_000_000]), max_size=6))
def test_no_letter_is_left_out_whatever_the_weights(sizes: list[int]):
    front = Posts()
    handed = [sealed(f"{n:036d}", f"{n:053d}", bytes(size)) for n, size in enumerate(sizes)]
    receipts = asyncio.run(door(front).hand_in(handed))
    assert [receipt.key for receipt in receipts] == [letter.key for letter in handed]
    assert all(count <= MOST_LETTERS for count, _ in front.seen)


async def test_a_list_too_large_for_the_door_is_halved_and_keeps_its_order():
    front = Posts(most=3)
    handed = letters(10)
    receipts = await door(front).hand_in(handed)
    assert [receipt.key for receipt in receipts] == [letter.key for letter in handed]
    assert {receipt.answer_class for receipt in receipts} == {AnswerClass.OK}


async def test_one_letter_too_large_for_the_door_is_said_and_the_others_arrive():
    heavy = sealed("9" * 36, "9" * 53, b"x" * 9_000)

    def front(request: httpx.Request) -> httpx.Response:
        return httpx.Response(413) if len(request.content) > 10_000 else accepting(request)

    receipts = await door(front).hand_in([*letters(2), heavy])
    assert [(one.code, one.answer_class) for one in receipts] == [
        ("100000", AnswerClass.OK),
        ("100000", AnswerClass.OK),
        ("413", AnswerClass.PERMANENT),
    ]


async def test_receipts_are_told_apart_by_key_and_a_missing_one_means_send_again():
    def front(_: httpx.Request) -> httpx.Response:
        codes = [("7" * 36, "100000"), (f"{1:036d}", "200008"), (f"{0:036d}", "200003"), (f"{2:036d}", "200005")]
        return httpx.Response(200, json={"receipts": [{"key": key, "code": code} for key, code in codes] + [17, {}]})

    found = await door(front).hand_in(letters(4))
    assert [one.answer_class for one in found] == [
        AnswerClass.DUPLICATE,
        AnswerClass.LATER,
        AnswerClass.PERMANENT,
        AnswerClass.RETRY,
    ]


def raising(problem: Exception) -> Answering:
    def front(_: httpx.Request) -> httpx.Response:
        raise problem

    return front


NEVER = [httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), httpx.PoolTimeout("busy")]
PERHAPS = [
    httpx.ReadTimeout("slow"),
    httpx.WriteTimeout("slow"),
    httpx.ReadError("reset"),
    httpx.WriteError("pipe"),
    httpx.CloseError("x"),
    httpx.RemoteProtocolError("closed"),
    httpx.DecodingError("not gzip"),
]


@pytest.mark.parametrize("problem", NEVER, ids=lambda one: type(one).__name__)
async def test_before_the_first_byte_nothing_was_sent(problem: Exception):
    with pytest.raises(NeverSent):
        await door(raising(problem)).hand_in(letters(1))
    with pytest.raises(NeverSent):
        await door(raising(problem)).fetch(["k"], junk_reader, wait_s=0, linger_s=0)


@pytest.mark.parametrize("problem", PERHAPS, ids=lambda one: type(one).__name__)
async def test_after_the_first_byte_it_may_have_arrived(problem: Exception):
    with pytest.raises(PerhapsSent) as told:
        await door(raising(problem)).hand_in(letters(1))
    assert "bank.invalid" not in str(told.value)


async def test_once_a_part_has_left_the_whole_list_has_perhaps_been_sent():
    calls = []

    def front(request: httpx.Request) -> httpx.Response:
        calls.append(request)
        if len(calls) > 1:
            raise httpx.ConnectError("refused")
        return accepting(request)

    with pytest.raises(PerhapsSent):
        await door(front).hand_in(letters(201))


@pytest.mark.parametrize("status", [201, 204, 302, 400, 404, 422, 429, 500, 503])
async def test_any_other_status_leaves_it_open(status: int):
    with pytest.raises(PerhapsSent, match=str(status)):
        await door(lambda _: httpx.Response(status)).hand_in(letters(1))


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"null", b"[]", b"{}", b'{"receipts": 3, "answers": "x"}', b"[" * 99_999]
)
async def test_a_body_that_is_not_of_the_wires_form_leaves_it_open(body: bytes):
    broken = door(lambda _: httpx.Response(200, content=body))
    with pytest.raises(PerhapsSent):
        await broken.hand_in(letters(1))
    with pytest.raises(PerhapsSent):
        await broken.fetch(["k"], junk_reader, wait_s=0, linger_s=0)


async def test_an_answer_without_end_is_cut_off():
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(8 * 1024 * 1024)

    with pytest.raises(PerhapsSent, match="no end"):
        await door(lambda _: httpx.Response(200, content=endless())).hand_in(letters(1))


def junk_reader(key: str, message: bytes) -> Reply:
    return Reply(key=key, code=message.decode(), unreadable="" if message.isdigit() else "junk")


def telling(answers: list[Any], missing: object = ()) -> Answering:
    return lambda _: httpx.Response(200, json={"answers": answers, "missing": missing})


def said(key: str, text: str) -> dict[str, str]:
    return {"key": key, "message": base64.b64encode(text.encode()).decode()}


async def fetched(answering: Answering, *keys: str) -> Fetched:
    return await door(answering).fetch(keys, junk_reader, wait_s=0.0, linger_s=0.0)


async def test_the_first_answer_stands_but_junk_is_none():
    found = await fetched(telling([said("a", "junk"), said("a", "1"), said("b", "2"), said("b", "3")]), "a", "b")
    assert [(reply.key, reply.code) for reply in found.replies] == [("a", "1"), ("b", "2")]


async def test_foreign_answers_are_counted_and_foreign_misses_ignored():
    found = await fetched(telling([said("x", "1"), said("a", "2"), said("y", "3")], ["z", "b", 7]), "a", "b")
    assert [reply.key for reply in found.replies] == ["a"]
    assert (found.missing, found.foreign) == (("b",), 2)


@pytest.mark.parametrize("entry", [17, None, [], {}, {"message": "MQ=="}, {"key": 5, "message": "MQ=="}])
async def test_entries_that_are_none_are_passed_over(entry: object):
    found = await fetched(telling([entry, said("a", "1")]), "a")
    assert [(reply.key, reply.code) for reply in found.replies] == [("a", "1")]


@pytest.mark.parametrize("message", ["&&&", "MQ", "é", None, 4])
async def test_a_message_that_is_no_base64_is_unreadable(message: object):
    (reply,) = (await fetched(telling([{"key": "a", "message": message}]), "a")).replies
    assert reply.outcome is None
    assert reply.unreadable


async def test_more_keys_than_one_poll_takes_are_asked_side_by_side():
    seen: list[int] = []

    def front(request: httpx.Request) -> httpx.Response:
        keys = json.loads(request.content)["keys"]
        seen.append(len(keys))
        return httpx.Response(200, json={"answers": [said(keys[0], "1")], "missing": [keys[-1]]})

    found = await fetched(front, *(str(n) for n in range(4_500)))
    assert sorted(seen) == [500, 2_000, 2_000]
    assert (len(found.replies), len(found.missing)) == (3, 3)


async def test_a_long_message_does_not_hold_up_the_others():
    loop, others_go_on = asyncio.get_running_loop(), threading.Event()
    went_on: list[bool] = []

    def slow(key: str, message: bytes) -> Reply:
        loop.call_soon_threadsafe(others_go_on.set)  # comes to it only while nobody holds the loop
        went_on.append(others_go_on.wait(20))
        return Reply(key=key, code=str(len(message)))

    await door(telling([said("a", "1" * 50_000)])).fetch(["a"], slow, wait_s=0, linger_s=0)
    assert went_on == [True]
