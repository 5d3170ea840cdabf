"""The centre's side of a practice world: namespace, database, officers, institutions, standing authority."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from adapters.devices import step_at
from adapters.drill.devices import Devices
from adapters.drill.errors import DrillError
from adapters.drill.roster import HANDLING, PRACTICE_OFFICERS, SECOND
from adapters.keyring import KeyRing
from adapters.policy_file import load_policy
from adapters.register import Register, migrate, open_register
from adapters.temporal.stack import StackView
from adapters.temporal.worlds import make_world
from domain.authority import AuthorityWord
from domain.evidence import Signatory, Totp
from domain.institutions import Institution
from domain.policy import Policy
from workflows.worklist import SEARCH_ATTRIBUTES


async def furnish(stack: StackView, run: str, institutions: Sequence[Institution]) -> Register:
    """Make the world of a run where it is missing, put its officers and institutions in, and open its register.

    The practice officers' devices are enrolled. The standing authority is given unless one is in force or a halt
    stands: a halt is lifted by officers only.

    Raises:
        StackError: namespace or database cannot be made.
        DrillError: the register refuses the authority.
    """
    policy = load_policy(stack.settings)
    world = await make_world(stack.settings, run, SEARCH_ATTRIBUTES)
    url = stack.postgres_url(world.database)
    await asyncio.to_thread(migrate, url)
    ring = KeyRing.load_or_make(stack.settings)
    register = await open_register(url, policy, ring)
    try:
        await register.put_institutions(institutions)
        await register.put_officers(PRACTICE_OFFICERS)
        devices = Devices(ring, run)
        await register.enrol_practice(
            devices.all_of([officer.number for officer in PRACTICE_OFFICERS]), datetime.now(UTC)
        )
        await _authorise(register, policy, devices)
    except BaseException:
        await register.close()
        raise
    return register


async def devices_of(register: Register, ring: KeyRing, run: str) -> Devices:
    """The practice officers' devices of a world, knowing which of the present codes are used already."""
    return Devices(ring, run, await register.used_steps(step_at(datetime.now(UTC)) - 1))


def authority_word(devices: Devices, policy: Policy, now: datetime, hours: float | None = None) -> AuthorityWord | None:
    """The standing authority as the practice duty officers sign it; None while one of them waits for a code."""
    codes = [devices.free_code([officer]) for officer in (HANDLING, SECOND)]
    signatories = [Signatory(officer=one.officer, evidence=Totp(code=one.code)) for one in codes if one is not None]
    if len(signatories) < len(codes):
        return None
    return AuthorityWord(
        handling=signatories[0],
        second=signatories[1],
        hours=policy.authority.hours if hours is None else hours,
        layers=policy.trace.most_layers,
        accounts=policy.trace.most_accounts,
        at=now,
    )


async def _authorise(register: Register, policy: Policy, devices: Devices) -> None:
    now = datetime.now(UTC)
    standing = await register.authority()
    in_force = standing is not None and standing.proven and standing.revoked_at is None and standing.ends > now
    if in_force or await register.halted():
        return
    devices.used |= await register.used_steps(step_at(now) - 1)
    word = authority_word(devices, policy, now)
    if word is None:
        raise DrillError("The practice duty officers have used their present codes: try again in half a minute.")
    ruling = await register.give_authority(word)
    if not ruling.accepted:
        raise DrillError(f"The practice officers' standing authority is refused: {ruling.en}.")
