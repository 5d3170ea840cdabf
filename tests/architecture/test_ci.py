"""`.ci/run` with stand-ins for everything it calls: what it installs, what it runs, and that a failure fails it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.reading import ROOT
from tests.browser.installed import NAMES

BUILT_UPON = ("bash", "dirname", "env", "id")


@pytest.fixture
def machine(tmp_path: Path):
    """A machine that has python, make and apt-get, each of which writes down what it was told."""
    for name in BUILT_UPON:
        found = shutil.which(name)
        assert found
        (tmp_path / name).symlink_to(found)
    for name in ("python3", "apt-get", "make"):
        stands_in(tmp_path, name)
    return tmp_path


def stands_in(machine: Path, name: str, end: str = "exit 0") -> None:
    file = machine / name
    file.write_text(f'#!{shutil.which("bash")}\necho "{name} $*" >>"{machine}/told"\n{end}\n', encoding="utf-8")
    file.chmod(0o755)


def run_on(machine: Path) -> tuple[int, list[str]]:
    ended = subprocess.run([ROOT / ".ci/run"], env={"PATH": str(machine)}, capture_output=True, check=False)
    return ended.returncode, (machine / "told").read_text(encoding="utf-8").splitlines()


def installed(told: list[str]) -> set[str]:
    return {name for line in told if line.startswith("apt-get") and " install " in line for name in line.split()[5:]}


def test_lint_form_and_types_come_first_and_the_tests_last(machine):
    code, told = run_on(machine)

    assert code == 0
    assert [line for line in told if line.startswith("make")] == [
        "make check PYTHON=python3",
        "make test PYTHON=python3",
    ]


@pytest.mark.parametrize("target", ["check", "test"])
def test_what_fails_there_fails_the_run(machine, target):
    stands_in(machine, "make", f"[ $1 != {target} ]")

    code, told = run_on(machine)

    assert code != 0
    assert any(line.startswith(f"make {target}") for line in told)
    assert target == "test" or not any(line.startswith("make test") for line in told)


def test_what_tests_would_be_skipped_without_is_installed(machine):
    stands_in(machine, "python3", 'case "$*" in *installed.py) exit 1;; esac')  # no Chromium

    _, told = run_on(machine)

    assert installed(told) >= {"chromium", "poppler-utils", "fonts-noto-cjk", "systemd"}


def test_what_is_there_is_not_installed_again(machine):
    for name in ("pdftotext", "pdftoppm", "systemd-analyze"):
        stands_in(machine, name)
    stands_in(machine, "fc-list", "echo 'Noto Sans CJK SC'")

    _, told = run_on(machine)

    assert installed(told) == set()


@pytest.mark.parametrize("name", NAMES)
def test_ci_finds_the_same_browsers_as_the_tests(machine, name):
    """`.ci/run` asks the very file that the browser tests ask."""
    (machine / "python3").unlink()
    (machine / "python3").write_text(f'#!{shutil.which("bash")}\nexec {sys.executable} "$@"\n', encoding="utf-8")
    (machine / "python3").chmod(0o755)
    stands_in(machine, name)

    _, told = run_on(machine)

    assert "chromium" not in installed(told)
