"""Who decides what, when it is said, and what field officers find."""

import pytest

from adapters.drill.desk import AGAIN_AFTER_S, Desk
from adapters.drill.look import WaitingSheet
from adapters.drill.roster import HANDLING, PRACTICE_OFFICERS, SECOND, deciders
from adapters.drill.visits import finding_at
from domain.findings import Finding
from domain.officers import Role
from domain.sheets import SheetKind

QUORUM = (Role.APPROVER_COUNTY, Role.SECOND_OFFICER, Role.APPROVER_CITY)


class Heard:
    """An engine that notes what it was told."""

    def __init__(self):
        self.said = []

    def get_workflow_handle(self, workflow_id):
        heard = self

        class Handle:
            async def signal(self, name, words):
                heard.said.append((workflow_id, name, words))

        return Handle()


@pytest.fixture
def heard():
    return Heard()


@pytest.fixture
def desk(heard):
    return Desk(heard, (1.0, 1.0))


def sheet(kind="freeze", quorum=("approver_county",), **other):
    return {"case_id": "c-1", "name": "F-01", "kind": kind, "quorum": list(quorum), "requester": "centre", **other}


def test_each_role_of_a_quorum_is_filled_by_a_person_of_its_own():
    chosen = deciders(QUORUM, (), "centre")
    assert len(set(chosen)) == 3
    assert chosen == ("012345", "012302", "012355")


def test_who_has_approved_is_not_asked_again():
    assert deciders(QUORUM, ("012345",), "centre") == ("012302", "012355")
    assert deciders(QUORUM, ("012345", "012302", "012355"), "centre") == ()


def test_the_requester_never_decides():
    assert deciders((Role.DUTY_CHIEF,), (), "012360") == ()


def test_every_role_of_a_quorum_has_a_practice_officer_and_the_authority_has_two_persons():
    held = {role for officer in PRACTICE_OFFICERS for role in officer.roles}
    assert held == set(Role)
    assert HANDLING != SECOND


async def test_an_officer_speaks_only_when_the_time_is_over(desk, heard, look):
    seen = look(sheets=[sheet()])
    await desk.act(seen, 0.0)
    assert heard.said == []
    await desk.act(seen, 1.0)
    assert heard.said == [("case/c-1", "decide", "F-01 012345 approve")]


async def test_what_had_no_effect_is_said_again_after_a_while(desk, heard, look):
    seen = look(sheets=[sheet()])
    for now in (0.0, 1.0, 2.0, 1.0 + AGAIN_AFTER_S):
        await desk.act(seen, now)
    assert len(heard.said) == 2


async def test_the_filing_comes_before_any_decision_on_a_freeze(desk, heard, look):
    unfiled = [{**look().cases[0].model_dump(), "filing_number": ""}]
    await desk.act(look(cases=unfiled, sheets=[sheet()]), 0.0)
    await desk.act(look(cases=unfiled, sheets=[sheet()]), 1.0)
    assert [signal for _, signal, _ in heard.said] == ["filing"]
    await desk.act(look(sheets=[sheet()]), 1.1)
    assert heard.said[-1][1:] == ("decide", "F-01 012345 approve")


async def test_a_release_needs_no_filing(desk, heard, look):
    unfiled = [{**look().cases[0].model_dump(), "filing_number": "", "status": "closed"}]
    waiting = [sheet(kind="release", quorum=["duty_chief"])]
    await desk.act(look(cases=unfiled, sheets=waiting), 0.0)
    await desk.act(look(cases=unfiled, sheets=waiting), 1.0)
    assert heard.said == [("case/c-1", "decide", "F-01 012360 approve")]


async def test_no_played_officer_gives_a_case_up(desk, heard, look):
    waiting = [sheet(kind="cancel", quorum=["duty_chief"])]
    await desk.act(look(sheets=waiting), 0.0)
    await desk.act(look(sheets=waiting), 1.0)
    assert heard.said[0][2].startswith("F-01 012360 reject")


def test_a_field_officer_finds_the_role_and_nobody_where_the_file_has_no_account(scenario):
    roles = {account.role: finding_at(account) for account in scenario.accounts}
    assert roles == {"victim": Finding.VICTIM, "mule": Finding.MULE, "merchant": Finding.MERCHANT}
    assert finding_at(None) is Finding.NOT_FOUND


def test_a_sheet_is_read_as_the_register_tells_it():
    read = WaitingSheet.model_validate(sheet(approved_by=["012302"]))
    assert read.kind is SheetKind.FREEZE
    assert read.approved_by == ("012302",)
