"""Worlds, and what can be asked of a stack that runs: one stack for all of these tests."""

import asyncio
import os
import stat

import psutil
import pytest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest

from adapters.keyring import KeyRing, KeyRingError
from adapters.settings import SettingsError
from adapters.temporal.client import connect
from adapters.temporal.stack import StackError, embedded_stack, open_stack
from adapters.temporal.state import StateDir
from adapters.temporal.worlds import latest_run, list_worlds, make_world
from tests.live_files import everything_in
from tests.stack.given import ATTRIBUTES, stand_in
from tests.tries import tries_within


async def test_a_world_is_made_once_kept_for_ten_years_and_the_latest_is_known(running):
    for run in ("drill-1", "drill-2", "drill-1"):
        await make_world(running.settings, run, ATTRIBUTES)
    client = await connect(running.settings, "drill-1")
    description = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace="drill-1"))
    assert description.config.workflow_execution_retention_ttl.ToTimedelta().days == 3650
    made = ["drill-2", "drill-1"]
    for one in tries_within(3.0):  # 0.15 s on a quiet machine
        made.append(f"drill-{len(made) + 1}")
        with one:
            await make_world(running.settings, made[-1], ATTRIBUTES)
    await client.start_workflow("Case", id="case/1", task_queue="nobody")  # usable at once
    runs = [world.run for world in list_worlds(running.settings) if world.run.startswith("drill-")]
    assert runs == made
    assert latest_run(running.settings) == made[-1]


async def test_a_world_with_an_unfit_name_is_refused(running):
    with pytest.raises(SettingsError, match="cannot be called"):
        await make_world(running.settings, "Drill_4", ATTRIBUTES)


async def test_several_making_the_same_world_at_once_do_not_hinder_each_other(running):
    await asyncio.gather(*(make_world(running.settings, "both", ATTRIBUTES) for _ in range(5)))
    assert [world.run for world in list_worlds(running.settings)].count("both") == 1


async def test_only_one_stack_in_a_directory_and_others_use_it(running):
    with pytest.raises(StackError, match="already running") as refusal:
        async with embedded_stack(running.settings):
            pass
    assert str(os.getpid()) in str(refusal.value)
    async with open_stack(running.settings, workers=[stand_in("beside")]) as view:
        assert view.temporal_address == running.temporal_address
        assert set(view.children) == {"worker-beside"}
        pids = list(view.children.values())
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert len(running.children) == 4


async def test_a_profile_names_another_temporal(running, monkeypatch, tmp_path):
    await make_world(running.settings, "theirs", ATTRIBUTES)
    file = tmp_path / "temporal.toml"
    file.write_text(
        f'[profile.centre]\naddress = "{running.temporal_address}"\nnamespace = "theirs"\n[profile.empty]\n',
        encoding="utf-8",
    )
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", str(file))
    settings = running.settings
    client = await connect(settings.model_copy(update={"temporal_profile": "centre"}), "any-run")
    assert client.namespace == "theirs"
    for profile in ("empty", "unknown"):
        with pytest.raises(SettingsError, match="HOLDFAST_TEMPORAL_PROFILE"):
            await connect(settings.model_copy(update={"temporal_profile": profile}), "any-run")


async def test_a_stack_that_has_stopped_is_named_when_one_connects(bare):
    with pytest.raises(StackError, match="has ever run"):
        await connect(bare, "main")
    state = StateDir(bare.state_dir)
    state.make()
    state.write_state(state.state().model_copy(update={"ports": {"temporal": 1025}}))
    with pytest.raises(KeyRingError, match="keys add"):
        await connect(bare, "main")
    KeyRing.load_or_make(bare)
    with pytest.raises(StackError, match=r"does not answer at 127\.0\.0\.1:1025: start the stack with `make up`"):
        await connect(bare, "main")


async def test_its_files_are_its_owners_alone(running):
    await make_world(running.settings, "main", ATTRIBUTES)
    home = running.settings.state_dir
    for path, found in everything_in(home):
        allowed = 0o001 if path == home else 0  # PostgreSQL's own account may pass, not look
        if not stat.S_ISSOCK(found.st_mode):
            assert found.st_mode & 0o077 & ~allowed == 0, path
