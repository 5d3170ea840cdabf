"""A sandbox process of its own with one running world, letters, and a register in memory that a bell may ring."""

import itertools
import json
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from adapters.notices import http, smtp
from domain.notice_words import letter_of
from domain.notices import Notice, NoticeKind
from domain.officers import Role
from tests.patience import PATIENCE_S
from tests.register.conftest import given, register, server, sql, template, url
from tests.sandbox.small_world import small

__all__ = ["given", "register", "server", "sql", "template", "url"]  # a register with PostgreSQL, as its own tests have

ROOT = Path(__file__).parents[2]
T0 = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
_names = itertools.count(1)


class Sandbox:
    """The process, and the trainer's calls on one world of it."""

    def __init__(self, state):
        self.log = (state / "log").open("a")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "adapters.sandbox", "--state", state],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        assert self.process.stdout is not None
        ports = json.loads(self.process.stdout.readline())
        self.process.stdout.close()
        self.http = httpx.Client(trust_env=False, timeout=PATIENCE_S)
        self.url, self.mail = f"http://127.0.0.1:{ports['port']}", f"smtp://127.0.0.1:{ports['mail']}"

    def world(self):
        return SandboxWorld(self)


class SandboxWorld:
    """One world of it."""

    def __init__(self, sandbox):
        self.run = f"n-{next(_names)}"
        self.sandbox = sandbox
        self.doors = f"{sandbox.url}/w/{self.run}/notices"
        self.domain = f"{self.run}.sandbox.invalid"
        self._ask("POST", "", {"run": self.run, "scenario": small()})
        self._ask("POST", f"/{self.run}/start", {})

    def _ask(self, method, path, said=None):
        answer = self.sandbox.http.request(method, f"{self.sandbox.url}/admin/worlds{path}", json=said)
        answer.raise_for_status()
        return answer

    def down(self, channel):
        """The channel, or None for all of them, takes nothing any more."""
        self._ask("POST", f"/{self.run}/faults", {"faults": [{"kind": "channel_down", "channel": channel}]})

    def up(self):
        """Everything works again."""
        self._ask("DELETE", f"/{self.run}/faults")

    def book(self):
        """The letters in the published book, in order."""
        lines = self._ask("GET", f"/{self.run}/book").text.splitlines()
        return [one for one in map(json.loads, lines) if one["kind"] == "notice"]


@pytest.fixture(autouse=True)
def patient_channels(monkeypatch):
    """A letter that was given up although the sandbox takes it would be one more in every count."""
    for channel in (http, smtp):
        monkeypatch.setattr(channel, "SECONDS", PATIENCE_S)


@pytest.fixture(scope="package")
def sandbox(tmp_path_factory):
    state = tmp_path_factory.mktemp("notices")
    process = Sandbox(state)
    yield process
    process.http.close()
    process.process.terminate()
    assert process.process.wait(PATIENCE_S) in {0, -signal.SIGTERM}
    process.log.close()
    assert not (state / "log").read_text(), "the sandbox had something to complain about"


@pytest.fixture
def world(sandbox):
    return sandbox.world()


@pytest.fixture
def letter():
    """A letter about a pending sheet; what is named is otherwise."""

    def make(notice=None, sending=1, rung=0, to=(Role.APPROVER_COUNTY, Role.SECOND_OFFICER), **other):
        rest = {
            "notice": notice or f"n-{next(_names):016x}",
            "case_id": "c-1",
            "case_number": "A2026-000001",
            "workflow_id": "case/c-1",
            "kind": NoticeKind.SHEET,
            "subject": "F-01",
            "count": 4,
            "roles": to,
            "due": T0 + timedelta(minutes=30),
            "created_at": T0,
            "sendings": sending,
            **other,
        }
        return letter_of(Notice.model_validate(rest), sending, rung, to, link="http://ui/cases/1", practice=True)

    return make
