"""Decisions taken while the engine is away: verified at once, bound and kept; taken by their case later, or refused."""

import json
from datetime import timedelta

import psycopg
import pytest

from adapters.register.warrants import SHEETS, Proven, proven
from domain.bookkeeping import Filing
from domain.evidence import KeptWord, Signature, Totp
from domain.identifiers import full_sheet_name
from domain.sheets import Decision, Sheet, SheetState, Verdict
from domain.words import DecisionWords, decision_words
from tests.register.given import CHIEF, COUNTY, HANDLING, NOW, SECOND, SECOND_TOO, Given, code, numbered

LATER = NOW + timedelta(hours=9)
"""No code of the first hour counts any more."""


async def _sheet(given: Given, *, filed: bool = True, start: int = 1, **more) -> Sheet:
    case_id = await given.case()
    sheet = given.sheet(case_id, *((account, 500) for account in numbered(2, start))).model_copy(update=more)
    await given.register.keep_sheet(sheet)
    if filed:
        evidence = await given.fresh_code(HANDLING)
        filing = Filing(case_id=case_id, number="LA-1", officer=HANDLING, evidence=evidence, at=NOW)
        assert (await given.register.keep_filing(filing)).accepted
    return sheet


async def _name(given: Given, sheet: Sheet) -> str:
    return full_sheet_name((await given.register.case(sheet.case_id)).case_number, sheet.name)


async def _words(given: Given, by: str, *sheets: Sheet, evidence=None, **more) -> DecisionWords:
    names = tuple([await _name(given, sheet) for sheet in sheets])
    said = {"sheets": names, "officer": by, "verdict": Verdict.APPROVE, **more}
    return DecisionWords.model_validate(said | {"evidence": (evidence or code(by, NOW)).model_dump()})


async def _told(given: Given, word, at=LATER, **changed):
    """What the case asks of the register when it is told a kept word: each of its sheets."""
    words = decision_words(word.said_to_case | changed)
    assert isinstance(words, DecisionWords)
    said = words.model_dump(exclude={"sheets"})
    return [
        await given.register.decide(
            Decision.model_validate(
                {**said, "case_id": word.case_id, "sheet": name, "sheets": words.sheets, "via": "update", "at": at}
            )
        )
        for name in word.own
    ]


async def _entitled(given: Given, sheet: Sheet) -> Proven | None:
    """What the last look before the wire makes of the sheet."""

    async def look(connection):
        return (await connection.exec_driver_sql(SHEETS, {"case_id": sheet.case_id, "names": [sheet.name]})).one()

    row = await given.register._do(look)
    assert given.register._ring is not None
    judged = proven(given.register._ring, row, sheet.case_id, given.register._rules.freeze_quorum)
    return judged if isinstance(judged, Proven) else None


async def test_a_word_is_verified_when_given_and_taken_hours_later_without_its_code(given: Given, sql) -> None:
    sheet = await _sheet(given)
    for officer in (COUNTY, SECOND):
        assert (await given.register.keep_words(await _words(given, officer, sheet), NOW)).accepted
    row = await given.register.sheet(sheet.case_id, "F-01")
    assert (row.state, row.decided_by) == ("pending", ()), "kept is not decided"
    first, second = await given.register.kept_waiting()
    (ruling,) = await _told(given, first)
    assert (ruling.accepted, ruling.state) == (True, SheetState.PENDING)
    (ruling,) = await _told(given, second)
    assert (ruling.accepted, ruling.state) == (True, SheetState.APPROVED)
    assert [await given.register.settle_kept(kept, "", LATER) for kept in (first, second)] == ["delivered"] * 2
    assert await given.register.kept_waiting() == []
    kinds = [row[0] for row in sql.execute("SELECT kind FROM events ORDER BY seq").fetchall()]
    assert kinds.count("decision_waits") == kinds.count("kept_decision_delivered") == 2
    everything = sql.execute("SELECT string_agg(k::text, '') FROM kept_decisions k").fetchone()[0]
    assert code(COUNTY, NOW).code not in everything
    assert await given.register.verify_all() == []


async def test_what_a_kept_word_has_proven_entitles_the_freeze_and_nothing_else_does(given: Given, sql) -> None:
    sheet = await _sheet(given)
    for officer in (COUNTY, SECOND):
        await given.register.keep_words(await _words(given, officer, sheet), NOW)
    assert await _entitled(given, sheet) is None, "kept words entitle nothing"
    for kept in await given.register.kept_waiting():
        await _told(given, kept)
    proofs = [row[0] for row in sql.execute("SELECT proof FROM decisions").fetchall()]
    assert [(proof["kind"], bool(proof["step"])) for proof in proofs] == [("totp", True)] * 2
    entitled = await _entitled(given, sheet)
    assert entitled is not None
    assert {amount for _, amount in entitled.frozen} == {500}


async def test_telling_it_twice_takes_it_once(given: Given, sql) -> None:
    sheet = await _sheet(given)
    await given.register.keep_words(await _words(given, COUNTY, sheet), NOW)
    (kept,) = await given.register.kept_waiting()
    for _ in range(2):
        (ruling,) = await _told(given, kept)
        assert ruling.accepted
    assert sql.execute("SELECT count(*) FROM decisions").fetchone() == (1,)
    for _ in range(2):
        assert await given.register.settle_kept(kept, "killed in between", LATER) == "delivered"


async def test_a_signature_is_kept_likewise(given: Given) -> None:
    sheet = await _sheet(given)
    signed = await given.signature(COUNTY, Verdict.REJECT, sheet)
    words = await _words(given, COUNTY, sheet, evidence=signed, verdict=Verdict.REJECT, reason="金额不符")
    assert (await given.register.keep_words(words, NOW)).accepted
    (kept,) = await given.register.kept_waiting()
    (ruling,) = await _told(given, kept)
    assert (ruling.accepted, ruling.state) == (True, SheetState.REJECTED)


async def test_a_word_on_sheets_of_two_cases_is_kept_for_both_with_one_code(given: Given) -> None:
    first, second = await _sheet(given), await _sheet(given, start=5)
    assert (await given.register.keep_words(await _words(given, COUNTY, first, second), NOW)).accepted
    kept = await given.register.kept_waiting()
    assert {one.case_id for one in kept} == {first.case_id, second.case_id}
    assert len({one.word for one in kept}) == 1
    for one in kept:
        assert [ruling.accepted for ruling in await _told(given, one)] == [True]


async def test_what_a_decision_would_be_refused_for_is_not_kept_and_no_code_is_spent(given: Given, sql) -> None:
    sheet, unfiled = await _sheet(given), await _sheet(given, filed=False, start=5)
    wrong = [
        (await _words(given, CHIEF, sheet), "not_awaited"),
        (await _words(given, "999999", sheet), "unknown_officer"),
        (await _words(given, COUNTY, unfiled), "not_filed"),
        (await _words(given, COUNTY, sheet, unfiled), "not_filed"),
        (await _words(given, COUNTY, sheet, except_lines=(9,)), "no_line"),
        (await _words(given, COUNTY, sheet, evidence=Totp(code="000000")), "wrong_code"),
        (await _words(given, COUNTY, sheet, evidence=code(COUNTY, NOW, -5)), "late_code"),
        (await _words(given, COUNTY, sheet, evidence=Signature(value="A" * 86)), "wrong_signature"),
        (await _words(given, COUNTY, sheet, evidence=KeptWord(word="w-" + "0" * 16)), "no_evidence"),
        ((await _words(given, COUNTY, sheet)).model_copy(update={"sheets": ("A2026-000099/F-01",)}), "no_sheet"),
    ]
    for words, refused in wrong:
        assert (await given.register.keep_words(words, NOW)).refused == refused
    assert await given.register.kept_waiting() == []
    used = sql.execute("SELECT count(*) FROM used_codes WHERE purpose = 'decision'").fetchone()
    assert used == (0,)
    assert sql.execute("SELECT count(*) FROM events WHERE kind = 'decision_refused'").fetchone() == (10,)
    assert await given.register.verify_all() == []


async def test_words_that_wait_count_as_said(given: Given) -> None:
    sheet = await _sheet(given)
    assert (await given.register.keep_words(await _words(given, SECOND, sheet), NOW)).accepted
    again = await _words(given, SECOND, sheet, evidence=code(SECOND, NOW, 1))
    assert (await given.register.keep_words(again, NOW)).refused == "kept_before"
    assert (await given.register.keep_words(await _words(given, SECOND_TOO, sheet), NOW)).refused == "not_awaited"
    reject = await _words(given, COUNTY, sheet, verdict=Verdict.REJECT)
    assert (await given.register.keep_words(reject, NOW)).accepted
    assert len(await given.register.kept_waiting()) == 2


async def test_a_code_kept_for_one_word_serves_no_other(given: Given) -> None:
    first, second = await _sheet(given), await _sheet(given, start=5)
    await given.register.keep_words(await _words(given, COUNTY, first), NOW)
    other = await _words(given, COUNTY, second)
    assert (await given.register.keep_words(other, NOW)).refused == "used_code"
    assert (await given.register.decide(given.word(second, COUNTY, code(COUNTY, NOW)))).refused == "used_code"


async def test_a_word_that_its_case_refuses_is_settled_with_the_reason(given: Given) -> None:
    sheet = await _sheet(given)
    await given.register.keep_words(await _words(given, COUNTY, sheet), NOW)
    await given.decide(sheet, SECOND, Verdict.REJECT)
    (kept,) = await given.register.kept_waiting()
    (ruling,) = await _told(given, kept)
    assert (ruling.accepted, ruling.refused) == (False, "decided")
    assert await given.register.settle_kept(kept, ruling.en, LATER) == "refused"
    (shown,) = (await given.register.kept_lately(LATER, timedelta(hours=1))).words
    assert (shown.state, shown.said) == ("refused", ruling.en)
    assert (await given.register.kept_lately(LATER + timedelta(hours=2), timedelta(hours=1))).words == ()


async def test_what_waits_or_was_refused_is_read_before_what_was_delivered_when_they_are_too_many(given: Given) -> None:
    for no, sheet in enumerate([await _sheet(given), await _sheet(given, start=5)]):
        for officer in (COUNTY, SECOND):
            words = await _words(given, officer, sheet, evidence=code(officer, NOW, no))
            at = NOW + timedelta(seconds=30 * no + (officer == SECOND))
            assert (await given.register.keep_words(words, at)).accepted
    first, second, third, _ = await given.register.kept_waiting()
    assert await given.register.settle_kept(first, "no", LATER) == "refused"
    for kept in (second, third):
        await _told(given, kept)
        assert await given.register.settle_kept(kept, "", LATER) == "delivered"
    few = await given.register.kept_lately(LATER, timedelta(hours=1), most=3)
    assert ([one.state for one in few.words], few.more) == (["refused", "delivered", "waiting"], 1)
    assert few.words[1].word == third.word
    every = await given.register.kept_lately(LATER, timedelta(hours=1), most=4)
    assert (len(every.words), every.more) == (4, 0)


async def test_a_refused_word_does_not_count_when_somebody_tells_it_again(given: Given, sql) -> None:
    """The officer was told that it did not count, and may have thought better of it since."""
    sheet = await _sheet(given)
    await given.register.keep_words(await _words(given, COUNTY, sheet), NOW)
    (kept,) = await given.register.kept_waiting()
    assert await given.register.settle_kept(kept, "not now", LATER) == "refused"
    (ruling,) = await _told(given, kept, LATER + timedelta(minutes=1))
    assert (ruling.accepted, ruling.refused) == (False, "settled_word")
    assert sql.execute("SELECT count(*) FROM decisions").fetchone() == (0,)


async def test_refused_by_one_case_it_still_counts_for_the_other(given: Given) -> None:
    one, other = await _sheet(given), await _sheet(given, start=5)
    await given.register.keep_words(await _words(given, COUNTY, one, other), NOW)
    kept = {word.case_id: word for word in await given.register.kept_waiting()}
    assert await given.register.settle_kept(kept[one.case_id], "not now", LATER) == "refused"
    assert [ruling.accepted for ruling in await _told(given, kept[one.case_id])] == [False]
    assert [ruling.accepted for ruling in await _told(given, kept[other.case_id])] == [True]


async def test_a_word_said_since_without_the_excepted_lines_is_not_the_kept_one(given: Given) -> None:
    sheet = await _sheet(given)
    await given.register.keep_words(await _words(given, COUNTY, sheet, except_lines=(2,)), NOW)
    assert (await given.decide(sheet, COUNTY)).accepted
    (kept,) = await given.register.kept_waiting()
    (ruling,) = await _told(given, kept)
    assert (ruling.accepted, ruling.refused) == (False, "other_word")
    assert await given.register.settle_kept(kept, ruling.en, LATER) == "refused"


# ------------------------------------------------------------ somebody with the database's password


@pytest.mark.parametrize(
    "change",
    [
        {"verdict": "reject"},
        {"except": [1]},
        {"officer": SECOND},
        {"reason": "其他理由"},
        {"kept": "w-" + "f" * 16},
    ],
)
async def test_a_kept_word_told_with_other_words_decides_nothing(given: Given, sql, change) -> None:
    sheet = await _sheet(given)
    await given.register.keep_words(await _words(given, COUNTY, sheet), NOW)
    (kept,) = await given.register.kept_waiting()
    (ruling,) = await _told(given, kept, **change)
    assert (ruling.accepted, ruling.refused) == (False, "no_kept_word")
    assert sql.execute("SELECT count(*) FROM decisions").fetchone() == (0,)


@pytest.mark.parametrize("proof", ["moved", "forged", "junk"])
async def test_an_invented_row_decides_nothing(given: Given, sql, proof: str) -> None:
    sheet, other = await _sheet(given), await _sheet(given, start=5)
    await given.register.keep_words(await _words(given, COUNTY, sheet), NOW)
    (true,) = sql.execute("SELECT proof FROM kept_decisions").fetchone()
    (given_for,) = await given.register.kept_waiting()
    made_up = {"moved": true, "forged": {**true, "mark": "k1:" + "0" * 64}, "junk": {"officer": 7}}[proof]
    sql.execute(
        "INSERT INTO kept_decisions VALUES (%s, %s, %s, 'approve', %s, '{}', '', %s, %s, 'waiting', '', NULL)",
        ["w-" + "e" * 16, other.case_id, COUNTY, [await _name(given, other)], json.dumps(made_up), NOW],
    )
    (invented,) = [one for one in await given.register.kept_waiting() if one.word != given_for.word]
    (ruling,) = await _told(given, invented)
    assert (ruling.accepted, ruling.refused) == (False, "no_kept_word")
    assert sql.execute("SELECT count(*) FROM decisions").fetchone() == (0,)
    assert await given.register.settle_kept(invented, ruling.en, LATER) == "refused"


async def test_a_kept_proof_put_among_the_decisions_is_none(given: Given, sql) -> None:
    """Its mark is for being told once more, not for entitling an order: the warrants find it wanting."""
    sheet = await _sheet(given)
    await given.register.keep_words(await _words(given, COUNTY, sheet), NOW)
    await given.register.keep_words(await _words(given, SECOND, sheet), NOW)
    sql.execute(
        "INSERT INTO decisions (case_id, sheet, officer, verdict, roles, digest, content, proof, at) "
        "SELECT k.case_id, 'F-01', k.officer, k.verdict, o.roles, %s, '{\"except_lines\": []}', k.proof, k.at "
        "FROM kept_decisions k JOIN officers o ON o.number = k.officer",
        [sheet.digest],
    )
    sql.execute("UPDATE sheets SET state = 'approved'")
    assert await _entitled(given, sheet) is None


async def test_a_kept_row_cannot_be_changed_or_taken_away(given: Given, sql) -> None:
    sheet = await _sheet(given)
    await given.register.keep_words(await _words(given, COUNTY, sheet), NOW)
    for statement in (
        "UPDATE kept_decisions SET verdict = 'reject'",
        "UPDATE kept_decisions SET proof = '{}'",
        "DELETE FROM kept_decisions",
        "TRUNCATE kept_decisions",
    ):
        with pytest.raises(psycopg.errors.RaiseException):
            sql.execute(statement)
    sql.execute("UPDATE kept_decisions SET state = 'refused', settled_at = now()")
    with pytest.raises(psycopg.errors.RaiseException):
        sql.execute("UPDATE kept_decisions SET state = 'waiting', settled_at = NULL")
