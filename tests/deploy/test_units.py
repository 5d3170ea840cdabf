"""The systemd units start what there is, drain it, and let it write nowhere but in its own directory."""

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import worker
from tests.deploy.units import HOME, PYTHON, ROOT, UNITS, named, said

SERVICES = [unit for unit in UNITS if unit.name != "holdfast-prepare.service"]
EACH = pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)


def test_there_is_a_unit_for_each_process_of_the_house():
    started = {said(unit, "ExecStart")[0].removeprefix(f"{PYTHON} ").removeprefix("-m ").split()[0] for unit in UNITS}

    assert started == {f"{HOME}/starter.py", f"{HOME}/worker.py", "adapters.http.codec", "adapters.sandbox"}


@EACH
def test_what_it_starts_is_there_and_takes_these_options(unit: Path):
    (start,) = said(unit, "ExecStart")
    program, *words = shlex.split(
        start.replace(f"{HOME}/starter.py", "starter.py").replace(f"{HOME}/worker.py", "worker.py")
    )
    options = [word for word in words if word.startswith("--")]
    what = words[: words.index(options[0])] if options else words
    assert program == PYTHON

    told = subprocess.run([sys.executable, *what, "--help"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert told.returncode == 0, told.stderr
    assert not [option for option in options if option not in told.stdout]


@EACH
def test_it_has_no_more_rights_than_it_needs(unit: Path):
    assert said(unit, "NoNewPrivileges") == ["yes"]
    assert said(unit, "ProtectSystem") == ["strict"]
    assert said(unit, "CapabilityBoundingSet") == [""]
    assert said(unit, "UMask") == ["0077"]
    assert said(unit, "StateDirectory") == ["holdfast-sandbox" if "sandbox" in unit.name else "holdfast"]
    assert said(unit, "StateDirectoryMode") == ["0700"]


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_what_serves_is_started_again_and_drained_by_the_signal_it_knows(unit: Path):
    assert said(unit, "Restart") == ["always"]
    assert said(unit, "KillSignal") == ["SIGTERM"]


def test_a_worker_has_time_to_drain():
    (seconds,) = said(named("holdfast-worker@.service"), "TimeoutStopSec")

    # what is beside the batches ends within the same time again; killed earlier, batches would only go on elsewhere
    assert int(seconds) >= 3 * worker.GRACE.total_seconds()


def test_nothing_of_the_centre_starts_before_its_tables_are_there():
    for unit in SERVICES:
        if "sandbox" not in unit.name:
            assert said(unit, "Requires") == ["holdfast-prepare.service"]
            assert "holdfast-prepare.service" in said(unit, "After")[0]


def test_the_practice_institutions_learn_nothing_of_the_centre():
    unit = named("holdfast-sandbox.service")

    assert said(unit, "EnvironmentFile") == []
    assert said(unit, "DynamicUser") == ["yes"]


def verified(directory: Path, change: tuple[str, str] = ("", "")) -> str:
    """What `systemd-analyze verify` has to say of the units, with the programs of this clone in them."""
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace(PYTHON, sys.executable).replace(HOME, str(ROOT))
        (directory / unit.name).write_text(text.replace(*change) if change[0] else text, encoding="utf-8")
    ended = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *[directory / unit.name for unit in UNITS]],
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in ended.stderr.splitlines() if "holdfast" in line or str(directory) in line]
    return "\n".join(ours) + (f"\nended with {ended.returncode}" if ended.returncode and not ours else "")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here: units cannot be verified")
def test_systemd_takes_the_units(tmp_path):
    assert verified(tmp_path).strip() == ""


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here: units cannot be verified")
@pytest.mark.parametrize(
    "change",
    [
        ("ProtectHome=yes", "ProtectHome=surely"),
        (sys.executable, f"{sys.executable}-no-such"),
        ("KillMode", "KillMood"),
    ],
    ids=["value", "program", "key"],
)
def test_what_systemd_would_not_take_is_seen(tmp_path, change):
    assert verified(tmp_path, change).strip() != ""
