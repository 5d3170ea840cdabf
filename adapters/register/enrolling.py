"""Officers and their devices: enrolled by two administrators, locked by wrong codes, unlocked by the duty chief.

Adding, changing and disabling officers and enrolling devices needs two different administrators, each with evidence
for exactly that act. The very first two are set up without, while no administrator is enrolled.
"""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import BigInteger, Text

from adapters.keyring import KeyRing
from adapters.register.bulk import Mode, Write, Writes, columns_of, run, statement_text
from adapters.register.evidence import Verifier, Word, bound_to, note_refused
from adapters.register.part import Part
from adapters.register.refusals import Refusal, officer_of
from adapters.register.roster import OFFICERS, ROSTER_ALONE, put_entries
from adapters.register.tables import enrolments, institutions, officers, used_codes
from domain.evidence import Purpose, Signatory, binding_of, login_binding
from domain.frozen import Frozen
from domain.officers import LEAST_ADMINISTRATORS, ROLE_WORDS, Officer, Role
from domain.sheets import Ruling
from domain.words import Complaint, evidence_word

_ENROLMENT = Write(
    enrolments,
    Mode.ADD,
    (
        *("officer", "key_id", "sealed", "public_key", "enrolled_at"),
        *("first_administrator", "second_administrator"),
    ),
)
_NOW = bindparam("now", type_=TIMESTAMP(timezone=True))
_OFFICER = bindparam("officer", type_=Text)
_IN_USE = enrolments.c.replaced_at.is_(None)
_REPLACE = statement_text(update(enrolments).values(replaced_at=_NOW).where(enrolments.c.officer == _OFFICER, _IN_USE))
_UNLOCK = statement_text(
    update(enrolments).values(locked_until=None, counted_from=_NOW).where(enrolments.c.officer == _OFFICER, _IN_USE)
)
_ENROLLED = statement_text(
    select(
        enrolments.c.officer,
        enrolments.c.enrolled_at,
        enrolments.c.locked_until,
        enrolments.c.public_key.is_not(None).label("signs"),
        enrolments.c.first_administrator.is_not(None).label("by_two"),
    )
    .where(_IN_USE)
    .order_by(enrolments.c.officer)
)
_ADMINISTRATORS = statement_text(
    select(officers.c.number)
    .join(enrolments, enrolments.c.officer == officers.c.number)
    .where(_IN_USE, officers.c.active, officers.c.roles.contains([Role.ADMINISTRATOR.value]))
)
_KNOWN = statement_text(select(officers).where(officers.c.number == func.any(bindparam("numbers", type_=ARRAY(Text)))))
_USED_SINCE = statement_text(
    select(used_codes.c.officer, used_codes.c.step).where(used_codes.c.step >= bindparam("since", type_=BigInteger))
)
_REAL = statement_text(select(institutions.c.code).where(~institutions.c.practice).limit(1))


@dataclass(frozen=True)
class Device:
    """A device to enrol. `secret` of its codes; `public_key`: Ed25519 in base64url, where it also signs."""

    officer: str
    secret: bytes = field(repr=False)
    public_key: str | None = None


class Enrolled(Frozen):
    """An officer's device in use. `signs`: a public key is enrolled as well."""

    officer: str
    enrolled_at: datetime
    locked_until: datetime | None = None
    signs: bool = False
    by_two: bool = False
    """Enrolled by two administrators; false: the first setup, or a practice officer's derived device."""

    def is_locked(self, now: datetime) -> bool:
        """Whether wrong codes have locked it just now."""
        return self.locked_until is not None and now < self.locked_until


_Act = Callable[[AsyncConnection], Coroutine[Any, Any, Ruling]]


class Enrolling(Part):
    """The part of the register that officers' entries and devices go through."""

    async def enrolments(self) -> list[Enrolled]:
        """All devices in use, by officer."""

        async def work(connection: AsyncConnection) -> list[Enrolled]:
            return [Enrolled.model_validate(columns_of(row)) for row in await run(connection, _ENROLLED)]

        return await self._do(work)

    async def used_steps(self, since: int) -> set[tuple[str, int]]:
        """Codes used since a half minute: (officer, step)."""

        async def work(connection: AsyncConnection) -> set[tuple[str, int]]:
            return {(row.officer, row.step) for row in await run(connection, _USED_SINCE, since=since)}

        return await self._do(work)

    async def set_up(self, first: Officer, second: Officer, devices: Sequence[Device], now: datetime) -> Ruling:
        """The first two administrators with their devices; only while no administrator is enrolled."""

        async def work(connection: AsyncConnection) -> Ruling:
            await run(connection, ROSTER_ALONE)
            if (await run(connection, _ADMINISTRATORS)).first() is not None:
                raise Refusal(
                    "set_up",
                    "已有管理员登记，首次设置不再可用",
                    "an administrator is enrolled already: two administrators do this from now on",
                )
            if first.number == second.number or not all(Role.ADMINISTRATOR in one.roles for one in (first, second)):
                raise Refusal("two_persons", "须为两名不同的管理员", "two different administrators are due")
            await put_entries(connection, OFFICERS, [first, second])
            await self._enrol(connection, devices, None, now)
            return Ruling(accepted=True, sheet="", zh="两名管理员已登记", en="two administrators are enrolled")

        return await self._ruled(work)

    async def change_officer(self, action: str, officer: Officer, by: Sequence[Signatory], now: datetime) -> Ruling:
        """Add ("add"), give other roles ("roles") or disable ("disable") an officer, who then loses the device."""

        async def work(connection: AsyncConnection) -> Ruling:
            await run(connection, ROSTER_ALONE)
            known = (await run(connection, _KNOWN, numbers=[officer.number])).one_or_none()
            if (known is None) != (action == "add"):
                zh, en = ("已在册", "is on record already") if known is not None else ("不在册", "is not on record")
                raise Refusal("officer_known", f"警号 {officer.number} {zh}", f"officer {officer.number} {en}")
            if not officer.active:
                await run(connection, _REPLACE, officer=officer.number, now=now)
            await put_entries(connection, OFFICERS, [officer])
            await _administrators_remain(connection)
            return Ruling(accepted=True, sheet="", zh="已登记", en=f"officer {officer.number}: {action} is on record")

        roles = ",".join(sorted(officer.roles))
        lines = (f"number {officer.number}", f"name {officer.name}", f"unit {officer.unit}", f"roles {roles}")
        return await self._by_two(action, (*lines, f"active {officer.active}"), by, now, work)

    async def enrol(self, action: str, device: Device, by: Sequence[Signatory], now: datetime) -> Ruling:
        """Enrol an officer's first device ("enrol"), or another in its place ("rotate")."""

        async def work(connection: AsyncConnection) -> Ruling:
            await officer_of(connection, device.officer)
            before = {row.officer for row in await run(connection, _ENROLLED)}
            if (device.officer in before) != (action == "rotate"):
                raise Refusal(
                    "enrolled",
                    "已有验证器，请用 rotate" if device.officer in before else "尚无验证器，请用 enrol",
                    "a device is enrolled: rotate it" if device.officer in before else "no device yet: enrol one",
                )
            await run(connection, _REPLACE, officer=device.officer, now=now)
            await self._enrol(connection, [device], (by[0].officer, by[1].officer), now)
            return Ruling(accepted=True, sheet="", zh="验证器已登记", en="the device is enrolled")

        lines = (f"number {device.officer}", f"public key {device.public_key or '-'}")
        return await self._by_two(action, lines, by, now, work)

    async def unlock(self, number: str, by: Signatory, now: datetime) -> Ruling:
        """The duty chief unlocks an officer who typed too many wrong codes; they count no more."""
        binding = binding_of(Purpose.ADMINISTRATION, by.officer, "action unlock", f"number {number}")
        word = Word(by.officer, binding, by.evidence, now, once=True)

        async def work(connection: AsyncConnection) -> Ruling:
            writes = Writes()
            try:
                await _in_role(connection, by.officer, Role.DUTY_CHIEF)
                await self._verifier(connection, writes).prove(word)
            except Refusal as refusal:
                return await _refused(connection, word, refusal)
            await writes.flush(connection)
            await run(connection, _UNLOCK, officer=number, now=now)
            return Ruling(accepted=True, sheet="", zh=f"警号 {number} 已解锁", en=f"officer {number} is unlocked")

        return await self._do(work)

    async def admit(self, officer: str, code: str, now: datetime | None = None) -> tuple[Role, ...] | Complaint:
        """Let an officer in to read: the roles held, or why not. A code opens once, and only this door."""
        evidence = evidence_word(code)
        word = Word(officer, login_binding(officer), evidence, now or datetime.now(UTC), once=True)

        async def work(connection: AsyncConnection) -> tuple[Role, ...] | Complaint:
            writes = Writes()
            try:
                known = await officer_of(connection, officer)
                await self._verifier(connection, writes).prove(word)
            except Refusal as refusal:
                await _refused(connection, word, refusal)
                return Complaint(zh=refusal.zh, en=refusal.en)
            await writes.flush(connection)
            return known.roles

        return await self._do(work)

    async def enrol_practice(self, devices: Sequence[Device], now: datetime) -> None:
        """Enrol devices of practice officers who have none. Raises ValueError where an institution is real."""

        async def work(connection: AsyncConnection) -> None:
            if (real := (await run(connection, _REAL)).one_or_none()) is not None:
                raise ValueError(f"{real.code} is a real institution: no practice officer is enrolled beside it")
            await run(connection, ROSTER_ALONE)
            before = {row.officer for row in await run(connection, _ENROLLED)}
            await self._enrol(connection, [one for one in devices if one.officer not in before], None, now)

        await self._do(work)

    # ------------------------------------------------------------ plumbing

    def _verifier(self, connection: AsyncConnection, writes: Writes) -> Verifier:
        return Verifier(connection, self._ring, self._rules.evidence, writes)

    async def _enrol(
        self, connection: AsyncConnection, devices: Sequence[Device], by: tuple[str, str] | None, now: datetime
    ) -> None:
        ring, writes = self._ring, Writes()
        if ring is None:
            raise Refusal("no_keys", "中心密钥不可用", "the centre's keys are not at hand: nothing is enrolled")
        first, second = by or (None, None)
        for device in devices:
            administrators = {"first_administrator": first, "second_administrator": second}
            writes.add(_ENROLMENT, {**_sealed(ring, device), "enrolled_at": now, **administrators})
        await writes.flush(connection)

    async def _by_two(
        self, action: str, lines: Sequence[str], by: Sequence[Signatory], now: datetime, act: _Act
    ) -> Ruling:
        """An act of two different administrators, each with evidence for exactly this act."""
        signatories = sorted(by, key=lambda one: one.officer)
        words = [
            Word(
                one.officer,
                binding_of(Purpose.ADMINISTRATION, one.officer, f"action {action}", *lines),
                one.evidence,
                now,
                once=True,
            )
            for one in signatories
        ]

        async def work(connection: AsyncConnection) -> Ruling:
            writes, speaking = Writes(), words[0] if words else None
            try:
                _two_persons(signatories)
                for speaking in words:  # locks in sorted order
                    await _in_role(connection, speaking.officer, Role.ADMINISTRATOR)
                    await self._verifier(connection, writes).prove(speaking)
            except Refusal as refusal:
                return refusal.ruling() if speaking is None else await _refused(connection, speaking, refusal)
            await writes.flush(connection)
            try:
                async with connection.begin_nested():  # the codes stay used, whatever comes of the act
                    return await act(connection)
            except Refusal as refusal:
                return refusal.ruling()

        return await self._ruled(work)


def _sealed(ring: KeyRing, device: Device) -> dict[str, object]:
    sealed = ring.seal(device.secret, bound_to(device.officer))
    return {
        "officer": device.officer,
        "key_id": sealed.key_id,
        "sealed": "\\x" + sealed.blob.hex(),
        "public_key": device.public_key,
    }


async def _refused(connection: AsyncConnection, word: Word, refusal: Refusal) -> Ruling:
    writes = Writes()
    note_refused(writes, word, refusal)
    await writes.flush(connection)
    return refusal.ruling()


def _two_persons(signatories: Sequence[Signatory]) -> None:
    if len({one.officer for one in signatories}) != LEAST_ADMINISTRATORS:
        raise Refusal("two_persons", "须两名不同的管理员", "two different administrators are due")


async def _in_role(connection: AsyncConnection, number: str, role: Role) -> None:
    officer = await officer_of(connection, number)
    if role not in officer.roles:
        zh, en = ROLE_WORDS[role]
        raise Refusal("not_in_role", f"警号 {number} 不是{zh}", f"officer {number} is not a {en}")


async def _administrators_remain(connection: AsyncConnection) -> None:
    """Nobody could enrol anybody any more, once fewer than two administrators are left."""
    if len((await run(connection, _ADMINISTRATORS)).all()) < LEAST_ADMINISTRATORS:
        raise Refusal(
            "last_administrators",
            "至少须保留两名已登记的管理员",
            "at least two enrolled administrators must remain",
        )
