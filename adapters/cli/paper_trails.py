"""Papers as an auditor reads them: what stands behind each, and what does not agree."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.markup import escape

from adapters.register.rows import PaperAudit, PaperFault, PaperTrail
from domain.clock import CST

_MOST_ORDERS = 20


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
) -> Iterator[str]:
    """The same for people; `shown`: each paper, not the faults alone."""
    if shown:
        yield from (escape(line) for audit in audits for one in audit.papers for line in _lines(one, codes))
    for fault in faults:
        where = " ".join(one for one in (fault.case_number, fault.paper, fault.order) if one)
        yield f"[red]{escape(f'{where}: {fault.what}' if where else fault.what)}[/red]"
    papers = sum(len(one.papers) for one in audits)
    less = sum(one.said_less for one in audits)
    said_less = f", {less} of whose events said less: the number, without the document's hash" if less else ""
    yield f"{papers} papers of {sum(one.orders for one in audits)} orders{said_less}; {len(faults)} faults"


def _lines(one: PaperTrail, codes: Mapping[str, str]) -> Iterator[str]:
    """One paper: what and when it is, in whose name, on which authority or sheet, who decided that, for what orders."""
    issued = f"{one.issued_at.astimezone(CST):%Y-%m-%d %H:%M:%S} CST"
    whom = f"致 to {codes.get(one.institution, one.institution)}，{one.accounts} 户 accounts"
    yield f"{one.number} {whom}，签发 issued {issued}，{f'event {one.event}' if one.event else 'in no event'}"
    yield f"    sha256 {one.sha256}"
    cause = f", {one.cause}" if one.cause else ""
    yield f"    经办 handling {one.handling}，协查 second {one.second}，依据 rests on {one.authority}{cause}"
    for decided in one.decided:
        when, roles = f"{decided.at.astimezone(CST):%Y-%m-%d %H:%M:%S} CST", "/".join(decided.roles)
        proved = decided.evidence or "not proven"
        yield f"    决定 decided: {decided.officer} ({roles}) {decided.verdict}, {when}, {proved}"
    for order in one.orders[:_MOST_ORDERS]:
        yield f"    指令 order {order}"
    if (more := len(one.orders) - _MOST_ORDERS) > 0:
        yield f"    and {more} orders more (--json)"
