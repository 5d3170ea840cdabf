"""Drafts of the papers that a sheet's approval issues: how they are called, and how an approver comes to read them."""

from collections.abc import Iterator, Mapping

from rich.markup import escape

from adapters.register.drafting import institutions_of
from domain.sheets import Sheet

_SHOWN = 3
"""Drafts named beside the first: a line of the terminal holds no more."""


def drafts_of(sheet: Sheet, codes: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Of each: the institution's short name, the draft's such as F-01/CCB, its SHA-256. A sheet's words are none."""
    for institution, sha256 in zip(institutions_of(sheet), sheet.documents, strict=False):
        code = codes.get(institution, institution)
        yield code, f"{sheet.name}/{code}", sha256


def draft_lines(case_number: str, sheet: Sheet, codes: Mapping[str, str]) -> list[str]:
    """What to type to read them before they are signed for, as Rich markup; none where the sheet has no drafts."""
    names = [name for _, name, _ in drafts_of(sheet, codes)]
    if not names:
        return []
    first, *others = names
    typed = f"starter.py papers get {case_number} {first} --out FILE"
    shown = "".join(f" {name}" for name in others[:_SHOWN])
    more = f" … starter.py papers list {case_number}" if len(others) > _SHOWN else ""
    each = f"；每家银行一份，共 {len(names)} 份 one a bank, {len(names)} in all:{shown}{more}" if others else ""
    return [escape(f"审批稿，签的就是它 drafts, signed for as they are: {typed}{each}")]
