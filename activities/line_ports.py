"""The ports to institutions: letters, their receipts and answers, and what may go wrong on the way.

Two errors separate what may have happened at an institution:

    LineError
    ├── NeverSent      nothing left us: sending later is a first sending
    └── PerhapsSent    it may have arrived and taken effect: look up or send the same bytes again
"""

from collections.abc import Sequence
from typing import Protocol

from domain.frozen import Frozen
from domain.institutions import Institution
from domain.orders import AnswerClass, Order, Outcome
from domain.statement import Statement


class LineError(Exception):
    """An institution's line failed; the subclass says what may have happened."""


class NeverSent(LineError):  # noqa: N818 - the two names say what the centre has to know
    """Nothing left us."""


class PerhapsSent(LineError):  # noqa: N818 - likewise
    """It may have arrived."""


class Letter(Frozen):
    """One order as it travels: the same order gives the same letter, byte by byte."""

    key: str
    serial: str
    message: str
    """Base64, as it stands in the POST."""
    sha256: str
    """Of the message's bytes before Base64; kept in the register and compared when sent again."""


class LetterReceipt(Frozen):
    """That a letter has arrived, or why not.

    `answer_class` maps the code: OK, DUPLICATE (arrived before), LATER, RETRY, PERMANENT.
    """

    key: str
    code: str
    answer_class: AnswerClass


class Reply(Frozen):
    """One answer, understood; or `unreadable` says in one line (nothing personal) why it is not."""

    key: str
    code: str = ""
    """The institution's own result code, also where it is no outcome yet (1100, 1300): a person may want to know."""
    outcome: Outcome | None = None
    statement: Statement | None = None
    unreadable: str = ""


class Fetched(Frozen):
    """What one long poll brought. `missing` were never accepted at this door: send them again."""

    replies: tuple[Reply, ...] = ()
    missing: tuple[str, ...] = ()
    foreign: int = 0
    """Answers with a key that was not asked for; dropped."""


class InstitutionPort(Protocol):
    """The line to one institution (bank, payment institution or carrier).

    It must not decide, retry, wait for effects or write to the register. It must keep the order of nothing, and must
    bear late, doubled, foreign and unreadable answers: foreign ones are dropped and counted, never guessed at.
    """

    def seal(self, order: Order, paper: bytes) -> Letter:
        """Build the letter. Pure: same order and paper, same bytes.

        Raises ValueError naming a field that does not fit its width.
        """
        ...

    async def hand_in(self, letters: Sequence[Letter]) -> list[LetterReceipt]:
        """One POST (more when the list is long). Raises NeverSent or PerhapsSent for the whole list."""
        ...

    async def fetch(self, keys: Sequence[str], *, wait_s: float, linger_s: float) -> Fetched:
        """Long poll for any of these answers. Raises LineError when the line fails: nothing is lost, ask again."""
        ...


class Warrants(Protocol):
    """What entitles letters, looked at once more at the last step before the wire (decisions: evidence first)."""

    async def unproven(self, letters: Sequence[Letter]) -> dict[str, str]:
        """The keys of letters that nothing on record entitles with these very bytes, each with why (nothing personal).

        One look for a whole POST. Raises NeverSent when the register cannot be asked.
        """
        ...


class Lines(Protocol):
    """All lines of the centre."""

    def to(self, institution: Institution) -> InstitutionPort:
        """The line to one institution. Raises LookupError when none is configured."""
        ...
