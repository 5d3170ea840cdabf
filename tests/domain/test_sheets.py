"""Sheets: who still has to sign, and what a decision is bound to."""

from datetime import UTC, datetime
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.officers import ROLE_WORDS, Role
from domain.orders import AccountRef
from domain.sheets import (
    WHYS,
    Sheet,
    SheetKind,
    SheetLine,
    SheetState,
    StopsUsed,
    Why,
    fills_a_role,
    lets_go,
    role_words,
    still_awaited,
)

ROLES = (Role.APPROVER_COUNTY, Role.SECOND_OFFICER, Role.APPROVER_CITY, Role.DUTY_CHIEF)
QUORUMS = st.lists(st.sampled_from(ROLES), min_size=1, max_size=4).map(tuple)
HELD = st.lists(st.sampled_from(ROLES), max_size=4, unique=True).map(tuple)
OFFICERS = st.lists(HELD, max_size=4).map(lambda roles: [(f"0123{no:02d}", held) for no, held in enumerate(roles)])


def fewest_open(quorum, decided) -> int:
    """Brute force: every assignment of officers to seats."""
    best = len(quorum)
    people = [*decided, *((f"nobody {no}", ()) for no in range(len(quorum)))]
    for seated in permutations(people, len(quorum)):
        best = min(best, sum(role not in held for role, (_, held) in zip(quorum, seated, strict=True)))
    return best


@given(QUORUMS, OFFICERS)
@settings(max_examples=300)
def test_as_many_roles_are_filled_as_any_assignment_of_one_person_to_one_role_can(quorum, decided):
    open_roles = still_awaited(quorum, decided)
    assert len(open_roles) == fewest_open(quorum, decided)
    rest = list(quorum)
    for role in open_roles:
        rest.remove(role)


def test_one_person_with_both_roles_is_one_signature():
    quorum = (Role.APPROVER_COUNTY, Role.SECOND_OFFICER)
    both = ("012345", (Role.APPROVER_COUNTY, Role.SECOND_OFFICER))
    assert still_awaited(quorum, [both]) == (Role.SECOND_OFFICER,)
    assert still_awaited(quorum, [both, both]) == (Role.SECOND_OFFICER,)


def test_three_signatures_that_fit_only_in_one_way_complete_the_sheet_in_any_order():
    quorum = (Role.APPROVER_COUNTY, Role.SECOND_OFFICER, Role.APPROVER_CITY)
    people = [
        ("1", (Role.SECOND_OFFICER, Role.APPROVER_CITY)),
        ("2", (Role.APPROVER_COUNTY, Role.SECOND_OFFICER)),
        ("3", (Role.APPROVER_COUNTY, Role.SECOND_OFFICER)),
    ]
    for order in permutations(people):
        assert still_awaited(quorum, list(order)) == ()


@given(QUORUMS, OFFICERS)
@settings(max_examples=100)
def test_a_further_signature_never_opens_a_role_again(quorum, decided):
    counts = [len(still_awaited(quorum, decided[:no])) for no in range(len(decided) + 1)]
    assert counts == sorted(counts, reverse=True)


def sheet(**changed: object) -> Sheet:
    line = SheetLine(
        no=1,
        account=AccountRef(institution="102302000011", number="6222", name="甲"),
        amount_fen=5,
        balance_fen=9,
        layer=1,
    )
    facts: dict[str, object] = {
        "name": "F-01",
        "case_id": "c-1",
        "kind": SheetKind.FREEZE,
        "lines": (line,),
        "term_months": 6,
        "made_at": datetime(2026, 11, 22, tzinfo=UTC),
        "decide_by": datetime(2026, 11, 23, tzinfo=UTC),
        "requester": "centre",
        "quorum": (Role.DUTY_CHIEF,),
        "policy_version": "1",
        "why": Why.RIPE,
    }
    return Sheet.model_validate({**facts, **changed})


LINE = sheet().lines[0]


@pytest.mark.parametrize(
    "changed",
    [
        {"case_id": "c-2"},
        {"name": "F-02"},
        {"kind": SheetKind.RELEASE},
        {"why": Why.SMALL_SHARE},
        {"stops": StopsUsed(asked=16, allowed=20)},
        {"term_months": 12},
        {"policy_version": "2"},
        {"lines": ()},
        {"lines": (LINE.model_copy(update={"amount_fen": 6}),)},
        {"lines": (LINE.model_copy(update={"no": 2}),)},
        {"lines": (LINE.model_copy(update={"account": LINE.account.model_copy(update={"number": "6223"})}),)},
        {"lines": (LINE.model_copy(update={"account": LINE.account.model_copy(update={"institution": "x"})}),)},
    ],
)
def test_the_digest_changes_with_everything_a_decision_entitles(changed):
    assert sheet().model_copy(update=changed).digest != sheet().digest


@pytest.mark.parametrize(
    "changed",
    [
        {"why": "6222000000000001"},
        {"why": Why.UI_CANCEL},
        {"kind": SheetKind.RELEASE},
        {"kind": SheetKind.FUSE, "why": Why.FUSE_NEAR},
        {"stops": StopsUsed(asked=16, allowed=20)},
    ],
)
def test_a_sheet_is_made_for_a_reason_of_its_kind_in_our_own_words_or_not_at_all(changed):
    with pytest.raises(ValidationError):
        sheet(**changed)


def test_every_reason_belongs_to_a_kind():
    assert set(WHYS) == set(SheetKind)
    assert frozenset().union(*WHYS.values()) == set(Why)


def test_the_digest_survives_travelling():
    assert Sheet.model_validate_json(sheet().model_dump_json()).digest == sheet().digest
    assert sheet().amount_fen == 5


def test_every_role_has_words():
    assert set(ROLE_WORDS) == set(Role)
    assert role_words((Role.DUTY_CHIEF, Role.FIELD)) == ("值班长、外勤", "duty chief, field officer")


def test_an_officer_of_one_role_is_awaited_although_an_officer_of_two_has_taken_it_first():
    quorum = (Role.APPROVER_COUNTY, Role.SECOND_OFFICER)
    approved = [("1", (Role.APPROVER_COUNTY, Role.SECOND_OFFICER))]
    assert fills_a_role(quorum, approved, "2", (Role.APPROVER_COUNTY,))
    assert fills_a_role(quorum, approved, "2", (Role.SECOND_OFFICER,))
    assert not fills_a_role(quorum, approved, "2", (Role.DUTY_CHIEF,))
    assert not fills_a_role(quorum, [*approved, ("2", (Role.SECOND_OFFICER,))], "3", (Role.SECOND_OFFICER,))


@pytest.mark.parametrize(
    ("kind", "why", "state", "let_go"),
    [
        (SheetKind.FREEZE, Why.RIPE, SheetState.APPROVED, []),
        (SheetKind.FREEZE, Why.RIPE, SheetState.REJECTED, [1, 2]),
        (SheetKind.RELEASE, Why.SMALL_SHARE_UNDECIDED, SheetState.APPROVED, [1]),
        (SheetKind.RELEASE, Why.SMALL_SHARE_UNDECIDED, SheetState.REJECTED, []),
        (SheetKind.LOOK, Why.SECOND_LOOK, SheetState.APPROVED, [2]),
        (SheetKind.LOOK, Why.SECOND_LOOK, SheetState.REJECTED, [1, 2]),
        (SheetKind.LOOK, Why.SECOND_LOOK, SheetState.PENDING, []),
        (SheetKind.LOOK, Why.SECOND_LOOK, SheetState.SETTLED, []),
        (SheetKind.LOOK, Why.SECOND_LOOK_AT_RELEASE, SheetState.APPROVED, []),
        (SheetKind.LOOK, Why.SECOND_LOOK_AT_RELEASE, SheetState.REJECTED, []),
    ],
)
def test_what_a_decided_sheet_lets_go_when_its_second_line_is_excepted(kind, why, state, let_go):
    two = (LINE, LINE.model_copy(update={"no": 2}))
    assert [line.no for line in lets_go(sheet(kind=kind, why=why, lines=two), state, [2])] == let_go
