"""The words of papers as they come into force: each worker that starts adopts them, and they are kept with the moment.

A paper's number holds the word of its series, and is given once: words with which papers of one kind would be numbered
like those of another this year are not adopted, or every transaction with such a paper would fail, for ever.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.papers.words import Words, WordsError, text_of, words_from
from adapters.register.bulk import Mode, Write, Writes, as_json, rows_parameter, run, statement_text
from adapters.register.entitlement import IS_WHOLE
from adapters.register.issuing import keep_document
from adapters.register.locking import WORDS_LOCK
from adapters.register.part import Part
from adapters.register.tables import documents, paper_faults, paper_words, papers
from domain.clock import CST
from domain.frozen import Frozen
from domain.identifiers import paper_number
from domain.papers import PaperKind

_WORDS = Write.of(paper_words, Mode.ADD)
_FAULTS = Write.of(paper_faults, Mode.ADD)
_LOCK = statement_text(select(func.pg_advisory_xact_lock(WORDS_LOCK)))
_TICK = timedelta(microseconds=1)
_MARKS = "甲乙丙丁戊己庚辛壬癸"
"""Put behind the word of a series that is taken, where no words at all are free."""
_LAST = statement_text(
    select(paper_words.c.kind, paper_words.c.since, paper_words.c.sha256, documents.c.bytes, IS_WHOLE.label("whole"))
    .ext(distinct_on(paper_words.c.kind))
    .join(documents, documents.c.sha256 == paper_words.c.sha256)
    .order_by(paper_words.c.kind, paper_words.c.since.desc())
)
_LAST_FAULTS = statement_text(select(paper_faults).order_by(paper_faults.c.since.desc()).limit(1))


def _taken() -> str:
    begins = rows_parameter("begins", [papers.c.kind, papers.c.number])
    alike = and_(papers.c.kind != begins.c.kind, func.starts_with(papers.c.number, begins.c.number))
    return statement_text(select(begins.c.kind, papers.c.kind.label("by")).distinct().join(papers, alike))


_TAKEN = _taken()


class PaperFaults(Frozen):
    """What is wrong with templates or seal since then (UTC); workers go on with former words, or without a seal."""

    since: datetime
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Adopted:
    """The words in force now; `faults`: those told, and each series that is taken."""

    words: Mapping[PaperKind, Words]
    faults: tuple[str, ...]


class Wording(Part):
    """The part of the register that knows what papers are printed with."""

    async def former_words(self) -> dict[PaperKind, Words]:
        """Those adopted last, as far as this program can read them; a kind never adopted is left out."""

        async def work(connection: AsyncConnection) -> dict[PaperKind, Words]:
            found = {}
            for row in await run(connection, _LAST):
                try:
                    found[PaperKind(row.kind)] = words_from(bytes(row.bytes).decode()) if row.whole else None
                except (WordsError, ValueError):  # a program of another time wrote it
                    continue
            return {kind: words for kind, words in found.items() if words is not None}

        return await self._do(work)

    async def adopt_words(
        self, candidates: Sequence[Mapping[PaperKind, Words]], organ: str, faults: Sequence[str], now: datetime
    ) -> Adopted:
        """Print with the first of these whose series are free this year, from now on; the last is made so if need be.

        `faults`: what kept better ones from being candidates. Kept when they are others than before.
        """

        async def work(connection: AsyncConnection) -> Adopted:
            await run(connection, _LOCK)
            adopted = await _first_free(connection, candidates, organ, now)
            adopted = Adopted(adopted.words, (*faults, *adopted.faults))
            writes = Writes()
            last = {row.kind: row for row in await run(connection, _LAST)}
            for kind, words in adopted.words.items():
                sha256 = keep_document(text_of(words).encode(), writes)
                before = last.get(kind)
                if before is None or before.sha256 != sha256:
                    since = now if before is None else max(now, before.since + _TICK)
                    row = {"kind": kind, "since": since, "sha256": sha256, "series": words.template.series}
                    writes.add(_WORDS, row)
            told = (await run(connection, _LAST_FAULTS)).one_or_none()
            if adopted.faults != tuple(told.faults if told else ()):
                since = now if told is None else max(now, told.since + _TICK)
                writes.add(_FAULTS, {"since": since, "faults": adopted.faults})
            await writes.flush(connection)
            return adopted

        adopted = await self._do(work)
        self._rules = self._rules.issuing(organ, adopted.words)
        return adopted

    async def paper_faults(self) -> PaperFaults | None:
        """What the last worker that started found wrong; None: nothing."""

        async def work(connection: AsyncConnection) -> PaperFaults | None:
            row = (await run(connection, _LAST_FAULTS)).one_or_none()
            return PaperFaults(since=row.since, faults=tuple(row.faults)) if row and row.faults else None

        return await self._do(work)


async def _first_free(
    connection: AsyncConnection, candidates: Sequence[Mapping[PaperKind, Words]], organ: str, now: datetime
) -> Adopted:
    faults: list[str] = []
    for words in candidates:
        taken = await _taken_by(connection, words, organ, now)
        if not taken:
            return Adopted(words, tuple(faults))
        faults += [
            f"series “{words[kind].template.series}” of {kind.value} papers: {by} papers of this year bear it in their "
            "numbers; give this kind another word"
            for kind, by in sorted(taken.items())
        ]
    words = dict(candidates[-1])
    for mark in _MARKS:
        taken = await _taken_by(connection, words, organ, now)
        for kind in taken:
            template = words[kind].template
            marked = template.model_copy(update={"series": candidates[-1][kind].template.series + mark})
            words[kind] = words[kind].model_copy(update={"template": marked})
    return Adopted(words, tuple(dict.fromkeys(faults)))


async def _taken_by(
    connection: AsyncConnection, words: Mapping[PaperKind, Words], organ: str, now: datetime
) -> dict[PaperKind, str]:
    """The kinds whose numbers would begin like those that papers of another kind bear this year, and which kind's."""
    year = now.astimezone(CST).year
    begins = {kind: _begin(organ, one.template.series, year) for kind, one in words.items()}
    given = as_json([{"kind": kind, "number": begin} for kind, begin in begins.items()])
    found = {PaperKind(row.kind): str(row.by) for row in await run(connection, _TAKEN, begins=given)}
    first: dict[str, PaperKind] = {}
    for kind, begin in begins.items():
        other = first.setdefault(begin, kind)
        if other is not kind:
            found.setdefault(kind, other.value)
    return found


def _begin(organ: str, series: str, year: int) -> str:
    """What all numbers of a series and year begin with."""
    return paper_number(organ, series, year, 0).partition("〕")[0] + "〕"
