"""What an answer's Result and fields make of an order: the one place where a bank's words become an outcome."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from adapters.banks.codes import answer_class
from adapters.banks.envelope import UnreadableError
from domain.money import fen_of
from domain.orders import AccountKind, AnswerClass, Executed, HeldElsewhere, Measure, Outcome, Partial, Refused

ACCEPTED = "100000"  # says that the letter has arrived; as a Result it says nothing of the effect
WRONG_NAME = "0303"
ACCOUNT_KINDS: Mapping[str, AccountKind] = {"01": AccountKind.PERSON, "02": AccountKind.CORPORATE}
_TIME = re.compile(r"[0-9]{14}")
_CHINA = "+08:00"
_ASK_AGAIN = frozenset({AnswerClass.RETRY, AnswerClass.LATER})

# Which field says that the measure really took effect, when the code says only "seen before".
_PROOF: Mapping[Measure, str] = {
    Measure.STOP: "ExpireTime",
    Measure.EXTEND_STOP: "ExpireTime",
    Measure.FREEZE: "FrozedBalance",
    Measure.RENEW: "ExpireTime",
    Measure.LIFT: "WithdrawalTime",
    Measure.UNFREEZE: "WithdrawalTime",
    Measure.QUERY: "TransactionTotal",
    Measure.HOLDER: "AccountName",
}


def outcome(measure: Measure, fields: Mapping[str, str], at: datetime) -> Outcome | None:
    """The outcome of an order by its answer's fields; None where the answer is none yet: ask again with the same bytes.

    `at` is when the answer reached us. Raises UnreadableError when a time or an amount cannot be read.
    """
    code = fields["Result"]
    known = answer_class(code, measure)
    if known in _ASK_AGAIN:
        return None
    if code == ACCEPTED or known is AnswerClass.DUPLICATE:
        if not fields.get(_PROOF[measure]):
            return None
        known = AnswerClass.PARTIAL if _short(fields) else AnswerClass.OK
    if known is AnswerClass.HELD:
        return _held_elsewhere(code, fields, at)
    facts = {
        "code": code,
        "at": at,
        "started": moment(fields, "StartTime", "FreezeStartTime", "WithdrawalTime"),
        "expires": moment(fields, "ExpireTime", "EndTime"),  # some banks write the one, some the other
        "amount_fen": sum_fen(fields, "FrozedBalance"),
        "balance_fen": fen(fields, "AccountBalance"),
        "remark": _remark(fields),
    }
    if known is AnswerClass.OK:
        return Executed.model_validate(facts)
    if known is AnswerClass.PARTIAL:
        return Partial.model_validate(facts)
    kind = ACCOUNT_KINDS.get(fields.get("AccountType", "")) if code == WRONG_NAME else None
    return Refused.model_validate(facts | {"answer_class": known, "account_kind": kind})


def moment(fields: Mapping[str, str], *names: str) -> datetime | None:
    """The first of these times that is filled (UTC). Raises UnreadableError naming the one that is no time."""
    for name in names:
        if text := fields.get(name):
            try:
                return _utc(text)
            except (ValueError, OverflowError):
                raise UnreadableError(f"{name} is not a time") from None
    return None


def fen(fields: Mapping[str, str], name: str) -> int | None:
    """An amount; an overdrawn account's balance is below zero. Raises UnreadableError naming what is no amount."""
    text = fields.get(name)
    if not text:
        return None
    try:
        return -fen_of(text[1:]) if text.startswith("-") else int(fen_of(text))
    except ValueError:
        raise UnreadableError(f"{name} is not an amount") from None


def sum_fen(fields: Mapping[str, str], name: str) -> int | None:
    """An amount that moved or is held, which is never below zero: the register keeps none that is.

    Raises UnreadableError naming what is no such amount.
    """
    found = fen(fields, name)
    if found is not None and found < 0:
        raise UnreadableError(f"{name} is below zero")
    return found


def _utc(text: str) -> datetime:
    """As domain.clock.from_platform_time, whose strptime would take a third of the reading of a long statement."""
    if not _TIME.fullmatch(text):
        raise ValueError("not fourteen digits")
    return datetime.fromisoformat(f"{text[:8]}T{text[8:]}{_CHINA}").astimezone(UTC)


def _short(fields: Mapping[str, str]) -> bool:
    asked, executed = fen(fields, "AppliedBalance"), fen(fields, "FrozedBalance")
    return asked is not None and executed is not None and executed < asked


def _held_elsewhere(code: str, fields: Mapping[str, str], at: datetime) -> HeldElsewhere:
    return HeldElsewhere(
        code=code,
        at=at,
        started=moment(fields, "StartTime", "FreezeStartTime"),
        expires=moment(fields, "FormerFrozenExpireTime", "ExpireTime", "EndTime"),
        amount_fen=sum_fen(fields, "FrozedBalance"),
        balance_fen=fen(fields, "AccountBalance"),
        authority=fields.get("FormerApplicationDepartment", ""),
        remark=_remark(fields),
    )


def _remark(fields: Mapping[str, str]) -> str:
    said = (fields.get(name, "") for name in ("FailureCause", "FeedbackRemark"))
    return "; ".join(text for text in said if text)
