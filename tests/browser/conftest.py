"""An embedded stack for the tests that need all of it, in a state directory of its own."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from adapters.settings import Settings
from adapters.temporal.stack import embedded_stack


@pytest.fixture(scope="module")
async def stack():
    # not pytest's own directory: a socket's path must be short
    directory = Path(tempfile.mkdtemp(prefix="hf-"))
    with pytest.MonkeyPatch.context() as patch:  # children inherit the environment
        for variable in [name for name in os.environ if name.startswith("HOLDFAST_")]:
            patch.delenv(variable)
        async with embedded_stack(Settings(state_dir=directory / "state")) as running:
            yield running
    shutil.rmtree(directory, ignore_errors=True)
