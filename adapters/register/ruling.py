"""An officer's word about cases: accepted with all it leaves behind, or refused, on record and among the attempts."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.register.bulk import Writes
from adapters.register.chain import Chain
from adapters.register.evidence import Word, note_refused
from adapters.register.refusals import Refusal
from domain.sheets import Ruling


@dataclass(frozen=True)
class Refusable:
    """How a refused word is put on record: as which event of its cases, and with what it said."""

    word: Word
    event: str
    what: Mapping[str, object]


async def ruled(
    connection: AsyncConnection,
    chains: Iterable[Chain],
    said: Refusable,
    accept: Callable[[Writes], Awaitable[Ruling]],
    **standing: Any,  # noqa: ANN401 - fields of Ruling
) -> Ruling:
    """Accept a word, or note its refusal; then write. `accept` may raise Refusal: what it was to write is dropped.

    `chains`: of the cases it is about, locked. `standing`: what a refusal's ruling says of the sheet beside the reason.
    """
    writes = Writes()
    cases = tuple(chains)
    try:
        ruling = await accept(writes)
    except Refusal as refusal:
        writes = Writes()
        for chain in cases:
            refusal.note(chain, said.word.at, said.event, said.what)
        note_refused(writes, said.word, refusal)
        ruling = refusal.ruling(**standing)
    for chain in cases:
        chain.write(writes)
    await writes.flush(connection)
    return ruling
