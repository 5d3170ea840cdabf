"""What stands in the picture: the largest accounts, the rest of each layer summed, and the money between them."""

from dataclasses import dataclass, field
from enum import Enum

from domain.statement import Way
from workflows.showing.standing import Standing
from workflows.showing.survey import Seen, Survey

MOST_ACCOUNTS = 36
"""More boxes than this nobody reads at night; the rest of a layer is one box."""
MOST_LEAKING = 8
"""Of them, those with the most money at risk, even where others carried more."""
MOST_COLUMNS = 12
"""The policy's most layers; deeper ones share the last column."""
MOST_RIBBONS = 160
"""Keeps the picture within its size; the largest are drawn."""


class Kind(Enum):
    """What a box stands for."""

    VICTIM = "victim"
    ACCOUNT = "account"
    REST = "rest"
    EXIT = "exit"


@dataclass
class Node:
    """One box. `column` counts from the victim at 0; exits stand in the last one."""

    name: str
    kind: Kind
    column: int
    amount_fen: int = 0
    passed_fen: int = 0
    risk_fen: int = 0
    seen: Seen | None = None
    way: Way | None = None
    count: int = 0
    by_standing: dict[Standing, int] = field(default_factory=dict)
    y: float = 0.0


@dataclass
class Flow:
    """The picture's content: boxes column by column, and ribbons by payer and payee."""

    columns: list[list[Node]]
    headings: list[tuple[str, str]]
    ribbons: dict[tuple[str, str], int]
    shown: int
    total: int

    @property
    def nodes(self) -> dict[str, Node]:
        """All boxes by name."""
        return {node.name: node for column in self.columns for node in column}


def flow(survey: Survey) -> Flow:
    """Choose what is shown, sum the rest, and put the boxes of each column so that ribbons cross little."""
    column_of = _columns(survey)
    chosen = _chosen(survey, column_of)
    last = max(column_of.values(), default=0) + 1
    victim = Node("victim", Kind.VICTIM, 0, amount_fen=survey.loss_fen)
    nodes = {"victim": victim}
    place: dict[str, str] = {}
    for seen in survey.accounts:
        column = column_of[seen.entry.layer]
        name = f"a:{seen.key}" if seen.key in chosen else f"r:{column}"
        kind = Kind.ACCOUNT if seen.key in chosen else Kind.REST
        _add(nodes.setdefault(name, Node(name, kind, column)), seen)
        place[seen.key] = name
    ribbons = _ribbons(survey, place, nodes, last)
    columns: list[list[Node]] = [[] for _ in range(last + 1)]
    for node in nodes.values():
        columns[node.column].append(node)
    headings = [("报案人", "victim"), *_layer_headings(column_of, last), ("流出", "left")]
    if not columns[-1]:
        columns.pop()
        headings.pop()
    made = Flow(columns, headings, ribbons, len(chosen), len(survey.accounts))
    _order(made)
    return made


def _columns(survey: Survey) -> dict[int, int]:
    """The column of each layer that has accounts."""
    layers = sorted({seen.entry.layer for seen in survey.accounts})
    return {layer: min(no, MOST_COLUMNS) for no, layer in enumerate(layers, start=1)}


def _layer_headings(column_of: dict[int, int], last: int) -> list[tuple[str, str]]:
    words = []
    for column in range(1, last):
        layers = [layer for layer, its in column_of.items() if its == column]
        more = "+" if len(layers) > 1 else ""
        words.append((f"{layers[0]}{more} 级", f"layer {layers[0]}{more}"))
    return words


def _chosen(survey: Survey, column_of: dict[int, int]) -> set[str]:
    leaking = sorted((seen for seen in survey.accounts if seen.risk_fen), key=lambda seen: -seen.risk_fen)
    ranked = [*leaking[:MOST_LEAKING], *survey.largest]
    chosen = set(list(dict.fromkeys(seen.key for seen in ranked))[:MOST_ACCOUNTS])
    left_out: dict[int, list[str]] = {}
    for seen in survey.accounts:
        if seen.key not in chosen:
            left_out.setdefault(column_of[seen.entry.layer], []).append(seen.key)
    # one account alone takes as much room as the box that would sum it
    return chosen | {keys[0] for keys in left_out.values() if len(keys) == 1}


def _add(node: Node, seen: Seen) -> None:
    node.amount_fen += seen.entry.attributed_fen
    node.passed_fen += seen.passed_fen
    node.risk_fen += seen.risk_fen
    node.count += 1
    if node.kind is Kind.ACCOUNT:
        node.seen = seen
    node.by_standing[seen.standing] = node.by_standing.get(seen.standing, 0) + seen.entry.attributed_fen


def _ribbons(survey: Survey, place: dict[str, str], nodes: dict[str, Node], last: int) -> dict[tuple[str, str], int]:
    sums: dict[tuple[str, str], int] = {}

    def put(source: str, target: str, fen: int) -> None:
        if source != target:
            sums[source, target] = sums.get((source, target), 0) + fen

    for key, fen in survey.reported.items():
        if key in place:
            put("victim", place[key], fen)
    for (payer, payee), fen in survey.transfers.items():
        if payer in place and payee in place:
            put(place[payer], place[payee], fen)
    for (payer, way), fen in survey.exits.items():
        name = f"x:{way.value}"
        node = nodes.setdefault(name, Node(name, Kind.EXIT, last, way=way))
        node.amount_fen += fen
        if payer in place:
            put(place[payer], name, fen)
    if len(sums) <= MOST_RIBBONS:
        return sums
    return dict(sorted(sums.items(), key=lambda one: -one[1])[:MOST_RIBBONS])


def _order(made: Flow) -> None:
    """Each box near those that pay it; the summed rest at the foot."""
    nodes = made.nodes
    paid_by: dict[str, list[tuple[str, int]]] = {}
    for (source, target), fen in made.ribbons.items():
        paid_by.setdefault(target, []).append((source, fen))
    for no, column in enumerate(made.columns):

        def wanted(node: Node, no: int = no) -> float:
            payers = [(nodes[name].y, fen) for name, fen in paid_by.get(node.name, ()) if nodes[name].column < no]
            weight = sum(fen for _, fen in payers)
            return sum(y * fen for y, fen in payers) / weight if weight else 0.5

        ranked = sorted(
            column, key=lambda node: (node.kind is Kind.REST, wanted(node), -node.amount_fen - node.passed_fen)
        )
        for rank, node in enumerate(ranked):
            node.y = (rank + 0.5) / len(ranked)
        made.columns[no] = ranked
