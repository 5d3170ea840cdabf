"""`make manual`: the pictures of the duty manual, taken of the running stack by officers in a real browser.

Each scene does what the manual says, and fails where the screen does not answer as the manual says it does; then
nothing is written and the exit code is 1. Clicks, characters and minutes of the whole case are told at the end.
"""

import asyncio
import contextlib
import io
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from PIL import Image, ImageChops
from playwright.async_api import Browser, Error, FloatRect, Locator, StorageState

from adapters.drill.trainer import Trainer
from docs.manual.check import PICTURES, SOURCES_NOTED, sources
from docs.manual.running import ROOT, Running, Terminal, running_stack
from domain.findings import Finding
from domain.operations import FILE_HERE, HALT_HERE, finding_name
from tests.browser.officer import ACCEPTED, DIALOG, OfficerAtUi
from tests.browser.ui import DETAILS_FRAME, SCREENS, chromium

HANDLING, APPROVER, SECOND, FIELD, CHIEF = "012301002", "012345", "012302002", "012370", "012360"
CASE, FILING = "A2026-000001", "A3202-2026-1"
WRONG = "000000"
SHOP, SHOPS_SHEET = "BOCOM·0055", "F-01"
SILENT, SILENT_CASE = "Z99999320001", "A2026-000002"
"""A payment institution of the lasting world."""
REPORT = "docs/example-report.json"
VISITS = "WorkflowType='OnSiteVerification' AND ExecutionStatus='Running'"
PATIENCE_MS = 60_000
MARGIN = 12
"""Pixels around what is shown."""
COLOURS = 128
"""Enough for a screen of text, at a third of the size."""
AGAIN_S, TRIES = 1.0, 90


@dataclass
class Manual:
    """The walk through one case. `taken`: pictures by name, written only when every scene has ended well."""

    stack: Running
    browser: Browser
    taken: dict[str, bytes] = field(default_factory=dict)
    clicks: int = 0
    typed: int = 0
    _set_up: StorageState | None = None

    @property
    def terminal(self) -> Terminal:
        """Beside the browser."""
        return self.stack.terminal

    @contextlib.asynccontextmanager
    async def seated(self, number: str, *, at_login: str = "") -> AsyncIterator[OfficerAtUi]:
        """An officer at a screen of their own, logged in; `at_login` names the picture of the login page."""
        width, height = SCREENS["laptop"]
        context = await self.browser.new_context(
            viewport={"width": width, "height": height},
            storage_state=self._set_up,
            reduced_motion="reduce",
            timezone_id="Asia/Shanghai",  # as every machine on duty has it
        )
        context.set_default_timeout(PATIENCE_MS)
        officer = OfficerAtUi(await context.new_page(), self.stack.ui, self.stack.codec, self.stack.run, number)
        try:
            if at_login:
                await officer.page.goto(self.stack.codec)
                await officer.page.fill("input[name=officer]", number)
                await officer.page.fill("input[name=code]", "493021")
                await self.take(at_login, officer.page.locator("body"))
            await officer.log_in(await self.terminal.code(number))
            if self._set_up is None:
                self._set_up = await officer.set_the_browser_up()
            officer.begin_counting()
            yield officer
        finally:
            self.clicks += officer.clicks
            self.typed += officer.typed
            await context.close()

    async def take(self, name: str, shown: Locator) -> None:
        """A picture of one part of the page."""
        await asyncio.sleep(0.5)  # what just opened is still drawn
        self.keep(name, await shown.screenshot(animations="disabled"))

    async def take_window(self, name: str, officer: OfficerAtUi, height: int, top: int = 0) -> None:
        """A picture of the upper part of the window, as high as given."""
        width = SCREENS["laptop"][0]
        await asyncio.sleep(0.5)
        clip = FloatRect(x=0, y=top, width=width, height=height)
        self.keep(name, await officer.page.screenshot(clip=clip, animations="disabled"))

    async def take_terminal(self, name: str, *typed: tuple[str, str]) -> None:
        """A picture of commands and what they said."""
        page = await self.browser.new_page(viewport={"width": 1400, "height": 300})
        await page.set_content(self.terminal.page(*typed))
        await self.take(name, page.locator("body"))
        await page.close()

    def keep(self, name: str, png: bytes) -> None:
        """Without empty edges and in few colours: a manual is fetched by everybody who clones."""
        whole, small = Image.open(io.BytesIO(png)).convert("RGB"), io.BytesIO()
        empty = Image.new("RGB", whole.size, whole.getpixel((0, whole.height - 1)))
        left, top, right, bottom = ImageChops.difference(whole, empty).getbbox() or (0, 0, *whole.size)
        edges = (left - MARGIN, top - MARGIN, right + MARGIN, bottom + MARGIN)
        kept = whole.crop((max(edges[0], 0), max(edges[1], 0), min(edges[2], whole.width), min(edges[3], whole.height)))
        kept.quantize(COLOURS).save(small, "PNG", optimize=True)
        self.taken[name] = small.getvalue()

    def write(self, sources: str) -> None:
        """All pictures, and no others; `sources`: of which screens they are."""
        for old in PICTURES.glob("*.png"):
            old.unlink()
        for name, png in self.taken.items():
            (PICTURES / f"{name}.png").write_bytes(png)
        SOURCES_NOTED.write_text(sources, encoding="utf-8")


async def until(holds: Callable[[], Awaitable[bool]], what: str) -> None:
    """Raises RuntimeError when it never holds."""
    for _ in range(TRIES):
        if await holds():
            return
        await asyncio.sleep(AGAIN_S)
    raise RuntimeError(f"never: {what}")


def must(held: object, what: str) -> None:
    """Raises RuntimeError when the screen does not answer as the manual says."""
    if not held:
        raise RuntimeError(f"not as the manual says: {what}")


async def walk(manual: Manual) -> None:
    """One report from the telephone to its end, each officer at a screen of their own."""
    await take_the_report(manual)
    await file_the_case(manual)
    await decide(manual)
    await ask_the_silent_one(manual)
    await halt_and_go_on(manual)
    await find(manual)
    await end_the_case(manual)


async def take_the_report(manual: Manual) -> None:
    """接警: the report goes in at the terminal; its sheets come by themselves."""
    said = await manual.terminal.type("report", REPORT)
    must(CASE in said, said)
    await report_to_a_silent_one(manual)
    await manual.take_terminal("report", (f"starter.py report {REPORT}", said))

    async def asked() -> bool:
        sheets = (await manual.terminal.value("list"))["pending"]
        return len(sheets) >= 2  # noqa: PLR2004 - the shop's, and the freeze of all others

    await until(asked, "two sheets before the officers")
    await manual.take_terminal("inbox", ("starter.py inbox", await manual.terminal.type("inbox")))


async def report_to_a_silent_one(manual: Manual) -> None:
    """Another victim's money, at an institution that does not answer: a person is asked after a minute."""
    async with Trainer(manual.stack.sandbox, manual.stack.run) as trainer:
        await trainer.set_faults([{"kind": "down", "institution": SILENT}])
    report = json.loads((ROOT / REPORT).read_text(encoding="utf-8")) | {
        "source_ref": "example-2",
        "victim": {
            "name": "练习被害人二",
            "phone": "13900009901",
            "account": "6228769900000000062",
            "bank": "313302000079",
        },
        "transfers": [
            {
                "bank": SILENT,
                "number": "PAY1990000000007",
                "name": "练习卡农四",
                "amount_fen": 1200000,
                "time": "2025-06-02T09:23:00+08:00",
            }
        ],
        "lines": [],
        "links": [],
    }
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(report, file, ensure_ascii=False)
        file.flush()
        must(SILENT_CASE in await manual.terminal.type("report", file.name), "the second report is a case")


async def file_the_case(manual: Manual) -> None:
    """登录、找案件、看图、立案."""
    async with manual.seated(HANDLING, at_login="login") as officer:
        rows = await officer.open_worklist()
        must(len(rows) == 1, f"one case waits: {rows}")
        await manual.take_window("worklist", officer, 330)
        await officer.open_case(CASE)
        text = (await officer.read())[1]
        must("立案（缺立案号不能冻结）" in text, text)
        await picture_of(manual, officer, case=("", "资金流向"), money=("资金流向", ""))
        await officer.choose(FILE_HERE)
        await officer.write(f'"{FILING} {HANDLING} {await manual.terminal.code(HANDLING)}"')
        await manual.take("filing", officer.page.locator(DIALOG))
        must(await officer.press() == ACCEPTED, "the filing is accepted")
        await officer.read_until(f"立案号 case filing：{FILING}")


async def picture_of(manual: Manual, officer: OfficerAtUi, **named: tuple[str, str]) -> None:
    """Parts of the details, as if the screen were high enough: from one heading to another; "": from or to the end."""
    page = officer.page
    frame, _ = await officer.seen()
    height = int(await frame.evaluate("document.documentElement.scrollHeight"))
    before = page.viewport_size
    await page.set_viewport_size({"width": SCREENS["laptop"][0], "height": height + 450})
    frame, _ = await officer.seen()
    box = await page.locator(f"#{DETAILS_FRAME}").bounding_box()
    heads = await frame.evaluate(
        "[...document.querySelectorAll('h2,h3,h4')].map(h => [h.innerText, h.getBoundingClientRect().top])"
    )
    assert box is not None

    def at(words: str, default: int) -> int:
        tops = [int(top) for text, top in heads if words and words in text]
        must(tops or not words, f"{words} is a heading of the details: {heads}")
        return tops[0] if tops else default

    for name, (begins, ends) in named.items():
        top, bottom = at(begins, 0), at(ends, height)
        clip = FloatRect(x=box["x"], y=box["y"] + top, width=box["width"], height=bottom - top)
        manual.keep(name, await page.screenshot(clip=clip, animations="disabled"))
    if before is not None:
        await page.set_viewport_size(before)


async def decide(manual: Manual) -> None:
    """批准: a wrong code is refused, a right one counts, and the second officer's freezes."""
    sheets = (await manual.terminal.value("list"))["pending"]
    largest = max(sheets, key=lambda sheet: int(sheet["lines"]))["sheet"]
    async with manual.seated(APPROVER) as officer:
        await officer.open_worklist()
        await officer.open_case(CASE)
        await officer.read()
        operations = await officer.operations()
        operation = next((one for one in operations if largest in one), "")
        must(operation, f"{largest} is an operation: {operations}")
        await manual.take("operations", await officer.unfold())
        await officer.page.keyboard.press("Escape")
        await officer.page.keyboard.press("Escape")
        await officer.choose(operation)
        await officer.write(f'"{APPROVER} {WRONG}"')
        told = await officer.press()
        must("验证码" in told, f"a wrong code is refused in words: {told}")
        await manual.take("refused", officer.page.locator(DIALOG))
        await officer.close_dialog()
        must(
            await officer.say(operation, f'"{APPROVER} {await manual.terminal.code(APPROVER)}"') == ACCEPTED, operation
        )
        await officer.read_until(f"signed：{APPROVER}")
    async with manual.seated(SECOND) as officer:
        await officer.open_worklist()
        await officer.open_case(CASE)
        await officer.read()
        must(await officer.say(operation, f'"{SECOND} {await manual.terminal.code(SECOND)}"') == ACCEPTED, operation)

    async def frozen() -> bool:
        accounts = (await manual.terminal.value("show", CASE))["accounts"]
        return any(int(one["frozen_fen"]) for one in accounts)

    await until(frozen, "the freeze at the banks")


async def find(manual: Manual) -> None:
    """落地查证: each visit is answered by what was found there."""
    async with manual.seated(FIELD) as officer:
        for visit in ("verification/1", "verification/2"):
            await officer.open_worklist(VISITS)
            await officer.open_case(visit)
            text = (await officer.read())[1]
            finding, remark = (Finding.MERCHANT, "有发货单") if SHOP in text else (Finding.MULE, "本人承认出租银行卡")
            must(finding_name(finding) in text, text)
            await officer.choose(finding_name(finding))
            await officer.write(f'"{FIELD} {await manual.terminal.code(FIELD)} {remark}"')
            if finding is Finding.MULE:
                await manual.take("finding", officer.page.locator(DIALOG))
            must(await officer.press() == ACCEPTED, "the finding is accepted")


async def end_the_case(manual: Manual) -> None:
    """The shop's sheet is rejected at the terminal, and the case closes."""
    words = f"{APPROVER} {await manual.terminal.code(APPROVER)}"
    await manual.terminal.type("inbox", "reject", f"{CASE}/{SHOPS_SHEET}", "--reason", "善意商户", "--officer", words)

    async def closed() -> bool:
        cases = (await manual.terminal.value("list"))["cases"]
        return any(one["case_number"] == CASE and one["status"] == "closed" for one in cases)

    await until(closed, "the case is closed")


async def ask_the_silent_one(manual: Manual) -> None:
    """银行不通: what the case says of an order that nobody answers."""
    async with manual.seated("012301004") as officer:
        await officer.open_worklist("WorkflowType='FraudCase' AND ExecutionStatus='Running'")
        await officer.open_case(SILENT_CASE)
        await officer.read()
        await officer.read_until("请电话核实")
        await picture_of(manual, officer, silent=("未答复的指令", "资金流向"))


async def halt_and_go_on(manual: Manual) -> None:
    """停手, and the shift that goes on."""
    async with manual.seated(CHIEF) as officer:
        await officer.open_worklist("WorkflowType='FraudCase' AND ExecutionStatus='Running'")
        await officer.open_case(CASE)
        await officer.read()
        await officer.choose(HALT_HERE)
        await officer.write(f'"{CHIEF}"')
        await manual.take("halt", officer.page.locator(DIALOG))
        must(await officer.press() == ACCEPTED, "the halt is accepted")
        await officer.read_until(f"{CHIEF} 已停手")
    first, second = "012301003", "012302003"
    words = [f"{number} {await manual.terminal.code(number)}" for number in (first, second)]
    said = await manual.terminal.type("authority", "--handling", words[0], "--second", words[1])
    await manual.take_terminal("shift", (f'starter.py authority --handling "{words[0]}" --second "{words[1]}"', said))


async def make() -> None:
    """Start, walk, write."""
    began, of = time.monotonic(), sources()
    async with running_stack() as stack, chromium() as browser:
        manual = Manual(stack, browser)
        started = time.monotonic()
        await walk(manual)
        minutes = (time.monotonic() - started) / 60
    manual.write(of)
    size = sum(len(png) for png in manual.taken.values())
    print(f"{len(manual.taken)} pictures, {size // 1024} KB, in {PICTURES.relative_to(ROOT)}")
    print(
        f"one case by hand: {manual.clicks} clicks, {manual.typed} characters, {minutes:.1f} minutes at a robot's pace"
    )
    print(f"{time.monotonic() - began:.0f} s in all")


def main() -> int:
    """Exit 1 where a scene does not end as the manual says."""
    try:
        asyncio.run(make())
    except (RuntimeError, AssertionError, TimeoutError, Error) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
