"""The table of answer codes, read from codes.toml beside this file; no other place knows what a code means."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

from pydantic import Field, TypeAdapter

from domain.frozen import Frozen
from domain.orders import AnswerClass, Measure

_TABLE = Path(__file__).with_name("codes.toml")
_FAMILY_DIGITS = 2  # 09xx: the first two digits name the family
_CODE_DIGITS = 4
# What a receipt can mean: it says only whether the letter has arrived, so nothing else is read into it.
_OF_RECEIPTS = frozenset(
    {AnswerClass.OK, AnswerClass.DUPLICATE, AnswerClass.LATER, AnswerClass.RETRY, AnswerClass.PERMANENT}
)


class Code(Frozen):
    """One line of the table: codes and families with one meaning."""

    codes: Annotated[tuple[Annotated[str, Field(pattern=r"^(\d{4}|\d{6}|\d{2}xx)$")], ...], Field(alias="code")]
    answer_class: Annotated[AnswerClass, Field(alias="class")]
    ok_for: tuple[Measure, ...] = ()
    """Measures for which this code says that what was asked is so."""
    zh: str
    en: str


_UNLISTED = Code.model_validate(
    {
        "code": (),
        "class": AnswerClass.PERSON,
        "zh": "未知应答码，需人工核实",
        "en": "code not in the table: a person asks the institution",
    }
)


@cache
def table() -> Mapping[str, Code]:
    """Every code and family of the table, by its name. Raises ValueError when one stands there twice."""
    lines = TypeAdapter(tuple[Code, ...]).validate_python(tomllib.loads(_TABLE.read_text(encoding="utf-8"))["code"])
    found: dict[str, Code] = {}
    for line in lines:
        for code in line.codes:
            if code in found:
                raise ValueError(f"code {code} stands twice in {_TABLE.name}")
            found[code] = line
    return MappingProxyType(found)


def meaning(code: str) -> Code:
    """What a code means; an unlisted one is for a person to find out."""
    return _listed(code) or _UNLISTED


def words(code: str) -> tuple[str, str]:
    """A code in Chinese and English, for people."""
    line = meaning(code)
    return line.zh, line.en


def answer_class(code: str, measure: Measure) -> AnswerClass:
    """The class of a Result code in the answer to a measure."""
    line = meaning(code)
    return AnswerClass.OK if measure in line.ok_for else line.answer_class


def receipt_class(code: str) -> AnswerClass:
    """The class of a receipt's code. An unlisted code says nothing: the same bytes again do no harm."""
    line = _listed(code)
    if line is None:
        return AnswerClass.RETRY
    return line.answer_class if line.answer_class in _OF_RECEIPTS else AnswerClass.PERMANENT


def _listed(code: str) -> Code | None:
    exact = table().get(code)
    if exact is None and len(code) == _CODE_DIGITS:
        return table().get(f"{code[:_FAMILY_DIGITS]}xx")
    return exact
