"""Electronic mail to mailboxes of roles: `duty_chief@DOMAIN`. The Message-ID is the letter's key, so doubles are told.

smtp://HOST:PORT                 plain, inside the house; with STARTTLS where the server offers it
smtp://USER:PASSWORD@HOST:PORT   with STARTTLS, or not at all
smtps://…                        TLS from the beginning
"""

import asyncio
import smtplib
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from activities.notice_ports import Carried
from domain.notices import NoticeChannel, NoticeLetter

SECONDS = 5.0
"""For each step of the conversation."""
ALTOGETHER_S = 12.0
"""After so long no further letter is begun: the bell waits 20 s, and what it does not wait for is sent once more."""
_PORTS = {"smtp": 25, "smtps": 465}


@dataclass(frozen=True)
class MailServer:
    """Where letters are handed in, and the domain of the roles' mailboxes."""

    url: str
    domain: str


class Mail:
    """Fills NoticePort, over one connection for all letters of a moment."""

    channel = NoticeChannel.SMTP

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._url = urlsplit(server.url)

    async def send(self, letters: Sequence[NoticeLetter]) -> list[Carried]:
        """See NoticePort."""
        return await asyncio.to_thread(self._send, letters)

    async def aclose(self) -> None:
        """See NoticePort: no connection outlives its letters."""

    def _send(self, letters: Sequence[NoticeLetter]) -> list[Carried]:
        carried: list[Carried] = []
        until = time.monotonic() + ALTOGETHER_S
        try:
            with self._connected() as server:
                for letter in letters:  # one by one: what was taken counts
                    if time.monotonic() >= until:
                        break
                    carried.append(self._hand_in(server, letter))
        except TimeoutError:
            return self._all_failed(letters, carried, "timeout")
        except smtplib.SMTPNotSupportedError:
            return self._all_failed(letters, carried, "no starttls")
        except smtplib.SMTPResponseException as problem:  # before any letter: greeting or login
            return self._all_failed(letters, carried, f"refused {problem.smtp_code}")
        except (OSError, smtplib.SMTPException):
            return self._all_failed(letters, carried, "unreachable")
        return self._all_failed(letters, carried, "timeout")

    @staticmethod
    def _all_failed(letters: Sequence[NoticeLetter], carried: list[Carried], why: str) -> list[Carried]:
        """No more of them are taken: what was taken before stays taken."""
        return carried + [Carried(failed=why)] * (len(letters) - len(carried))

    def _connected(self) -> smtplib.SMTP:
        host, port = self._url.hostname or "", self._url.port or _PORTS[self._url.scheme]
        # our own name in the greeting: smtplib would ask the resolver for it, which can take seconds
        ours = self._server.domain
        if self._url.scheme == "smtps":
            trusted = ssl.create_default_context()
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, ours, timeout=SECONDS, context=trusted)
        else:
            server = smtplib.SMTP(host, port, ours, timeout=SECONDS)
        try:
            server.ehlo_or_helo_if_needed()
            if self._url.scheme == "smtp" and (self._url.username or server.has_extn("starttls")):
                server.starttls(
                    context=ssl.create_default_context()
                )  # raises where it is not offered: a password never leaves in the open
            if self._url.username:
                server.login(unquote(self._url.username), unquote(self._url.password or ""))
        except BaseException:
            server.close()
            raise
        return server

    def _hand_in(self, server: smtplib.SMTP, letter: NoticeLetter) -> Carried:
        """Raises OSError or SMTPServerDisconnected when the connection is gone."""
        try:
            refused = server.send_message(self._written(letter))
        except smtplib.SMTPServerDisconnected:
            raise
        except smtplib.SMTPRecipientsRefused as problem:
            return Carried(failed=f"refused {max(code for code, _ in problem.recipients.values())}")
        except smtplib.SMTPResponseException as problem:
            return Carried(failed=f"refused {problem.smtp_code}")
        # some of its readers have no mailbox: the others have it, and the ladder goes on
        return Carried(failed="" if len(refused) < len(letter.to) else "refused")

    def _written(self, letter: NoticeLetter) -> EmailMessage:
        message = EmailMessage()
        message["Subject"] = letter.title
        message["From"] = f"holdfast@{self._server.domain}"
        message["To"] = ", ".join(f"{role.value}@{self._server.domain}" for role in letter.to)
        message["Message-ID"] = f"<{letter.key}@{self._server.domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        return message
