"""The money flow: a well-formed picture whose boxes and sums are the case's own."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from domain.statement import Way
from tests.workflows.builders import Holder, Town, case_of, fan, holder, trace
from workflows.casework.case import Case
from workflows.showing.drawing import BOX_H, BOX_W, draw
from workflows.showing.flow import MOST_ACCOUNTS, Kind, flow
from workflows.showing.standing import Standing
from workflows.showing.survey import survey

SVG = "{http://www.w3.org/2000/svg}"


def traced(town: Town) -> Case:
    return trace(case_of(town), town)


def picture(case: Case) -> str:
    return draw(flow(survey(case)))


def drawn(case: Case) -> etree._Element:
    """The picture proper, parsed strictly."""
    found = re.search(r"<svg xmlns.*</svg>(?=</td></tr></table>$)", picture(case))
    assert found, "the picture is the last thing in its table"
    return etree.fromstring(found[0].encode())


def boxes(root: etree._Element, kind: str) -> list[etree._Element]:
    return [group for group in root.iter(f"{SVG}g") if group.get("class") == kind]


def words(group: etree._Element) -> str:
    return " ".join(str(text.text) for text in group.iter(f"{SVG}text"))


def test_a_small_case_shows_every_account_once_in_layers_from_left_to_right():
    case = traced(fan(20, layers=4))
    shown = boxes(drawn(case), "account")
    assert len(shown) == len(case.state.accounts)
    left_of: dict[str, float] = {}
    for group in shown:
        box = group.find(f"{SVG}rect")
        assert box is not None
        left_of[words(group).split()[0]] = float(str(box.get("x")))
    by_layer = sorted((account.layer, left_of[case.shown(account)]) for account in case.state.accounts.values())
    assert [x for _, x in by_layer] == sorted(x for _, x in by_layer)


def test_a_great_case_shows_the_largest_and_sums_the_rest_of_each_layer():
    case = traced(fan(600, layers=6))
    root, total = drawn(case), len(case.state.accounts)
    shown, rest = len(boxes(root, "account")), boxes(root, "rest")
    assert MOST_ACCOUNTS <= shown <= MOST_ACCOUNTS + 6
    summed = [re.search(r"其余 (\d+) 户", words(group)) for group in rest]
    assert shown + sum(int(found[1]) for found in summed if found) == total


def test_what_stands_in_the_boxes_and_what_left_is_the_whole_loss():
    case = traced(fan(600, layers=6))
    made = flow(survey(case))
    kinds = {kind: sum(node.amount_fen for node in made.nodes.values() if node.kind is kind) for kind in Kind}
    assert kinds[Kind.VICTIM] == case.start.report.loss_fen
    assert kinds[Kind.ACCOUNT] + kinds[Kind.REST] + kinds[Kind.EXIT] == kinds[Kind.VICTIM]


def test_what_flows_into_a_box_stays_there_or_flows_on():
    made = flow(survey(traced(fan(41, layers=5))))
    for node in made.nodes.values():
        into = sum(fen for (_, target), fen in made.ribbons.items() if target == node.name)
        out = sum(fen for (source, _), fen in made.ribbons.items() if source == node.name)
        if node.kind is Kind.ACCOUNT:
            assert into == node.amount_fen + out
        elif node.kind is Kind.EXIT:
            assert into == node.amount_fen


def test_a_ribbon_is_as_wide_as_its_sum():
    one, two, three = holder(1), holder(2), holder(3)
    town = Town()
    town.pay(town.victim, one, 1_000_000)
    town.pay(one, two, 600_000)
    town.pay(one, three, 300_000)
    widths = sorted(float(str(path.get("stroke-width"))) for path in drawn(traced(town)).iter(f"{SVG}path"))
    assert widths[1] / widths[0] == pytest.approx(2, rel=0.02)
    assert widths[2] / widths[1] == pytest.approx(1 / 0.6, rel=0.02)


def test_every_standing_has_a_colour_and_a_mark_of_its_own_and_stands_in_the_legend():
    assert len({standing.look.mark for standing in Standing}) == len(Standing)
    assert len({standing.look.line for standing in Standing}) == len(Standing)
    text = words(drawn(traced(fan(5, layers=2))))
    for standing in Standing:
        assert f"{standing.look.mark} {standing.look.zh} {standing.look.en}" in text


def test_the_largest_sums_at_risk_are_shown_even_where_others_carried_more():
    case = traced(fan(300, layers=6))
    leaking = [key for key, account in case.state.accounts.items() if account.layer == 6][-3:]
    for key in leaking:
        case.state.accounts[key].stop_ended = True
    shown = {node.seen.key for node in flow(survey(case)).nodes.values() if node.seen}
    assert {key for key in leaking if case.ledger.attributed(key)} <= shown


def test_money_that_goes_round_or_stays_in_its_layer_is_drawn():
    one, two, three = holder(1), holder(2), holder(3)
    town = Town()
    town.pay(town.victim, one, 1_000_000)
    town.pay(one, two, 900_000)
    town.pay(one, three, 50_000)
    town.pay(two, three, 500_000)
    town.pay(three, one, 200_000)
    town.pay(one, Way.CASH, 100_000)
    root = drawn(traced(town))
    assert len(list(root.iter(f"{SVG}path"))) == 6
    assert len(boxes(root, "exit")) == 1


def test_a_bank_without_a_line_is_named_by_the_end_of_its_number():
    town = Town()
    town.pay(town.victim, Holder("999999999999", "6217000099990000123"), 1_000_000)
    assert "999999999999·0123" in words(boxes(drawn(traced(town)), "account")[0])


@settings(max_examples=40)
@given(accounts=st.integers(1, 150), layers=st.integers(2, 14), seed=st.integers(0, 99))
def test_any_picture_is_well_formed_small_enough_and_keeps_inside_its_frame(accounts: int, layers: int, seed: int):
    case = traced(fan(accounts, layers=layers, seed=seed))
    text = picture(case)
    assert len(text.encode()) < 60_000
    assert "\n" not in text
    root = drawn(case)
    _, _, width, height = (float(part) for part in str(root.get("viewBox")).split())
    for one in root.iter(f"{SVG}rect"):
        box: etree._Element | None = one
        assert box is not None
        assert 0 <= float(str(box.get("x", 0))) <= width
        assert 0 <= float(str(box.get("y", 0))) <= height
    for kind in ("account", "rest"):
        spots = []
        for group in boxes(root, kind):
            box = group.find(f"{SVG}rect")
            assert box is not None
            spots.append((float(str(box.get("x"))), float(str(box.get("y")))))
            assert spots[-1][0] + BOX_W <= width
            assert spots[-1][1] + BOX_H <= height
        assert len(set(spots)) == len(spots)
