"""The parts of the stack besides PostgreSQL: how each is started, and when it is healthy."""

import asyncio
import os
import shutil
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
from temporalio.client import Client
from temporalio.service import RPCError

from adapters.settings import PROJECT_ROOT, Settings
from adapters.temporal.children import Child, ChildSpec, log_says
from adapters.temporal.errors import StackError
from adapters.temporal.ports import HOST

SANDBOX = (sys.executable, "-m", "adapters.sandbox")
CODEC = (sys.executable, "-m", "adapters.http.codec")
_HEALTH_TIMEOUT_S = 2.0
_TEMPORAL_TUNING = (
    *("--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=1"),  # 2 to 5 times faster, as safe
    *("--dynamic-config-value", "history.transferProcessorMaxPollRPS=100"),  # else every step waits for a 50 ms tick
)


@dataclass(frozen=True)
class Worker:
    """A worker process of one world; `name` tells several of one world apart."""

    run: str
    name: str = ""
    command: tuple[str, ...] = ()
    """Default: `python worker.py --run RUN`."""
    ready: Callable[[Child], Awaitable[bool]] | None = None
    """Default: it writes "worker_ready"."""

    @property
    def child_name(self) -> str:
        """How it is called in messages, and its log."""
        return self.name or f"worker-{self.run}"


def shared_work(run: str) -> tuple[Worker, Worker]:
    """Two processes for one world: the cases in one, the institutions' lines in the other.

    One process has one interpreter lock: a large case that thinks would hold up the orders of all others
    (docs/decisions.md).
    """
    program = (sys.executable, str(PROJECT_ROOT / "worker.py"), "--run", run, "--queues")
    return (
        Worker(run, command=(*program, "cases")),
        Worker(run, name=f"worker-{run}-lines", command=(*program, "institutions")),
    )


def temporal_spec(state_dir: Path, port: int, ui: int, codec: int) -> ChildSpec:
    """The dev server with its UI, which asks the codec endpoint, and its database file.

    Raises:
        StackError: the program is missing.
    """
    places = ("--ip", HOST, "--port", str(port), "--ui-port", str(ui), "--db-filename", str(state_dir / "temporal.db"))
    reading = ("--ui-codec-endpoint", f"http://{HOST}:{codec}")
    quiet = ("--log-level", "warn", "--log-format", "json")
    return ChildSpec(
        name="temporal",
        command=(temporal_binary(), "server", "start-dev", *places, *reading, *quiet, *_TEMPORAL_TUNING),
        ready=lambda _: temporal_is_healthy(f"{HOST}:{port}", f"http://{HOST}:{ui}"),
    )


def sandbox_spec(state_dir: Path, port: int, mail: int) -> ChildSpec:
    """The practice institutions: an independent witness, which learns nothing of our settings."""
    ports = ("--port", str(port), "--mail-port", str(mail))
    places = ("--host", HOST, *ports, "--state", str(state_dir / "sandbox"))
    return ChildSpec(
        name="sandbox",
        command=(*SANDBOX, *places),
        ready=lambda _: answers(f"http://{HOST}:{port}/health"),
        environ={key: value for key, value in os.environ.items() if not key.startswith(("HOLDFAST_", "TEMPORAL_"))},
    )


def codec_spec(settings: Settings, port: int) -> ChildSpec:
    """The codec endpoint, told the settings that we have."""
    return ChildSpec(
        name="codec",
        command=(*CODEC, "--port", str(port)),
        ready=lambda _: answers(f"http://{HOST}:{port}/health"),
        environ=_same_settings(settings),
    )


def worker_spec(settings: Settings, worker: Worker) -> ChildSpec:
    """A worker process, told the settings that we have."""
    return ChildSpec(
        name=worker.child_name,
        command=worker.command or (sys.executable, str(PROJECT_ROOT / "worker.py"), "--run", worker.run),
        ready=worker.ready or log_says("worker_ready"),
        environ=_same_settings(settings) | {"HOLDFAST_RUN": worker.run},
    )


def _same_settings(settings: Settings) -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if key != "HOLDFAST_SETTINGS"} | settings.environ()


async def temporal_is_healthy(address: str, ui: str) -> bool:
    """Whether server and UI both answer."""
    host, _, port = address.partition(":")
    try:
        _, writer = await asyncio.open_connection(host, int(port))
        writer.close()
        client = await Client.connect(address)
        await client.service_client.check_health()
    except (OSError, RuntimeError, RPCError):
        return False
    return await answers(ui)


async def answers(url: str) -> bool:
    """Whether somebody says yes there."""
    try:
        # on this machine, without TLS: reading the certificates would cost more than the question
        async with httpx.AsyncClient(timeout=_HEALTH_TIMEOUT_S, trust_env=False, verify=False) as client:  # noqa: S501
            return (await client.get(url)).is_success
    except httpx.HTTPError:
        return False


def temporal_binary() -> str:
    """Temporal's program. Raises StackError where it is missing."""
    beside = Path(sys.executable).parent / "temporal"
    found = str(beside) if beside.is_file() else shutil.which("temporal")
    if found is None:
        raise StackError(f"Temporal's program {beside} is missing: run `make setup` again.")
    return found
