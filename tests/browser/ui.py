"""The real Temporal Web UI in a headless Chromium: open a workflow's current details, read them, photograph them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from playwright.async_api import Browser, Error, Frame, Page, async_playwright

from tests.browser.installed import NAMES, chromium_path

CHROMIUM = chromium_path()
NO_CHROMIUM = f"none of {', '.join(NAMES)} is on this machine: the UI cannot be looked at"
ARGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DETAILS_FRAME = "user-metadata-current-details"
"""Its id and its name; the static summary has a frame of its own."""
SCREENS = {"laptop": (1440, 900), "desk": (1920, 1080)}
MOST_LOOKS = 20
"""A frame that was replaced under so many looks in a row is no chance any more."""

Found = TypeVar("Found")


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser of its own, closed at the end."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        try:
            yield browser
        finally:
            await browser.close()


def address(ui: str, namespace: str, workflow_id: str, run_id: str) -> str:
    """The page that shows current details: the tab "User Metadata"."""
    return f"{ui}/namespaces/{namespace}/workflows/{quote(workflow_id, safe='')}/{run_id}/user-metadata"


async def open_details(
    browser: Browser, ui: str, workflow_id: str, run_id: str, *, namespace: str = "default", screen: str = "laptop"
) -> Page:
    """The page, once there is a frame that the UI renders the details in."""
    width, height = SCREENS[screen]
    page = await browser.new_page(viewport={"width": width, "height": height})
    await page.goto(address(ui, namespace, workflow_id, run_id))
    await page.wait_for_selector("#user-metadata-current-details", timeout=30_000)
    return page


async def settled(page: Page) -> Frame:
    """The UI asks again while a page opens and replaces the frame: wait until it has stayed for a second."""
    for _ in range(60):
        frame = page.frame(name=DETAILS_FRAME)
        await asyncio.sleep(1)
        try:
            if frame is not None and frame is page.frame(name=DETAILS_FRAME) and await frame.query_selector("main"):
                return frame
        except Error:
            continue  # replaced while we looked
    msg = "the UI shows no details"
    raise AssertionError(msg)


async def looked_into(page: Page, look: Callable[[Frame], Awaitable[Found]]) -> Found:
    """What a look finds in the frame of the details; one that was replaced while we looked is looked into again."""
    for _ in range(MOST_LOOKS - 1):
        frame = await settled(page)
        with contextlib.suppress(Error):
            return await look(frame)
    return await look(await settled(page))


async def shown_in(page: Page) -> str:
    """The text of the page and of all frames that the UI renders summary and details in."""
    await page.wait_for_selector("#user-metadata-current-details", timeout=30_000)
    await asyncio.sleep(3)  # the UI replaces its frames while answers come in
    texts = []
    for frame in page.frames:
        try:
            texts.append(await frame.evaluate("document.body.innerText"))
        except Error:
            continue  # replaced while we looked
    return "\n".join(texts)


async def log_in(page: Page, codec: str, officer: str, code: str) -> None:
    """At the codec endpoint's page, as an officer does."""
    await page.goto(codec)
    await page.fill("input[name=officer]", officer)
    await page.fill("input[name=code]", code)
    await page.click("button")
    await page.wait_for_selector('form[action="/logout"]')


async def let_codec_have_credentials(page: Page, codec: str) -> None:
    """What has to be done once in a browser: the UI passes the session on only to an endpoint of the browser's own."""
    await page.locator('button[aria-label*="odec"]').click()
    dialog = page.locator("dialog, [role=dialog]").filter(has_text="Codec Server").first
    await dialog.get_by_text("Use my browser setting").click()
    await page.locator("#data-encoder-endpoint-input").fill(codec)
    await dialog.get_by_text("Include cross-origin credentials").click()
    await dialog.get_by_role("button", name="Apply").click()
    await page.wait_for_function("localStorage.getItem('includeCredentials') === 'true'")


async def send_signal(page: Page, name: str, typed: str) -> None:
    """In the dialog of the UI, as an officer does."""
    await page.get_by_role("button", name="More Actions").first.click()
    await page.locator("[role=menuitem]:visible").filter(has_text="Send a Signal").first.click()
    dialog = page.locator("dialog:visible, [role=dialog]:visible").filter(has_text="Signal").first
    await dialog.get_by_test_id("signal-select-button").click()
    await page.locator("[role=option]:visible").filter(has_text=name).first.click()
    await dialog.locator("[contenteditable=true]").first.click()
    await page.keyboard.type(typed)
    await dialog.get_by_role("button", name="Submit").click()
    await dialog.wait_for(state="hidden")


async def photograph(page: Page, frame: Frame, path: Path, *, whole: bool = True) -> Path:
    """A screenshot of the page as an officer sees it; `whole`: as if the screen were high enough for all of it."""
    if whole and page.viewport_size is not None:
        height = await frame.evaluate("document.documentElement.scrollHeight")
        await page.set_viewport_size({"width": page.viewport_size["width"], "height": int(height) + 450})
        await asyncio.sleep(0.7)
    await page.screenshot(path=path)
    return path
