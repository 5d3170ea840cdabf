"""Refusals are rulings, not errors: in words an officer understands, and on record where there is a case."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from adapters.register.bulk import columns_of, run, statement_text
from adapters.register.chain import Chain
from adapters.register.tables import officers
from domain.officers import Officer
from domain.sheets import Ruling

_OFFICER = statement_text(select(officers).where(officers.c.number == bindparam("number", type_=Text)))


class Refusal(Exception):  # noqa: N818 - it is no error: it becomes a ruling
    """Why something is refused, in Chinese and English; `code` says it to programs and never changes."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.code = code
        self.zh = zh
        self.en = en

    def ruling(self, sheet: str = "", **standing: Any) -> Ruling:  # noqa: ANN401 - fields of Ruling
        """The same as a ruling."""
        return Ruling(accepted=False, sheet=sheet, refused=self.code, zh=self.zh, en=self.en, **standing)

    def note(self, chain: Chain, at: datetime, kind: str, what: Mapping[str, object]) -> None:
        """Put it on the case's record."""
        chain.note(at, kind, {**what, "refused": self.code, "why": self.en})


async def officer_of(connection: AsyncConnection, number: str) -> Officer:
    """The officer of this number who may still decide. Raises Refusal."""
    row = (await run(connection, _OFFICER, number=number)).one_or_none()
    if row is None:
        raise Refusal("unknown_officer", f"警号 {number} 不在册", f"officer {number} is not in the register")
    officer = Officer.model_validate(columns_of(row))
    if not officer.active:
        raise Refusal(
            "inactive_officer", f"警号 {number} 已停用", f"officer {number} is on record but not active any more"
        )
    return officer


def unknown_case() -> Refusal:
    """There is no such case to put a refusal on."""
    return Refusal("unknown_case", "没有这个案件", "there is no such case")
