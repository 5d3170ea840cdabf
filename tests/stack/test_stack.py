"""The embedded stack: what it keeps, what it survives, and what it says when it cannot go on."""

import asyncio
import contextlib
import dataclasses
import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import psycopg
import pytest

from adapters.settings import PROJECT_ROOT
from adapters.temporal import children, postgres
from adapters.temporal.client import connect
from adapters.temporal.errors import StackError
from adapters.temporal.parts import temporal_spec
from adapters.temporal.ports import choose
from adapters.temporal.processes import mark
from adapters.temporal.stack import Worker, attach, embedded_stack
from adapters.temporal.state import ChildRecord, Owner, StateDir
from adapters.temporal.worlds import make_world
from tests.patience import PATIENCE_S
from tests.stack.given import ATTRIBUTES, HERE, NO_POSTGRES, NO_SANDBOX, NO_TEMPORAL, stand_in, without

STOPPED_WITHIN_S = 90.0
"""All parts may use up their own patience one after the other: workers and codec, sandbox, PostgreSQL; 55 s."""


def owner(settings):
    return subprocess.Popen(
        [sys.executable, str(HERE / "starter_stand_in.py"), str(settings.state_dir)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT)},
        cwd=PROJECT_ROOT,
        start_new_session=True,
    )


@pytest.fixture
def owned(settings):
    """A process that owns a stack, and the pids of its children."""
    process = owner(settings)
    with process, process.stdout:
        yield process, pids_of(process)
        process.kill()


def pids_of(process):
    said = process.stdout.readline()
    word, *pids = said.split()
    assert word == "up", said
    return [int(pid) for pid in pids]


async def until(condition):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        await asyncio.sleep(0.02)


def has_ended(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def gone(pids):
    return all(has_ended(pid) for pid in pids)


async def write_down(stack, settings, run):
    await make_world(stack.settings, run, ATTRIBUTES)
    client = await connect(settings, run)
    await client.start_workflow("Case", id="case/1", task_queue="nobody")
    async with await psycopg.AsyncConnection.connect(stack.postgres_url(f"holdfast_{run.replace('-', '_')}")) as db:
        await db.execute("create table kept (word text)")
        await db.execute("insert into kept values ('绳')")


async def assert_still_there(stack, settings, run):
    client = await connect(settings, run)
    description = await client.get_workflow_handle("case/1").describe()
    assert description.workflow_type == "Case"
    async with await psycopg.AsyncConnection.connect(stack.postgres_url(f"holdfast_{run.replace('-', '_')}")) as db:
        row = await (await db.execute("select word from kept")).fetchone()
        assert row == ("绳",)


async def test_a_second_start_goes_on_with_everything_at_the_same_addresses(settings, said):
    async with embedded_stack(settings, workers=[stand_in("main")], progress=said.append) as stack:
        await write_down(stack, settings, "first-1")
        first = (stack.ui_url, stack.sandbox_url, stack.temporal_address)
        pids = list(stack.children.values())
        assert set(stack.children) == {"temporal", "codec", "postgres", "sandbox", "worker-main"}
        assert '"told": "main"' in (settings.state_dir / "logs" / "worker-main.log").read_text()
    assert gone(pids)
    assert {step.part for step in said if step.phase == "ready"} == {
        "temporal",
        "codec",
        "postgres",
        "sandbox",
        "worker-main",
    }

    async with embedded_stack(settings) as stack:
        assert (stack.ui_url, stack.sandbox_url, stack.temporal_address) == first
        await assert_still_there(stack, settings, "first-1")
    assert StateDir(settings.state_dir).state().phase == "stopped"


async def test_every_child_killed_is_started_again_with_what_it_knew(settings, said):
    async with embedded_stack(settings, workers=[stand_in("main")], progress=said.append) as stack:
        await write_down(stack, settings, "main")
        before = dict(stack.children)
        for pid in before.values():
            os.kill(pid, signal.SIGKILL)
        await until(lambda: all(stack.restarts(name) for name in before))
        assert not set(before.values()) & set(stack.children.values())
        await assert_still_there(stack, settings, "main")
        assert StateDir(settings.state_dir).state().pids == stack.children
    assert any("postgres died (SIGKILL)" in step.text for step in said)


async def test_after_kill_9_of_everything_the_next_start_goes_on(settings, owned, said):
    process, pids = owned
    view = await attach(settings)
    await write_down(view, settings, "main")
    for pid in (process.pid, *pids):
        with contextlib.suppress(ProcessLookupError):  # its owner's death may have ended it before us
            os.kill(pid, signal.SIGKILL)
    process.wait()
    async with embedded_stack(settings, progress=said.append) as stack:
        await assert_still_there(stack, settings, "main")
    assert any("ended without cleaning up" in step.text for step in said)


async def test_nothing_is_left_running_when_only_the_owner_is_killed(settings, owned):
    process, pids = owned
    assert len(pids) == 5
    process.kill()
    process.wait()
    await until(lambda: gone(pids))
    assert await attach(settings) is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_ctrl_c_and_kill_stop_it_in_good_order(settings, owned, number):
    process, pids = owned
    process.send_signal(number)
    assert process.wait(timeout=STOPPED_WITHIN_S) not in {0, -signal.SIGKILL, -signal.SIGABRT}
    assert gone(pids)
    assert StateDir(settings.state_dir).state().phase == "stopped"


async def test_an_error_inside_stops_everything_and_is_passed_on(settings):
    pids: list[int] = []

    async def fail():
        async with embedded_stack(without(settings, NO_TEMPORAL)) as stack:
            pids.extend(stack.children.values())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert pids
    assert gone(pids)


async def test_a_stale_lock_hinders_nobody(bare, said):
    bare = without(bare, NO_TEMPORAL, NO_POSTGRES)
    state = StateDir(bare.state_dir)
    state.make()
    (bare.state_dir / "lock").write_text(Owner(pid=os.getpid(), mark="another boot:1").model_dump_json())
    (bare.state_dir / "state.json").write_text("half a fi", encoding="utf-8")
    async with embedded_stack(bare, progress=said.append):
        pass
    assert any("goes on from there" in step.text for step in said)


async def test_a_left_over_child_is_ended_and_a_stranger_with_its_number_is_not(bare):
    state = StateDir(bare.state_dir)
    state.make()
    dead = Owner(pid=os.getpid(), mark="another boot:1")
    ours, stranger = (subprocess.Popen(["sleep", "60"]) for _ in range(2))
    try:
        own_mark = mark(ours.pid) or "none"
        for name, process, known in (("worker-a", ours, own_mark), ("worker-b", stranger, "another boot:2")):
            signals = [(int(signal.SIGTERM), 5.0)]
            state.record(ChildRecord(name=name, pid=process.pid, mark=known, owner=dead, signals=signals))
            (state.path / "children" / f"{name}-{os.getpid()}.json").rename(state.path / "children" / f"{name}-1.json")
        async with embedded_stack(without(bare, NO_POSTGRES, NO_TEMPORAL)):
            assert ours.wait(timeout=5) == -signal.SIGTERM
            assert stranger.poll() is None
            assert not list((state.path / "children").glob("*-1.json"))
    finally:
        for process in (ours, stranger):
            process.kill()
            process.wait()


async def test_a_postgres_whose_record_was_lost_is_ended_before_a_new_one_starts(settings):
    settings = without(settings, NO_TEMPORAL, NO_SANDBOX)
    embedded = postgres.EmbeddedPostgres(settings.state_dir)
    StateDir(settings.state_dir).make()
    await asyncio.to_thread(embedded.prepare)
    spec = embedded.spec()
    quiet = subprocess.DEVNULL
    lost = subprocess.Popen(spec.command, stdout=quiet, stderr=quiet, cwd="/", user=spec.user, group=spec.user)
    pid_file = embedded.files / "postmaster.pid"
    await until(lambda: pid_file.exists() and "ready" in pid_file.read_text())
    reaper = asyncio.create_task(asyncio.to_thread(lost.wait))
    async with embedded_stack(settings) as stack:
        await reaper
        assert stack.children["postgres"] != lost.pid


async def test_a_foreign_process_with_the_old_postgres_number_is_left_alone(settings):
    settings = without(settings, NO_TEMPORAL, NO_SANDBOX)
    async with embedded_stack(settings) as stack:
        files = Path(settings.state_dir / "pg" / "data")
        lines = (files / "postmaster.pid").read_text().splitlines()
        assert lines[0] == str(stack.children["postgres"])
    lines[0] = str(os.getpid())
    (files / "postmaster.pid").write_text("\n".join(lines) + "\n")
    async with embedded_stack(settings) as stack:
        assert "postgres" in stack.children


async def test_a_named_port_in_use_is_one_clear_sentence(bare):
    bare = without(bare, NO_POSTGRES, NO_SANDBOX)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StackError, match=rf"Port {port} \(HOLDFAST_UI_PORT\) is in use by process {os.getpid()}"):
            async with embedded_stack(bare.model_copy(update={"ui_port": port})):
                pass
    assert await attach(bare) is None


async def test_a_remembered_port_in_use_moves_the_ui_and_says_so(bare, said):
    bare = without(bare, NO_POSTGRES, NO_SANDBOX)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        state = StateDir(bare.state_dir)
        state.make()
        state.write_state(state.state().model_copy(update={"ports": {"ui": port}}))
        async with embedded_stack(bare, progress=said.append) as stack:
            assert stack.ui_url != f"http://127.0.0.1:{port}"
    assert any(f"port {port} is in use" in step.text for step in said)


async def test_a_port_lost_between_look_and_start_is_tried_elsewhere(bare, said, monkeypatch):
    bare = without(bare, NO_POSTGRES, NO_SANDBOX)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        blind = iter([taken.getsockname()[1]])
        monkeypatch.setattr(
            "adapters.temporal.stack.choose",
            lambda purpose, **facts: (purpose == "temporal" and next(blind, None)) or choose(purpose, **facts),
        )
        async with embedded_stack(bare, progress=said.append) as stack:
            assert "temporal" in stack.children
    assert any("temporal found no port, or somebody took one of its" in step.text for step in said)


async def test_a_server_that_finds_no_port_for_its_own_parts_is_tried_again_and_its_words_are_not_its_call_stack(
    bare, said, monkeypatch
):
    words = "panic: failed assigning ephemeral port: failed to assign a free port"
    panic = (sys.executable, "-c", f"raise SystemExit({words!r} + '\\n\\ngoroutine 1 [running]:\\n\\tmain.go:18')")
    bare = without(bare, NO_POSTGRES, NO_SANDBOX)
    commands = iter([panic])

    def spec(*places):
        real = temporal_spec(*places)
        return dataclasses.replace(real, command=next(commands, real.command))

    monkeypatch.setattr("adapters.temporal.stack.temporal_spec", spec)
    async with embedded_stack(bare, progress=said.append) as stack:
        assert "temporal" in stack.children
    commands = itertools.repeat(panic)
    with pytest.raises(StackError, match=rf"temporal ended while it started \(exit code 1\): {words} \(see"):
        async with embedded_stack(bare):
            pass


@pytest.mark.parametrize("missing", ["temporal", "postgres"])
async def test_a_missing_binary_is_one_clear_sentence(bare, missing, monkeypatch, tmp_path):
    if missing == "temporal":
        monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
        monkeypatch.setenv("PATH", str(tmp_path))
    else:
        monkeypatch.setattr(postgres, "find_spec", lambda _: None)
    other = {"temporal": NO_POSTGRES, "postgres": NO_TEMPORAL}[missing]
    with pytest.raises(StackError, match=r"is missing: run `make setup` again\.$"):
        async with embedded_stack(without(bare, NO_SANDBOX, other)):
            pass
    assert not list((bare.state_dir / "children").iterdir())


async def test_a_directory_that_cannot_be_written_is_one_clear_sentence(bare):
    bare.state_dir.parent.joinpath("file").write_text("", encoding="utf-8")
    with pytest.raises(StackError, match="HOLDFAST_STATE_DIR"):
        async with embedded_stack(bare.model_copy(update={"state_dir": bare.state_dir.parent / "file" / "x"})):
            pass


async def test_a_child_that_always_dies_ends_the_block_with_its_reason(bare, monkeypatch):
    monkeypatch.setattr(children, "_BACKOFF_S", (0.01, 0.01))
    only_sandbox = without(bare, NO_POSTGRES, NO_TEMPORAL)
    may_die = bare.state_dir.parent / "may-die"

    async def outlive():
        async with embedded_stack(only_sandbox, workers=[stand_in("main", "--dies-after", str(may_die))]):
            may_die.touch()  # not before: of one that ends while the stack starts, another sentence is said
            await asyncio.sleep(PATIENCE_S)

    with pytest.raises(StackError, match=r"worker-main died 3 times in a row \(exit code 1\)"):
        await outlive()


async def test_a_worker_that_does_not_start_says_its_last_words(bare):
    only_sandbox = without(bare, NO_POSTGRES, NO_TEMPORAL)
    broken = Worker("main", command=(sys.executable, "-c", "raise SystemExit('the reason')"))
    with pytest.raises(StackError, match=r"worker-main ended while it started .*the reason"):
        async with embedded_stack(only_sandbox, workers=[broken]):
            pass


async def test_what_the_settings_name_is_not_started(bare):
    named = bare.model_copy(
        update={"postgres_url": "postgresql://u:p@h:5/d?sslmode=require", "sandbox_url": "http://s"} | NO_TEMPORAL
    )
    view = await attach(named)
    assert view is not None
    assert view.postgres_url() == "postgresql://u:p@h:5/d?sslmode=require"
    assert view.postgres_url("holdfast_a") == "postgresql://u:p@h:5/holdfast_a?sslmode=require"
    assert view.sandbox_url == "http://s"


async def test_a_deep_directory_still_has_a_socket(settings):
    deep = settings.state_dir / ("d" * 60) / ("e" * 60)
    only_postgres = without(settings, NO_TEMPORAL, NO_SANDBOX, {"state_dir": deep})
    async with (
        embedded_stack(only_postgres) as stack,
        await psycopg.AsyncConnection.connect(stack.postgres_url()) as db,
    ):
        assert await (await db.execute("show fsync")).fetchone() == ("on",)
        assert await (await db.execute("show synchronous_commit")).fetchone() == ("on",)
    with contextlib.suppress(OSError):
        postgres.EmbeddedPostgres(deep).sockets.rmdir()
