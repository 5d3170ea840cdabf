"""A word counts only with evidence for exactly that word; a code serves once; wrong codes lock; all of it on record."""

from datetime import timedelta

import pytest

from adapters.devices import code_of, signed, step_at
from adapters.register import Register
from domain.bookkeeping import Filing
from domain.evidence import EvidenceKind, Signature, Totp
from domain.findings import Finding, FindingReport
from domain.identifiers import full_sheet_name
from domain.officers import Role
from domain.sheets import Sheet, SheetState, Verdict
from domain.words import Complaint
from tests.register.given import (
    CHIEF,
    COUNTY,
    FIELD,
    HANDLING,
    ICBC,
    NOW,
    SECOND,
    Given,
    code,
    numbered,
    officer,
    ref,
    secret_of,
    signing_key,
    stop,
)


async def _sheet(given: Given, name: str = "F-01", **more) -> Sheet:
    sheet = given.sheet(await given.case(), *((account, 500) for account in numbered(3)), name=name)
    sheet = sheet.model_copy(update=more)
    await given.register.keep_sheet(sheet)
    return sheet


async def _results(sql, purpose: str = "decision") -> list[str]:
    rows = sql.execute("SELECT result FROM attempts WHERE purpose = %s ORDER BY id", [purpose]).fetchall()
    return [row[0] for row in rows]


async def test_a_word_without_evidence_or_with_a_wrong_code_decides_nothing(given: Given, sql) -> None:
    sheet = await _sheet(given)
    for evidence, refused in ((None, "no_evidence"), (Totp(code="000000"), "wrong_code")):
        ruling = await given.register.decide(given.word(sheet, COUNTY, evidence))
        assert (ruling.accepted, ruling.refused, ruling.decided_by) == (False, refused, ())
        assert ruling.zh
        assert ruling.en
    assert await _results(sql) == ["no_evidence", "wrong_code"]
    assert sql.execute("SELECT count(*) FROM events WHERE kind = 'decision_refused'").fetchone() == (2,)
    assert await given.register.verify_all() == []


async def test_a_decision_is_kept_with_its_proof_and_without_its_code(given: Given, sql) -> None:
    sheet = await _sheet(given)
    given_code = code(COUNTY, NOW)
    assert (await given.register.decide(given.word(sheet, COUNTY, given_code))).accepted
    content, proof = sql.execute("SELECT content, proof FROM decisions").fetchone()
    assert (proof["officer"], proof["kind"], proof["step"]) == (COUNTY, "totp", step_at(NOW))
    assert proof["mark"]
    everything = sql.execute(
        "SELECT string_agg(t::text, '') FROM (SELECT content::text AS t FROM decisions UNION ALL SELECT proof::text "
        "FROM decisions UNION ALL SELECT current::text FROM events UNION ALL SELECT a::text FROM attempts a) AS all_"
    ).fetchone()[0]
    assert given_code.code not in everything
    assert "evidence" not in content


@pytest.mark.parametrize("later", [-1, 0, 1])
async def test_a_code_counts_half_a_minute_early_and_late(given: Given, later: int) -> None:
    sheet = await _sheet(given)
    assert (await given.register.decide(given.word(sheet, COUNTY, code(COUNTY, NOW, later)))).accepted


@pytest.mark.parametrize(("later", "refused"), [(-2, "late_code"), (-20, "late_code"), (2, "wrong_code")])
async def test_a_code_of_another_time_does_not(given: Given, later: int, refused: str) -> None:
    sheet = await _sheet(given)
    assert (await given.register.decide(given.word(sheet, COUNTY, code(COUNTY, NOW, later)))).refused == refused


async def test_a_code_serves_once_in_the_whole_centre(given: Given) -> None:
    first, second = await _sheet(given), await _sheet(given)
    once = code(COUNTY, NOW)
    assert (await given.register.decide(given.word(first, COUNTY, once))).accepted
    again = await given.register.decide(given.word(second, COUNTY, once))
    assert (again.accepted, again.refused) == (False, "used_code")
    filing = Filing(case_id=second.case_id, number="锡立字1", officer=COUNTY, evidence=once, at=NOW)
    assert (await given.register.keep_filing(filing)).refused == "used_code"


async def test_the_same_word_again_is_accepted_and_the_same_code_for_another_verdict_is_not(given: Given) -> None:
    first, second = await _sheet(given), await _sheet(given)
    numbers = [(await given.register.case(one.case_id)).case_number for one in (first, second)]
    named = [full_sheet_name(number, "F-01") for number in numbers]
    word = given.word(first, COUNTY, code(COUNTY, NOW), sheets=named)
    for _ in range(2):
        assert (await given.register.decide(word)).accepted
    other = given.word(second, COUNTY, code(COUNTY, NOW), sheets=named)
    rejected = other.model_copy(update={"verdict": Verdict.REJECT})
    assert (await given.register.decide(rejected)).refused == "used_code"
    much_later = other.model_copy(update={"at": NOW + timedelta(minutes=3)})
    assert (await given.register.decide(much_later)).accepted, "one code decides the sheets of all cases it names"


async def test_a_word_decides_only_sheets_that_it_names(given: Given) -> None:
    first, second = await _sheet(given), await _sheet(given)
    number = (await given.register.case(first.case_id)).case_number
    named = (full_sheet_name(number, "F-01"),)
    ruling = await given.register.decide(given.word(second, COUNTY, code(COUNTY, NOW), sheets=named))
    assert ruling.refused == "other_sheet"
    own = full_sheet_name((await given.register.case(second.case_id)).case_number, "F-01")
    both = (own, full_sheet_name(number, "F-77"))
    assert (
        await given.register.decide(given.word(second, COUNTY, code(COUNTY, NOW), sheets=both))
    ).refused == "no_sheet"


async def test_no_code_is_spent_on_what_is_refused_anyway(given: Given, sql) -> None:
    sheet = await _sheet(given)
    once = code(COUNTY, NOW)
    refused = await given.register.decide(given.word(sheet, COUNTY, once, except_lines=[9]))
    assert refused.refused == "no_line"
    assert sql.execute("SELECT count(*) FROM used_codes").fetchone() == (0,)
    assert (await given.register.decide(given.word(sheet, COUNTY, once))).accepted


async def test_two_that_use_one_code_at_once_get_one_yes(given: Given) -> None:
    import asyncio

    sheets = [await _sheet(given) for _ in range(8)]
    words = [given.word(sheet, COUNTY, code(COUNTY, NOW)) for sheet in sheets]
    rulings = await asyncio.gather(*(given.register.decide(word) for word in words))
    assert sorted(ruling.refused for ruling in rulings) == ["", *["used_code"] * 7]


async def test_five_wrong_codes_lock_the_officer_until_the_time_is_over_or_the_chief_unlocks(given: Given, sql) -> None:
    sheet = await _sheet(given)
    for _ in range(5):
        ruling = await given.register.decide(given.word(sheet, COUNTY, Totp(code="000000")))
        assert ruling.refused == "wrong_code"
    assert "locked until" in ruling.en
    right = given.word(sheet, COUNTY, code(COUNTY, NOW))
    locked = await given.register.decide(right)
    assert locked.refused == "locked"
    assert "11:19:05" in locked.zh, "for people, the time in China"
    chief = await given.register.unlock(COUNTY, (await given.shift(CHIEF, SECOND, 1)).handling, NOW)
    assert chief.accepted
    assert (await given.register.decide(right)).accepted
    assert (await _results(sql)) == [*["wrong_code"] * 5, "locked", "accepted"]


async def test_a_lock_ends_by_itself_and_old_wrong_codes_do_not_count(given: Given) -> None:
    sheet = await _sheet(given)
    for minutes in (0, 1, 2, 3, 30):
        at = NOW + timedelta(minutes=minutes)
        assert (
            await given.register.decide(given.word(sheet, COUNTY, Totp(code="000000"), at=at))
        ).refused == "wrong_code"
    at = NOW + timedelta(minutes=31)
    assert (await given.register.decide(given.word(sheet, COUNTY, code(COUNTY, at), at=at))).accepted


async def test_only_the_duty_chief_unlocks(given: Given) -> None:
    ruling = await given.register.unlock(COUNTY, (await given.shift(HANDLING, SECOND, 1)).handling, NOW)
    assert (ruling.accepted, ruling.refused) == (False, "not_in_role")


async def test_who_has_no_device_decides_nothing(given: Given) -> None:
    await given.register.put_officers([officer("012399", Role.APPROVER_COUNTY)])
    sheet = await _sheet(given)
    assert (await given.register.decide(given.word(sheet, "012399", code("012399", NOW)))).refused == "not_enrolled"


async def test_a_sheet_that_needs_a_signature_takes_no_code(given: Given, sql) -> None:
    sheet = await _sheet(given, needs=EvidenceKind.SIGNATURE)
    assert (await given.register.decide(given.word(sheet, COUNTY, code(COUNTY, NOW)))).refused == "signature_needed"
    signature = await given.signature(COUNTY, Verdict.APPROVE, sheet, except_lines=[2])
    assert (await given.register.decide(given.word(sheet, COUNTY, signature))).refused == "wrong_signature"
    for _ in range(2):
        assert (await given.register.decide(given.word(sheet, COUNTY, signature, except_lines=[2]))).accepted
    assert sql.execute("SELECT proof ->> 'signature' FROM decisions").fetchone() == (signature.value,)


async def test_a_signature_is_over_the_sheet_as_it_is_and_by_the_enrolled_key(given: Given) -> None:
    sheet = await _sheet(given)
    dearer = sheet.model_copy(update={"term_months": 12})
    for wrong in (
        await given.signature(COUNTY, Verdict.APPROVE, dearer),
        await given.signature(COUNTY, Verdict.REJECT, sheet),
        await given.signature(SECOND, Verdict.APPROVE, sheet),
        signed(signing_key(SECOND), "holdfast v1 decision"),
        Signature(value="A" * 86),
    ):
        assert (await given.register.decide(given.word(sheet, COUNTY, wrong))).refused == "wrong_signature"
    right = await given.signature(COUNTY, Verdict.APPROVE, sheet)
    assert (await given.register.decide(given.word(sheet, COUNTY, right))).state is SheetState.PENDING


async def test_a_finding_and_a_filing_need_evidence_for_their_very_content(given: Given) -> None:
    await given.duty()
    case_id = await given.case()
    await given.open(case_id, stop(ref()))
    once = code(FIELD, NOW)
    found = FindingReport(
        case_id=case_id, institution=ICBC.id, number=ref().number, officer=FIELD, finding=Finding.MULE, at=NOW
    )
    assert (await given.register.keep_finding(found)).refused == "no_evidence"
    proven = found.model_copy(update={"evidence": once})
    for _ in range(2):
        assert (await given.register.keep_finding(proven)).accepted
    other = proven.model_copy(update={"finding": Finding.MERCHANT})
    assert (await given.register.keep_finding(other)).refused == "used_code"
    filing = Filing(case_id=case_id, number="锡立字1", officer=HANDLING, at=NOW)
    assert (await given.register.keep_filing(filing)).refused == "no_evidence"


async def test_a_login_code_opens_once(given: Given) -> None:
    shown = code_of(secret_of(CHIEF), step_at(NOW))
    assert await given.register.admit(CHIEF, shown, NOW) == (Role.DUTY_CHIEF,)
    for given_code in (shown, "12345", "000000", (await given.signature(CHIEF, Verdict.APPROVE)).value):
        assert isinstance(await given.register.admit(CHIEF, given_code, NOW), Complaint)
    assert isinstance(await given.register.admit("999999", shown, NOW), Complaint)
    sheet = await _sheet(given)
    assert (await given.register.decide(given.word(sheet, CHIEF, Totp(code=shown)))).refused == "not_awaited"


async def test_an_authority_needs_both_officers_codes_and_each_serves_once(given: Given, sql) -> None:
    word = await given.shift(HANDLING, SECOND, 12)
    for missing in ("handling", "second"):
        without = getattr(word, missing).model_copy(update={"evidence": None})
        assert (
            await given.register.give_authority(word.model_copy(update={missing: without}))
        ).refused == "no_evidence"
    assert await given.register.authority() is None
    assert (await given.register.give_authority(word)).accepted
    await given.register.halt(CHIEF, NOW)
    assert (await given.register.give_authority(word)).refused == "used_code", "a halt is not lifted by an old word"
    assert await given.register.halted()
    proofs = sql.execute("SELECT handling_proof ->> 'officer', second_proof ->> 'officer' FROM authorities").fetchall()
    assert proofs == [(HANDLING, SECOND)]


async def test_without_a_key_ring_nothing_is_proven(given: Given, url: str) -> None:
    sheet = await _sheet(given)
    bare = await Register.connect(url)
    ruling = await bare.decide(given.word(sheet, COUNTY, code(COUNTY, NOW)))
    await bare.close()
    assert (ruling.accepted, ruling.refused) == (False, "no_keys")
