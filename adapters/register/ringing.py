"""Notices on their way: what is due climbs, its letters are handed out and noted, an officer acknowledges."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from activities.notice_ports import Attempt, Outgoing
from adapters.register.bulk import Mode, Write, Writes, as_json, columns_of, run
from adapters.register.locking import lock_case
from adapters.register.noticing import OVER_THAT_RING, notice_rules, silent_since
from adapters.register.part import Part
from adapters.register.refusals import Refusal, officer_of
from adapters.register.tables import deliveries, notices
from domain.clock import shown_time
from domain.notices import ROLE_BY_ROLE, Notice, NoticeChannel, NoticeKind, Quieted
from domain.officers import Role
from domain.policy import Policy
from domain.sheets import Ruling, role_words

_KINDS = [kind.value for kind in NoticeKind]
"""A newer program may have made notices of other kinds: they are its own to send."""
_RUNG = Write.of(notices, Mode.CHANGE, "sendings", "ring_at")
_LETTER = Write.of(deliveries, Mode.KEEP)
_TRIED = Write.of(deliveries, Mode.CHANGE, "try_at", "sent_at", "failed")

_NEEDLESS = """
UPDATE deliveries SET try_at = NULL FROM notices n
WHERE n.notice = deliveries.notice AND deliveries.try_at IS NOT NULL AND n.ring_at IS NULL
"""
_DUE = """
SELECT notice, kind, ARRAY(SELECT role FROM unnest(roles) WITH ORDINALITY AS r (role, no)
    WHERE NOT quiet ? role ORDER BY no) AS roles, sendings
FROM notices WHERE ring_at <= %(now)s AND kind = ANY(%(kinds)s)
ORDER BY ring_at, notice LIMIT %(most)s FOR UPDATE SKIP LOCKED
"""
_WAITING = "SELECT notice, rung, channel FROM deliveries WHERE notice = ANY(%(notices)s) AND try_at IS NOT NULL"
_TO_SEND = "SELECT DISTINCT channel FROM deliveries WHERE try_at <= %(now)s ORDER BY channel"
_TAKE = """
UPDATE deliveries d SET try_at = %(leased_until)s, tries = d.tries + 1
FROM notices n JOIN cases c ON c.case_id = n.case_id
WHERE n.notice = d.notice AND n.ring_at IS NOT NULL AND (d.notice, d.sending, d.channel) IN (
    SELECT t.notice, t.sending, t.channel FROM deliveries t JOIN notices k ON k.notice = t.notice
    WHERE t.channel = %(channel)s AND t.try_at <= %(now)s AND k.kind = ANY(%(kinds)s)
    ORDER BY t.try_at, t.notice, t.sending LIMIT %(most)s FOR UPDATE OF t SKIP LOCKED)
RETURNING n.*, c.case_number, c.workflow_id, d.sending, d.rung, d.tries, CASE WHEN d.rung > 0 THEN d.roles ELSE ARRAY(
    SELECT role FROM unnest(d.roles) WITH ORDINALITY AS r (role, no)
    WHERE role = ANY(n.roles) AND NOT n.quiet ? role ORDER BY no) END AS told
"""
_QUIET = "UPDATE notices SET quiet = quiet || %(quiet)s::jsonb WHERE notice = %(notice)s"
_ACKNOWLEDGED = """
UPDATE notices SET acknowledged_at = %(now)s, acknowledged_by = %(officer)s, ring_at = NULL
WHERE notice = %(notice)s
"""
_NOTICES = """
SELECT n.*, c.case_number, c.workflow_id FROM notices n JOIN cases c ON c.case_id = n.case_id
"""
_ONE = _NOTICES + "WHERE n.notice = %(notice)s"
_STANDING = _NOTICES + "WHERE n.closed_at IS NULL AND n.kind = ANY(%(kinds)s) ORDER BY n.created_at, n.notice"


class Ringing(Part):
    """The part of the register that lets notices reach people."""

    async def ring_notices(
        self, now: datetime, policy: Policy, channels: Sequence[NoticeChannel], most: int
    ) -> list[NoticeChannel]:
        """See activities.notice_ports.NoticeBook."""
        rules = notice_rules(policy)

        async def work(connection: AsyncConnection) -> list[NoticeChannel]:
            await run(connection, OVER_THAT_RING, now=now, silent_since=silent_since(now, policy))
            await run(connection, _NEEDLESS)
            writes = Writes()
            due = (await run(connection, _DUE, now=now, most=most, kinds=_KINDS)).all()
            waiting = await run(connection, _WAITING, notices=[row.notice for row in due]) if due else ()
            unsent = {(row.notice, row.rung, row.channel) for row in waiting}
            for row in due:
                sending = row.sendings + 1
                rung = rules.rung_of(sending)
                again = now + rules.next_after(NoticeKind(row.kind), rung)
                writes.add(_RUNG, {"notice": row.notice, "sendings": sending, "ring_at": again})
                roles = rules.addressees(rung, tuple(map(Role, row.roles)))
                for channel in channels:
                    # what waits for a sick channel says the same to the same people
                    if (row.notice, rung, channel) not in unsent:
                        letter = {"notice": row.notice, "sending": sending, "channel": channel, "rung": rung}
                        unsent_yet = {"try_at": now, "tries": 0, "sent_at": None, "failed": ""}
                        writes.add(_LETTER, {**letter, "roles": roles, **unsent_yet})
            await writes.flush(connection)
            return [NoticeChannel(row.channel) for row in await run(connection, _TO_SEND, now=now)]

        return await self._do(work)

    async def take_letters(self, channel: NoticeChannel, now: datetime, most: int, lease: timedelta) -> list[Outgoing]:
        """See activities.notice_ports.NoticeBook."""
        asked = {"channel": channel.value, "now": now, "most": most, "leased_until": now + lease, "kinds": _KINDS}

        async def work(connection: AsyncConnection) -> list[Outgoing]:
            rows = (await run(connection, _TAKE, **asked)).all()
            return [
                Outgoing(_notice(row), row.sending, row.rung, tuple(map(Role, row.told)), row.tries) for row in rows
            ]

        return await self._do(work)

    async def note_letters(self, channel: NoticeChannel, attempts: Sequence[Attempt], now: datetime) -> None:
        """See activities.notice_ports.NoticeBook."""

        async def work(connection: AsyncConnection) -> None:
            writes = Writes()
            for one in attempts:
                key = {"notice": one.outgoing.notice.notice, "sending": one.outgoing.sending, "channel": channel}
                sent_at = now if one.again_at is None else None
                writes.add(_TRIED, {**key, "try_at": one.again_at, "sent_at": sent_at, "failed": one.failed})
            await writes.flush(connection)

        await self._do(work)

    async def notices(self) -> list[Notice]:
        """All whose cause stands, the oldest first; acknowledged ones too."""

        async def work(connection: AsyncConnection) -> list[Notice]:
            return [_notice(row) for row in await run(connection, _STANDING, kinds=_KINDS)]

        return await self._do(work)

    async def acknowledge(self, notice: str, officer: str, policy: Policy, now: datetime) -> Ruling:
        """An officer has taken note: nothing more is sent, and the case's chain says who.

        By an officer whom it is for, or who is on the ladder (policy `notices`). Of a sheet, somebody who fills only
        some of the awaited roles takes note for those: the others are told on. Once, and once a role: whoever comes
        later is told so, and changes nothing. Raises LookupError when there is no such notice.
        """
        ladder = notice_rules(policy).ladder

        async def work(connection: AsyncConnection) -> Ruling:
            found = (await run(connection, _ONE, notice=notice)).one_or_none()
            if found is None:
                raise LookupError(f"the register has no notice {notice}")
            case = await lock_case(connection, found.case_id)
            one = _notice((await run(connection, _ONE, notice=notice)).one())
            holds = frozenset((await officer_of(connection, officer)).roles)
            _is_for(holds, {*one.roles, *ladder})
            _still_rings(one)
            own = () if holds & {*ladder} or one.kind not in ROLE_BY_ROLE else _own(one, holds)
            left = [role for role in one.roles if role not in {*one.quiet, *own}] if own else []
            said: dict[str, object] = {"notice": notice, "kind": one.kind, "officer": officer}
            if left:
                quiet = as_json({role: Quieted(by=officer, at=now) for role in own})
                await run(connection, _QUIET, notice=notice, quiet=quiet)
                said["roles"] = list(own)
            else:
                await run(connection, _ACKNOWLEDGED, notice=notice, officer=officer, now=now)
            case.chain.note(now, "notice_acknowledged", said)
            writes = Writes()
            case.chain.write(writes)
            await writes.flush(connection)
            if not left:
                return Ruling(accepted=True, sheet="", zh="已确认", en="acknowledged")
            zh, en = role_words(left)
            return Ruling(accepted=True, sheet="", zh=f"已确认，仍通知：{zh}", en=f"acknowledged; still told: {en}")

        return await self._ruled(work)


def _is_for(roles: Collection[Role], told: Collection[Role]) -> None:
    """Who is not to act on a notice must not silence it for those who are. Raises Refusal."""
    if not set(roles) & set(told):
        zh, en = role_words(sorted(told))
        raise Refusal("not_told", f"此通知不是发给您的，应由：{zh}", f"this notice is not for you; it is for: {en}")


def _own(one: Notice, holds: Collection[Role]) -> tuple[Role, ...]:
    """The roles for which this officer takes note. Raises Refusal when it was taken for all of them already."""
    theirs = [role for role in one.roles if role in holds]
    own = tuple(role for role in theirs if role not in one.quiet)
    if not own:
        raise _acknowledged(one.quiet[theirs[0]].by, one.quiet[theirs[0]].at)
    return own


def _acknowledged(by: str, at: datetime) -> Refusal:
    zh, en = f"警号 {by} 已于 {shown_time(at)} 确认", f"acknowledged by {by} at {shown_time(at)} CST already"
    return Refusal("acknowledged", zh, en)


def _still_rings(one: Notice) -> None:
    """Raises Refusal."""
    if one.acknowledged_at is not None:
        raise _acknowledged(one.acknowledged_by, one.acknowledged_at)
    if one.closed_at is not None:
        raise Refusal("over", "事由已了结，无需确认", "its cause is gone: there is nothing to acknowledge")


def _notice(row: Any) -> Notice:  # noqa: ANN401 - a database row
    kept = columns_of(row)
    return Notice.model_validate({**kept, "acknowledged_by": kept["acknowledged_by"] or ""})
