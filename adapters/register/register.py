"""The register: the book of obligations, in PostgreSQL (decisions: obligations)."""

from dataclasses import replace
from typing import Self

from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.case_ports import CaseBook
from activities.line_ports import Warrants
from activities.notice_ports import NoticeBook
from activities.ports import OrderBook
from adapters.keyring import KeyRing
from adapters.policy_file import house_policy
from adapters.register.authorities import Commanding
from adapters.register.awaiting import Awaiting
from adapters.register.bulk import run
from adapters.register.cases import Casework
from adapters.register.engine import open_engine
from adapters.register.enrolling import Enrolling
from adapters.register.fuse import RaisingFuse
from adapters.register.keeping import Keeping
from adapters.register.kept_before import KeptBefore
from adapters.register.lapsing import Lapsing
from adapters.register.noticing import Noticing
from adapters.register.paper_trail import PaperAuditing
from adapters.register.part import Rules
from adapters.register.reading import Reading
from adapters.register.recalling import Recalling
from adapters.register.restarting import Restarting
from adapters.register.ringing import Ringing
from adapters.register.roster import Rostering
from adapters.register.settling import Settling
from adapters.register.sheets import Deciding
from adapters.register.turns import Turning
from adapters.register.verifying import Verifying
from adapters.register.warrants import Warranting
from adapters.register.watching import Watching
from adapters.register.wording import Wording
from domain.policy import Policy

_CONNECTIONS = 4  # reports come in beside reads; PostgreSQL has a hundred for all worlds and workers


async def _reach(connection: AsyncConnection) -> None:
    await run(connection, "SELECT 1")


class Register(
    Turning,
    Casework,
    Deciding,
    RaisingFuse,
    Settling,
    Verifying,
    Commanding,
    Enrolling,
    Warranting,
    Rostering,
    Lapsing,
    Restarting,
    Recalling,
    Keeping,
    KeptBefore,
    Watching,
    Awaiting,
    Noticing,
    Ringing,
    Wording,
    PaperAuditing,
    Reading,
):
    """All ports of the register over one database; safe for many tasks and processes at once."""

    @classmethod
    async def connect(
        cls,
        url: str | URL,
        *,
        stops_allowed: int | None = None,
        stops_per_minute: int | None = None,
        rules: Rules | None = None,
        ring: KeyRing | None = None,
        connections: int = 10,
    ) -> Self:
        """The register in the database of this URL (any PostgreSQL spelling).

        `rules`: those of the house's policy, unless others are given.
        `stops_allowed`: the fuse of a case that brings no policy; `stops_per_minute`: the fuse of all cases together.
        `ring`: marks and verifies what officers prove; without it nothing can be proven, and nothing leaves.
        Raises RegisterError when there is no such database.
        """
        told = rules or Rules.of(house_policy())
        told = replace(
            told,
            stops_per_case=told.stops_per_case if stops_allowed is None else stops_allowed,
            stops_per_minute=told.stops_per_minute if stops_per_minute is None else stops_per_minute,
        )
        register = cls(open_engine(url, connections=connections), told, ring)
        try:
            await register._do(_reach)
        except BaseException:
            await register.close()
            raise
        return register

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()


async def open_register(url: str, policy: Policy, ring: KeyRing | None = None) -> Register:
    """The register of a world that is there; without a ring it proves nothing and lets nothing leave.

    Raises:
        RegisterError: there is no such database, or it does not answer.
    """
    return await Register.connect(
        url,
        rules=Rules.of(policy),
        ring=ring,
        connections=_CONNECTIONS,
    )


def _keeps_the_ports(register: Register) -> tuple[OrderBook, CaseBook, Warrants, NoticeBook]:
    """Nothing at run time; the type checker holds the register to its protocols here."""
    return register, register, register, register
