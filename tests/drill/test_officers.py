"""Who decides what, when it is said, and what field officers find."""

import pytest

from adapters.devices import code_of, is_signed
from adapters.drill.desk import AGAIN_AFTER_S, Desk
from adapters.drill.devices import Devices
from adapters.drill.look import WaitingSheet
from adapters.drill.roster import HANDLING, PRACTICE_OFFICERS, SECOND, deciders
from adapters.drill.visits import finding_at
from adapters.keyring import KeyRing
from domain.evidence import SheetOnWord, Signature, Totp, decision_binding
from domain.findings import Finding
from domain.officers import Role
from domain.sheets import SheetKind, Verdict
from domain.words import DecisionWords, decision_words

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


class Clock:
    """Unix seconds that the test turns."""

    now = 1_800_000_000.0  # the beginning of a half minute

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def devices(clock):
    return Devices(KeyRing.of_one_key(), "t", clock=clock)


@pytest.fixture
def desk(heard, devices):
    return Desk(heard, devices, (1.0, 1.0))


def shown(devices, officer, later=0):
    """What the officer's authenticator shows now, or so many half minutes later."""
    return code_of(devices.of(officer).secret, int(devices.clock()) // 30 + later)


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
    assert deciders((Role.DUTY_CHIEF,), (), "012360") == ("012360002",)


def test_every_role_of_a_quorum_has_a_practice_officer_and_the_authority_has_two_persons():
    held = {role for officer in PRACTICE_OFFICERS for role in officer.roles}
    assert held == set(Role)
    assert HANDLING != SECOND


async def test_an_officer_speaks_only_when_the_time_is_over(desk, heard, look, devices):
    seen = look(sheets=[sheet()])
    await desk.act(seen, 0.0)
    assert heard.said == []
    await desk.act(seen, 1.0)
    words = f"A2026-000001/F-01 012345 {shown(devices, '012345')}"
    assert heard.said == [("case/c-1", "decide", words)]


async def test_what_had_no_effect_is_said_again_as_it_was_while_its_code_serves(desk, heard, look, clock):
    seen = look(sheets=[sheet()])
    for now in (0.0, 1.0, 2.0, 1.0 + AGAIN_AFTER_S):
        await desk.act(seen, now)
    assert len(heard.said) == 2
    assert heard.said[0] == heard.said[1]
    clock.now += 60  # its code counts no more
    await desk.act(seen, 1.0 + 2 * AGAIN_AFTER_S)
    assert len(heard.said) == 3
    assert heard.said[2] != heard.said[0]


async def test_sheets_of_several_cases_that_are_due_together_are_decided_with_one_code(desk, heard, look):
    cases = [{**look().cases[0].model_dump(), "case_id": f"c-{no}", "case_number": f"A2026-00000{no}"} for no in (1, 2)]
    waiting = [{**sheet(), "case_id": f"c-{no}"} for no in (1, 2)]
    seen = look(cases=cases, sheets=waiting)
    await desk.act(seen, 0.0)
    await desk.act(seen, 1.0)
    assert len(heard.said) == 2
    assert len({words for _, _, words in heard.said}) == 1
    words = decision_words(heard.said[0][2])
    assert isinstance(words, DecisionWords)
    assert words.sheets == ("A2026-000001/F-01", "A2026-000002/F-01")


async def test_no_code_is_said_twice_for_different_words(desk, heard, look):
    for no in range(1, 130):
        await desk.act(look(sheets=[{**sheet(), "name": f"F-{no:02d}"}]), float(no))
        await desk.act(look(sheets=[{**sheet(), "name": f"F-{no:02d}"}]), no + 1.0)
    words = [decision_words(text) for _, _, text in heard.said]
    codes = [
        (one.officer, one.evidence.code)
        for one in words
        if isinstance(one, DecisionWords) and isinstance(one.evidence, Totp)
    ]
    assert len(codes) == len(set(codes)) == 120, "sixty officers have two codes each at any moment, the others wait"


async def test_where_a_signature_is_needed_an_officer_signs_the_sheet(desk, heard, look, devices):
    waiting = [{**sheet(), "needs": "signature", "digest": "d" * 64}]
    await desk.act(look(sheets=waiting), 0.0)
    await desk.act(look(sheets=waiting), 1.0)
    words = decision_words(heard.said[0][2])
    assert isinstance(words, DecisionWords)
    assert isinstance(words.evidence, Signature)
    on_word = [SheetOnWord(name="A2026-000001/F-01", digest="d" * 64)]
    text = decision_binding(words.officer, "approve", on_word).text
    assert is_signed(devices.of(words.officer).public_key, text, words.evidence)


async def test_the_filing_comes_before_any_decision_on_a_freeze(desk, heard, look):
    unfiled = [{**look().cases[0].model_dump(), "filing_number": ""}]
    await desk.act(look(cases=unfiled, sheets=[sheet()]), 0.0)
    await desk.act(look(cases=unfiled, sheets=[sheet()]), 1.0)
    assert [signal for _, signal, _ in heard.said] == ["filing"]
    await desk.act(look(sheets=[sheet()]), 1.1)
    assert heard.said[-1][1] == "decide"
    assert heard.said[-1][2].startswith("A2026-000001/F-01 012345 ")


async def test_a_release_needs_no_filing(desk, heard, look):
    unfiled = [{**look().cases[0].model_dump(), "filing_number": "", "status": "closed"}]
    waiting = [sheet(kind="release", quorum=["duty_chief"])]
    await desk.act(look(cases=unfiled, sheets=waiting), 0.0)
    await desk.act(look(cases=unfiled, sheets=waiting), 1.0)
    assert [one[:2] for one in heard.said] == [("case/c-1", "decide")]
    assert heard.said[0][2].startswith("A2026-000001/F-01 012360 ")


async def test_no_played_officer_gives_a_case_up(desk, heard, look):
    waiting = [sheet(kind="cancel", quorum=["duty_chief"])]
    await desk.act(look(sheets=waiting), 0.0)
    await desk.act(look(sheets=waiting), 1.0)
    words = decision_words(heard.said[0][2])
    assert isinstance(words, DecisionWords)
    assert (words.officer, words.verdict) == ("012360", Verdict.REJECT)


def test_a_field_officer_finds_the_role_and_nobody_where_the_file_has_no_account(scenario):
    roles = {account.role: finding_at(account) for account in scenario.accounts}
    assert roles == {"victim": Finding.VICTIM, "mule": Finding.MULE, "merchant": Finding.MERCHANT}
    assert finding_at(None) is Finding.NOT_FOUND


def test_a_sheet_is_read_as_the_register_tells_it():
    read = WaitingSheet.model_validate(sheet(approved_by=["012302"]))
    assert read.kind is SheetKind.FREEZE
    assert read.approved_by == ("012302",)
