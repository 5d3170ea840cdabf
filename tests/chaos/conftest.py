"""One embedded stack for all of these tests, in a state directory of its own; each test plays a world of its own."""

import json
import os
import secrets
import shutil
import tempfile
from pathlib import Path

import pytest

from adapters.drill.drill import Drill, Plan
from adapters.settings import PROJECT_ROOT, Settings
from adapters.temporal.stack import embedded_stack


@pytest.fixture(scope="package", autouse=True)
def nothing_from_outside():
    with pytest.MonkeyPatch.context() as patch:
        for variable in [name for name in os.environ if name.startswith("HOLDFAST_")]:
            patch.delenv(variable)
        yield


@pytest.fixture(scope="package")
def settings():
    # not pytest's own directory: a socket's path must be short
    directory = Path(tempfile.mkdtemp(prefix="hf-"))
    yield Settings(state_dir=directory / "state")
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="package")
async def stack(settings, nothing_from_outside):  # noqa: ARG001 - children inherit the environment
    async with embedded_stack(settings) as running:
        yield running


@pytest.fixture
def scenario():
    """A scenario file by its name; `quick`: its liaisons take tenths of seconds; `decide_s`: its officers take that."""

    def read(name, *, quick=False, decide_s=None):
        raw = json.loads((PROJECT_ROOT / "scenarios" / f"{name}.json").read_text(encoding="utf-8"))
        for institution in raw["institutions"] if quick else ():
            institution["answer_s"] = [min(seconds, 0.5) for seconds in institution["answer_s"]]
        if decide_s is not None:
            raw["officers"]["decide_s"] = decide_s
        return raw

    return read


@pytest.fixture
def drill(stack):
    """A drill, ready to be played on the stack of these tests, or on another view of it."""

    def make(raw, plan=None, on=None, watch=None):
        run = f"{raw['scenario'][:20]}-{secrets.token_hex(3)}"
        return Drill(on or stack, raw, run=run, plan=plan or Plan(), **({"watch": watch} if watch else {}))

    return make
