"""A worker killed between an effect at the register and the engine's knowing of it: the case says the same again."""

import asyncio
from datetime import UTC, datetime, timedelta

from temporalio.client import Client
from temporalio.worker import Worker

from domain.bookkeeping import CaseRecord
from domain.books import Books
from domain.case_start import CaseRun
from domain.identifiers import case_workflow_id
from tests.patience import PATIENCE_S
from tests.workflows.cut_line import CutLine
from tests.workflows.engine import RunningCase, Town
from tests.workflows.paper_policy import quick
from tests.workflows.paper_register import PaperRegister
from tests.workflows.paper_world import PaperWorld
from workflows.runner import INTERCEPTORS, WORKFLOWS, runner

QUEUE = "cases-of-a-worker-to-be-killed"


class Tripwire(PaperRegister):
    """Keeps the first sheet, and the worker is gone before anybody hears of it."""

    def __init__(self, line: CutLine) -> None:
        super().__init__()
        self._line = line
        self.tripped = asyncio.Event()

    def keep_record(self, record: CaseRecord) -> None:
        super().keep_record(record)
        if record.sheets and not self.tripped.is_set():
            self._line.cut()
            self.tripped.set()


def case_worker(town: Town, client: Client) -> Worker:
    paper = town.paper
    return Worker(
        client,
        task_queue=QUEUE,
        workflows=list(WORKFLOWS),
        activities=[paper.keep_record, paper.decide, paper.keep_finding, paper.read_finding, paper.keep_filing],
        workflow_runner=runner(),
        interceptors=list(INTERCEPTORS),
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),
    )


async def test_a_sheet_is_the_same_after_its_worker_was_killed_just_when_the_register_had_kept_it(town: Town) -> None:
    async with CutLine(town.client.service_client.config.target_host) as line:
        world = PaperWorld()
        mule = world.open("mule")
        world.defraud(mule, 500_00)
        world.register = register = Tripwire(line)
        to_be_killed = await Client.connect(
            line.address, namespace=town.client.namespace, data_converter=town.client.data_converter
        )
        first, second = case_worker(town, to_be_killed), case_worker(town, town.client)
        running = [asyncio.create_task(first.run())]
        case = await _start(town, world)

        try:
            await asyncio.wait_for(register.tripped.wait(), PATIENCE_S)
            running.append(asyncio.create_task(second.run()))
            await case.file()
            await case.approve("F-01")
            await case.until(lambda one: not one.pending and one.quiet, "the sheet decided")
        finally:
            line.mend()
            await asyncio.gather(*(one.shutdown() for one in (first, second)[: len(running)]))
            await asyncio.gather(*running)

        made = {sheet.digest for record in register.records for sheet in record.sheets if sheet.name == "F-01"}
        assert len(made) == 1, "another sheet under the name of the first"
        assert mule.freezes == {1: 500_00}


async def _start(town: Town, world: PaperWorld) -> RunningCase:
    case_id = "c-00000000dead0001"
    town.paper.worlds[case_id] = world
    start = world.start(quick(), case_id=case_id, received_at=datetime.now(UTC))
    handle = await town.client.start_workflow(
        "FraudCase",
        CaseRun(**start.model_dump()),
        id=case_workflow_id(case_id),
        task_queue=QUEUE,
        task_timeout=timedelta(seconds=2),
        result_type=Books,
    )
    return RunningCase(town.client, case_id, world, handle)
