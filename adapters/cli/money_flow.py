"""Where a case's money went, as text, without an engine.

The register's facts are told to the procedure once more, and what it then knows is drawn as the Temporal UI draws it.
"""

import asyncio
from datetime import datetime

from adapters.cli.voice import amount
from adapters.register import Register
from adapters.watch import start_of
from domain.case_start import CaseStart
from domain.institutions import Directory
from domain.policy import Policy
from domain.recall import OpenVisits, Recalled
from workflows.casework.case import Case
from workflows.casework.taking_up import take_up
from workflows.showing.drawing import WAY_WORDS
from workflows.showing.flow import Flow, Kind, Node, flow
from workflows.showing.survey import survey

_TARGETS = 6
"""More payees of one account than these are summed."""


async def money_flow(register: Register, case_id: str, policy: Policy, now: datetime) -> list[str]:
    """The flow of one case, line by line. `policy`: of a case that was filed without one. Raises LookupError."""
    directory = Directory(institutions=tuple(await register.institutions()))
    start = await start_of(register, case_id, policy, directory)
    known = await register.recall(case_id)
    # most of a second for two thousand accounts: the screen goes on meanwhile
    return await asyncio.to_thread(_told, start, known, now)


def _told(start: CaseStart, known: Recalled, now: datetime) -> list[str]:
    taken = take_up(start, known, OpenVisits(), now)
    return flow_lines(flow(survey(Case(start, taken.state, now))))


def flow_lines(made: Flow) -> list[str]:
    """Layer by layer: each account with what is there and what passed on, and to whom. Amounts in yuan."""
    nodes = made.nodes
    lines = []
    for heading, column in zip(made.headings, made.columns, strict=True):
        lines.append(" ".join(heading))
        for node in column:
            lines.append(f"  {_node(node)}")
            paid = sorted(
                ((target, fen) for (source, target), fen in made.ribbons.items() if source == node.name),
                key=lambda one: -one[1],
            )
            lines += [f"    → {_label(nodes[target])} {amount(fen)}" for target, fen in paid[:_TARGETS]]
            if rest := paid[_TARGETS:]:
                lines.append(f"    → {len(rest)} 户 more {amount(sum(fen for _, fen in rest))}")
    return lines


def _node(node: Node) -> str:
    if node.kind in {Kind.VICTIM, Kind.EXIT}:
        return f"{_label(node)} {amount(node.amount_fen)}"
    standings = " ".join(
        f"{standing.look.zh}{standing.look.en} {amount(fen)}" for standing, fen in node.by_standing.items() if fen
    )
    passed = f" · 流走 passed on {amount(node.passed_fen)}" if node.passed_fen else ""
    return f"{_label(node)} {standings or '0'}{passed}"


def _label(node: Node) -> str:
    match node.kind:
        case Kind.VICTIM:
            return "报案人 victim"
        case Kind.EXIT if node.way is not None:
            return " ".join(WAY_WORDS[node.way])
        case Kind.ACCOUNT if node.seen is not None:
            return node.seen.label
        case _:
            return f"其余 {node.count} 户 others"
