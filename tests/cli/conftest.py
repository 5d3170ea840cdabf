"""A command line without a stack: settings of its own, and what was said."""

import json
import os

import pytest
from typer.testing import CliRunner

from adapters.cli.app import app


class Said:
    """How a command ended and what it said on both streams."""

    def __init__(self, result):
        self.code, self.out, self.err = result.exit_code, result.stdout, result.stderr
        self.failed_with = result.exception

    @property
    def complaint(self):
        return json.loads(self.err.splitlines()[-1])


@pytest.fixture
def typed(monkeypatch, tmp_path):
    """Type a command; no stack is running in its state directory."""
    for variable in [name for name in os.environ if name.startswith("HOLDFAST_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("HOLDFAST_STATE_DIR", str(tmp_path / "state"))

    def run(*words, stdin=None):
        return Said(CliRunner().invoke(app, [str(word) for word in words], input=stdin))

    return run
