"""Lanes: who is silent takes nobody's place."""

import asyncio

import pytest

from domain.errands import BatchResult, Errand, ErrandBatch, ErrandKind, ErrandResult
from domain.institutions import Channel
from tests.workflows.builders import T0, case_of, fan
from tests.workflows.paper_policy import with_policy
from workflows.lanes import Lane
from workflows.tasks import Tasks

RULES = with_policy(lanes={"batch_most": 4, "in_flight": {"platform": 2, "gateway": 2, "liaison": 2}})


class Line:
    """A line whose institutions answer when the test says so. What came back unanswered is asked for once more."""

    def __init__(self):
        start = case_of(fan(2)).start.model_copy(update={"policy": RULES})
        self.quiet, self.open = start.directory.institutions[:2]
        self.under_way: list[tuple[ErrandBatch, asyncio.Future[BatchResult]]] = []
        self.answered: list[int] = []
        self.count = 0
        self.lane = Lane(start, Channel.PLATFORM, Tasks(lambda: None), self._send, self._arrived, lambda: True)

    async def _send(self, batch: ErrandBatch) -> BatchResult:
        done: asyncio.Future[BatchResult] = asyncio.get_running_loop().create_future()
        self.under_way.append((batch, done))
        return await done

    def _arrived(self, errand: Errand, result: ErrandResult) -> None:
        if result.complete:
            self.answered.append(errand.no)
        else:
            institution = self.quiet if errand.institution == self.quiet.id else self.open
            self.lane.put(errand, institution, again=True)

    def put(self, *institutions, sheet: str = "") -> None:
        kind = ErrandKind.FREEZE if sheet else ErrandKind.STOP
        for institution in institutions:
            self.count += 1
            errand = Errand(no=self.count, kind=kind, institution=institution.id, sheet=sheet)
            self.lane.put(errand, institution)

    async def pump(self) -> list[list[int]]:
        """Let leave what may; the numbers of the errands in each batch under way."""
        await asyncio.sleep(0)
        self.lane.pump(T0)
        await asyncio.sleep(0)
        return [[one.no for one in batch.errands] for batch, _ in self.under_way]

    async def answer(self, no: int) -> None:
        """The batch with this errand comes back: answered is what goes to the institution that is open."""
        batch, done = next(one for one in self.under_way if no in [errand.no for errand in one[0].errands])
        self.under_way.remove((batch, done))
        done.set_result(
            BatchResult(
                results=tuple(
                    ErrandResult(no=one.no, complete=one.institution == self.open.id) for one in batch.errands
                )
            )
        )
        await asyncio.sleep(0)
        await asyncio.sleep(0)


@pytest.fixture
async def line():
    return Line()


async def test_whoever_is_asked_for_once_more_goes_along_with_the_others(line: Line):
    line.put(line.quiet, line.open)
    assert await line.pump() == [[1, 2]]
    line.put(line.open)
    await line.answer(2)
    assert await line.pump() == [[3, 1]]


async def test_orders_to_a_silent_bank_take_no_place_of_the_others(line: Line):
    # given a bank that stays silent, in batch after batch, and two places
    for no in (1, 3, 5, 7):
        line.put(line.quiet, line.open)
        await line.pump()
        await line.answer(no + 1)
        await line.pump()
    assert line.lane.in_flight <= 2
    # then both places are there for others, and what does not find one waits
    line.put(line.open)
    await line.pump()
    line.put(line.open)
    await line.pump()
    line.put(line.open)
    under_way = await line.pump()
    assert [9] in [batch[:1] for batch in under_way]
    assert [10] in [batch[:1] for batch in under_way]
    assert not any(11 in batch for batch in under_way)
    assert line.lane.busy
    await line.answer(9)
    assert any(11 in batch for batch in await line.pump())


async def test_orders_to_a_silent_bank_never_crowd_out_the_others(line: Line):
    line.put(*[line.quiet] * 4)
    await line.pump()
    line.put(*[line.quiet] * 3, line.open)
    await line.pump()
    await line.answer(8)
    line.put(line.open)
    under_way = await line.pump()
    assert [9, 5, 6, 7] in under_way, "the new order first, and as many of the others as there is room for"


async def test_a_silent_bank_has_no_more_batches_beside_than_places(line: Line):
    for _ in range(9):
        line.put(line.quiet, line.open)
        await line.pump()
        await line.answer(line.count)
        await line.pump()
    assert line.lane.in_flight == 2
    assert line.lane.waiting == 7
    assert len(line.lane.unfinished) == 7
    assert line.lane.carries({ErrandKind.STOP})
    assert line.answered == list(range(2, 19, 2))


async def test_freezes_of_one_sheet_at_one_bank_leave_in_one_batch_where_it_holds_them(line: Line):
    line.put(*[line.quiet] * 2, *[line.open] * 3, sheet="F-01")
    assert await line.pump() == [[1, 2], [3, 4, 5]]


@pytest.mark.parametrize(
    ("first", "second", "batches"),
    [(2, 5, [[1, 2, 3, 4], [5, 6, 7]]), (4, 3, [[1, 2, 3, 4], [5, 6, 7]]), (0, 6, [[1, 2, 3, 4], [5, 6]])],
)
async def test_more_of_them_than_a_batch_holds_fill_their_batches(
    line: Line, first: int, second: int, batches: list[list[int]]
):
    line.put(*[line.quiet] * first, *[line.open] * second, sheet="F-01")
    assert await line.pump() == batches


async def test_stops_fill_their_batches(line: Line):
    line.put(*[line.quiet] * 2, *[line.open] * 3)
    assert await line.pump() == [[1, 2, 3, 4], [5]]
