"""Cases that are open here: whoever watches the engine compares, and starts again what is gone from it."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.register.bulk import Mode, Write, Writes, columns_of
from adapters.register.locking import lock_case
from adapters.register.part import Part
from adapters.register.rows import OpenCase
from adapters.register.tables import accounts, case_restarts, cases, findings, outbox
from domain.case import Status
from domain.findings import Finding, FindingReport
from domain.identifiers import account_key

_RESTART = Write.of(case_restarts, Mode.PUT)
_TIMES = func.coalesce(case_restarts.c["count"], 0).label("restarts")


class Restarting(Part):
    """The part of the register that knows which start speaks for a case."""

    async def open_cases(self, older_than_s: float) -> list[OpenCase]:
        """Every case whose workflow was started so long ago and is to be running now."""
        before = datetime.now(UTC) - timedelta(seconds=older_than_s)
        wanted = (
            select(cases.c.case_id, cases.c.workflow_id, _TIMES, case_restarts.c.at.label("restarted_at"))
            .join(outbox, outbox.c.case_id == cases.c.case_id)
            .outerjoin(case_restarts, case_restarts.c.case_id == cases.c.case_id)
            .where(cases.c.status != Status.CLOSED.value, outbox.c.started_at <= before)
            .order_by(cases.c.case_id)
        )

        async def work(connection: AsyncConnection) -> list[OpenCase]:
            return [OpenCase.model_validate(columns_of(row)) for row in await connection.execute(wanted)]

        return await self._do(work)

    async def restarts(self, case_id: str) -> int:
        """How often the case was started again; 0 for an unknown case."""
        return await self._do(lambda connection: _restarts(connection, case_id))

    async def note_restart(self, case_id: str, before: int, previous_run: str, ended: str, now: datetime) -> int | None:
        """Put on record that the case is about to be started again; from now on only that start speaks for it.

        `before`: how often it had been, as the caller saw it. Gives the new count, or None when there is nothing to
        start: the case has closed, or somebody else was first. Raises LookupError for an unknown case.
        """

        async def work(connection: AsyncConnection) -> int | None:
            case = await lock_case(connection, case_id)
            if case.row.status == Status.CLOSED or await _restarts(connection, case_id) != before:
                return None
            writes = Writes()
            writes.add(_RESTART, {"case_id": case_id, "count": before + 1, "at": now})
            current = {"restarts": before + 1, "previous_run": previous_run, "ended": ended}
            case.chain.note(now, "case_restarted", current, {"restarts": before})
            case.chain.write(writes)
            await writes.flush(connection)
            return before + 1

        return await self._do(work)

    async def finding_on(self, case_id: str, institution: str, number: str) -> FindingReport | None:
        """The latest finding of the case on this account."""
        wanted = (
            select(findings.c.officer, findings.c.finding, findings.c.remark, findings.c.at)
            .join(accounts, accounts.c.account == findings.c.account)
            .where(findings.c.case_id == case_id, findings.c.account == account_key(institution, number))
            .order_by(findings.c.id.desc())
            .limit(1)
        )

        async def work(connection: AsyncConnection) -> FindingReport | None:
            row = (await connection.execute(wanted)).one_or_none()
            if row is None:
                return None
            found = columns_of(row) | {"finding": Finding(row.finding)}
            return FindingReport(case_id=case_id, institution=institution, number=number, **found)

        return await self._do(work)


async def _restarts(connection: AsyncConnection, case_id: str) -> int:
    found = await connection.execute(select(case_restarts.c["count"]).where(case_restarts.c.case_id == case_id))
    return found.scalar_one_or_none() or 0
