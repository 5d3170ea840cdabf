"""The floor's worker, a process of its own as ours is: `python -m benchmarks.floor --run RUN`."""

import argparse
import asyncio
import signal
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import structlog
import uvloop
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

from activities.line_ports import InstitutionPort, Letter
from adapters import logs, settings
from adapters.banks.requests import Centre
from adapters.lines import HttpLines
from adapters.register.engine import open_engine
from adapters.temporal.addresses import database_name, postgres_url, sandbox_url
from adapters.temporal.client import connect
from adapters.temporal.lifetime import RUNTIME_REST_S
from benchmarks.ordinary import FIRST_BANK
from benchmarks.steps import FLOOR_QUEUE, LETTER, NOTHING, Note, OneLetter, TwelveSteps
from domain.identifiers import application_id
from domain.institutions import Channel, Institution, InstitutionKind
from domain.orders import CODES, AccountRef, FourElements, Measure, OfficerCard, Order
from workflows.runner import runner

log = structlog.get_logger("floor")

TABLE = "bench_floor"
MAKE_TABLE = f"CREATE TABLE {TABLE} (name text PRIMARY KEY, at timestamptz NOT NULL, content text NOT NULL)"
_INSERT = f"INSERT INTO {TABLE} VALUES (%(name)s, %(at)s, %(content)s)"  # noqa: S608 - our own constant
PAPER = b"%PDF-1.4\n" + bytes(2_500)  # as long as a legal document of ours
_BANK = Institution(
    id=FIRST_BANK, code="CCB", name="练习CCB", kind=InstitutionKind.BANK, channel=Channel.PLATFORM, practice=True
)
_NOBODY = AccountRef(institution=FIRST_BANK, number="6217009999999999999", name="测试底线")


class Unlooked:
    """The floor's letters are looked at by nobody: what a look costs is ours."""

    async def unproven(self, letters: Sequence[Letter]) -> dict[str, str]:
        """None."""
        del letters
        return {}


class FloorActivities:
    """What the bare workflows do."""

    def __init__(self, database: AsyncEngine, line: InstitutionPort) -> None:
        self._database = database
        self._line = line

    @activity.defn(name=LETTER)
    async def one_row_one_letter(self, note: Note) -> bool:
        """Insert one row, post one stop of an account that nobody has."""
        order = letter_of(note.name, datetime.now(UTC))
        async with self._database.begin() as connection:
            row = {"name": note.name, "at": order.requested_at, "content": order.model_dump_json()}
            await connection.exec_driver_sql(_INSERT, row)
        return bool(await self._line.hand_in([self._line.seal(order, PAPER)]))

    @activity.defn(name=NOTHING)
    async def nothing(self, note: Note) -> bool:
        """Nothing."""
        del note
        return True


def letter_of(name: str, now: datetime) -> Order:
    """The floor's stop; `name` stands for the case number, by which the witness's book knows it."""
    return Order(
        application_id=application_id(name, FIRST_BANK, _NOBODY.number, CODES[Measure.STOP], 1),
        case_id=name,
        case_number=name,
        category="虚假投资理财",
        measure=Measure.STOP,
        institution=FIRST_BANK,
        institution_name=_BANK.name,
        account=_NOBODY,
        evidence=FourElements(
            payer_institution="", payer_name="测试", payer_number="", amount_fen=1, at=now - timedelta(minutes=10)
        ),
        requested_at=now,
        handling=OfficerCard(number="012301", name="练习经办甲"),
        second=OfficerCard(number="012302", name="练习协查乙"),
        paper_number="练习",
    )


def floor_worker(client: Client, activities: FloorActivities) -> Worker:
    """Workflows and activities on one queue, so that activities start eagerly: the shortest way the engine knows."""
    return Worker(
        client,
        task_queue=FLOOR_QUEUE,
        workflows=[OneLetter, TwelveSteps],
        activities=[activities.one_row_one_letter, activities.nothing],
        workflow_runner=runner(),
    )


async def _serve(run: str) -> None:
    given = settings.load()
    logs.configure(given.log_level, process="floor")
    database = open_engine(postgres_url(given, database_name(run)), connections=10)
    centre = Centre(given.organisation_id, given.organisation_name)
    lines = HttpLines(sandbox_url(given), run, centre, practice=True, warrants=Unlooked())
    worker = floor_worker(await connect(given, run), FloorActivities(database, lines.to(_BANK)))
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    running = asyncio.create_task(worker.run())
    log.info("worker_ready", run=run)
    await asyncio.wait([running, asyncio.create_task(stop.wait())], return_when=asyncio.FIRST_COMPLETED)
    await worker.shutdown()
    await asyncio.gather(running, return_exceptions=True)
    await lines.aclose()
    await database.dispose()
    await asyncio.sleep(RUNTIME_REST_S)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", required=True)
    uvloop.run(_serve(parser.parse_args().run))
