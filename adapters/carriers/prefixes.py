"""Which carrier a mobile number most likely belongs to, when a report names none.

A number may have been ported, so this is a first address only: a carrier that answers "not ours" names the right one.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType

from adapters.formats import mobile_digits
from domain.frozen import Frozen
from domain.institutions import Institution, InstitutionKind
from domain.report import Report

_RESELLER_CODE = "MVNO"


class Network(StrEnum):
    """The three networks; the value is the carrier's code."""

    TELECOM = "CT"
    MOBILE = "CM"
    UNICOM = "CU"


class Likely(Frozen):
    """Whose network a number uses, and whether a reseller (MVNO) sold it."""

    network: Network
    reseller: bool = False


_OWN: Mapping[Network, str] = MappingProxyType(
    {
        Network.TELECOM: "133 1349 149 153 173 1740 177 180 181 189 190 191 193 199",
        Network.MOBILE: "134 135 136 137 138 139 147 148 150 151 152 157 158 159 172 178 182 183 184 187 188 192 195 "
        "197 198",  # 192 is the broadcasters', on Mobile's network
        Network.UNICOM: "130 131 132 145 146 155 156 166 175 176 185 186 196",
    }
)
_RESOLD: Mapping[Network, str] = MappingProxyType(  # rules section 6
    {
        Network.TELECOM: "1700 1701 1702 162",
        Network.MOBILE: "1703 1705 1706 165",
        Network.UNICOM: "1704 1707 1708 1709 171 167",
    }
)


def _by_prefix() -> dict[str, Likely]:
    own = {prefix: Likely(network=network) for network, prefixes in _OWN.items() for prefix in prefixes.split()}
    resold = {
        prefix: Likely(network=network, reseller=True)
        for network, prefixes in _RESOLD.items()
        for prefix in prefixes.split()
    }
    return own | resold


_BY_PREFIX: Mapping[str, Likely] = MappingProxyType(_by_prefix())


def likely(number: str) -> Likely | None:
    """Whose number it most likely is; None for landlines, service and foreign numbers, and unassigned prefixes."""
    digits = mobile_digits(number)
    return _BY_PREFIX.get(digits[:4]) or _BY_PREFIX.get(digits[:3])


def likely_carrier(number: str, institutions: Sequence[Institution]) -> Institution | None:
    """The carrier to ask first: a reseller where one sold the number, else the network itself. None: nobody known."""
    found = likely(number)
    if found is None:
        return None
    carriers = [one for one in institutions if one.kind is InstitutionKind.CARRIER]
    resellers = [one for one in carriers if found.reseller and one.code.startswith(_RESELLER_CODE)]
    return next(iter([*resellers, *(one for one in carriers if one.code == found.network)]), None)


def with_likely_carriers(report: Report, institutions: Sequence[Institution]) -> Report:
    """The report as its case starts with it: a number that came without a carrier goes to the likely one.

    The register keeps the report as it was filed.
    """
    if all(line.carrier for line in report.lines):
        return report
    likely_ones = {line.number: likely_carrier(line.number, institutions) for line in report.lines if not line.carrier}
    lines = tuple(
        line if (carrier := likely_ones.get(line.number)) is None else line.model_copy(update={"carrier": carrier.id})
        for line in report.lines
    )
    return report.model_copy(update={"lines": lines})
