"""Officers of the register: numbers, roles and who may do what."""

from enum import StrEnum

from domain.frozen import Frozen


class Role(StrEnum):
    """What an officer may do."""

    INTAKE = "intake"
    STOP_DESK = "stop_desk"
    SECOND_OFFICER = "second_officer"
    APPROVER_COUNTY = "approver_county"
    APPROVER_CITY = "approver_city"
    FIELD = "field"
    DISSUADER = "dissuader"
    DUTY_CHIEF = "duty_chief"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


ROLE_WORDS: dict[Role, tuple[str, str]] = {
    Role.INTAKE: ("接警员", "intake"),
    Role.STOP_DESK: ("经办人", "handling officer"),
    Role.SECOND_OFFICER: ("协查人", "second officer"),
    Role.APPROVER_COUNTY: ("县级审批人", "county approver"),
    Role.APPROVER_CITY: ("市级审批人", "city approver"),
    Role.FIELD: ("外勤", "field officer"),
    Role.DISSUADER: ("劝阻员", "dissuader"),
    Role.DUTY_CHIEF: ("值班长", "duty chief"),
    Role.AUDITOR: ("审计员", "auditor"),
    Role.ADMINISTRATOR: ("管理员", "administrator"),
}


LEAST_ADMINISTRATORS = 2
"""So many different ones change officers and devices together, and so many must remain to do it."""


class Officer(Frozen):
    """One officer. `active` false: on record, but decides nothing any more."""

    number: str
    name: str
    unit: str
    roles: tuple[Role, ...]
    phone: str = ""
    active: bool = True
