"""State directories with short paths of their own, and a stand-in for the practice institutions."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from adapters.settings import Settings
from adapters.temporal import parts, stack
from adapters.temporal.postgres import EmbeddedPostgres
from adapters.temporal.stack import Stack

STAND_IN = Path(__file__).with_name("stand_in.py")


@pytest.fixture(scope="session")
def empty_cluster():
    """A database cluster just made; copying it takes a tenth of the time."""
    directory = Path(tempfile.mkdtemp(prefix="hf-"))
    EmbeddedPostgres(directory).prepare()
    yield directory / "pg"
    shutil.rmtree(directory, ignore_errors=True)


def a_directory(empty_cluster):
    # not pytest's own directory: other sessions of pytest change its permissions, and a socket's path must be short
    directory = Path(tempfile.mkdtemp(prefix="hf-"))
    (directory / "state").mkdir(mode=0o700)
    subprocess.run(["cp", "-a", empty_cluster, directory / "state" / "pg"], check=True)
    return directory


@pytest.fixture(scope="module", autouse=True)  # not longer: other tests want the real sandbox
def surroundings():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "SANDBOX", (sys.executable, "-S", str(STAND_IN)))
        patch.setattr(stack, "RUNTIME_REST_S", 0.0)  # it is for commands that end; these tests go on
        for variable in [name for name in os.environ if name.startswith("HOLDFAST_")]:
            patch.delenv(variable)
        yield


@pytest.fixture
def settings(empty_cluster):
    directory = a_directory(empty_cluster)
    yield Settings(state_dir=directory / "state")
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def bare():
    """Settings of a directory in which no database is needed."""
    directory = Path(tempfile.mkdtemp(prefix="hf-"))
    yield Settings(state_dir=directory / "state")
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="module")
async def running(surroundings, empty_cluster):  # noqa: ARG001 - the stand-ins must be in place first
    """A stack for all tests that leave it as it is."""
    directory = a_directory(empty_cluster)
    shared = Stack(Settings(state_dir=directory / "state"))
    try:
        await shared.start()
        yield shared
    finally:
        await shared.stop()
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def said():
    """Every sentence of progress, in order."""
    return []
