"""Run the practice institutions: `python -m adapters.sandbox --host 127.0.0.1 --port N --mail-port N --state DIR`."""

import argparse
import asyncio
import fcntl
import json
import logging
import os
import socket
import sys
from pathlib import Path
from typing import IO, Final

import uvicorn

from adapters.sandbox.app import application
from adapters.sandbox.mailbox import LONGEST_LINE, Mailbox
from adapters.sandbox.worlds import Worlds

BACKLOG: Final = 1024
# Longer than any long poll, so that a client's idle connection is not closed under its next request.
KEEP_ALIVE_S: Final = 75


class _Server(uvicorn.Server):
    """Says its ports, on standard output and in the state directory, once it can be reached."""

    def __init__(self, config: uvicorn.Config, worlds: Worlds, state: Path, port: int, mail: socket.socket) -> None:
        super().__init__(config)
        self._worlds, self._state, self._mail = worlds, state, mail
        self._ports = {"port": port, "mail": mail.getsockname()[1]}
        self._mailbox: asyncio.Server | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so; the file appears whole or not at all."""
        await super().startup(sockets=sockets)
        if not self.started:
            return
        self._mailbox = await asyncio.start_server(Mailbox(self._worlds).talk, sock=self._mail, limit=LONGEST_LINE)
        draft = self._state / "sandbox.json.new"
        draft.write_text(json.dumps({**self._ports, "pid": os.getpid()}), encoding="utf-8")
        draft.replace(self._state / "sandbox.json")
        print(json.dumps(self._ports), flush=True)  # noqa: T201 - the one line its parent waits for

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let go of who waits for an answer first, then close."""
        self._worlds.let_go()
        if self._mailbox is not None:
            self._mailbox.close()
        await super().shutdown(sockets=sockets)


def _lock(state: Path) -> IO[str]:
    """Hold the state directory: two processes must not write the same books."""
    held = (state / "sandbox.lock").open("w", encoding="utf-8")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        sys.exit(f"another sandbox works in {state}: stop it, or choose another --state")
    return held


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except (OSError, OverflowError) as failed:
        sys.exit(f"cannot listen on {host}:{port}: {failed}; choose another --port (0 takes a free one)")
    return listener


def main() -> None:
    """Read the command line and serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m adapters.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 takes a free one")
    parser.add_argument("--mail-port", type=int, default=0, help="port of the mailbox (SMTP); 0 takes a free one")
    parser.add_argument("--state", type=Path, required=True, help="directory of the books")
    asked = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    asked.state.mkdir(parents=True, exist_ok=True)
    held = _lock(asked.state)
    listener, mail = _listen(asked.host, asked.port), _listen(asked.host, asked.mail_port)
    worlds = Worlds(asked.state)
    config = uvicorn.Config(
        application(worlds),
        loop="uvloop",
        http="httptools",
        ws="none",
        log_level="warning",
        access_log=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=1,  # a long poll of 30 s must not hold up the end
        backlog=BACKLOG,
    )
    server = _Server(config, worlds, asked.state, listener.getsockname()[1], mail)
    server.run(sockets=[listener])
    held.close()


if __name__ == "__main__":
    main()
