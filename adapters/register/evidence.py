"""Verifying what officers give: codes used once in the whole centre, signatures, locks; and the proof that is kept.

All within the caller's transaction. Locks: after case rows and holds, the officer's enrolment; of two, in sorted order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError
from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import BigInteger, Text

from adapters.devices import is_signed, shows, step_at
from adapters.keyring import CannotOpenError, KeyRing
from adapters.register.bulk import Mode, Write, Writes, run, statement_text
from adapters.register.refusals import Refusal
from adapters.register.tables import attempts, enrolments, kept_decisions, used_codes
from domain.clock import CST
from domain.evidence import (
    Binding,
    Evidence,
    EvidenceKind,
    KeptWord,
    Proof,
    Purpose,
    Signature,
    Totp,
    kept_claims,
    proof_text,
)
from domain.policy import EvidenceRules

_LATE_STEPS = 20
"""A right code of the last ten minutes is late, not guessed: it is refused and does not count towards a lock.

Where it was used in time for the same word, it still serves: the sheets of another case are decided a little later.
"""

_ATTEMPT = Write(attempts, Mode.ADD, ("officer", "purpose", "binding", "kind", "result", "at"))
_USED = Write.of(used_codes, Mode.ADD)
_LOCK = Write(enrolments, Mode.CHANGE, ("id", "locked_until"))
_OFFICER = bindparam("officer", type_=Text)
_DEVICE = statement_text(
    select(
        enrolments.c.id,
        enrolments.c.key_id,
        enrolments.c.sealed,
        enrolments.c.public_key,
        enrolments.c.locked_until,
        enrolments.c.counted_from,
    )
    .where(enrolments.c.officer == _OFFICER, enrolments.c.replaced_at.is_(None))
    .with_for_update(key_share=True)
)
_USES = statement_text(
    select(used_codes.c.step, used_codes.c.binding).where(
        used_codes.c.officer == _OFFICER, used_codes.c.step == func.any(bindparam("steps", type_=ARRAY(BigInteger)))
    )
)
_KEPT = statement_text(
    select(kept_decisions.c.proof, kept_decisions.c.state).where(
        kept_decisions.c.word == bindparam("word", type_=Text),
        kept_decisions.c.case_id == bindparam("case_id", type_=Text),
    )
)
_WRONG = statement_text(
    select(func.count().label("wrong")).where(
        attempts.c.officer == _OFFICER,
        attempts.c.result == "wrong_code",
        attempts.c.at > bindparam("since", type_=TIMESTAMP(timezone=True)),
    )
)


@dataclass(frozen=True)
class Word:
    """One word of one officer, as it is put to the register.

    `once`: not even the same word again is accepted with the same code. Otherwise it is: activities are retried, and
    one code decides sheets of several cases. `reason`: in the officer's words, of a decision. `case_id`: of the case
    that it is put to, of a decision.
    """

    officer: str
    binding: Binding
    evidence: Evidence | None
    at: datetime
    needs: EvidenceKind = EvidenceKind.TOTP
    once: bool = False
    reason: str = ""
    case_id: str = ""


class WrongCode(Refusal):
    """A code that is none of the officer's; with what it makes of the lock."""

    def __init__(self, enrolment: int, locked_until: datetime | None) -> None:
        locks = f"，已锁定至 {_clock(locked_until)}" if locked_until else ""
        locked = f"; locked until {_clock(locked_until)}" if locked_until else ""
        super().__init__("wrong_code", f"验证码不对{locks}", f"the code is wrong{locked}")
        self.enrolment = enrolment
        self.locked_until = locked_until


class Verifier:
    """Verifies words within one transaction; `writes` takes what an accepted word leaves behind."""

    def __init__(self, connection: AsyncConnection, ring: KeyRing | None, rules: EvidenceRules, writes: Writes) -> None:
        self._connection = connection
        self._ring = ring
        self._rules = rules
        self._writes = writes

    async def prove(self, word: Word, *claims: str) -> Proof:
        """Verify a word and mark its proof, which claims what it entitles. Raises Refusal."""
        if self._ring is None:
            raise Refusal(
                "no_keys", "中心密钥不可用，无法核验", "the centre's keys are not at hand: nothing is verified"
            )
        if word.evidence is None:
            raise Refusal(
                "no_evidence",
                "缺少验证码：请在警号后输入六位验证码或签名",
                "the code is missing: type six digits or a signature after your number",
            )
        device = (await run(self._connection, _DEVICE, officer=word.officer)).one_or_none()
        if device is None:
            raise Refusal(
                "not_enrolled",
                f"警号 {word.officer} 未登记验证器，请找两名管理员登记",
                f"officer {word.officer} has no authenticator enrolled: two administrators enrol one",
            )
        match word.evidence:
            case Signature() if word.once:
                # a signature holds for its text for ever: what happens each time anew is proven with a code
                raise Refusal("code_needed", "此事须用验证码，不能用签名", "this needs a code, not a signature")
            case Signature():
                proof = _by_signature(word, device, word.evidence)
            case Totp():
                proof = await self._by_code(self._ring, word, device, word.evidence)
            case KeptWord():
                proof = await self._by_kept(self._ring, word, word.evidence)
        note_attempt(self._writes, word, "accepted")
        return proof.model_copy(update={"mark": self._ring.sign(proof_text(proof, *claims))})

    async def _by_kept(self, ring: KeyRing, word: Word, given: KeptWord) -> Proof:
        """What was verified when it was given counts again for the same text, however long the engine was away.

        The row only says where the proof is; its mark, which nobody makes without the ring, is what counts. Once: an
        officer who was told that a word was refused must not find it in force later.
        """
        row = (await run(self._connection, _KEPT, word=given.word, case_id=word.case_id)).one_or_none()
        try:
            proof = None if row is None else Proof.model_validate(row.proof)
        except ValidationError:
            proof = None
        about_this = (word.officer, word.binding.digest, word.binding.purpose, False)
        if (
            proof is None
            or about_this != (proof.officer, proof.binding, Purpose.DECISION, word.once)
            or not is_proven(ring, proof, *kept_claims(given.word, word.reason))
        ):
            raise Refusal(
                "no_kept_word",
                "登记簿没有核验过这个决定：请用验证码或签名重新作出",
                "the register never verified this word: decide again with a code or a signature",
            )
        if row is None or row.state != "waiting":
            raise Refusal(
                "settled_word",
                "此决定已了结：请用验证码或签名重新作出",
                "this word was settled already: decide again with a code or a signature",
            )
        if word.needs is EvidenceKind.SIGNATURE and proof.kind is not EvidenceKind.SIGNATURE:
            raise signature_needed()
        return _proof(word, proof.kind, step=proof.step, signature=proof.signature)

    async def _by_code(self, ring: KeyRing, word: Word, device: Any, given: Totp) -> Proof:  # noqa: ANN401 - a row
        if word.needs is EvidenceKind.SIGNATURE:
            raise signature_needed()
        if device.locked_until is not None and word.at < device.locked_until:
            until = _clock(device.locked_until)
            raise Refusal(
                "locked",
                f"验证码多次错误，已锁定至 {until}；值班长可解锁",
                f"too many wrong codes: locked until {until}; the duty chief can unlock",
            )
        secret = secret_of(ring, word.officer, device)
        steps, late = self._steps_of(secret, given, word.at), _late_steps(secret, given, word.at)
        if not steps and not late:
            raise await self._wrong(word, device)
        known = await run(self._connection, _USES, officer=word.officer, steps=[*steps, *late])
        uses = {row.step: row.binding for row in known}
        ours = next((step for step in (*steps, *late) if uses.get(step) == word.binding.digest), None)
        if ours is not None and not word.once:
            return _proof(word, EvidenceKind.TOTP, step=ours)
        if not steps:
            raise Refusal("late_code", "验证码已过期：请输入现在的", "this code is over: type the one shown now")
        free = next((step for step in steps if step not in uses), None)
        if free is None:
            raise Refusal(
                "used_code",
                "此验证码已用过：请等下一个（半分钟内）",
                "this code was used already: wait for the next one, within half a minute",
            )
        row = {"officer": word.officer, "step": free, "purpose": word.binding.purpose, "at": word.at}
        self._writes.add(_USED, {**row, "binding": word.binding.digest})
        return _proof(word, EvidenceKind.TOTP, step=free)

    def _steps_of(self, secret: bytes, given: Totp, at: datetime) -> Sequence[int]:
        """The half minutes whose code this is, the present one first; one, but for a rare coincidence."""
        now, either = step_at(at), self._rules.steps_either_side
        around = sorted(range(now - either, now + either + 1), key=lambda step: (abs(step - now), step))
        return [step for step in around if shows(secret, step, given)]

    async def _wrong(self, word: Word, device: Any) -> Refusal:  # noqa: ANN401 - a row
        since = word.at - timedelta(minutes=self._rules.within_minutes)
        if device.counted_from is not None:
            since = max(since, device.counted_from)
        before = (await run(self._connection, _WRONG, officer=word.officer, since=since)).one().wrong
        locks = before + 1 >= self._rules.wrong_codes
        return WrongCode(device.id, word.at + timedelta(minutes=self._rules.locked_minutes) if locks else None)


def signature_needed() -> Refusal:
    """A code came for a sheet that asks for more."""
    return Refusal(
        "signature_needed",
        "此单金额或期限较大，须用签名：starter.py sign",
        "this sheet's sum or term needs a signature, not a code: make it with `starter.py sign`",
    )


def note_attempt(writes: Writes, word: Word, result: str) -> None:
    """Put one attempt on record."""
    writes.add(
        _ATTEMPT,
        {
            "officer": word.officer,
            "purpose": word.binding.purpose,
            "binding": word.binding.digest,
            "kind": word.evidence.kind if word.evidence is not None else "",
            "result": result,
            "at": word.at,
        },
    )


def note_refused(writes: Writes, word: Word, refusal: Refusal) -> None:
    """Put a refused attempt on record, and lock the officer where it was one wrong code too many."""
    note_attempt(writes, word, refusal.code)
    if isinstance(refusal, WrongCode) and refusal.locked_until is not None:
        writes.add(_LOCK, {"id": refusal.enrolment, "locked_until": refusal.locked_until})


def is_proven(ring: KeyRing, proof: Proof, *claims: str) -> bool:
    """Whether the ring marked this proof for these claims."""
    return bool(proof.mark) and ring.signed(proof_text(proof, *claims), proof.mark)


def bound_to(officer: str) -> bytes:
    """What an officer's sealed secret is bound to: it opens for no other number."""
    return b"authenticator\x1f" + officer.encode()


def secret_of(ring: KeyRing, officer: str, device: Any) -> bytes:  # noqa: ANN401 - a row of enrolments
    """The secret of an enrolled authenticator. Raises Refusal."""
    try:
        return ring.open(device.key_id, bytes(device.sealed), bound_to(officer))
    except CannotOpenError:
        raise Refusal(
            "no_keys",
            "验证器的密钥打不开，请重新登记",
            "the authenticator was sealed with keys that are not here: it must be enrolled again",
        ) from None


def _by_signature(word: Word, device: Any, given: Signature) -> Proof:  # noqa: ANN401 - a row
    if device.public_key is None:
        raise Refusal(
            "no_signing_key",
            f"警号 {word.officer} 未登记签名公钥",
            f"officer {word.officer} has no public key enrolled: two administrators enrol one",
        )
    if not is_signed(device.public_key, word.binding.text, given):
        raise Refusal(
            "wrong_signature",
            "签名不符：不是对这些单据、这个决定的签名",
            "the signature is not for this word: another sheet, verdict or list of lines, or another key",
        )
    return _proof(word, EvidenceKind.SIGNATURE, signature=given.value)


def _proof(word: Word, kind: EvidenceKind, *, step: int | None = None, signature: str = "") -> Proof:
    return Proof(officer=word.officer, kind=kind, step=step, signature=signature, binding=word.binding.digest)


def _late_steps(secret: bytes, given: Totp, at: datetime) -> Sequence[int]:
    now = step_at(at)
    return [step for step in range(now - _LATE_STEPS, now) if shows(secret, step, given)]


def _clock(moment: datetime | None) -> str:
    return moment.astimezone(CST).strftime("%H:%M:%S") if moment is not None else ""
