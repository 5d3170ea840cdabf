"""The running stack that the manual's pictures are taken of, and a terminal beside it."""

import asyncio
import contextlib
import io
import json
import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

ROOT = Path(__file__).resolve().parents[2]
_STARTS_WITHIN_S = 180.0
_ENDS_WITHIN_S = 60.0
_AGAIN_S = 3.0
_TRIES = 25
"""Times `_AGAIN_S`: an officer's used codes are replaced within a minute."""
COLUMNS = 132
_BLACK_ON_WHITE = TerminalTheme(
    (255, 255, 255),
    (31, 41, 55),
    [
        (31, 41, 55),
        (185, 28, 28),
        (21, 128, 61),
        (161, 98, 7),
        (29, 78, 216),
        (126, 34, 206),
        (14, 116, 144),
        (31, 41, 55),
    ],
)
"""A manual is printed: no dark pages."""
_PAGE = (
    "<!doctype html><html lang='zh-CN'><meta charset='utf-8'><style>{stylesheet}"
    "body{{margin:0;padding:14px 18px;background:#fff;width:max-content}}"
    "pre{{margin:0;font:16px/1.45 'Noto Sans Mono CJK SC',monospace}}</style>"
    "<pre>{code}</pre></html>"
)
"""As Rich's `export_html` fills it in."""


_RULE = re.compile("─{2,}")


def _of_wide_signs(rule: re.Match[str]) -> str:
    """The Chinese font draws a rule's sign twice as wide as a terminal does."""
    return "─" * (len(rule[0]) // 2)


@dataclass(frozen=True)
class Terminal:
    """A terminal on the machine of the stack."""

    environ: dict[str, str]

    async def type(self, *words: str) -> str:
        """What a command of `starter.py` says, with its colours. Raises RuntimeError when it ends with another code."""
        code, said = await self._run(*words)
        if code:
            raise RuntimeError(f"starter.py {' '.join(words)} ended with {code}: {said}")
        return said

    async def code(self, officer: str) -> str:
        """What the officer's authenticator shows now, or as soon as it shows one that was not used."""
        for _ in range(_TRIES):
            code, said = await self._run("officer", "code", officer, "--json")
            if not code:
                return str(json.loads(said)["code"])
            await asyncio.sleep(_AGAIN_S)
        raise RuntimeError(f"officer {officer} has no code: {said}")

    async def value(self, *words: str) -> Any:  # noqa: ANN401 - each command has a JSON of its own
        """The JSON of a command."""
        return json.loads(await self.type(*words, "--json"))

    async def _run(self, *words: str) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(ROOT / "starter.py"),
            *words,
            cwd=ROOT,
            env={**self.environ, "FORCE_COLOR": "1", "COLUMNS": str(COLUMNS)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        return process.returncode or 0, (out if not process.returncode else err).decode()

    @staticmethod
    def page(*typed: tuple[str, str]) -> str:
        """Commands and what they said, as a page that a browser can show."""
        console = Console(record=True, width=COLUMNS, file=io.StringIO())
        for command, said in typed:
            console.print(Text(f"$ {command}", style="bold"), soft_wrap=True)
            lines = "\n".join(line.rstrip() for line in said.splitlines())
            console.print(Text.from_ansi(_RULE.sub(_of_wide_signs, lines)), soft_wrap=True)
        return console.export_html(theme=_BLACK_ON_WHITE, code_format=_PAGE, inline_styles=False)


@dataclass(frozen=True)
class Running:
    """Addresses of the stack, and a terminal."""

    ui: str
    codec: str
    sandbox: str
    run: str
    terminal: Terminal


@contextlib.asynccontextmanager
async def running_stack() -> AsyncIterator[Running]:
    """`starter.py up` in a state directory of its own, sealed as always; ended politely.

    Raises:
        RuntimeError: it does not come up, or does not end.
    """
    directory = Path(tempfile.mkdtemp(prefix="hf-manual-"))  # short: PostgreSQL's socket lies in it
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("HOLDFAST_", "TEMPORAL_"))}
    environ |= {"HOLDFAST_STATE_DIR": str(directory / "state")}
    up = await asyncio.create_subprocess_exec(
        sys.executable,
        str(ROOT / "starter.py"),
        "up",
        "--json",
        cwd=ROOT,
        env=environ,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C of a person ends us first, and we end it
    )
    try:
        assert up.stdout is not None
        line = await asyncio.wait_for(up.stdout.readline(), _STARTS_WITHIN_S)
        if not line:
            raise RuntimeError(f"starter.py up ended with {await up.wait()}")
        told = json.loads(line)
        yield Running(told["ui"], told["codec"], told["sandbox"], told["run"], Terminal(environ))
    finally:
        with contextlib.suppress(ProcessLookupError):
            up.send_signal(signal.SIGTERM)
        await asyncio.wait_for(up.wait(), _ENDS_WITHIN_S)
        shutil.rmtree(directory, ignore_errors=True)
