"""Which role sees what of a payload: the one table."""

from collections.abc import Iterable
from enum import StrEnum

from domain.officers import Role


class Sight(StrEnum):
    """How much is seen."""

    WHOLE = "whole"
    MASKED = "masked"
    """Names, numbers and free text are masked (adapters/http/codec/masking.py)."""


SIGHT: dict[Role, Sight] = {
    Role.INTAKE: Sight.WHOLE,
    Role.STOP_DESK: Sight.WHOLE,
    Role.SECOND_OFFICER: Sight.WHOLE,
    Role.APPROVER_COUNTY: Sight.WHOLE,
    Role.APPROVER_CITY: Sight.WHOLE,
    Role.FIELD: Sight.WHOLE,
    Role.DUTY_CHIEF: Sight.WHOLE,
    Role.AUDITOR: Sight.WHOLE,  # whoever checks back has to see what was seen
    Role.DISSUADER: Sight.MASKED,
    Role.ADMINISTRATOR: Sight.MASKED,  # keeps the machines, decides no case
}


def sight_of(roles: Iterable[Role]) -> Sight | None:
    """The widest sight of these roles; None: nothing at all."""
    seen = {SIGHT[role] for role in roles if role in SIGHT}
    return Sight.WHOLE if Sight.WHOLE in seen else Sight.MASKED if seen else None
