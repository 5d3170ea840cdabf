"""The standing authority and the one word that revokes it."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import bindparam, cast, func, insert, select, update
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from adapters.register.bulk import Writes, as_json, columns_of, run, statement_text
from adapters.register.evidence import Verifier, Word, note_refused
from adapters.register.locking import HALT_LOCK
from adapters.register.part import Part
from adapters.register.refusals import Refusal, officer_of
from adapters.register.rows import Authority
from adapters.register.tables import authorities, halts
from domain.authority import AuthorityWord, Halt, authority_claims
from domain.officers import ROLE_WORDS, Role
from domain.sheets import Ruling

_NOW = bindparam("now", type_=TIMESTAMP(timezone=True))
_OFFICER = bindparam("officer", type_=Text)
_ALONE = statement_text(select(func.pg_advisory_xact_lock(HALT_LOCK)))
_REVOKE = statement_text(
    update(authorities)
    .values(revoked_at=_NOW, revoked_by=_OFFICER)
    .where(authorities.c.revoked_at.is_(None), authorities.c.ends > _NOW)
)
_HALT = statement_text(
    insert(halts).values(officer=_OFFICER, at=_NOW, lifted_by=bindparam("lifted_by", type_=Text, value=None))
)
LATE_BY = timedelta(minutes=1)
"""A halt is late only by more than this: clocks differ, and a fresh halt must never be taken for an old one."""
_SIGNED_SINCE = statement_text(
    select(authorities.c.authority_id)
    # and not from a clock that is ahead of ours
    .where(authorities.c.starts > _NOW + LATE_BY, authorities.c.starts <= func.now())
    .order_by(authorities.c.given)
    .limit(1)
)
_SAID_BEFORE = statement_text(select(halts.c.id).where(halts.c.officer == _OFFICER, halts.c.at == _NOW))
_STANDING_HALT = statement_text(
    select(halts.c.officer, halts.c.at).where(halts.c.lifted_by.is_(None)).order_by(halts.c.id).limit(1)
)
_GIVE = statement_text(
    insert(authorities).values(
        authority_id=bindparam("authority_id", type_=Text),
        handling=bindparam("handling", type_=Text),
        second=bindparam("second", type_=Text),
        starts=_NOW,
        ends=bindparam("ends", type_=TIMESTAMP(timezone=True)),
        content=cast(bindparam("content", type_=Text), JSONB),
        handling_proof=cast(bindparam("handling_proof", type_=Text), JSONB),
        second_proof=cast(bindparam("second_proof", type_=Text), JSONB),
    )
)
_LIFT_HALTS = statement_text(
    update(halts).values(lifted_by=bindparam("authority_id", type_=Text)).where(halts.c.lifted_by.is_(None))
)
_LATEST = statement_text(
    select(*(one for one in authorities.c if one.name != "given")).order_by(authorities.c.given.desc()).limit(1)
)


_LIFTED = Refusal(
    "lifted",
    "未停手：此后两名值班警员已签署常备授权；仍须停手的，请重新停手",
    "not halted: two duty officers have signed the standing authority since; halt again if it is still due",
)


class Commanding(Part):
    """The part of the register that gives and revokes the standing authority."""

    async def halt(self, officer: str, now: datetime) -> Ruling:
        """停手: revoke the standing authority at once; any active officer may. Accepted: nothing more leaves.

        It waits for orders being written this very moment: they are written before it, or not at all. `now`: when it
        was said. A centre that two have signed for since is not halted by it, whether it is told once more (a worker
        died before it could say so) or arrives so late (nobody worked): it is on record as lifted, and refused.
        """

        async def work(connection: AsyncConnection) -> Ruling:
            await officer_of(connection, officer)
            await run(connection, _ALONE)
            if (await run(connection, _SAID_BEFORE, officer=officer, now=now)).first() is None:
                lifted_by = None
                if (await run(connection, _STANDING_HALT)).first() is None:
                    lifted_by = (await run(connection, _SIGNED_SINCE, now=now)).scalar_one_or_none()
                    if lifted_by is None:
                        await run(connection, _REVOKE, officer=officer, now=now)
                await run(connection, _HALT, officer=officer, now=now, lifted_by=lifted_by)
            if (await run(connection, _STANDING_HALT)).first() is None:
                return _LIFTED.ruling()
            return Ruling(accepted=True, sheet="", zh="已停手，不再发出任何指令", en="halted: nothing more leaves")

        return await self._ruled(work)

    async def give_authority(self, word: AuthorityWord) -> Ruling:
        """Both duty officers sign the standing authority for their shift, each with evidence; a halt ends with it."""
        now = word.at
        signatories = sorted((word.handling, word.second), key=lambda one: one.officer)
        words = {
            one.officer: Word(one.officer, word.binding(one.officer), one.evidence, now, once=True)
            for one in signatories
        }

        async def work(connection: AsyncConnection) -> Ruling:
            await run(connection, _ALONE)
            speaking, writes = signatories[0].officer, Writes()
            try:
                await self._may_give(connection, word)
                key, ends = f"au-{secrets.token_hex(8)}", now + timedelta(hours=word.hours)
                claims = authority_claims(key, now, ends, word.content)
                verifier = Verifier(connection, self._ring, self._rules.evidence, writes)
                proofs = {}
                for speaking, said in words.items():  # locks in sorted order
                    proofs[speaking] = await verifier.prove(said, *claims)
            except Refusal as refusal:
                writes = Writes()
                note_refused(writes, words[speaking], refusal)
                await writes.flush(connection)
                return refusal.ruling()
            await writes.flush(connection)
            await run(
                connection,
                _GIVE,
                authority_id=key,
                handling=word.handling.officer,
                second=word.second.officer,
                now=now,
                ends=ends,
                content=as_json(word.content),
                handling_proof=as_json(proofs[word.handling.officer]),
                second_proof=as_json(proofs[word.second.officer]),
            )
            await run(connection, _LIFT_HALTS, authority_id=key)
            return Ruling(accepted=True, sheet=key, zh="常备授权已生效", en="the standing authority is in force")

        return await self._do(work)

    async def _may_give(self, connection: AsyncConnection, word: AuthorityWord) -> None:
        if word.handling.officer == word.second.officer:
            raise Refusal("one_person", "经办人与协查人须为两人", "handling and second officer are two persons")
        for signatory, role in zip((word.handling, word.second), self._rules.level, strict=True):
            await self._in_role(connection, signatory.officer, role)
        most = self._rules.longest_authority_hours
        if not 0 < word.hours <= most:
            raise Refusal(
                "hours",
                f"授权时长须在 0 至 {most:g} 小时之间",
                f"an authority lasts more than 0 and at most {most:g} hours",
            )

    async def authority(self) -> Authority | None:
        """The latest standing authority, in force or not."""

        async def work(connection: AsyncConnection) -> Authority | None:
            row = (await run(connection, _LATEST)).one_or_none()
            if row is None:
                return None
            proven = row.content is not None
            return Authority.model_validate({**columns_of(row), "revoked_by": row.revoked_by or "", "proven": proven})

        return await self._do(work)

    async def halted(self) -> bool:
        """Whether a halt stands."""
        return await self.standing_halt() is not None

    async def standing_halt(self) -> Halt | None:
        """The halt that stands: of several the first, for nothing has left since; None: nobody has halted."""

        async def work(connection: AsyncConnection) -> Halt | None:
            row = (await run(connection, _STANDING_HALT)).first()
            return None if row is None else Halt(officer=row.officer, at=row.at)

        return await self._do(work)

    @staticmethod
    async def _in_role(connection: AsyncConnection, number: str, role: Role) -> None:
        officer = await officer_of(connection, number)
        if role not in officer.roles:
            zh, en = ROLE_WORDS[role]
            raise Refusal("not_in_role", f"警号 {number} 不是{zh}", f"officer {number} is not a {en}")
