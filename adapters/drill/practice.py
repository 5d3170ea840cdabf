"""The centre's side of a practice world: namespace, database, officers, institutions, standing authority."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from adapters.drill.errors import DrillError
from adapters.drill.roster import HANDLING, PRACTICE_OFFICERS, SECOND
from adapters.policy_file import load_policy
from adapters.register import Register, migrate
from adapters.temporal.stack import StackView, make_world
from domain.institutions import Institution
from domain.policy import Policy
from workflows.worklist import SEARCH_ATTRIBUTES

_CONNECTIONS = 4  # reports come in beside reads; PostgreSQL has a hundred for all worlds and workers


def register_url(stack: StackView, database: str) -> str:
    """The database of a world, as the register understands it."""
    return stack.postgres_url(database)


async def furnish(stack: StackView, run: str, institutions: Sequence[Institution]) -> Register:
    """Make the world of a run where it is missing, put its officers and institutions in, and open its register.

    The standing authority is given unless one is in force or a halt stands: a halt is lifted by officers only.

    Raises:
        StackError: namespace or database cannot be made.
        DrillError: the register refuses the authority.
    """
    policy = load_policy(stack.settings)
    world = await make_world(stack, run, SEARCH_ATTRIBUTES)
    url = register_url(stack, world.database)
    await asyncio.to_thread(migrate, url)
    register = await open_register(url, policy)
    try:
        await register.put_institutions(institutions)
        await register.put_officers(PRACTICE_OFFICERS)
        await _authorise(register, policy)
    except BaseException:
        await register.close()
        raise
    return register


async def open_register(url: str, policy: Policy) -> Register:
    """The register of a world that is there.

    Raises:
        RegisterError: there is no such database, or it does not answer.
    """
    return await Register.connect(
        url,
        stops_allowed=policy.fuse.accounts_per_case,
        stops_per_minute=policy.fuse.stops_per_minute,
        connections=_CONNECTIONS,
    )


async def _authorise(register: Register, policy: Policy) -> None:
    now = datetime.now(UTC)
    standing = await register.authority()
    if await register.halted() or (standing is not None and standing.revoked_at is None and standing.ends > now):
        return
    ruling = await register.give_authority(HANDLING, SECOND, policy.authority.hours, now)
    if not ruling.accepted:
        raise DrillError(f"The practice officers' standing authority is refused: {ruling.en}.")
