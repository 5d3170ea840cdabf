"""The practice officers: synthetic persons, one or two for each role that a drill needs."""

from collections.abc import Iterable, Sequence

from domain.officers import Officer, Role
from domain.sheets import still_awaited

_UNIT = "练习用反诈中心"


def _officer(number: str, name: str, *roles: Role) -> Officer:
    return Officer(number=number, name=name, unit=_UNIT, roles=roles, phone="0510-00000000")


PRACTICE_OFFICERS: tuple[Officer, ...] = (
    _officer("012300", "练习管理员", Role.ADMINISTRATOR),
    _officer("012301", "练习经办甲", Role.STOP_DESK, Role.INTAKE),
    _officer("012302", "练习协查乙", Role.SECOND_OFFICER),
    _officer("012345", "练习县审丙", Role.APPROVER_COUNTY),
    _officer("012355", "练习市审丁", Role.APPROVER_CITY),
    _officer("012360", "练习值班戊", Role.DUTY_CHIEF),
    _officer("012370", "练习外勤己", Role.FIELD),
    _officer("012380", "练习劝阻庚", Role.DISSUADER),
    _officer("012390", "练习审计辛", Role.AUDITOR),
)
HANDLING, SECOND = "012301", "012302"
"""The duty officers who sign the standing authority."""
FIELD = "012370"

_ROLES = {officer.number: officer.roles for officer in PRACTICE_OFFICERS}


def deciders(quorum: Sequence[Role], approved_by: Iterable[str], requester: str) -> tuple[str, ...]:
    """The officers who are to decide what a sheet still awaits: a different one for each role, never the requester."""
    already = tuple(approved_by)
    chosen: list[str] = []
    for role in still_awaited(quorum, [(number, _ROLES.get(number, ())) for number in already]):
        fits = (number for number, roles in _ROLES.items() if role in roles)
        free = next((number for number in fits if number not in {*already, *chosen, requester}), None)
        if free is not None:
            chosen.append(free)
    return tuple(chosen)
