"""The standing authority: two persons with their roles, one word that revokes it, and nothing that slips past it."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.policy_file import house_policy
from adapters.register import Register
from adapters.register.part import Rules
from domain.authority import Halt
from domain.officers import Role
from tests.register.given import CHIEF, COUNTY, GONE, HANDLING, NOW, RING, SECOND, Given, numbered, officer, stop


@pytest.mark.parametrize(
    ("handling", "second", "hours"),
    [
        (HANDLING, HANDLING, 12),
        (SECOND, HANDLING, 12),
        (HANDLING, COUNTY, 12),
        (GONE, SECOND, 12),
        (HANDLING, "999999", 12),
        (HANDLING, SECOND, 0),
        (HANDLING, SECOND, 25),
    ],
)
async def test_an_authority_needs_two_persons_in_their_roles_and_a_shift(
    given: Given, handling: str, second: str, hours: float
) -> None:
    ruling = await given.register.give_authority(await given.shift(handling, second, hours))
    assert not ruling.accepted
    assert ruling.zh
    assert ruling.en
    assert await given.register.authority() is None


async def test_the_authority_reads_as_it_was_given(given: Given) -> None:
    key = await given.duty(hours=8)
    standing = await given.register.authority()
    assert standing is not None
    assert (standing.authority_id, standing.handling, standing.second) == (key, HANDLING, SECOND)
    assert standing.ends - standing.starts == timedelta(hours=8)
    assert not await given.register.halted()


async def test_a_halt_is_one_officers_word_and_stands_until_two_sign_again(given: Given) -> None:
    await given.duty()
    assert not (await given.register.halt("999999", NOW)).accepted
    assert not (await given.register.halt(GONE, NOW)).accepted
    for _ in range(2):
        assert (await given.register.halt(CHIEF, NOW)).accepted
    standing = await given.register.authority()
    assert standing is not None
    assert (standing.revoked_at, standing.revoked_by) == (NOW, CHIEF)
    assert await given.register.halted()
    assert (await given.register.halt(COUNTY, NOW + timedelta(seconds=30))).accepted
    assert await given.register.standing_halt() == Halt(officer=CHIEF, at=NOW), "nothing has left since the first"
    await given.duty(now=NOW + timedelta(minutes=1))
    assert not await given.register.halted()
    assert await given.register.standing_halt() is None


async def test_the_same_word_told_again_does_not_halt_what_two_have_signed_for_since(given: Given) -> None:
    await given.duty()
    said = [(CHIEF, NOW + timedelta(seconds=1)), (COUNTY, NOW + timedelta(seconds=2))]
    for officer_, at in said:
        assert (await given.register.halt(officer_, at)).accepted
    signed = NOW + timedelta(minutes=1)
    await given.duty(now=signed)
    for officer_, at in said:  # by the engine, since nobody told it that it was done
        assert (await given.register.halt(officer_, at)).refused == "lifted"
    assert not await given.register.halted()
    standing = await given.register.authority()
    assert standing is not None
    assert standing.revoked_at is None
    assert (await given.register.halt(CHIEF, signed)).accepted
    assert await given.register.halted(), "another word of the same officer"


async def test_a_halt_that_arrives_late_does_not_revoke_what_two_have_signed_for_since(given: Given, sql) -> None:
    said = datetime.now(UTC) - timedelta(minutes=20)  # to a case whose worker died before the register heard of it
    await given.duty(now=said - timedelta(hours=1))
    assert (await given.register.halt(COUNTY, said + timedelta(minutes=1))).accepted, "by the command line meanwhile"
    signed = await given.duty(now=said + timedelta(minutes=10))
    for _ in range(2):
        late = await given.register.halt(CHIEF, said)
        assert (late.accepted, late.refused) == (False, "lifted")
        assert "重新停手" in late.zh
        assert "halt again" in late.en
    standing = await given.register.authority()
    assert standing is not None
    assert (standing.authority_id, standing.revoked_at) == (signed, None)
    assert not await given.register.halted()
    on_record = "SELECT officer, at, lifted_by FROM halts ORDER BY id"
    assert sql.execute(on_record).fetchall()[1:] == [(CHIEF, said, signed)]
    # said again, it halts
    assert (await given.register.halt(CHIEF, datetime.now(UTC))).accepted
    assert await given.register.halted()


async def test_a_halt_that_arrives_late_while_another_stands_lifts_nothing(given: Given) -> None:
    said = datetime.now(UTC) - timedelta(minutes=20)
    await given.duty(now=said + timedelta(minutes=10))
    fresh = said + timedelta(minutes=15)
    assert (await given.register.halt(COUNTY, fresh)).accepted
    assert (await given.register.halt(CHIEF, said)).accepted
    assert await given.register.standing_halt() == Halt(officer=COUNTY, at=fresh)


@pytest.mark.parametrize("ahead", [timedelta(seconds=50), timedelta(minutes=30)])
async def test_a_clock_that_is_ahead_where_two_signed_voids_no_fresh_halt(given: Given, ahead: timedelta) -> None:
    now = datetime.now(UTC)
    await given.duty(now=now + ahead)
    assert (await given.register.halt(CHIEF, now)).accepted
    assert await given.register.halted()
    standing = await given.register.authority()
    assert standing is not None
    assert standing.revoked_by == CHIEF


async def test_a_halt_stands_even_where_no_authority_was_in_force(given: Given) -> None:
    await given.duty(hours=1)
    later = NOW + timedelta(hours=2)
    await given.register.halt(CHIEF, later)
    case_id = await given.case()
    (opened,) = await given.open(case_id, stop(numbered(1)[0]), now=later)
    assert opened.outcome is not None
    assert opened.outcome.model_dump()["reason"] == "halted"


async def test_once_a_halt_has_returned_no_order_is_written(given: Given, sql) -> None:
    await given.duty()
    cases = [await given.case() for _ in range(6)]
    halted = asyncio.Event()
    written_after: list[str] = []

    async def desk(number: int, case_id: str) -> None:
        for turn in range(12):
            known_before = halted.is_set()
            (opened,) = await given.open(case_id, stop(numbered(1, start=number * 100 + turn)[0]))
            if known_before and opened.standing == "new":
                written_after.append(opened.application_id)

    async def chief() -> None:
        await asyncio.sleep(0.03)
        assert (await given.register.halt(CHIEF, NOW)).accepted
        halted.set()
        sql.execute("CREATE TABLE at_halt AS SELECT count(*) AS orders FROM orders")

    await asyncio.gather(chief(), *(desk(number, case_id) for number, case_id in enumerate(cases)))
    assert written_after == []
    at_halt, in_all = sql.execute("SELECT (SELECT orders FROM at_halt), count(*) FROM orders").fetchone()
    assert at_halt == in_all < 72


async def test_officers_and_institutions_keep_their_history(given: Given, sql) -> None:
    before = await given.register.officers()
    await given.register.put_officers(before)
    moved = officer(CHIEF).model_copy(update={"unit": "锡山分局"})
    await given.register.put_officers([moved])
    assert moved in await given.register.officers()
    history = "SELECT previous ->> 'unit', current ->> 'unit' FROM officer_history WHERE number = %s ORDER BY id"
    assert sql.execute(history, [CHIEF]).fetchall() == [(None, "反诈中心"), ("反诈中心", "锡山分局")]

    institutions = await given.register.institutions()
    assert [one.code for one in institutions] == ["ICBC", "ABC", "CT"]
    renamed = institutions[0].model_copy(update={"name": "中国工商银行"})
    await given.register.put_institutions([renamed])
    assert (await given.register.institutions())[0] == renamed
    assert sql.execute("SELECT count(*) FROM institution_history").fetchone() == (4,)


async def test_the_policys_level_says_who_signs_the_standing_authority(given: Given, url: str) -> None:
    stricter = replace(Rules.of(house_policy()), level=(Role.DUTY_CHIEF, Role.SECOND_OFFICER))
    register = await Register.connect(url, ring=RING, rules=stricter)
    try:
        refused = await register.give_authority(await given.shift(HANDLING, SECOND, 12))
        assert refused.refused == "not_in_role"
        assert (await register.give_authority(await given.shift(CHIEF, SECOND, 12))).accepted
    finally:
        await register.close()
