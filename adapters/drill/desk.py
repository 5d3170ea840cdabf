"""The played officers at their desks: case filings and decisions, each after its time, by signal, with real evidence.

Sheets that are due together are decided with one word: one code of one officer, said to every case it names. A word
without effect is said again as it was while its code serves, and then anew. Nothing else is remembered.
"""

import asyncio
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import structlog
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from adapters.drill.devices import Devices, Shown
from adapters.drill.look import Look, WaitingSheet
from adapters.drill.roster import HANDLING, awaited_of, in_role
from domain.evidence import EvidenceKind, SheetOnWord, decision_binding
from domain.identifiers import full_sheet_name
from domain.officers import Role
from domain.sheets import SheetKind, Verdict

log = structlog.get_logger(__name__)

AGAIN_AFTER_S = 3.0
"""A word that shows no effect after so long was refused, or lost: it is said again."""
MOST_TOGETHER = 30
"""Sheets in one word."""
_Seat = tuple[str, str, Role]
"""A case, a sheet, and the role that is awaited there."""


class _Question(NamedTuple):
    """What sheets have in common that one word can decide; `spoken`: who has given a word on them before."""

    role: Role
    verdict: Verdict
    needs: EvidenceKind
    spoken: str


@dataclass(frozen=True)
class _Word:
    """A word as it was said: to repeat it is to say the same text."""

    text: str
    officer: str
    shown: Shown | None
    """None: a signature, which serves for ever."""

    def serves(self, now: float) -> bool:
        return self.shown is None or self.shown.still_serves(now)


@dataclass
class Desk:
    """Decides when which officer says what. `decide_s`: real seconds, drawn with a seed of the run's own."""

    client: Client
    devices: Devices
    decide_s: tuple[float, float]
    seed: int = 0
    absent: set[Role] = field(default_factory=set)
    """Roles whose officers say nothing for now: a test leaves a sheet between its two decisions."""
    _due: dict[tuple[str, str, str], float] = field(default_factory=dict)
    _words: dict[_Seat | str, _Word] = field(default_factory=dict)
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        """Take a seat."""
        self._random = random.Random(self.seed)  # noqa: S311 - repeatable on purpose

    async def act(self, look: Look, now: float) -> None:
        """Say what is due, in the register's present standing. `now` is a monotonic second."""
        workflow = {case.case_id: case.workflow_id for case in look.cases}
        said = [
            (case.workflow_id, "filing", text)
            for case in look.running
            if not case.filing_number and self._is_due((case.case_id, "filing", HANDLING), now)
            if (text := self._filing(case.case_id, case.case_number)) is not None
        ]
        said += [(workflow[case_id], "decide", text) for case_id, text in self._decisions(look, now)]
        # all at once: one officer's words do not wait for another's, however busy the engine is
        await asyncio.gather(*(self._say(*words) for words in said))

    # ------------------------------------------------------------ what is said

    def _filing(self, case_id: str, case_number: str) -> str | None:
        before = self._words.get(case_id)
        if before is not None and before.serves(self.devices.clock()):
            return before.text
        shown = self.devices.free_code(in_role(Role.STOP_DESK))
        if shown is None:
            return None
        text = f"练习立字-{case_number} {shown.officer} {shown.code}"
        self._words[case_id] = _Word(text, shown.officer, shown)
        return text

    def _decisions(self, look: Look, now: float) -> list[tuple[str, str]]:
        """Who says what to which case: what can be said again, and new words for everything else that is due."""
        filed = {case.case_id for case in look.cases if case.filing_number}
        numbers = {case.case_id: case.case_number for case in look.cases}
        unsaid: dict[_Question, list[WaitingSheet]] = {}
        said: dict[tuple[str, str], None] = {}
        for sheet in look.sheets:
            for role in awaited_of(sheet.quorum, sheet.approved_by):
                may = role not in self.absent and _may(sheet, filed)
                if not self._is_due((sheet.case_id, sheet.name, role), now, may=may):
                    continue
                before = self._words.get((sheet.case_id, sheet.name, role))
                if before is not None and before.serves(self.devices.clock()):
                    said[sheet.case_id, before.text] = None
                else:
                    # whoever has spoken speaks again: if the first word is on its way, the second one does no harm
                    question = _Question(role, verdict_on(sheet), sheet.needs, before.officer if before else "")
                    unsaid.setdefault(question, []).append(sheet)
        for question, sheets in unsaid.items():
            for start in range(0, len(sheets), MOST_TOGETHER):
                together = sheets[start : start + MOST_TOGETHER]
                if (word := self._word(question, together, numbers)) is not None:
                    said |= {(sheet.case_id, word.text): None for sheet in together}
        return list(said)

    def _word(self, question: _Question, sheets: Sequence[WaitingSheet], numbers: Mapping[str, str]) -> _Word | None:
        """One officer's word on these sheets; None while nobody of the role has a code."""
        role, verdict = question.role, question.verdict
        names = {full_sheet_name(numbers[sheet.case_id], sheet.name): sheet for sheet in sheets}
        may = [question.spoken] if question.spoken else _who_may(role, sheets, self._spoken(sheets))
        shown = None
        if question.needs is EvidenceKind.SIGNATURE:
            officer = next(iter(may), "")
            on_word = [SheetOnWord(name=name, digest=sheet.digest) for name, sheet in names.items()]
            evidence = self.devices.signature(officer, decision_binding(officer, verdict, on_word).text).value
        elif (shown := self.devices.free_code(may)) is not None:
            officer, evidence = shown.officer, shown.code
        else:
            officer = ""
        if not officer:
            return None
        tail = " reject 练习：不撤案" if verdict is Verdict.REJECT else ""
        word = _Word(f"{' '.join(names)} {officer} {evidence}{tail}", officer, shown)
        for sheet in sheets:
            self._words[sheet.case_id, sheet.name, role] = word
        return word

    def _spoken(self, sheets: Iterable[WaitingSheet]) -> set[str]:
        """Officers who have given their word in another seat of these sheets: it may be on its way."""
        return {
            word.officer
            for sheet in sheets
            for role in sheet.quorum
            if (word := self._words.get((sheet.case_id, sheet.name, role))) is not None
        }

    # ------------------------------------------------------------ when and how

    def _is_due(self, what: tuple[str, str, str], now: float, *, may: bool = True) -> bool:
        due = self._due.setdefault(what, now + self._random.uniform(*self.decide_s))
        if now < due or not may:
            return False
        self._due[what] = now + AGAIN_AFTER_S
        return True

    async def _say(self, workflow_id: str, signal: str, words: str) -> None:
        try:
            await self.client.get_workflow_handle(workflow_id).signal(signal, words)
        except RPCError as problem:
            if problem.status != RPCStatusCode.NOT_FOUND:  # a closed case needs no answer any more
                log.warning("officer_not_heard", signal=signal, error=problem.status.name)


def _who_may(role: Role, sheets: Iterable[WaitingSheet], spoken: set[str]) -> list[str]:
    """Officers of the role who ask for none of these sheets and have not decided any."""
    barred = {number for sheet in sheets for number in (sheet.requester, *sheet.approved_by)} | spoken
    return [number for number in in_role(role) if number not in barred]


def _may(sheet: WaitingSheet, filed: set[str]) -> bool:
    """A freeze is decided on only once the case filing stands (rules section 3)."""
    return sheet.kind is not SheetKind.FREEZE or sheet.case_id in filed


def verdict_on(sheet: WaitingSheet) -> Verdict:
    """The played officers approve everything but to give a case up."""
    return Verdict.REJECT if sheet.kind is SheetKind.CANCEL else Verdict.APPROVE
