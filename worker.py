"""Composition root of the workers: settings -> adapters -> activities -> one Temporal worker for each task queue.

    python worker.py --run main                       everything of one world
    python worker.py --run main --queues cases        workflows and the register's activities
    python worker.py --run main --queues platform,105302000015,CT

Drained on SIGTERM: what is running may end, nothing new is taken. While the engine does not answer, the bell rings all
the same (it needs the register alone), and the rest waits for the engine.

Ends with 0 once drained; 2: a setting, key or queue is wrong, which only a person cures; 4: the register does
not answer, and starting again may do; 1: it failed while it worked, and its last log line says how.
"""

import argparse
import asyncio
import contextlib
import gc
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
import uvloop
from temporalio.client import Client
from temporalio.worker import Worker

from activities.institution import InstitutionActivities
from activities.register import RegisterActivities
from adapters import logs, settings
from adapters.banks.requests import Centre
from adapters.cli.failures import CommandError, failure_of
from adapters.delivering import Delivery
from adapters.intake import Intake
from adapters.keyring import KeyRing, KeyRingError
from adapters.lines import HttpLines
from adapters.notices.bell import Bell
from adapters.notices.doors import case_links, notice_ports
from adapters.papers.in_force import printer_in_force
from adapters.policy_file import load_policy
from adapters.register import Register, RegisterError, Rules
from adapters.register.lapsing import lapse_for_ever
from adapters.settings import Settings, SettingsError
from adapters.temporal.addresses import database_name, postgres_url, sandbox_url, temporal_address
from adapters.temporal.client import connect
from adapters.temporal.errors import StackError
from adapters.temporal.lifetime import RUNTIME_REST_S
from adapters.watch import CaseWatch
from domain.institutions import PLATFORM_LINE, Institution
from domain.papers import Paper
from domain.policy import Policy
from workflows.limits import CASES_QUEUE, institution_queue, lines_and_institutions
from workflows.runner import INTERCEPTORS, WORKFLOWS, runner

log = structlog.get_logger("worker")

BUILD = "holdfast"
"""Given, because the default hashes every module loaded, once for each of fourteen workers: a second of start-up."""
GRACE = timedelta(seconds=5)
"""After SIGTERM running activities may end for so long; a batch that takes longer goes on elsewhere."""
CACHED = 2_000
"""Workflows kept in memory: above the cases in motion, or every step replays its history."""
STICKY = timedelta(seconds=4)
"""A killed worker's cases are taken up elsewhere after so long, like its batches; Temporal's own 10 s cost a chase."""
CONNECTIONS = 16
"""To PostgreSQL: each transaction is a few milliseconds, and more at once only queue inside the database."""
POLLS, POLLS_OF_PLATFORM = 2, 10
"""Batches fetched from a queue at once: the platform's carries what seven banks' queues would."""
COLLECT_AFTER = (50_000, 20, 50)
"""Python's garbage collector, by generation: its defaults took 7 % of a worker's time in `wuxi-2000`."""
BATCHES_AT_ONCE = 400
"""Batches in flight on one queue; each is waiting almost always."""
ENGINE_EVERY_S, ENGINE_WITHIN_S = 1.0, 5.0
"""Between two tries to reach an engine, and for one of them: it answers in milliseconds, or the net swallows it."""
NOT_STARTED = (SettingsError, KeyRingError, StackError, RegisterError)
"""What a worker may be refused by before it works; anything else is a fault of ours and shows its traceback."""


@dataclass(frozen=True)
class House:
    """What a worker has before it asks for the engine. `served`: its lines and institutions; `cases`: these too."""

    given: Settings
    run: str
    policy: Policy
    register: Register
    institutions: list[Institution]
    practice: bool
    lines: HttpLines
    render: Callable[[Paper], bytes]
    cases: bool
    served: list[str]


def chosen(queues: str, institutions: Sequence[Institution]) -> tuple[bool, list[str]]:
    """Whether this process runs the cases, and which lines and institutions it serves (limits.institution_queue).

    Raises:
        SettingsError: a queue is named that does not exist.
    """
    known = lines_and_institutions(institutions)
    if queues == "all":
        return True, known
    names = [name.strip() for name in queues.split(",") if name.strip()]
    unknown = [name for name in names if name not in known and name not in {"cases", "institutions"}]
    if unknown or not names:
        msg = f"--queues: no such queue {unknown}; name 'all', 'cases', 'institutions' or some of {sorted(known)}"
        raise SettingsError(msg)
    served = known if "institutions" in names else [name for name in names if name in known]
    return "cases" in names, served


def case_worker(client: Client, register: Register, render: Callable[[Paper], bytes]) -> Worker:
    """Workflows and, in the same worker because workflows ask them locally, the register's activities."""
    acts = RegisterActivities(register, render)
    return Worker(
        client,
        task_queue=CASES_QUEUE,
        workflows=list(WORKFLOWS),
        activities=[acts.keep_record, acts.decide, acts.keep_finding, acts.read_finding, acts.keep_filing, acts.halt],
        workflow_runner=runner(),
        interceptors=list(INTERCEPTORS),
        max_cached_workflows=CACHED,
        build_id=BUILD,
        sticky_queue_schedule_to_start_timeout=STICKY,
        graceful_shutdown_timeout=GRACE,
    )


def institution_worker(client: Client, acts: InstitutionActivities, line: str) -> Worker:
    """The queue of one line, or of one institution: the bulkhead."""
    return Worker(
        client,
        task_queue=institution_queue(line),
        activities=[acts.carry_out],
        max_concurrent_activities=BATCHES_AT_ONCE,
        max_concurrent_activity_task_polls=POLLS_OF_PLATFORM if line == PLATFORM_LINE else POLLS,
        build_id=BUILD,
        graceful_shutdown_timeout=GRACE,
    )


async def opened(run: str, queues: str) -> House:
    """Settings, register, papers and lines. Raises what NOT_STARTED names."""
    given = settings.load()
    logs.configure(given.log_level, process="worker")
    gc.freeze()  # what was imported stays: it need not be looked through again
    gc.set_threshold(*COLLECT_AFTER)
    policy = load_policy(given)
    rules = Rules.of(policy)
    register = await Register.connect(
        postgres_url(given, database_name(run)),
        rules=rules,
        ring=KeyRing.load(given),
        connections=CONNECTIONS,
    )
    institutions = await register.institutions()
    practice = all(one.practice for one in institutions)
    centre = Centre(organisation_id=given.organisation_id, name=given.organisation_name)
    cases, served = chosen(queues, institutions)
    lines = HttpLines(sandbox_url(given), run, centre, practice=practice, warrants=register)
    render = (await printer_in_force(given, rules, register, datetime.now(UTC), practice=practice)).render
    temporal_address(given)  # one that nobody has named will never answer
    return House(given, run, policy, register, institutions, practice, lines, render, cases, served)


def bell_of(house: House) -> Bell:
    """It stands on the register alone."""
    ports = notice_ports(house.given, house.run, practice=house.practice)
    links = case_links(house.given, house.run)
    return Bell(house.register, ports, house.policy, links, practice=house.practice)


def register_rounds_of(house: House) -> list[Coroutine[None, None, None]]:
    """What is looked after beside the cases, and stands on the register alone."""
    if not house.cases:
        return []
    return [bell_of(house).ring_for_ever(), lapse_for_ever(house.register.note_lapsed)]


async def reached(house: House, stop: asyncio.Event) -> Client | None:
    """The engine, however long it takes to answer; None: told to stop before it did."""
    told = False
    while not stop.is_set():
        try:
            async with asyncio.timeout(ENGINE_WITHIN_S):
                return await connect(house.given, house.run)
        except (StackError, TimeoutError) as problem:
            if not told:
                log.warning("engine_does_not_answer", why=str(problem), again_every_s=ENGINE_EVERY_S)
            told = True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), ENGINE_EVERY_S)
    return None


def workers_of(house: House, client: Client) -> list[Worker]:
    """One for each queue; that of the cases first."""
    acts = InstitutionActivities(house.register, house.lines, house.render)
    cases = [case_worker(client, house.register, house.render)] if house.cases else []
    return [*cases, *(institution_worker(client, acts, one) for one in house.served)]


def rounds_of(house: House, client: Client) -> list[Coroutine[None, None, None]]:
    """What is looked after beside the cases, and needs the engine."""
    if not house.cases:
        return []
    start = (house.register, client, house.policy, house.institutions)
    return [
        Intake(*start).sweep_for_ever(),
        CaseWatch(*start).watch_for_ever(),
        Delivery(house.register, client).deliver_for_ever(),
    ]


async def serve(run: str, queues: str) -> None:
    """Run until SIGTERM or SIGINT, then drain.

    Raises:
        CommandError: it cannot begin to work.
        Exception: what one of the workers, or of what is looked after beside them, has failed with.
    """
    with starting():
        house = await opened(run, queues)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    with starting():
        # before the engine is asked for: officers are told while it is down, too
        beside = [asyncio.create_task(one) for one in register_rounds_of(house)]
        client = await reached(house, stop)
    workers: list[Worker] = []
    if client is not None:
        workers = workers_of(house, client)
        beside += [asyncio.create_task(one) for one in rounds_of(house, client)]
    running = [asyncio.create_task(worker.run()) for worker in workers]
    if workers:
        log.info("worker_ready", run=run, queues=len(workers))
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait([stopped, *running, *beside], return_when=asyncio.FIRST_COMPLETED)
    log.info("worker_draining")
    for task in beside:
        task.cancel()
    draining = asyncio.gather(*(worker.shutdown() for worker in workers))  # while the last letters leave
    ends = await asyncio.gather(*beside, return_exceptions=True)
    await draining
    ends += await asyncio.gather(*running, return_exceptions=True)
    await house.lines.aclose()
    await house.register.close()
    await asyncio.sleep(RUNTIME_REST_S)
    if failed := [one for one in ends if isinstance(one, Exception)]:  # cancellations are ours
        raise failed[0]


@contextlib.contextmanager
def starting() -> Iterator[None]:
    """Around what comes before the work: what is wrong then is one sentence for a person. Raises CommandError."""
    try:
        yield
    except NOT_STARTED as problem:
        raise failure_of(problem) from None


def main() -> int:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(description="Holdfast's workers")
    parser.add_argument("--run", required=True, help="the world to work for")
    parser.add_argument(
        "--queues", default="all", help="all, cases, institutions, or lines and institutions: platform, ids"
    )
    given = parser.parse_args()
    try:
        uvloop.run(serve(given.run, given.queues))  # about 1.15x (docs/decisions.md)
    except CommandError as refused:
        print(refused.sentence, file=sys.stderr)  # noqa: T201 - a person is reading
        return int(refused.exit_code)
    return 0


if __name__ == "__main__":
    sys.exit(main())
