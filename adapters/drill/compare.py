"""Register and witness, compared account by account.

At an institution that answered they must agree to the fen. At a silent one the centre cannot know: its accounts are
listed as unseen, and so is money that has left them unseen, wherever it turned up.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters.drill.result import Difference, Sums, Unseen
from domain.books import BookEntry, Bucket
from domain.identifiers import masked

Place = tuple[str, str]
"""Institution and number."""
_EXITS = ("cash", "card", "crypto", "abroad")


@dataclass
class Sides:
    """What both say of one report: fen by place and bucket, and what left by which exit."""

    report: str
    register: dict[Place, dict[str, int]] = field(default_factory=dict)
    witness: dict[Place, dict[str, int]] = field(default_factory=dict)
    register_sums: Sums = field(default_factory=Sums)
    witness_sums: Sums = field(default_factory=Sums)
    silent: Mapping[str, int] = field(default_factory=dict)
    """Institutions with orders that are still unanswered, and how many."""


def by_place_of_entries(entries: Iterable[BookEntry]) -> dict[Place, dict[str, int]]:
    """The register's side."""
    places: dict[Place, dict[str, int]] = {}
    for entry in entries:
        parts = {bucket.value: getattr(entry, f"{bucket.value}_fen") for bucket in Bucket}
        parts = {name: fen for name, fen in parts.items() if fen}
        if parts:
            places[entry.account.institution, entry.account.number] = parts
    return places


def by_place_of_witness(rows: Iterable[Mapping[str, Any]], report: str) -> dict[Place, dict[str, int]]:
    """The witness's side."""
    places: dict[Place, dict[str, int]] = {}
    for row in rows:
        if row["report"] == report and row["fen"]:
            parts = places.setdefault((row["institution"], row["number"]), {})
            parts[row["bucket"]] = parts.get(row["bucket"], 0) + row["fen"]
    return places


def compare(sides: Sides, codes: Mapping[str, str]) -> tuple[list[Unseen], list[Difference]]:
    """What is unseen, and what differs though it was answered. `codes`: short names of the institutions."""
    silent = [place for place in _places(sides) if place[0] in sides.silent]
    unseen = [_unseen(sides, place, codes) for place in silent]
    differing = [
        place
        for place in _places(sides)
        if place[0] not in sides.silent and sides.register.get(place, {}) != sides.witness.get(place, {})
    ]
    exits = [way for way in _EXITS if getattr(sides.register_sums.left, way) != getattr(sides.witness_sums.left, way)]
    moved_on = _moved_on_unseen(sides, silent)
    surplus = sum(max(0, _fen(sides.witness, place) - _fen(sides.register, place)) for place in differing)
    surplus += sum(
        max(0, getattr(sides.witness_sums.left, way) - getattr(sides.register_sums.left, way)) for way in exits
    )
    lacking = any(_fen(sides.witness, place) < _fen(sides.register, place) for place in differing) or any(
        getattr(sides.witness_sums.left, way) < getattr(sides.register_sums.left, way) for way in exits
    )
    if moved_on and surplus <= moved_on and not lacking:
        return [*unseen, *(_unseen(sides, place, codes) for place in differing)], []
    differences = [
        Difference(
            report=sides.report,
            where=_shown(place, codes),
            centre=sides.register.get(place, {}),
            witness=sides.witness.get(place, {}),
        )
        for place in differing
    ]
    differences += [
        Difference(
            report=sides.report,
            where=f"left.{way}",
            centre={way: getattr(sides.register_sums.left, way)},
            witness={way: getattr(sides.witness_sums.left, way)},
        )
        for way in exits
    ]
    if not differences and not silent:
        differences += _differing_sums(sides)
    return unseen, differences


def _places(sides: Sides) -> Sequence[Place]:
    return sorted({*sides.register, *sides.witness})


def _fen(side: Mapping[Place, Mapping[str, int]], place: Place) -> int:
    return sum(side.get(place, {}).values())


def _moved_on_unseen(sides: Sides, silent: Iterable[Place]) -> int:
    """How much the centre still believes at silent institutions that is no longer there."""
    return sum(max(0, _fen(sides.register, place) - _fen(sides.witness, place)) for place in silent)


def _differing_sums(sides: Sides) -> list[Difference]:
    ours, theirs = sides.register_sums.parts(), sides.witness_sums.parts()
    return [
        Difference(report=sides.report, where=name, centre={name: ours[name]}, witness={name: theirs[name]})
        for name in ours
        if ours[name] != theirs[name]
    ]


def _unseen(sides: Sides, place: Place, codes: Mapping[str, str]) -> Unseen:
    return Unseen(
        report=sides.report,
        institution=place[0],
        account=_shown(place, codes),
        unanswered_orders=sides.silent.get(place[0], 0),
        centre=sides.register.get(place, {}),
        witness=sides.witness.get(place, {}),
    )


def _shown(place: Place, codes: Mapping[str, str]) -> str:
    institution, number = place
    return masked(codes.get(institution, institution), number)
