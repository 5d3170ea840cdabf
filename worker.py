"""Composition root of the workers: settings -> adapters -> activities -> one Temporal worker for each task queue.

    python worker.py --run main                       everything of one world
    python worker.py --run main --queues cases        workflows and the register's activities
    python worker.py --run main --queues platform,105302000015,CT

Drained on SIGTERM: what is running may end, nothing new is taken.
"""

import argparse
import asyncio
import gc
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import structlog
import uvloop
from temporalio.client import Client
from temporalio.worker import Worker

from activities.institution import InstitutionActivities
from activities.register import RegisterActivities
from adapters import logs, settings
from adapters.banks.requests import Centre
from adapters.delivering import Delivery
from adapters.intake import Intake
from adapters.keyring import KeyRing, KeyRingError
from adapters.lines import HttpLines
from adapters.notices.bell import Bell
from adapters.notices.doors import case_links, notice_ports
from adapters.papers.in_force import printer_in_force
from adapters.policy_file import load_policy
from adapters.register import Register, Rules
from adapters.temporal.addresses import database_name, postgres_url, sandbox_url
from adapters.temporal.client import connect
from adapters.temporal.lifetime import RUNTIME_REST_S
from adapters.watch import CaseWatch
from domain.institutions import PLATFORM_LINE, Institution
from domain.papers import Paper
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


def chosen(queues: str, institutions: Sequence[Institution]) -> tuple[bool, list[str]]:
    """Whether this process runs the cases, and which lines and institutions it serves (limits.institution_queue).

    Raises:
        ValueError: a queue is named that does not exist.
    """
    known = lines_and_institutions(institutions)
    if queues == "all":
        return True, known
    names = [name.strip() for name in queues.split(",") if name.strip()]
    unknown = [name for name in names if name not in known and name not in {"cases", "institutions"}]
    if unknown or not names:
        msg = f"--queues: no such queue {unknown}; name 'all', 'cases', 'institutions' or some of {sorted(known)}"
        raise ValueError(msg)
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


async def serve(run: str, queues: str) -> None:
    """Run until SIGTERM or SIGINT, then drain."""
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
    client = await connect(given, run)
    institutions = await register.institutions()
    practice = all(one.practice for one in institutions)
    centre = Centre(organisation_id=given.organisation_id, name=given.organisation_name)
    cases, served = chosen(queues, institutions)
    lines = HttpLines(sandbox_url(given), run, centre, practice=practice, warrants=register)
    render = (await printer_in_force(given, rules, register, datetime.now(UTC), practice=practice)).render
    acts = InstitutionActivities(register, lines, render)
    workers = [institution_worker(client, acts, one) for one in served]
    if cases:
        workers.insert(0, case_worker(client, register, render))
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    beside: list[asyncio.Task[None]] = []
    if cases:
        intake = Intake(register, client, policy, institutions)
        watch = CaseWatch(register, client, policy, institutions)
        ports = notice_ports(given, run, practice=practice)
        bell = Bell(register, ports, policy, case_links(given, run), practice=practice)
        delivery = Delivery(register, client)
        for_ever = (
            intake.sweep_for_ever(),
            watch.watch_for_ever(),
            bell.ring_for_ever(),
            delivery.deliver_for_ever(),
        )
        beside = [asyncio.create_task(one) for one in for_ever]
    running = [asyncio.create_task(worker.run()) for worker in workers]
    log.info("worker_ready", run=run, queues=len(workers))
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait([stopped, *running], return_when=asyncio.FIRST_COMPLETED)
    log.info("worker_draining")
    for task in beside:
        task.cancel()
    await asyncio.gather(*beside, return_exceptions=True)
    await asyncio.gather(*(worker.shutdown() for worker in workers))
    await asyncio.gather(*running, return_exceptions=True)
    await lines.aclose()
    await register.close()
    await asyncio.sleep(RUNTIME_REST_S)


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
    except (ValueError, KeyRingError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a person is reading
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
