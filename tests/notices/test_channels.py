"""One contract for every channel to people: what is taken is in the receiver's book, once told apart by its key."""

import asyncio
import email
import smtplib
import socket
import socketserver
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from activities.notice_ports import Carried
from adapters.notices import smtp
from adapters.notices.sms import sms_gateway
from adapters.notices.smtp import Mail, MailServer
from adapters.notices.webhook import webhook
from domain.notices import NoticeChannel
from tests.patience import PATIENCE_S


class InMemory:
    """The contract in its shortest form: tests of the bell use it."""

    channel = NoticeChannel.WEBHOOK

    def __init__(self):
        self.kept, self.is_down = [], False

    async def send(self, letters):
        if self.is_down:
            return [Carried(failed="unreachable") for _ in letters]
        known = {one["key"] for one in self.kept}
        self.kept += [
            {"key": one.key, "to": [*one.to], "text": one.text, **({"again": True} if one.key in known else {})}
            for one in letters
        ]
        return [Carried() for _ in letters]

    async def aclose(self):
        pass

    def book(self):
        return self.kept

    def down(self):
        self.is_down = True

    def up(self):
        self.is_down = False


class AtSandbox:
    """A channel of the house with the sandbox at its other end."""

    def __init__(self, world, port):
        self.port, self._world = port, world
        self.channel, self.send, self.aclose = port.channel, port.send, port.aclose

    def book(self):
        return [one for one in self._world.book() if one["channel"] == self.channel]

    def down(self):
        self._world.down(self.channel.value)

    def up(self):
        self._world.up()


@pytest.fixture(params=["webhook", "smtp", "sms", "in memory"])
async def port(request, world):
    made: Any = {
        "webhook": lambda: AtSandbox(world, webhook(f"{world.doors}/webhook")),
        "smtp": lambda: AtSandbox(world, Mail(MailServer(world.sandbox.mail, world.domain))),
        "sms": lambda: AtSandbox(world, sms_gateway(f"{world.doors}/sms")),
        "in memory": InMemory,
    }[request.param]()
    yield made
    await made.aclose()


async def test_what_is_taken_is_in_the_receivers_book_whole_and_in_both_languages(port, letter):
    sent = [letter(), letter(count=0, subject="U-01")]
    assert await port.send(sent) == [Carried(), Carried()]
    kept = {one["key"]: one for one in port.book()}
    assert kept.keys() == {one.key for one in sent}
    for one in sent:
        assert kept[one.key]["text"] == one.text
        assert kept[one.key]["to"] == ["approver_county", "second_officer"]
    assert "审批单 F-01（冻结，4个账户）待决定，期限 11-22 11:30" in sent[0].text
    assert "sheet F-01 (freeze, 4 accounts) awaits decisions, due 11-22 11:30 CST" in sent[0].text
    assert sent[0].text.endswith("http://ui/cases/1")


async def test_the_same_letter_twice_is_known_by_its_key(port, letter):
    one = letter()
    assert [await port.send([one]), await port.send([one])] == [[Carried()], [Carried()]]
    assert [(kept["key"], kept.get("again", False)) for kept in port.book()] == [(one.key, False), (one.key, True)]


async def test_a_channel_that_is_down_says_so_keeps_nothing_and_takes_the_same_letter_later(port, letter):
    one = letter()
    port.down()
    (failed,) = await port.send([one])
    assert failed.failed in {"unreachable", "refused 503", "refused 451"}
    assert port.book() == []
    port.up()
    assert await port.send([one]) == [Carried()]
    assert [kept["key"] for kept in port.book()] == [one.key]


async def test_many_letters_at_once_have_one_result_each_in_their_order(port, letter):
    sent = [letter() for _ in range(20)]
    assert await port.send(sent) == [Carried()] * 20
    assert {one["key"] for one in port.book()} == {one.key for one in sent}


async def test_nobody_listening_is_a_result_and_no_error(letter):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        for one in (webhook(url), sms_gateway(url), Mail(MailServer(f"smtp://127.0.0.1:{port}", "duty.example"))):
            assert await one.send([letter(), letter()]) == [Carried(failed="unreachable")] * 2
            await one.aclose()


async def test_a_password_does_not_leave_over_an_open_connection(world, letter):
    mail = Mail(MailServer(world.sandbox.mail.replace("://", "://desk:hunter2@"), world.domain))
    assert await mail.send([letter()]) == [Carried(failed="no starttls")]
    assert world.book() == []


async def test_mail_to_a_world_that_is_not_there_is_refused_and_the_next_letter_goes_through(world, letter):
    there = Mail(MailServer(world.sandbox.mail, world.domain))
    nowhere = Mail(MailServer(world.sandbox.mail, "gone.sandbox.invalid"))
    elsewhere = Mail(MailServer(world.sandbox.mail, "duty.example"))
    assert await nowhere.send([letter()]) == [Carried(failed="refused 550")]
    assert await elsewhere.send([letter()]) == [Carried(failed="refused 550")]
    assert await there.send([letter()]) == [Carried()]


async def test_the_mailbox_bears_whatever_is_written_to_it(world, letter):
    host, port = world.sandbox.mail.removeprefix("smtp://").split(":")

    def odd():
        with smtplib.SMTP(host, int(port), timeout=PATIENCE_S) as server:
            said = [
                server.docmd(*words)[0] for words in (("RCPT", "TO:<a@b>"), ("DATA",), ("WHAT", "ever"), ("MAIL", "x"))
            ]
            server.ehlo()
            server.mail("holdfast@here.example")
            server.rcpt(f"duty_chief@{world.domain}")
            said.append(server.data("no header\r\n\r\nno key")[0])
        with socket.create_connection((host, int(port)), timeout=PATIENCE_S) as raw:
            raw.recv(100)
            raw.sendall(b"\xff" * 200_000)
        return said

    assert await asyncio.to_thread(odd) == [503, 503, 502, 501, 554]
    mail = Mail(MailServer(world.sandbox.mail, world.domain))
    one = letter().model_copy(update={"text": ".\n..two dots\n.end"})
    assert await mail.send([one]) == [Carried()]
    assert world.book()[0]["text"] == one.text


class SlowMailServer(socketserver.ThreadingTCPServer):
    """Takes its time over each letter, on a clock of its own. `taken`: the letters that it said it has."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, pause):
        super().__init__(("127.0.0.1", 0), _SlowMail)
        self.pause, self.taken = pause, []
        self.clock, self.hung_up = 0.0, threading.Event()
        self.url = f"smtp://127.0.0.1:{self.server_address[1]}"


class _SlowMail(socketserver.StreamRequestHandler):
    server: SlowMailServer

    def handle(self):
        self.wfile.write(b"220 slow\r\n")
        while said := self.rfile.readline().upper():
            answer = b"250 well"
            if said.startswith(b"DATA"):
                self.wfile.write(b"354 go on\r\n")
                written = b"".join(iter(self.rfile.readline, b".\r\n"))
                self.server.clock += self.server.pause
                self.server.taken.append(email.message_from_bytes(written)["Message-ID"])
            elif said.startswith(b"QUIT"):
                answer = b"221 bye"
            self.wfile.write(answer + b"\r\n")
        self.server.hung_up.set()


async def test_a_slow_mail_server_has_what_it_took_counted_and_the_rest_is_not_sent_behind_our_back(
    letter, monkeypatch
):
    monkeypatch.setattr(smtp, "ALTOGETHER_S", 0.5)
    with SlowMailServer(0.2) as server:
        monkeypatch.setattr(smtp, "time", SimpleNamespace(monotonic=lambda: server.clock))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sent = [letter() for _ in range(10)]
        carried = await Mail(MailServer(server.url, "duty.example")).send(sent)
        assert carried == [Carried()] * 3 + [Carried(failed="timeout")] * 7
        assert await asyncio.to_thread(server.hung_up.wait, PATIENCE_S), "nothing more comes over this connection"
        assert server.taken == [f"<{one.key}@duty.example>" for one in sent[:3]]
        server.shutdown()
