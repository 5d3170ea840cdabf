"""One officer at the Temporal Web UI, in a browser context of their own; what the hands do is counted."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from playwright.async_api import Frame, Locator, Page, StorageState

from tests.browser.ui import let_codec_have_credentials, log_in, looked_into, photograph

WAITING = "WorkflowType='FraudCase' AND ExecutionStatus='Running' AND PendingSheet!='-'"
"""The bookmark of whoever decides: running cases with a pending sheet."""
COLUMNS = ("CaseNumber", "PendingSheet", "NextDeadline", "AtRiskFen")
UNWANTED_COLUMNS = ("Run ID", "Type", "End")
DIALOG = "#update-confirmation-modal[open]"
ACCEPTED = ""


@dataclass
class OfficerAtUi:
    """An officer at a screen. `clicks` and `typed` (characters) count from the last `begin_counting`."""

    page: Page
    ui: str
    codec: str
    namespace: str
    number: str
    clicks: int = 0
    typed: int = 0

    async def log_in(self, code: str) -> None:
        """At the codec endpoint's page."""
        await log_in(self.page, self.codec, self.number, code)

    async def set_the_browser_up(self) -> StorageState:
        """What is done once in a browser: the endpoint named, the columns of the list chosen. Holds no session."""
        await self.page.goto(f"{self.ui}/namespaces/{self.namespace}/workflows")
        await let_codec_have_credentials(self.page, self.codec)
        await self._choose_columns()
        return {"origins": (await self.page.context.storage_state()).get("origins", []), "cookies": []}

    async def _choose_columns(self) -> None:
        await self.page.get_by_role("button", name="Configure Columns").click()
        for column in UNWANTED_COLUMNS:
            await self.page.get_by_role("button", name=f"Remove {column} column").click()
        for column in COLUMNS:
            await self.page.get_by_role("button", name=f"Add {column} column").click()
        await self.page.get_by_role("button", name="Close Workflows Table configuration").click()

    def begin_counting(self) -> None:
        """From here on."""
        self.clicks = self.typed = 0

    # ------------------------------------------------------------ finding and reading

    async def open_worklist(self, query: str = WAITING) -> list[str]:
        """By a bookmark: the rows of the list, as text."""
        await self.page.goto(f"{self.ui}/namespaces/{self.namespace}/workflows?query={quote(query)}")
        await self.page.get_by_role("button", name="Refresh").wait_for()
        found = self._rows.or_(self.page.get_by_text("No Workflows"))
        await found.filter(visible=True).first.wait_for()
        return [" ".join(row.split()) for row in await self._rows.all_inner_texts()]

    @property
    def _rows(self) -> Locator:
        return self.page.locator("tr").filter(has=self.page.locator("a[href*='/workflows/case%2F']"))

    async def open_case(self, case_number: str) -> None:
        """A click in the list."""
        await self._click(self._rows.filter(has_text=case_number).locator("a").first)
        await self.page.wait_for_url(re.compile(r"/workflows/case%2F.*/timeline"))

    async def read(self) -> tuple[Frame, str]:
        """The case's details: what they are shown in, and their text."""
        await self._click(self.page.get_by_text("User Metadata").filter(visible=True).first)
        return await self.seen()

    async def seen(self) -> tuple[Frame, str]:
        """What stands there now."""

        async def text(frame: Frame) -> tuple[Frame, str]:
            return frame, str(await frame.evaluate("document.body.innerText"))

        return await looked_into(self.page, text)

    async def count(self, selector: str) -> int:
        """How many of these the details show now."""
        return await looked_into(self.page, lambda frame: frame.locator(selector).count())

    async def read_until(self, words: str, tries: int = 60) -> str:
        """Press R, as the UI asks for, until the details say this."""
        for _ in range(tries):
            await self.page.keyboard.press("r")
            if words in (text := (await self.seen())[1]):
                return text
        raise AssertionError(f"{words!r} has not come; the details say:\n{text}")

    async def tab(self, name: str, *words: str) -> str:
        """The text of another tab of the case, once all these words are there: answers come in one by one."""
        await self.page.goto(f"{self.page.url.rsplit('/', 1)[0]}/{name}")
        for one in words:
            await self.page.get_by_text(one).filter(visible=True).first.wait_for()  # closed dialogs list names too
        return await self.page.locator("#content").inner_text()

    async def open_visit(self) -> None:
        """The case's first on-site verification, from its relationships."""
        await self.tab("relationships", "OnSiteVerification")
        await self._click(self.page.locator("a[href*='verification%2F1']").filter(visible=True).first)
        await self.page.wait_for_url(re.compile(r"verification%2F1/.*/timeline"))

    async def photograph(self, path: Path) -> Path:
        """The whole page; the window is as it was afterwards."""
        before = self.page.viewport_size
        await looked_into(self.page, lambda frame: photograph(self.page, frame, path))
        if before is not None:
            await self.page.set_viewport_size(before)
        return path

    # ------------------------------------------------------------ saying something

    async def operations(self) -> list[str]:
        """What can be chosen in the dialog, by name."""
        dialog = await self._open_dialog()
        names = [text.splitlines()[0] for text in await self._options.all_inner_texts() if text.strip()]
        await self.page.keyboard.press("Escape")
        await dialog.wait_for(state="hidden")
        return names

    async def say(self, operation: str, text: str) -> str:
        """Choose an operation, type, submit: the refusal in the dialog's words, or ACCEPTED."""
        await self.choose(operation)
        return await self.submit(text)

    async def choose(self, operation: str) -> None:
        """Open the dialog and choose the operation whose name begins so."""
        await self._open_dialog()
        begins = re.compile(rf"^\s*{re.escape(operation)}")  # descriptions name operations too, further on
        await self._click(self._options.filter(has_text=begins).first)

    async def submit(self, text: str) -> str:
        """Type into the dialog that stands open, and submit. A refused dialog is closed again."""
        await self.write(text)
        words = await self.press()
        if words != ACCEPTED:
            await self.close_dialog()
        return words

    async def write(self, text: str) -> None:
        """Type into the dialog that stands open."""
        editor = self._dialog.locator("[contenteditable=true]").first
        await self._click(editor)
        if (await editor.inner_text()).strip():  # the dialog keeps what was typed before
            await self.page.keyboard.press("ControlOrMeta+a")
            self.typed += 1
        await self.page.keyboard.type(text)
        self.typed += len(text)

    async def press(self) -> str:
        """Submit: ACCEPTED, or the refusal in the words of the dialog, which stays open then."""
        dialog = self._dialog
        await self._click(dialog.get_by_role("button", name="Submit"))
        refused = dialog.locator(".alert.error")
        closed = self.page.locator(f"body:not(:has({DIALOG}))")  # an accepted one closes by itself
        await refused.or_(closed).first.wait_for()
        if await closed.count():
            return ACCEPTED
        return (await refused.inner_text()).strip()

    async def close_dialog(self) -> None:
        """Leave it as it is."""
        await self._dialog.get_by_role("button", name="Cancel").last.click()
        await self._dialog.wait_for(state="hidden")

    async def unfold(self) -> Locator:
        """The list of operations, open to be looked at."""
        await self._open_dialog()
        return self._dialog

    async def _open_dialog(self) -> Locator:
        """The dialog with its list of operations unfolded."""
        await self._click(self.page.get_by_role("button", name="More Actions").first)
        await self._click(self.page.locator("[role=menuitem]:visible").filter(has_text="Send an Update").first)
        await self._click(self._dialog.get_by_test_id("update-select-button"))
        await self._options.first.wait_for()
        return self._dialog

    @property
    def _dialog(self) -> Locator:
        return self.page.locator(DIALOG)

    @property
    def _options(self) -> Locator:
        return self._dialog.locator("[role=option]:visible")

    async def _click(self, target: Locator) -> None:
        await target.click()
        self.clicks += 1
