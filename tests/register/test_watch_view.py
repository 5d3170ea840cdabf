"""`inbox --watch`: what a look shows without an engine, and the live view driven by the keys of a real terminal."""

import asyncio
import codecs
import dataclasses
import io
import json
import os
import pty
import termios
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from adapters.cli import inbox, keeping, reporting, watching
from adapters.cli.app import app
from adapters.cli.engine import DOWN, EngineStanding
from adapters.cli.voice import Voice
from adapters.cli.watching import Asked, Watch
from adapters.papers.templates import load_templates
from adapters.policy_file import load_policy
from adapters.register import Register, RegisterError, Rules
from adapters.register.watching import Watchlist
from adapters.settings import ORGANISATION, PAPER_ORGAN, Settings
from domain.bookkeeping import Filing
from domain.sheets import SheetKind, Verdict
from domain.watchlist import Kind
from domain.words import DecisionWords
from tests.register.given import CHIEF, COUNTY, HANDLING, NOW, SECOND, Given, code, numbered, ref, render, stop

POLICY = load_policy(Settings())


async def _case(given: Given) -> str:
    """A filed case with one stopped account, an unanswered stop, and a freeze sheet."""
    await given.duty()
    case_id = await given.case()
    await given.stopped(case_id, ref())
    await given.open(case_id, stop(numbered(2)[1]))
    await given.books(case_id, ref(), 700)
    await given.register.keep_sheet(given.sheet(case_id, (ref(), 700)))
    evidence = await given.fresh_code(HANDLING)
    filing = Filing(case_id=case_id, number="LA-1", officer=HANDLING, evidence=evidence, at=NOW)
    assert (await given.register.keep_filing(filing)).accepted
    return case_id


@pytest.fixture
def dark(opened, monkeypatch):
    """A world whose register answers and whose engine does not."""

    async def down(_: object) -> EngineStanding:
        return DOWN

    for module in (inbox, reporting):
        monkeypatch.setattr(module, "open_world", opened)
    for module in (watching, keeping):
        monkeypatch.setattr(module, "engine_standing", down)
    return opened


async def _typed(*words: str):
    result = await asyncio.to_thread(CliRunner().invoke, app, ["inbox", "--watch", "--once", *words])
    assert result.exit_code == 0, result.output
    return result.stdout


async def test_one_look_without_an_engine_lists_every_deadline_and_says_that_it_is_down(given: Given, dark) -> None:
    del dark
    await _case(given)
    value = json.loads(await _typed("--json"))
    assert (value["engine"], value["worker"], value["order"]) == (False, False, "deadline")
    assert {one["kind"] for one in value["entries"]} == {"sheet", "unknown", "stop_ends", "look"}
    assert [one["at"] for one in value["entries"]] == sorted(one["at"] for one in value["entries"])
    (sheet,) = [one for one in value["entries"] if one["kind"] == "sheet"]
    assert (sheet["sheet"], sheet["awaited"]) == ("F-01", ["approver_county", "second_officer"])
    page = await _typed()
    for word in ("engine down", "from the register", "F-01", "ICBC·0001", "ICBC·0002", "stop", "ends", "second"):
        assert word in page
    assert ref().number not in page


async def test_a_halt_is_said_first_in_every_list_until_two_have_signed_again(given: Given, dark) -> None:
    del dark
    await _case(given)
    assert "停手" not in await _typed()
    assert (await given.register.halt(CHIEF, NOW)).accepted
    for words in (["inbox", "--watch", "--once"], ["inbox"], ["list"]):
        told = await asyncio.to_thread(CliRunner().invoke, app, words)
        assert f"全中心停手中 halted since 11-22 11:04 (CST) by {CHIEF}" in told.stdout, told.output
        if words == ["list"]:
            for word in ("状态", "status", "追查", "tracing", "已控制", "held"):
                assert word in told.stdout
        value = await asyncio.to_thread(CliRunner().invoke, app, [*words, "--json"])
        assert json.loads(value.stdout)["halted"] == {"officer": CHIEF, "since": NOW.isoformat()}


async def test_faults_of_templates_are_said_first_until_a_worker_starts_without_them(given: Given, dark) -> None:
    del dark
    await _case(given)
    words = [Rules.of(POLICY).worded(load_templates(), "", ORGANISATION)]
    assert "starter.py papers check" not in await _typed()
    await given.register.adopt_words(words, PAPER_ORGAN, ["freeze.toml:3 text: a fault"], NOW)
    for typed in (["inbox", "--watch", "--once"], ["inbox"]):
        told = await asyncio.to_thread(CliRunner().invoke, app, typed)
        assert "templates or seal faulty since 11-22 11:04 (CST)" in " ".join(told.stdout.split()), told.output
        value = await asyncio.to_thread(CliRunner().invoke, app, [*typed, "--json"])
        faulty = {"since": NOW.isoformat(), "faults": ["freeze.toml:3 text: a fault"]}
        assert json.loads(value.stdout)["papers_faulty"] == faulty
    await given.register.adopt_words(words, PAPER_ORGAN, (), NOW)
    assert "starter.py papers check" not in await _typed()


async def test_an_opened_sheet_says_how_to_read_the_drafts_that_are_signed_for(given: Given, dark) -> None:
    del dark
    await _case(given)
    await given.register.keep_sheet(given.sheet(await given.case(), (ref(), 300)), render)
    for typed, wanted in (("A2026-000001/F-01", []), ("A2026-000002/F-01", ["F-01/ICBC"])):
        value = await asyncio.to_thread(CliRunner().invoke, app, ["inbox", "show", typed, "--json"])
        assert json.loads(value.stdout)["drafts"] == wanted
        page = await asyncio.to_thread(CliRunner().invoke, app, ["inbox", "show", typed])
        shown = "starter.py papers get A2026-000002 F-01/ICBC --out FILE" in " ".join(page.stdout.split())
        assert shown is bool(wanted)


async def test_what_is_kept_is_shown_until_and_after_it_is_delivered(given: Given, dark) -> None:
    del dark
    case_id = await _case(given)
    number = (await given.register.case(case_id)).case_number
    now = datetime.now(UTC)
    said = {"sheets": (f"{number}/F-01",), "officer": COUNTY, "verdict": Verdict.APPROVE, "evidence": code(COUNTY, now)}
    assert (await given.register.keep_words(DecisionWords.model_validate(said), now)).accepted
    (kept,) = json.loads(await _typed("--json"))["kept"]
    assert (kept["officer"], kept["state"], kept["sheets"]) == (COUNTY, "waiting", [f"{number}/F-01"])
    (row,) = await given.register.kept_waiting()
    await given.register.settle_kept(row, "已由他人决定 / decided by another", now)
    assert "decided by another" in await _typed()


class Hiccup:
    """A register that answers the first look and the third, and not the second; a person ends the fourth."""

    def __init__(self, register: Register) -> None:
        self._register, self.looks = register, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._register, name)

    async def watchlist(self, *asked: Any) -> Watchlist:
        self.looks += 1
        if self.looks == 4:
            raise KeyboardInterrupt
        if self.looks == 2:
            raise RegisterError("no connection was free in time")
        return await self._register.watchlist(*asked)


@pytest.mark.parametrize("as_json", [True, False])
async def test_frames_go_on_after_a_look_that_the_register_does_not_answer_and_say_so(
    given: Given, dark, as_json
) -> None:
    await _case(given)
    out = io.StringIO()
    voice = Voice(as_json=as_json, out=Console(file=out, width=160, soft_wrap=True))
    async with dark() as world:
        broken = dataclasses.replace(world, register=Hiccup(world.register))
        with pytest.raises(KeyboardInterrupt):
            await watching.watch(broken, voice, POLICY, Asked(every_s=0.01))
    if as_json:
        first, second, third = [json.loads(line) for line in out.getvalue().splitlines()]
        assert (first["register"], second["register"], third["register"]) == (True, False, True)
        assert (second["run"], second["engine"], second["worker"]) == ("test", False, False)
        assert "entries" not in second, "what is not known is not said to be nothing"
        left = [[one.pop("seconds_left") for one in look["entries"]] for look in (first, third)]
        assert left[1] <= left[0], "the clock has gone on"
        assert third["entries"] == first["entries"]
    else:
        assert out.getvalue().count("登记簿不通") == 1
        assert out.getvalue().count("F-01") == 2


async def test_one_look_that_the_register_does_not_answer_fails(dark) -> None:
    voice = Voice(out=Console(file=io.StringIO()))
    async with dark() as world:
        broken = dataclasses.replace(world, register=Hiccup(world.register))
        broken.register.looks = 1
        with pytest.raises(RegisterError):
            await watching.watch(broken, voice, POLICY, Asked(once=True))


class Terminal:
    """The other end of a pseudo-terminal: what an officer sees and presses."""

    def __init__(self) -> None:
        self.ours, self.theirs = pty.openpty()
        termios.tcsetwinsize(self.theirs, (40, 160))
        self.seen = ""
        self._decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode  # a read ends within a character
        asyncio.get_running_loop().add_reader(self.ours, self._read)

    def _read(self) -> None:
        self.seen += self._decode(os.read(self.ours, 65_536))

    def press(self, keys: str) -> None:
        os.write(self.ours, keys.encode())

    async def shows(self, words: str) -> None:
        async with asyncio.timeout(20):
            while words not in self.seen:  # noqa: ASYNC110 - a screen sets no event
                await asyncio.sleep(0.02)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self.ours)
        os.close(self.ours)
        os.close(self.theirs)


async def test_two_officers_decide_in_the_live_view_while_the_engine_is_down(given: Given, dark) -> None:
    case_id = await _case(given)
    number = (await given.register.case(case_id)).case_number
    terminal = Terminal()
    before = termios.tcgetattr(terminal.theirs)
    with os.fdopen(os.dup(terminal.theirs), "w", encoding="utf-8") as screen:
        console = Console(file=screen, force_terminal=True, width=160, height=40, highlight=False)
        async with dark() as world:
            watched = Watch(world, POLICY, console, terminal.theirs, Asked(every_s=0.3))
            living = asyncio.create_task(watched.live())
            await terminal.shows("engine down")
            await terminal.shows(f"{number}/F-01")
            place = 1 + [one.kind for one in watched.view.entries].index(Kind.SHEET)
            terminal.press(f"{place}\r")
            await terminal.shows("资金流向")
            await terminal.shows("报案人 victim")
            for officer in (COUNTY, SECOND):
                secret = code(officer, datetime.now(UTC)).code
                terminal.seen = ""
                terminal.press(f"d{officer} {secret}\r")
                await terminal.shows("kept; will be delivered")
                assert secret not in terminal.seen
            terminal.press("q")
            await terminal.shows("waits")
            await given.register.keep_sheet(given.sheet(case_id, (ref(), 1), name="F-02"))
            await terminal.shows("\a")
            terminal.press("q")
            await asyncio.wait_for(living, 10)
    assert termios.tcgetattr(terminal.theirs) == before
    terminal.close()
    assert [one.officer for one in await given.register.kept_waiting()] == [COUNTY, SECOND]


async def test_on_a_low_terminal_a_long_sheet_is_read_to_its_end_and_the_refusal_of_a_wrong_code_is_seen(
    given: Given, dark
) -> None:
    await given.duty()
    case_id = await given.case()
    accounts = ((account, 500) for account in numbered(40))
    await given.register.keep_sheet(given.sheet(case_id, *accounts, name="R-01", kind=SheetKind.RELEASE))
    terminal = Terminal()
    with os.fdopen(os.dup(terminal.theirs), "w", encoding="utf-8") as screen:
        console = Console(file=screen, force_terminal=True, width=80, height=24, highlight=False, soft_wrap=True)
        async with dark() as world:
            watched = Watch(world, POLICY, console, terminal.theirs, Asked(every_s=0.3))
            living = asyncio.create_task(watched.live())
            await terminal.shows("/R-01")
            place = 1 + [one.kind for one in watched.view.entries].index(Kind.SHEET)
            terminal.press(f"{place}\r")
            await terminal.shows("more lines below")
            async with asyncio.timeout(20):
                while "ICBC·0040" not in terminal.seen:
                    terminal.press("\x1b[6~")
                    await asyncio.sleep(0.05)
            assert "of 40" in terminal.seen
            for no in range(1, 41):
                assert f"ICBC·{no:04d}" in terminal.seen, "no key skips what was not shown"
            terminal.press(f"d{COUNTY} 000000")
            await terminal.shows(f"> {COUNTY} ••••••")
            terminal.press("\r")
            await terminal.shows("验证码不对")
            terminal.press("qq")
            await asyncio.wait_for(living, 10)
    terminal.close()
    assert await given.register.kept_waiting() == []
