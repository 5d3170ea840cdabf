"""A mailbox over SMTP (RFC 5321, what a sender needs of it): letters to `ROLE@RUN.sandbox.invalid` go into RUN's book.

The key of a letter is its Message-ID. A fault of the channel is said as 451, which tells the sender to come again.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from typing import Final

from adapters.sandbox.edges import RefusedError
from adapters.sandbox.notices import keep
from adapters.sandbox.worlds import Worlds

LOG: Final = logging.getLogger("sandbox")
DOMAIN: Final = "sandbox.invalid"
LONGEST_LINE: Final = 64 * 1024
LARGEST_LETTER: Final = 256 * 1024
MOST_RECIPIENTS: Final = 20
PATIENCE_S: Final = 30.0
_PATH: Final = re.compile(r"(?:FROM|TO):\s*<([^<>\s]*)>", re.IGNORECASE)
_RECIPIENT: Final = re.compile(rf"([a-z0-9_.-]{{1,64}})@([a-z0-9-]{{1,40}})\.{re.escape(DOMAIN)}", re.IGNORECASE)


@dataclass
class _Envelope:
    opened: bool = False
    run: str = ""
    to: list[str] = field(default_factory=list)


class Mailbox:
    """Answers on one port for all worlds."""

    def __init__(self, worlds: Worlds) -> None:
        self._worlds = worlds

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until the sender says QUIT, is silent for too long, or is gone."""
        try:
            async with asyncio.timeout(None) as patience:
                await _Talk(self._worlds, reader, writer, patience).run()
        except (TimeoutError, ConnectionError, asyncio.IncompleteReadError, ValueError):
            pass  # a sender that has gone, or that writes no lines
        except Exception as failed:  # noqa: BLE001 - the others are not to suffer
            LOG.error("the mailbox failed with %s", type(failed).__name__)  # noqa: TRY400 - values in a trace are personal
        finally:
            writer.close()


class _Talk:
    def __init__(
        self, worlds: Worlds, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, patience: asyncio.Timeout
    ) -> None:
        self._worlds, self._reader, self._writer, self._patience = worlds, reader, writer, patience
        self._envelope = _Envelope()

    async def run(self) -> None:
        await self._say(f"220 {DOMAIN} practice mailbox")
        verbs: dict[str, Callable[[str], Awaitable[None]]] = {
            "EHLO": self._hello,
            "HELO": self._hello,
            "MAIL": self._mail,
            "RCPT": self._rcpt,
            "DATA": self._letter,
            "RSET": self._reset,
            "NOOP": self._noop,
        }
        while True:
            line = (await self._line()).decode("ascii", "replace").strip()
            verb, _, rest = line.partition(" ")
            if verb.upper() == "QUIT":
                await self._say("221 good bye")
                return
            act = verbs.get(verb.upper())
            await (act(rest) if act else self._say("502 no such command here"))

    async def _line(self) -> bytes:
        self._patience.reschedule(asyncio.get_running_loop().time() + PATIENCE_S)
        line = await self._reader.readline()
        if not line.endswith(b"\n"):
            raise ConnectionError("the sender is gone")
        return line

    async def _say(self, line: str) -> None:
        self._writer.write(f"{line}\r\n".encode())
        await self._writer.drain()

    async def _hello(self, _: str) -> None:
        self._envelope = _Envelope()
        await self._say(f"250 {DOMAIN}")

    async def _noop(self, _: str) -> None:
        await self._say("250 ok")

    async def _reset(self, _: str) -> None:
        self._envelope = _Envelope()
        await self._say("250 ok")

    async def _mail(self, rest: str) -> None:
        if not _PATH.match(rest):
            await self._say("501 write MAIL FROM:<address>")
            return
        self._envelope = _Envelope(opened=True)
        await self._say("250 ok")

    async def _rcpt(self, rest: str) -> None:
        path = _PATH.match(rest)
        found = _RECIPIENT.fullmatch(path[1]) if path else None
        if not self._envelope.opened:
            await self._say("503 say MAIL first")
        elif found is None:
            await self._say(f"550 nobody here: write ROLE@RUN.{DOMAIN}")
        elif self._envelope.run not in {"", found[2].lower()} or len(self._envelope.to) == MOST_RECIPIENTS:
            await self._say("452 too many recipients, or of two worlds: write another letter")
        else:
            self._envelope.run = found[2].lower()
            self._envelope.to.append(found[1])
            await self._say("250 ok")

    async def _letter(self, _: str) -> None:
        if not self._envelope.to:
            await self._say("503 say RCPT first")
            return
        await self._say("354 end with a line of one dot")
        raw = await self._body()
        envelope, self._envelope = self._envelope, _Envelope()
        await self._say("552 too large" if raw is None else self._kept(envelope, raw))

    async def _body(self) -> bytes | None:
        """The letter with its dots taken off; None: larger than may be, and read to its end all the same."""
        lines, size = [], 0
        while (line := await self._line()) not in {b".\r\n", b".\n"}:
            size += len(line)
            if size <= LARGEST_LETTER:
                lines.append(line.removeprefix(b"."))
        return b"".join(lines) if size <= LARGEST_LETTER else None

    def _kept(self, envelope: _Envelope, raw: bytes) -> str:
        letter = message_from_bytes(raw, policy=policy.default)
        key = str(letter.get("Message-ID", "")).strip("<> \t\r\n").partition("@")[0]
        body = letter.get_body(("plain",))
        if not key or body is None:
            return "554 without a Message-ID and a plain text it is no notice"
        said = {"title": str(letter.get("Subject", "")), "text": body.get_content().replace("\r\n", "\n").strip()}
        try:
            keep(self._worlds.get(envelope.run), "smtp", key, envelope.to, said)
        except RefusedError as refused:
            return "451 come again later" if refused.status == 503 else "550 no such world"  # noqa: PLR2004 - HTTP's
        return "250 kept"
