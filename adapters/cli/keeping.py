"""A word said to its cases, or kept by the register while the engine does not answer, and told so."""

from collections.abc import Sequence
from datetime import UTC, datetime

from adapters.cli.cases import sheet_of
from adapters.cli.engine import engine_standing
from adapters.cli.failures import CommandError, Exit
from adapters.cli.running import World, ensure_worker
from adapters.cli.saying import Asked, EngineGone, Told, Via, Word, say
from adapters.cli.voice import Voice
from domain.words import Complaint, decision_words


async def say_or_keep(
    world: World, voice: Voice, asked: Sequence[Asked], word: Word, via: Via, *, start_worker: bool = True
) -> list[Told]:
    """Say a word; where nobody is there to hear it, it is verified and kept, and delivered when somebody is back.

    `start_worker`: where only a worker is missing, one works as long as the command takes.
    """
    standing = await engine_standing(world.client)
    if standing.engine and (start_worker or standing.worker):
        if start_worker:
            await ensure_worker(world, voice)
        try:
            return await say(world, asked, word, via)
        except EngineGone:
            pass
    voice.note("the engine does not answer: the decision is kept in the register")
    return await keep(world, asked, word)


async def keep(world: World, asked: Sequence[Asked], word: Word) -> list[Told]:
    """Have the register verify a word now and keep it, for all its sheets or for none."""
    words = decision_words(word.to(asked))
    if isinstance(words, Complaint):
        raise CommandError(Exit.BAD_INPUT, f"Refused: {words.both}")
    words = words.model_copy(update={"reason": words.reason.strip()})  # as it is read when it is delivered
    ruling = await world.register.keep_words(words, datetime.now(UTC))
    refused = "" if ruling.accepted else f"Refused: {ruling.zh} / {ruling.en}"
    code = Exit.DONE if ruling.accepted else Exit.BAD_INPUT
    told = []
    for row, sheet in asked:
        now = await sheet_of(world, row, sheet.sheet.name)  # a case may have heard the word before the engine went
        kept = ruling.accepted and word.who.officer not in now.decided_by
        told.append(Told(row.case_number, now.sheet.name, now.state, now.awaited, refused, code, kept=kept))
    return told
