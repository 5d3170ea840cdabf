"""The practice officers: synthetic persons, as many of each role as a drill's decisions need codes for.

An authenticator shows one code each half minute, and each code serves once: sixty visits in a minute need a crowd.
"""

from collections.abc import Iterable, Sequence

from domain.officers import Officer, Role
from domain.sheets import still_awaited

_UNIT = "练习用反诈中心"


def _officers(number: str, name: str, *roles: Role, count: int = 1) -> list[Officer]:
    """The first of a kind under its short number, further ones under it and two or three digits more."""
    numbers = [number, *(f"{number}{no:03d}" for no in range(2, count + 1))]
    return [
        Officer(number=one, name=name + one.removeprefix(number), unit=_UNIT, roles=tuple(roles), phone="0510-00000000")
        for one in numbers
    ]


PRACTICE_OFFICERS: tuple[Officer, ...] = (
    *_officers("012300", "练习管理员", Role.ADMINISTRATOR, count=2),
    *_officers("012301", "练习经办甲", Role.STOP_DESK, Role.INTAKE, count=100),
    *_officers("012302", "练习协查乙", Role.SECOND_OFFICER, count=60),
    *_officers("012345", "练习县审丙", Role.APPROVER_COUNTY, count=60),
    *_officers("012355", "练习市审丁", Role.APPROVER_CITY, count=10),
    *_officers("012360", "练习值班戊", Role.DUTY_CHIEF, count=10),
    *_officers("012370", "练习外勤己", Role.FIELD, count=150),
    *_officers("012380", "练习劝阻庚", Role.DISSUADER),
    *_officers("012390", "练习审计辛", Role.AUDITOR),
)
HANDLING, SECOND = "012301", "012302"
"""The duty officers who sign the standing authority."""
FIELD = "012370"

_ROLES = {officer.number: officer.roles for officer in PRACTICE_OFFICERS}


def in_role(role: Role) -> tuple[str, ...]:
    """The numbers of all practice officers of a role, the first of them first."""
    return tuple(number for number, roles in _ROLES.items() if role in roles)


def awaited_of(quorum: Sequence[Role], approved_by: Iterable[str]) -> tuple[Role, ...]:
    """The roles of a quorum that these practice officers have not filled."""
    return still_awaited(quorum, [(number, _ROLES.get(number, ())) for number in approved_by])


def deciders(quorum: Sequence[Role], approved_by: Iterable[str], requester: str) -> tuple[str, ...]:
    """The officers who are to decide what a sheet still awaits: a different one for each role, never the requester."""
    already = tuple(approved_by)
    chosen: list[str] = []
    for role in awaited_of(quorum, already):
        free = next((number for number in in_role(role) if number not in {*already, *chosen, requester}), None)
        if free is not None:
            chosen.append(free)
    return tuple(chosen)
