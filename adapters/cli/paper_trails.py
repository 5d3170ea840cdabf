"""Papers as an auditor reads them: what stands behind each, and what does not agree."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table

from adapters.cli.voice import table
from adapters.register.paper_trail import PaperAudit, PaperFault, PaperTrail
from domain.clock import CST

_HASH_CHARACTERS = 12


def audit_value(run: str, audits: Sequence[PaperAudit], faults: Sequence[PaperFault]) -> dict[str, Any]:
    """What was looked at and found, for programs."""
    return {
        "run": run,
        "cases": len(audits),
        "orders": sum(one.orders for one in audits),
        "papers": [
            {"case": audit.case_number, **trail.model_dump(mode="json")} for audit in audits for trail in audit.papers
        ],
        "said_less": sum(one.said_less for one in audits),
        "faults": [one.model_dump(mode="json") for one in faults],
    }


def audit_words(
    audits: Sequence[PaperAudit], faults: Sequence[PaperFault], codes: Mapping[str, str], *, shown: bool
) -> Iterator[str | Table]:
    """The same for people; `shown`: each paper, not the faults alone."""
    if shown:
        yield from (_papers(audit, codes) for audit in audits)
    for fault in faults:
        where = " ".join(one for one in (fault.case_number, fault.paper, fault.order) if one)
        yield f"[red]{escape(f'{where}: {fault.what}' if where else fault.what)}[/red]"
    papers = sum(len(one.papers) for one in audits)
    less = sum(one.said_less for one in audits)
    said_less = f", {less} of whose events said less: the number, without the document's hash" if less else ""
    yield f"{papers} papers of {sum(one.orders for one in audits)} orders{said_less}; {len(faults)} faults"


def _papers(audit: PaperAudit, codes: Mapping[str, str]) -> Table:
    columns = (
        "文书 paper",
        "致 to",
        "户 accs",
        "依据 rests on",
        "决定 decided by",
        "签发 issued, CST",
        "事件 event",
        "sha256",
    )
    made = table(f"案件 case {audit.case_number}", *columns, right=("户 accs", "事件 event"))
    for one in audit.papers:
        made.add_row(
            one.number,
            codes.get(one.institution, one.institution),
            str(one.accounts),
            one.sheet or one.authority,
            "\n".join(_by(one)),
            f"{one.issued_at.astimezone(CST):%Y-%m-%d %H:%M:%S}",
            str(one.event) if one.event else "–",
            one.sha256[:_HASH_CHARACTERS],
        )
    return made


def _by(one: PaperTrail) -> Iterator[str]:
    """Who decided, when and how it was proved; where no sheet was, the two officers in whose name it left."""
    if not one.sheet:
        yield f"{one.handling} + {one.second}"
    for decided in one.decided:
        roles, proved = "/".join(decided.roles), decided.evidence or "not proven"
        yield f"{decided.officer} {roles} {decided.verdict} {decided.at.astimezone(CST):%m-%d %H:%M:%S} ({proved})"
