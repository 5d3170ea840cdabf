"""One word of an officer said to every case that it names, and what became of each sheet: `decide` and `inbox`."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from temporalio.client import WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError

from adapters.cli.cases import not_closed, refuse_closed, sheet_of
from adapters.cli.evidence import fields_of
from adapters.cli.failures import CommandError, Exit, failure_of
from adapters.cli.running import World
from adapters.register.keeping import KEPT
from adapters.register.rows import CaseRow, SheetRow
from adapters.temporal.errors import ENGINE_DOWN
from domain.evidence import Signatory
from domain.identifiers import full_sheet_name
from domain.officers import Role
from domain.refusal_words import NOT_FILED
from domain.sheets import STATE_WORDS, SheetKind, SheetState, Verdict, role_words

_SEEN_WITHIN_S = 5.0  # a signal is kept within milliseconds where a worker runs
_LOOK_S = 0.1
_ANSWER_WITHIN_S = 15.0
"""A case answers within milliseconds, under load within seconds; a code serves for a minute and is to be kept in it."""
_NO_EFFECT = (
    "决定已发出，对 {sheet} 未生效：原因见案件详情，或用 --via update 重新决定 / "
    "The decision was sent and has had no effect on {sheet}: the case's details in the UI say why, "
    "or decide again with --via update to be told."
)
_NOT_SAID = CommandError(
    Exit.BAD_INPUT,
    "未提交：已被拒绝，验证码不再试 / Not said: the word was refused before, and a code is not tried once more.",
)

Asked = tuple[CaseRow, SheetRow]


class EngineGone(Exception):  # noqa: N818 - no fault of anybody's: the word is kept then
    """The engine, or whoever works for it, does not answer; what was said may have been heard or not."""


class Via(StrEnum):
    """How it is said: a signal is heard, an update is answered."""

    SIGNAL = "signal"
    UPDATE = "update"


@dataclass(frozen=True)
class Word:
    """What an officer says to sheets. `excepted`: lines left out, of one sheet only."""

    who: Signatory
    verdict: Verdict
    reason: str = ""
    excepted: tuple[int, ...] = ()

    def to(self, asked: Sequence[Asked]) -> dict[str, Any]:
        """The same text for every case: the evidence is bound to all sheets together."""
        return {
            **fields_of(self.who),
            "sheets": [full_sheet_name(row.case_number, sheet.sheet.name) for row, sheet in asked],
            "verdict": self.verdict.value,
            "except": list(self.excepted),
            "reason": self.reason,
        }


@dataclass(frozen=True)
class Told:
    """What became of one sheet. `refused`: why, in words; empty: the decision is on record.

    `kept`: it is on record only as a word that waits for the engine.
    """

    case: str
    sheet: str
    state: str
    awaited: tuple[str, ...]
    refused: str = ""
    exit_code: Exit = Exit.DONE
    kept: bool = False

    @property
    def name(self) -> str:
        """In full."""
        return full_sheet_name(self.case, self.sheet)

    @property
    def said(self) -> str:
        """In words."""
        if self.refused:
            return self.refused
        if self.kept:
            return f"{self.sheet}: {' / '.join(KEPT)}"
        said = f"{self.sheet}: {state_words(self.state)}"
        if not self.awaited:
            return said
        zh, en = role_words([Role(role) for role in self.awaited])
        return f"{said}, 还需 still awaits {zh} / {en}"


def state_words(state: str) -> str:
    """Where a sheet stands, in Chinese and English."""
    return f"{STATE_WORDS[SheetState(state)]} {state}"


def refuse_unready(row: CaseRow, asked: SheetRow) -> None:
    """A sheet that nothing can be said to now.

    Raises:
        CommandError: case closed, sheet decided, or its case filing is missing.
    """
    refuse_closed(row)
    if asked.state != SheetState.PENDING:
        raise CommandError(
            Exit.CLOSED,
            f"案件 {row.case_number} 的审批单 {asked.sheet.name} {STATE_WORDS[SheetState(asked.state)]} / "
            f"Sheet {asked.sheet.name} of case {row.case_number} is {asked.state} already.",
        )
    if asked.sheet.kind is SheetKind.FREEZE and not row.filing_number:
        raise CommandError(
            Exit.BAD_INPUT,
            f"案件 {row.case_number} {NOT_FILED.zh} / Case {row.case_number} has {NOT_FILED.en}: "
            f'`starter.py filing {row.case_number} NUMBER --officer "NO CODE"`.',
        )


async def say(world: World, asked: Sequence[Asked], word: Word, via: Via) -> list[Told]:
    """Say one word to every case it names; what became of each sheet, in the order asked. Raises EngineGone."""
    say_by = {Via.SIGNAL: _by_signal, Via.UPDATE: _by_update}[via]
    told = await say_by(world, asked, word)
    return [told[full_sheet_name(row.case_number, sheet.sheet.name)] for row, sheet in asked]


async def _by_update(world: World, asked: Sequence[Asked], word: Word) -> dict[str, Told]:
    """Case after case. While nothing was accepted yet, a refusal ends it: each further one might count as a guess."""
    told: dict[str, Told] = {}
    accepted, over = False, False
    for workflow_id in dict.fromkeys(row.workflow_id for row, _ in asked):
        refused = _NOT_SAID if over else await _answer(world, workflow_id, word.to(asked))
        for row, before in asked:
            if row.workflow_id == workflow_id:
                now = await _standing(world, row, before, word)
                told[now.name] = _refused(now, refused) if now.refused and refused else now
                accepted = accepted or not now.refused
        over = not accepted
    return told


async def _answer(world: World, workflow_id: str, said: dict[str, Any]) -> CommandError | None:
    """Why the case refuses, or why it cannot be asked; None: it does not refuse. Raises EngineGone."""
    handle = world.client.get_workflow_handle(workflow_id)
    try:
        async with _reached(), not_closed(handle):
            await handle.execute_update("decide", said, result_type=str)
    except (CommandError, WorkflowUpdateFailedError, RPCError) as problem:
        return failure_of(problem)
    return None


@contextlib.asynccontextmanager
async def _reached() -> AsyncIterator[None]:
    """Whoever is not answered in time is told that nobody is there. Raises EngineGone."""
    try:
        async with asyncio.timeout(_ANSWER_WITHIN_S):
            yield
    except RPCError as problem:
        if problem.status in ENGINE_DOWN:
            raise EngineGone from None
        raise
    except (WorkflowUpdateRPCTimeoutOrCancelledError, RuntimeError, TimeoutError):
        raise EngineGone from None


async def _by_signal(world: World, asked: Sequence[Asked], word: Word) -> dict[str, Told]:
    """A signal has no answer of its own, so the register is watched for a moment."""
    for workflow_id in dict.fromkeys(row.workflow_id for row, _ in asked):
        handle = world.client.get_workflow_handle(workflow_id)
        async with _reached(), not_closed(handle):
            await handle.signal("decide", word.to(asked))
    loop = asyncio.get_running_loop()
    until = loop.time() + _SEEN_WITHIN_S
    while True:
        standing = [await _standing(world, row, before, word) for row, before in asked]
        told = {one.name: one for one in standing}
        if loop.time() >= until or not any(one.refused for one in told.values()):
            return told
        await asyncio.sleep(_LOOK_S)


async def _standing(world: World, row: CaseRow, before: SheetRow, word: Word) -> Told:
    """How the sheet stands in the register; refused as long as the officer's word is not on record there."""
    now = await sheet_of(world, row, before.sheet.name)
    name, officer = now.sheet.name, word.who.officer
    told = Told(row.case_number, name, now.state, now.awaited)
    heard = officer in now.decided_by and officer not in before.decided_by
    return told if heard else _refused(told, CommandError(Exit.BAD_INPUT, _NO_EFFECT.format(sheet=name)))


def _refused(told: Told, why: CommandError) -> Told:
    return replace(told, refused=why.sentence, exit_code=why.exit_code)
