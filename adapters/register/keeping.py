"""Words kept while the engine is away: verified and bound when they are given, delivered to their cases later.

A kept word entitles nothing. Its case is told it as any other word, and the register takes it then by the proof that it
marked here; whoever writes a row without the key ring has written nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from adapters.register.bulk import Mode, Write, Writes, columns_of, run, statement_text
from adapters.register.evidence import Verifier, Word
from adapters.register.kept_before import approved_in_waiting, words_waiting
from adapters.register.locking import LockedCase, lock_case, lock_cases
from adapters.register.part import Part
from adapters.register.refusals import Refusal
from adapters.register.ruling import Refusable, ruled
from adapters.register.sheets import Hearing, hear, may_decide
from adapters.register.tables import cases, decisions, kept_decisions
from domain.case import Status
from domain.evidence import EvidenceKind, KeptWord, SheetOnWord, decision_binding, kept_claims
from domain.frozen import Frozen
from domain.identifiers import new_word_id, parts_of_sheet
from domain.refusal_words import NOT_FILED
from domain.sheets import Decision, Ruling, SheetKind, Verdict
from domain.words import DecisionWords

_KEPT = Write.of(kept_decisions, Mode.ADD)
_SETTLED = Write.of(kept_decisions, Mode.CHANGE, "state", "said", "settled_at")
_CASES = statement_text(
    select(cases.c.case_id).where(cases.c.case_number == func.any(bindparam("numbers", type_=ARRAY(Text))))
)
_TAKEN = statement_text(
    select(decisions.c.sheet, decisions.c.verdict, decisions.c.content["except_lines"].label("except_lines")).where(
        decisions.c.case_id == bindparam("case_id", type_=Text),
        decisions.c.officer == bindparam("officer", type_=Text),
    )
)
_MOST_SHOWN = 500
"""Kept words of one look; an engine that is away for days must not make every look longer."""
KEPT = ("已保存，系统引擎恢复后自动送达", "kept; will be delivered when the engine is back")


class KeptDecision(Frozen):
    """One officer's word as it is kept for one of the cases it names. `sheets`: all it names, by full names."""

    word: str
    case_id: str
    case_number: str
    workflow_id: str
    officer: str
    verdict: Verdict
    sheets: tuple[str, ...]
    except_lines: tuple[int, ...]
    reason: str
    at: datetime
    state: str
    said: str = ""
    settled_at: datetime | None = None

    @property
    def own(self) -> tuple[str, ...]:
        """Short names of the sheets of this case."""
        return own_sheets(self.sheets, self.case_number)

    @property
    def said_to_case(self) -> dict[str, object]:
        """The word as the case's handler `decide` takes it."""
        return {
            "officer": self.officer,
            "kept": self.word,
            "sheets": list(self.sheets),
            "verdict": self.verdict.value,
            "except": list(self.except_lines),
            "reason": self.reason,
        }


class KeptLately(Frozen):
    """Kept words as a watch shows them, in the order given. `more`: how many further ones there are."""

    words: tuple[KeptDecision, ...] = ()
    more: int = 0


def own_sheets(names: Iterable[str], case_number: str) -> tuple[str, ...]:
    """Short names of those of these sheets that are this case's."""
    parts = [parts_of_sheet(name) for name in names]
    return tuple(one[1] for one in parts if one is not None and one[0] == case_number)


def _rows() -> Select[Any]:
    return select(
        *(one for one in kept_decisions.c if one.name != "proof"), cases.c.case_number, cases.c.workflow_id
    ).join(cases, cases.c.case_id == kept_decisions.c.case_id)


class Keeping(Part):
    """The part of the register that takes decisions while nobody else can."""

    async def keep_words(self, words: DecisionWords, now: datetime) -> Ruling:
        """Verify a word as a decision is verified, now, and keep it for every case it names: all of it, or nothing.

        `words` name their sheets in full. A refusal is a ruling, on record like that of a decision. Words that wait
        already count as said: a role they fill is not awaited, what one of them rejects is not asked any more.
        """

        async def work(connection: AsyncConnection) -> Ruling:
            by_number = await _lock(connection, words.sheets)
            what = {"sheets": list(words.sheets), "officer": words.officer, "verdict": words.verdict}

            async def accept(writes: Writes) -> Ruling:
                hearings = await _hearings(connection, by_number, words, now)
                word = _word_on(hearings, words, now)
                verifier = Verifier(connection, self._ring, self._rules.evidence, writes)
                return await _keep(hearings, words, word, verifier, writes)

            refusable = Refusable(_word_on([], words, now), "decision_refused", what)
            return await ruled(connection, [case.chain for case in by_number.values()], refusable, accept)

        return await self._do(work)

    async def kept_waiting(self) -> list[KeptDecision]:
        """What is still to be delivered, in the order given."""
        waiting = _rows().where(kept_decisions.c.state == "waiting")

        async def work(connection: AsyncConnection) -> list[KeptDecision]:
            return _decisions(await connection.execute(waiting.order_by(kept_decisions.c.at, kept_decisions.c.word)))

        return await self._do(work)

    async def kept_lately(self, now: datetime, within: timedelta, most: int = _MOST_SHOWN) -> KeptLately:
        """What waits, and what became of the others within this time.

        Where they are more than `most`: what waits or was refused before what was delivered, the newest of each.
        """
        shown = or_(kept_decisions.c.state == "waiting", kept_decisions.c.settled_at >= now - within)
        newest = (
            _rows()
            .where(shown)
            .order_by(kept_decisions.c.state == "delivered", kept_decisions.c.at.desc(), kept_decisions.c.word.desc())
            .limit(most)
        )

        async def work(connection: AsyncConnection) -> KeptLately:
            rows = (await connection.execute(newest)).all()
            words = sorted(_decisions(rows), key=lambda one: (one.at, one.word))
            count = select(func.count()).select_from(kept_decisions).where(shown)
            every = len(rows) if len(rows) < most else (await connection.execute(count)).scalar_one()
            return KeptLately(words=tuple(words), more=every - len(rows))

        return await self._do(work)

    async def settle_kept(self, kept: KeptDecision, refused: str, now: datetime) -> str:
        """Mark what became of a word after its case was told: what is on record is delivered, whatever was said.

        `refused`: what the case said. Gives the new state; idempotent.
        """

        async def work(connection: AsyncConnection) -> str:
            case = await lock_case(connection, kept.case_id)
            rows = await run(connection, _TAKEN, case_id=kept.case_id, officer=kept.officer)
            said_then = (kept.verdict, set(kept.except_lines))
            taken = {row.sheet for row in rows if (row.verdict, set(row.except_lines or ())) == said_then}
            state = "delivered" if taken >= set(kept.own) else "refused"
            before = (
                await connection.execute(
                    select(kept_decisions.c.state)
                    .where(kept_decisions.c.word == kept.word, kept_decisions.c.case_id == kept.case_id)
                    .with_for_update()
                )
            ).scalar_one()
            if before != "waiting":
                return str(before)
            writes = Writes()
            said = "" if state == "delivered" else refused
            key = {"word": kept.word, "case_id": kept.case_id}
            writes.add(_SETTLED, {**key, "state": state, "said": said, "settled_at": now})
            case.chain.note(now, f"kept_decision_{state}", {"word": kept.word, "officer": kept.officer, "why": said})
            case.chain.write(writes)
            await writes.flush(connection)
            return state

        return await self._do(work)


def _decisions(rows: Iterable[Any]) -> list[KeptDecision]:
    return [KeptDecision.model_validate(columns_of(row)) for row in rows]


async def _lock(connection: AsyncConnection, names: Sequence[str]) -> dict[str, LockedCase]:
    """The cases that are there of those named, locked, by number."""
    numbers = sorted({parts[0] for name in names if (parts := parts_of_sheet(name)) is not None})
    found = await run(connection, _CASES, numbers=numbers)
    locked = await lock_cases(connection, [row.case_id for row in found])
    return {case.row.case_number: case for case in locked.values()}


async def _hearings(
    connection: AsyncConnection, by_number: Mapping[str, LockedCase], words: DecisionWords, now: datetime
) -> list[Hearing]:
    """Everything but the evidence, for each sheet that this word would still decide. Raises Refusal."""
    waiting = await words_waiting(connection, {one.row.case_id for one in by_number.values()})
    hearings = []
    for name in words.sheets:
        number, short = parts_of_sheet(name) or ("", name)
        if number not in by_number:
            raise Refusal("no_sheet", f"没有审批单 {name}", f"there is no sheet {name}")
        case = by_number[number]
        said = {"officer": words.officer, "verdict": words.verdict, "except_lines": words.except_lines}
        decision = Decision.model_validate(
            {"case_id": case.row.case_id, "sheet": short, **said, "reason": words.reason, "sheets": words.sheets}
            | {"via": "kept", "at": now}
        )
        hearing = await hear(connection, case, decision)
        if _on_record(hearing):
            hearings.append(hearing)  # nothing to keep; the evidence was given for it all the same
            continue
        if hearing.kept is not None:
            hearing.kept.approved += approved_in_waiting(waiting, words.officer, name)
        await may_decide(connection, hearing)
        _takes_decisions(case, hearing)
        hearings.append(hearing)
    return hearings


def _on_record(hearing: Hearing) -> bool:
    """Whether this very word of this officer is a decision already."""
    kept, decision = hearing.kept, hearing.decision
    return kept is not None and kept.has(decision)


def _takes_decisions(case: LockedCase, hearing: Hearing) -> None:
    """As the case itself would say. Raises Refusal."""
    if case.row.status == Status.CLOSED:
        raise Refusal("closed", f"案件 {case.row.case_number} 已结案", f"case {case.row.case_number} is closed")
    if hearing.kept is not None and hearing.kept.row.kind == SheetKind.FREEZE and not case.row.filing_number:
        raise Refusal("not_filed", NOT_FILED.zh, NOT_FILED.en)


def _word_on(hearings: Sequence[Hearing], words: DecisionWords, now: datetime) -> Word:
    """The one word on all sheets: the strictest of them says what evidence it needs."""
    if hearings:
        needs = [one.word.needs for one in hearings]
        strictest = EvidenceKind.SIGNATURE if EvidenceKind.SIGNATURE in needs else EvidenceKind.TOTP
        binding = hearings[0].word.binding  # the same for each of them: officer, verdict, and all sheets
        return Word(words.officer, binding, words.evidence, now, strictest, reason=words.reason)
    nothing: list[SheetOnWord] = []
    return Word(words.officer, decision_binding(words.officer, words.verdict, nothing), words.evidence, now)


async def _keep(
    hearings: Sequence[Hearing], words: DecisionWords, word: Word, verifier: Verifier, writes: Writes
) -> Ruling:
    if isinstance(words.evidence, KeptWord):
        raise Refusal("no_evidence", "请输入验证码或签名", "give a code or a signature")
    left = {one.case.row.case_id: one.case for one in hearings if not _on_record(one)}
    if not left:
        return Ruling(accepted=True, sheet="", zh="您的决定早已记录", en="your decision was on record")
    name = new_word_id()
    proof = await verifier.prove(word, *kept_claims(name, words.reason))
    for case_id, case in left.items():
        said = {"officer": words.officer, "verdict": words.verdict, "reason": words.reason}
        given = {"word": name, "case_id": case_id, "sheets": words.sheets, "except_lines": words.except_lines}
        standing = {"proof": proof, "at": word.at, "state": "waiting", "said": "", "settled_at": None}
        writes.add(_KEPT, said | given | standing)
        own = own_sheets(words.sheets, case.row.case_number)
        evidence = {"evidence": proof.kind, "binding": proof.binding}
        case.chain.note(word.at, "decision_waits", {**said, **evidence, "word": name, "sheets": list(own)})
    zh, en = KEPT
    return Ruling(accepted=True, sheet="", zh=zh, en=en)
