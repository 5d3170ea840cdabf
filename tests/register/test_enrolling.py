"""Officers and devices change only by two administrators, each with a code for exactly that act."""

import pytest
import pytest_asyncio

from domain.evidence import Signatory
from domain.officers import Role
from tests.register.given import ABC, COUNTY, NOW, RING, SECOND, Given, code, device, officer

FIRST, OTHER, THIRD = "012391", "012392", "012393"


@pytest_asyncio.fixture
async def administered(given: Given) -> Given:
    """A register with two administrators, set up as the first ones are."""
    first, other = officer(FIRST, Role.ADMINISTRATOR), officer(OTHER, Role.ADMINISTRATOR)
    assert (await given.register.set_up(first, other, [device(FIRST), device(OTHER)], NOW)).accepted
    return given


async def by(given: Given, *numbers: str) -> list[Signatory]:
    return [Signatory(officer=one, evidence=await given.fresh_code(one)) for one in numbers]


async def test_the_first_two_administrators_are_set_up_once(administered: Given) -> None:
    third = [officer(THIRD, Role.ADMINISTRATOR), officer("012394", Role.ADMINISTRATOR)]
    ruling = await administered.register.set_up(third[0], third[1], [device(THIRD)], NOW)
    assert (ruling.accepted, ruling.refused) == (False, "set_up")


async def test_the_first_two_are_two_administrators(given: Given) -> None:
    one = officer(FIRST, Role.ADMINISTRATOR)
    for second in (one, officer(OTHER, Role.FIELD)):
        assert (await given.register.set_up(one, second, [device(FIRST)], NOW)).refused == "two_persons"
    assert FIRST not in {known.number for known in await given.register.officers()}


async def test_an_officer_is_added_and_enrolled_by_two_and_then_decides(administered: Given, sql) -> None:
    given = administered
    added = officer("012395", Role.APPROVER_COUNTY)
    assert (await given.register.change_officer("add", added, await by(given, FIRST, OTHER), NOW)).accepted
    assert (await given.register.enrol("enrol", device("012395"), await by(given, OTHER, FIRST), NOW)).accepted
    sheet = given.sheet(await given.case(), name="F-01")
    await given.register.keep_sheet(sheet)
    assert (await given.register.decide(given.word(sheet, "012395", code("012395", NOW)))).accepted
    row = sql.execute(
        "SELECT first_administrator, second_administrator FROM enrolments WHERE officer = '012395'"
    ).fetchone()
    assert set(row) == {FIRST, OTHER}


@pytest.mark.parametrize(
    ("numbers", "refused"),
    [((FIRST, FIRST), "two_persons"), ((FIRST,), "two_persons"), ((FIRST, COUNTY), "not_in_role")],
)
async def test_one_administrator_is_not_enough(administered: Given, numbers: tuple[str, ...], refused: str) -> None:
    given = administered
    ruling = await given.register.change_officer("add", officer("012395", Role.FIELD), await by(given, *numbers), NOW)
    assert (ruling.accepted, ruling.refused) == (False, refused)
    assert "012395" not in {known.number for known in await given.register.officers()}


async def test_a_code_for_one_act_serves_no_other(administered: Given) -> None:
    given = administered
    two = await by(given, FIRST, OTHER)
    assert (await given.register.change_officer("add", officer("012395", Role.FIELD), two, NOW)).accepted
    assert (await given.register.enrol("enrol", device("012395"), two, NOW)).refused == "used_code"


async def test_after_a_rotation_the_old_device_counts_no_more(administered: Given) -> None:
    given = administered
    fresh = device(COUNTY).__class__(officer=COUNTY, secret=b"another device here!")
    assert (await given.register.enrol("enrol", fresh, await by(given, FIRST, OTHER), NOW)).refused == "enrolled"
    assert (await given.register.enrol("rotate", fresh, await by(given, FIRST, OTHER), NOW)).accepted
    sheet = given.sheet(await given.case(), name="F-01")
    await given.register.keep_sheet(sheet)
    assert (await given.register.decide(given.word(sheet, COUNTY, code(COUNTY, NOW)))).refused == "wrong_code"


async def test_who_is_disabled_decides_nothing_and_has_no_device_any_more(administered: Given) -> None:
    given = administered
    gone = officer(SECOND, Role.SECOND_OFFICER, active=False)
    assert (await given.register.change_officer("disable", gone, await by(given, FIRST, OTHER), NOW)).accepted
    sheet = given.sheet(await given.case(), name="F-01")
    await given.register.keep_sheet(sheet)
    assert (await given.register.decide(given.word(sheet, SECOND, code(SECOND, NOW)))).refused == "inactive_officer"
    assert SECOND not in {one.officer for one in await given.register.enrolments()}


async def test_the_last_two_administrators_remain(administered: Given) -> None:
    given = administered
    gone = officer(OTHER, Role.ADMINISTRATOR, active=False)
    ruling = await given.register.change_officer("disable", gone, await by(given, FIRST, OTHER), NOW)
    assert (ruling.accepted, ruling.refused) == (False, "last_administrators")
    assert OTHER in {one.officer for one in await given.register.enrolments()}


async def test_practice_devices_are_not_enrolled_beside_a_real_institution(given: Given) -> None:
    await given.register.put_institutions([ABC.model_copy(update={"practice": False})])
    with pytest.raises(ValueError, match="real institution"):
        await given.register.enrol_practice([device("012305")], NOW)


async def test_a_secret_is_sealed_and_opens_for_its_officer_only(sql) -> None:
    key_id, sealed = sql.execute("SELECT key_id, sealed FROM enrolments WHERE officer = %s", [COUNTY]).fetchone()
    assert device(COUNTY).secret not in bytes(sealed)
    from adapters.register.evidence import bound_to

    assert RING.open(key_id, bytes(sealed), bound_to(COUNTY)) == device(COUNTY).secret
    with pytest.raises(Exception, match="not sealed"):
        RING.open(key_id, bytes(sealed), bound_to(SECOND))
