"""Words: all that one kind of paper is printed with, as one text that is kept among the documents.

    house's words      of the templates and settings in force; adopted by the register when a worker starts
    a sheet's words    the house's, with the names of its institutions: the last of the sheet's documents

Whoever approves a sheet approves this text, so its papers are printed with it, whatever the templates say by then.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

from pydantic import ValidationError

from adapters.papers.templates import Template
from domain.frozen import Frozen
from domain.papers import PaperKind

FIRST_BYTE = "7b"
"""Of every such text, in hexadecimal; a PDF begins with another."""


class WordsError(ValueError):
    """A text is not words that this program knows how to print."""


class Words(Frozen):
    """What one kind of paper says, but for what its orders say.

    `layout`: of this model and its template; one that this program does not know is not read. Sheets wait for days with
    words of before: a new field needs a default, and to remove a field or a placeholder needs a new layout.
    """

    layout: Literal[1] = 1
    kind: PaperKind
    template: Template
    signature: str = ""
    """Lines parted by "|"; empty: the issuer."""
    issuer: str
    interest: bool
    """Whether the interest goes with the money (rules F1)."""
    basis: str = ""
    """The law it rests on, where its sheet names none."""
    names: Mapping[str, str] = {}
    """Institutions by id, as a sheet's papers call them; empty: as its case does."""


def text_of(words: Words) -> str:
    """Always the same text for the same words."""
    return json.dumps(words.model_dump(mode="json"), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@lru_cache(maxsize=64)
def words_from(text: str) -> Words:
    """The words of such a text. Raises WordsError."""
    try:
        return Words.model_validate_json(text)
    except ValidationError as problem:
        raise WordsError(f"{problem.error_count()} parts of it are not as this program writes them") from None


def with_names(text: str, names: Mapping[str, str]) -> str:
    """The text of a sheet's words. Raises WordsError."""
    return text_of(words_from(text).model_copy(update={"names": dict(names)}))


def digest_of(text: str) -> str:
    """Its SHA-256 as a document."""
    return hashlib.sha256(text.encode()).hexdigest()
