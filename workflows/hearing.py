"""What officers say to a case: decisions, the case filing, and the word that halts the centre.

Decisions by the one word `decide`, or at the update that each pending sheet has of its own; the filing by `filing`, or
at an update of its own that is there while it is missing; the halt at an update that is always there. A sheet's update
is called after it ("批准冻结 F-03 · 5个账户 · ¥49,380.00") and stands in the UI's list while the sheet is open; its
input is one short string. Words that are not understood are refused before they count; what fails for security's
sake is refused where it stays on record in the history.
"""

import re
from collections.abc import Callable

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from domain.evidence import KeptWord
    from domain.operations import FILE_HERE, NOT_KNOWN_YET
    from domain.sheets import STATE_WORDS, Ruling, SheetState, update_name
    from domain.words import Complaint, decision_words, filing_words, halt_words
    from workflows.casework.case import Case
    from workflows.desk import BEHIND, Desk
    from workflows.inbox import NOTHING, given, not_theirs, refusal

Misunderstood = Callable[[str, Complaint], None]
_SHEET = re.compile(r"[A-Z]-[0-9]{2,5}")


class Hearing:
    """Where officers are heard, for one case."""

    def __init__(self, case: Case, desk: Desk, misunderstood: Misunderstood) -> None:
        """`misunderstood` makes a refusal visible where nobody waits for an answer."""
        self._case = case
        self._desk = desk
        self._misunderstood = misunderstood
        self._offered: dict[str, str] = {}
        """Sheets that have an update of their own now, and its name."""
        self._filing_offered = False

    # ------------------------------------------------------------ the generic words

    def by_signal(self, payload: RawValue | None) -> None:
        """A decision nobody waits for: what is not understood or not allowed becomes a problem in the details."""
        words = decision_words(given(payload))
        if isinstance(words, Complaint):
            self._misunderstood("decide", words)
        elif (complaint := not_theirs(words.officer, payload) or self._desk.not_now(words)) is not None:
            self._misunderstood(f"decide {', '.join(words.sheets)}", complaint)
        else:
            self._desk.hear(words)

    @staticmethod
    def check_shape(payload: RawValue | None, sheet: str = "") -> None:
        """Refuse what is no decision, in words; leaves no event. Raises ApplicationError."""
        words = decision_words(given(payload), sheet)
        if isinstance(words, Complaint):
            raise refusal(words)

    def check_decision(self, payload: RawValue | None) -> None:
        """As `check_shape`; and what the register has kept waits until this run knows what the register knew then.

        A run made by a reset knows less, and is no one to refuse it. Leaves no event, so that the same word can be told
        again. Raises ApplicationError.
        """
        words = decision_words(given(payload))
        if isinstance(words, Complaint):
            raise refusal(words)
        if isinstance(words.evidence, KeptWord) and self._desk.is_behind(words):
            raise ApplicationError(BEHIND.both, type=NOT_KNOWN_YET, non_retryable=True)

    async def by_update(self, payload: RawValue | None, sheet: str = "") -> str:
        """A decision with an answer in words; a refusal is raised, and on record. Raises ApplicationError."""
        words = decision_words(given(payload), sheet)
        if isinstance(words, Complaint):
            raise refusal(words)
        complaint = not_theirs(words.officer, payload) or self._desk.not_now(words)
        if not isinstance(words.evidence, KeptWord):  # a kept word may be told twice, and nobody reads a dialog then
            complaint = complaint or self._desk.signed_before(words)
        if complaint is not None:
            raise refusal(complaint)
        return _answer(await self._desk.decide(words))

    # ------------------------------------------------------------ case filing, halt

    def filing_by_signal(self, payload: RawValue | None) -> None:
        """The case filing, nobody waits: what is not understood or not allowed becomes a problem in the details."""
        words = filing_words(given(payload))
        if isinstance(words, Complaint):
            self._misunderstood("filing", words)
        elif (complaint := not_theirs(words.officer, payload)) is not None:
            self._misunderstood("filing", complaint)
        else:
            self._desk.hear_filing(words)

    @staticmethod
    def check_filing(payload: RawValue | None) -> None:
        """Refuse what is no case filing, in words. Raises ApplicationError."""
        words = filing_words(given(payload))
        if isinstance(words, Complaint):
            raise refusal(words)

    async def filing_by_update(self, payload: RawValue | None) -> str:
        """The case filing with an answer in words. Raises ApplicationError."""
        words = filing_words(given(payload))
        if isinstance(words, Complaint):
            raise refusal(words)
        if (complaint := not_theirs(words.officer, payload)) is not None:
            raise refusal(complaint)
        return _answer(await self._desk.file(words))

    @staticmethod
    def check_halt(payload: RawValue | None) -> None:
        """Refuse a halt that names nobody, in words. Raises ApplicationError."""
        words = halt_words(given(payload))
        if isinstance(words, Complaint):
            raise refusal(words)

    async def halt(self, payload: RawValue | None) -> str:
        """停手 with an answer in words; the register says whether this officer is one. Raises ApplicationError."""
        words = halt_words(given(payload))
        if isinstance(words, Complaint):
            raise refusal(words)
        if (complaint := not_theirs(words.officer, payload)) is not None:
            raise refusal(complaint)
        return _answer(await self._desk.halt(words))

    # ------------------------------------------------------------ an update for what is pending

    def offer(self) -> None:
        """All that is pending has its update, nothing else has: names appear in the UI's list, and go, at once."""
        self._offer_filing()
        wanted = {
            name: update_name(file.sheet)
            for name, file in self._case.state.sheets.items()
            if file.state is SheetState.PENDING
        }
        for sheet, name in self._offered.items():
            if sheet not in wanted:
                workflow.set_update_handler(name, None)
        for sheet, name in wanted.items():
            if sheet not in self._offered:
                self._offer(sheet, name)
        self._offered = wanted

    def _offer_filing(self) -> None:
        missing = not self._case.state.filing_number and bool(self._case.start.report.transfers)
        if missing and not self._filing_offered:

            async def file_here(payload: RawValue = NOTHING) -> str:
                return await self.filing_by_update(payload)

            def check(payload: RawValue = NOTHING) -> None:
                self.check_filing(payload)

            workflow.set_update_handler(FILE_HERE, file_here, validator=check)
        elif self._filing_offered and not missing:
            workflow.set_update_handler(FILE_HERE, None)
        self._filing_offered = missing

    def _offer(self, sheet: str, name: str) -> None:
        async def decide_here(payload: RawValue = NOTHING) -> str:
            return await self.by_update(payload, sheet)

        def check(payload: RawValue = NOTHING) -> None:
            self.check_shape(payload, sheet)

        workflow.set_update_handler(name, decide_here, validator=check)

    def not_offered(self, name: str) -> Complaint:
        """Why there is no update of this name: its sheet is decided, is of another case, or it never was one."""
        named = _SHEET.search(name)
        file = self._case.state.sheets.get(named[0]) if named else None
        if name == FILE_HERE:
            return Complaint(zh="本案已立案，或无须立案", en="this case is filed already, or needs no filing")
        if named is None:
            return Complaint(zh=f"没有名为 {name[:40]} 的操作", en=f"no operation named {name[:40]}")
        if file is None:
            return Complaint(zh=f"本案没有审批单 {named[0]}", en=f"this case has no sheet {named[0]}")
        if file.state is SheetState.PENDING:
            current = update_name(file.sheet)
            return Complaint(zh=f"该单的操作名为：{current}", en=f"the operation of this sheet is called: {current}")
        state = STATE_WORDS[file.state]
        return Complaint(zh=f"审批单 {named[0]} {state}，已办结", en=f"sheet {named[0]} is {file.state} already")


def _answer(ruling: Ruling) -> str:
    """What the register made of a word. Raises ApplicationError when it refuses."""
    if not ruling.accepted:
        raise refusal(Complaint(zh=ruling.zh, en=ruling.en))
    return f"{ruling.zh} / {ruling.en}"
