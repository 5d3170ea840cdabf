"""The mailroom: whoever hands in or waits is told what became of it, whatever fails on the way."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest

from activities.line_ports import Letter, LetterReceipt, PerhapsSent
from adapters.letters import Door, sealed
from adapters.mailroom import POSTS_AT_ONCE, Mailroom
from domain.orders import AnswerClass


class BreakingDoor:
    """Its first POSTs end in an error that nobody foresaw, when they are let."""

    def __init__(self) -> None:
        self.may = asyncio.Event()
        self.posts = 0

    async def hand_in(self, letters: Sequence[Letter]) -> list[LetterReceipt]:
        self.posts += 1
        if self.posts <= POSTS_AT_ONCE:
            await self.may.wait()
            raise RuntimeError
        return [LetterReceipt(key=one.key, code="100000", answer_class=AnswerClass.OK) for one in letters]


async def test_letters_that_came_while_a_post_failed_unforeseen_leave_all_the_same():
    door = BreakingDoor()
    room = Mailroom(cast("Door", door))
    handed: list[asyncio.Task[Any]] = []
    for no in range(POSTS_AT_ONCE + 1):
        handed.append(asyncio.create_task(room.hand_in([sealed(f"{no:036d}", f"{no:053d}", b"x")])))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    door.may.set()
    *broken, left = handed
    for one in broken:
        with pytest.raises(PerhapsSent):
            await one
    assert [receipt.code for receipt in await asyncio.wait_for(left, 5)] == ["100000"]
