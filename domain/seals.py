"""Marks on sealed inputs: what could not be opened and why, and which officer's session sealed what, when.

The codec writes them (adapters/temporal/sealing.py) and only after it has opened a seal, so nobody outside can.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import ValidationError

from domain.frozen import Frozen
from domain.policy import SealRules
from domain.words import Complaint

UNOPENED_MARK = "unopened"
SEALED_BY_MARK = "sealed-by"
SEALED_AT_MARK = "sealed-at"


class Unopened(StrEnum):
    """Why a payload was not opened."""

    PLAINTEXT = "plaintext"
    """Never sealed: written by somebody without a key."""
    FOREIGN = "foreign"
    """Sealed for another workflow, or for another kind of use."""
    CORRUPT = "corrupt"
    """Its bytes were changed, or it is no sealed payload at all."""
    UNKNOWN_KEY = "unknown_key"
    """Its key is not in this ring."""


UNOPENED_WORDS: dict[Unopened, Complaint] = {
    Unopened.PLAINTEXT: Complaint(
        zh="输入未加密，不予受理：请先在解密页登录再提交", en="not sealed, refused: log in at the codec page first"
    ),
    Unopened.FOREIGN: Complaint(
        zh="该密文属于其他案件或其他用途，不予受理", en="sealed for another case or another use, refused"
    ),
    Unopened.CORRUPT: Complaint(
        zh="密文已损坏或被改动，不予受理", en="the sealed input was damaged or changed, refused"
    ),
    Unopened.UNKNOWN_KEY: Complaint(zh="密文的密钥不在密钥环中，不予受理", en="sealed with an unknown key, refused"),
}
TOO_OLD = Complaint(
    zh="该输入加密时间过久，已失效：请重新提交", en="sealed too long ago to be accepted: please submit it again"
)


class Provenance(Frozen):
    """An officer's own session sealed this input. `sealed_at`: UTC, by the clock of the codec endpoint."""

    officer: str
    sealed_at: datetime

    def in_time(self, now: datetime, rules: SealRules) -> bool:
        """Whether it may still be accepted; a clock that runs ahead is borne by the same measure."""
        return abs(now - self.sealed_at) <= timedelta(seconds=rules.accepted_within_seconds)


def provenance(metadata: Mapping[str, bytes]) -> Provenance | None:
    """Who sealed an opened payload, from its metadata; None: no officer's session did. Never raises."""
    officer, moment = metadata.get(SEALED_BY_MARK), metadata.get(SEALED_AT_MARK)
    if not officer or not moment:
        return None
    try:
        return Provenance.model_validate({"officer": officer.decode(), "sealed_at": moment.decode()})
    except (ValidationError, UnicodeDecodeError):
        return None


def unopened(metadata: Mapping[str, bytes]) -> Unopened | None:
    """Why a payload could not be opened, from its metadata; None: it is open. Never raises."""
    said = metadata.get(UNOPENED_MARK)
    if said is None:
        return None
    try:
        return Unopened(said.decode())
    except (ValueError, UnicodeDecodeError):
        return Unopened.CORRUPT
