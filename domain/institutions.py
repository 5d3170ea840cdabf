"""Banks, payment institutions and carriers, and the way each is reached."""

from enum import StrEnum

from domain.frozen import Frozen


class InstitutionKind(StrEnum):
    """What an institution is."""

    BANK = "bank"
    PAYMENT = "payment"
    CARRIER = "carrier"


class Channel(StrEnum):
    """How an institution is reached: a working line (platform, gateway) or posts A and B (liaison)."""

    PLATFORM = "platform"
    GATEWAY = "gateway"
    LIAISON = "liaison"


PLATFORM_LINE = "platform"
"""One front-end machine for every bank of the platform (rules section 5)."""


class Institution(Frozen):
    """One institution: id is the 12-digit payment-system code, Z + 11 digits, or a carrier's code."""

    id: str
    code: str
    name: str
    kind: InstitutionKind
    channel: Channel
    practice: bool = False

    @property
    def line(self) -> str:
        """The line that leads here: the platform's front-end for all its banks, one of its own for everybody else."""
        return PLATFORM_LINE if self.channel is Channel.PLATFORM else self.id

    @property
    def holds_money(self) -> bool:
        """Whether accounts live here."""
        return self.kind is not InstitutionKind.CARRIER


class Directory(Frozen):
    """The institutions a case may address, as they stood when it started."""

    institutions: tuple[Institution, ...]

    def by_id(self, institution: str) -> Institution | None:
        """The institution of this id, None when the centre has no line to it."""
        return next((one for one in self.institutions if one.id == institution), None)
