"""The last step before the wire: what nothing on record entitles does not leave, whoever asks.

Driven at the adapter itself, against the practice institutions; their own book says what arrived.
"""

import json
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from activities.line_ports import InstitutionPort, Letter, NeverSent
from activities.ports import Draft, OpenedOrder
from adapters.lines import HttpLines
from adapters.register import Register
from domain.findings import Finding
from domain.institutions import Institution
from domain.officers import Role
from domain.orders import AccountRef, AnswerClass, Measure, OfficerCard, Order
from domain.sheets import SheetKind, Verdict, Why
from tests.banks.orders import CENTRE
from tests.contracts.practice import INSTITUTIONS, NAMES, NUMBERS, PLATFORM_BANK, Practice, sandbox
from tests.register.given import (
    CHIEF,
    COUNTY,
    HANDLING,
    NOW,
    RING,
    SECOND,
    Given,
    executed,
    found_at,
    freeze,
    lift,
    numbered,
    render,
    stop,
    unfreeze,
)

BANK: Institution = INSTITUTIONS[PLATFORM_BANK]
ACCOUNT = AccountRef(institution=BANK.id, number=NUMBERS[PLATFORM_BANK], name=NAMES[PLATFORM_BANK])


@pytest.fixture(scope="module")
def institutions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    state: Path = tmp_path_factory.mktemp("warrants")
    with sandbox(state) as url:
        yield url


class Wire:
    """The line to one practice bank as the centre has it, and the bank's own book."""

    def __init__(self, given: Given, practice: Practice, lines: HttpLines) -> None:
        self.given = given
        self.practice = practice
        self.port: InstitutionPort = lines.to(BANK)

    async def sends(self, *opened: OpenedOrder) -> list[str]:
        """Hand in these orders' letters as an activity does; the codes of the receipts."""
        letters = [await self.letter(one.order) for one in opened if one.order is not None]
        await self.given.register.note_sealed([(one.key, one.sha256) for one in letters])
        return [receipt.code for receipt in await self.port.hand_in(letters)]

    async def letter(self, order: Order) -> Letter:
        paper = await self.given.register.paper(order.paper) if order.paper else b"%PDF"
        return self.port.seal(order, paper)

    async def arrived(self) -> list[str]:
        """Application ids in the bank's book."""
        return [one["application_id"] for one in await self.practice.book() if one["kind"] == "received"]


@pytest_asyncio.fixture
async def wire(given: Given, institutions: str) -> AsyncIterator[Wire]:
    await given.register.put_institutions([BANK])
    async with (
        Practice(institutions) as practice,
        HttpLines(institutions, practice.run, CENTRE, practice=True, warrants=given.register) as lines,
    ):
        yield Wire(given, practice, lines)


async def _open(wire: Wire, case_id: str, *drafts) -> list[OpenedOrder]:
    opened = await wire.given.open(case_id, *drafts, institution=BANK)
    assert {one.standing for one in opened} == {"new"}, [one.outcome for one in opened]
    return opened


def _freeze(amount_fen: int) -> Draft:
    """Within the six months that a sheet of these tests grants."""
    return freeze(ACCOUNT, amount_fen).model_copy(update={"until": NOW + timedelta(days=180)})


async def _frozen(wire: Wire, **more) -> tuple[str, OpenedOrder]:
    """A case with a freeze on record, decided by those who may."""
    await wire.given.duty()
    case_id = await wire.given.case()
    await wire.given.approved(wire.given.sheet(case_id, (ACCOUNT, 700), **more))
    (opened,) = await _open(wire, case_id, _freeze(700))
    return case_id, opened


def invented(case_id: str, number: int = 1) -> Order:
    """A freeze that nobody ever decided."""
    return Order(
        application_id=f"0201{number:032d}",
        case_id=case_id,
        case_number="A2026-000001",
        category="其他",
        measure=Measure.FREEZE,
        institution=BANK.id,
        institution_name=BANK.name,
        account=ACCOUNT,
        amount_fen=700,
        until=NOW + timedelta(days=180),
        requested_at=NOW,
        handling=OfficerCard(number=HANDLING, name="甲"),
        second=OfficerCard(number=SECOND, name="乙"),
        paper_number="1",
        authority="F-01",
    )


async def test_what_is_decided_and_proven_leaves(wire: Wire) -> None:
    _, opened = await _frozen(wire)
    assert await wire.sends(opened) == ["100000"]
    assert await wire.arrived() == [opened.application_id]


async def test_an_invented_freeze_never_leaves(wire: Wire) -> None:
    letter = await wire.letter(invented(await wire.given.case()))
    (receipt,) = await wire.port.hand_in([letter])
    assert (receipt.code, receipt.answer_class) == ("unproven", AnswerClass.PERMANENT)
    assert await wire.arrived() == []


async def test_it_does_not_leave_in_good_company_either_and_the_company_does(wire: Wire) -> None:
    case_id, opened = await _frozen(wire)
    assert opened.order is not None
    good = await wire.letter(opened.order)
    await wire.given.register.note_sealed([(good.key, good.sha256)])
    bad = await wire.letter(invented(case_id))
    receipts = await wire.port.hand_in([bad, good])
    assert [(one.key, one.code) for one in receipts] == [(bad.key, "unproven"), (good.key, "100000")]
    assert await wire.arrived() == [good.key]


async def test_other_bytes_under_a_proven_key_do_not_leave(wire: Wire) -> None:
    _, opened = await _frozen(wire)
    assert opened.order is not None
    good = await wire.letter(opened.order)
    await wire.given.register.note_sealed([(good.key, good.sha256)])
    dearer = await wire.letter(opened.order.model_copy(update={"amount_fen": 700_000}))
    disguised = dearer.model_copy(update={"sha256": good.sha256})
    for letter in (dearer, disguised):
        (receipt,) = await wire.port.hand_in([letter])
        assert receipt.code == "unproven"
    assert await wire.arrived() == []


async def test_a_sheet_put_into_the_register_without_valid_proofs_freezes_nothing(wire: Wire, sql) -> None:
    """Somebody with the database's password writes what an approval would have left, but has no key ring."""
    await wire.given.duty()
    case_id = await wire.given.case()
    sheet = wire.given.sheet(case_id, (ACCOUNT, 700))
    await wire.given.register.keep_sheet(sheet)
    forged = {"officer": COUNTY, "kind": "totp", "step": 1, "signature": "", "binding": "b", "mark": "k1:" + "0" * 64}
    for number, role, proof in (
        (COUNTY, Role.APPROVER_COUNTY, forged),
        (SECOND, Role.SECOND_OFFICER, {**forged, "officer": SECOND}),
    ):
        sql.execute(
            "INSERT INTO decisions (case_id, sheet, officer, verdict, roles, digest, content, proof, at) "
            "VALUES (%s, 'F-01', %s, 'approve', %s, %s, '{}', %s, %s)",
            [case_id, number, [role.value], sheet.digest, json.dumps(proof), NOW],
        )
    sql.execute("UPDATE sheets SET state = 'approved' WHERE case_id = %s", [case_id])
    (opened,) = await _open(wire, case_id, _freeze(700))
    assert await wire.sends(opened) == ["unproven"]
    assert await wire.arrived() == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE sheet_lines SET amount_fen = 700, content = content || '{\"amount_fen\": 700}'",
        "UPDATE sheets SET content = content || '{\"term_months\": 600}'",
        'UPDATE sheets SET content = content || \'{"quorum": ["approver_county"]}\'',
    ],
)
async def test_a_sheet_changed_after_its_decisions_freezes_nothing(wire: Wire, sql, change: str) -> None:
    await wire.given.duty()
    case_id = await wire.given.case()
    await wire.given.approved(wire.given.sheet(case_id, (ACCOUNT, 500)))
    sql.execute(change)
    amount = sql.execute("SELECT amount_fen FROM sheet_lines").fetchone()[0]
    (opened,) = await _open(wire, case_id, _freeze(amount))
    assert await wire.sends(opened) == ["unproven"]
    assert await wire.arrived() == []


ONE_BYTE = "UPDATE documents SET bytes = set_byte(bytes, 40, get_byte(bytes, 40) # 1)"
"""What somebody with the database's password would do to a paper."""


async def test_an_order_whose_paper_was_changed_by_one_byte_does_not_leave(wire: Wire, sql) -> None:
    await wire.given.duty()
    case_id = await wire.given.case()
    (stopping,) = await _open(wire, case_id, stop(ACCOUNT))
    await wire.given.approved(wire.given.sheet(case_id, (ACCOUNT, 700)))
    (freezing,) = await _open(wire, case_id, _freeze(700))
    sql.execute("ALTER TABLE documents DISABLE TRIGGER USER")
    sql.execute(ONE_BYTE)
    assert await wire.sends(stopping, freezing) == ["unproven", "unproven"]
    assert await wire.arrived() == []
    sql.execute(ONE_BYTE)
    assert await wire.sends(stopping, freezing) == ["100000", "100000"]


async def test_an_order_to_a_bank_without_a_paper_does_not_leave(wire: Wire, sql) -> None:
    """DOMAIN R12: each stop and query carries a legal document."""
    await wire.given.duty()
    (stopping,) = await _open(wire, await wire.given.case(), stop(ACCOUNT))
    sql.execute("ALTER TABLE orders DISABLE TRIGGER USER")
    sql.execute("UPDATE orders SET content = jsonb_set(content, '{paper}', 'null')")
    assert await wire.sends(stopping) == ["unproven"]
    assert await wire.arrived() == []


async def test_a_changed_paper_is_refused_where_the_letter_is_built_from_the_register(wire: Wire, url, sql) -> None:
    await wire.given.duty()
    (opened,) = await _open(wire, await wire.given.case(), stop(ACCOUNT))
    assert opened.order is not None
    sql.execute("ALTER TABLE documents DISABLE TRIGGER USER")
    sql.execute(ONE_BYTE)
    other_worker = await Register.connect(url, ring=RING)
    changed = await other_worker.paper(opened.order.paper)
    await other_worker.close()
    with pytest.raises(ValueError, match="not the document that the order names"):
        wire.port.seal(opened.order, changed)
    assert await wire.arrived() == []


async def test_a_freeze_does_not_leave_on_drafts_changed_after_their_approval(wire: Wire, sql) -> None:
    await wire.given.duty()
    case_id = await wire.given.case()
    sheet = wire.given.sheet(case_id, (ACCOUNT, 700))
    await wire.given.register.keep_sheet(sheet, render)
    kept = (await wire.given.register.sheet(case_id, "F-01")).sheet
    await wire.given.approved(kept)
    (opened,) = await _open(wire, case_id, _freeze(700))
    draft = {"sha256": kept.documents[0]}
    sql.execute("ALTER TABLE documents DISABLE TRIGGER USER")
    sql.execute(f"{ONE_BYTE} WHERE sha256 = %(sha256)s", draft)
    assert await wire.sends(opened) == ["unproven"]
    assert await wire.arrived() == []
    sql.execute(f"{ONE_BYTE} WHERE sha256 = %(sha256)s", draft)
    assert await wire.sends(opened) == ["100000"]


async def test_a_proof_moved_to_another_sheet_proves_nothing(wire: Wire, sql) -> None:
    await wire.given.duty()
    first, second = await wire.given.case(), await wire.given.case()
    await wire.given.approved(wire.given.sheet(first, (ACCOUNT, 700)))
    sheet = wire.given.sheet(second, (ACCOUNT, 700))
    await wire.given.register.keep_sheet(sheet)
    sql.execute(
        "INSERT INTO decisions SELECT %s, sheet, officer, verdict, roles, %s, content, at, proof FROM ("
        "SELECT sheet, officer, verdict, roles, content, at, proof FROM decisions WHERE case_id = %s) AS theirs",
        [second, sheet.digest, first],
    )
    sql.execute("UPDATE sheets SET state = 'approved' WHERE case_id = %s", [second])
    (opened,) = await _open(wire, second, _freeze(700))
    assert await wire.sends(opened) == ["unproven"]


async def test_a_freeze_is_decided_by_the_least_quorum_whatever_its_sheet_says(wire: Wire) -> None:
    await wire.given.duty()
    case_id = await wire.given.case()
    await wire.given.approved(wire.given.sheet(case_id, (ACCOUNT, 700), quorum=[Role.APPROVER_COUNTY]))
    (opened,) = await _open(wire, case_id, _freeze(700))
    assert await wire.sends(opened) == ["unproven"]


async def test_a_term_beyond_the_sheets_does_not_leave(wire: Wire) -> None:
    await wire.given.duty()
    case_id = await wire.given.case()
    await wire.given.approved(wire.given.sheet(case_id, (ACCOUNT, 700)))
    too_long = _freeze(700).model_copy(update={"until": NOW + timedelta(days=400)})
    (opened,) = await _open(wire, case_id, too_long)
    assert await wire.sends(opened) == ["unproven"]


async def test_stops_leave_under_a_proven_authority_only(wire: Wire, sql) -> None:
    await wire.given.duty()
    case_id = await wire.given.case()
    (opened,) = await _open(wire, case_id, stop(ACCOUNT))
    assert await wire.sends(opened) == ["100000"]
    sql.execute(
        "INSERT INTO authorities (authority_id, handling, second, starts, ends, content, handling_proof, second_proof) "
        "SELECT 'au-forged', handling, second, starts, ends, content, handling_proof, second_proof FROM authorities"
    )
    (forged,) = await _open(
        wire, await wire.given.case(), stop(numbered(1)[0].model_copy(update={"institution": BANK.id}))
    )
    assert await wire.sends(forged) == ["unproven"]
    assert await wire.arrived() == [opened.application_id]


async def test_a_stop_written_before_the_halt_is_warranted_and_none_after_it(wire: Wire, sql) -> None:
    await wire.given.duty()
    elsewhere = numbered(1)[0].model_copy(update={"institution": BANK.id})
    (before,) = await _open(wire, await wire.given.case(), stop(ACCOUNT))
    (after,) = await _open(wire, await wire.given.case(), stop(elsewhere))
    await wire.given.register.halt(CHIEF, NOW + timedelta(seconds=5))
    sql.execute("ALTER TABLE orders DISABLE TRIGGER USER")
    sql.execute(
        "UPDATE orders SET written_at = %s WHERE application_id = %s",
        [NOW + timedelta(seconds=6), after.application_id],
    )
    assert await wire.sends(before, after) == ["100000", "unproven"]


async def test_letting_go_needs_its_cause(wire: Wire) -> None:
    case_id, opened = await _frozen(wire)
    assert await wire.sends(opened) == ["100000"]
    await wire.given.answer(opened, outcome=executed(NOW, hours=24 * 180, amount_fen=700))
    (unfreezing,) = await _open(wire, case_id, unfreeze(ACCOUNT))
    assert await wire.sends(unfreezing) == ["unproven"], "nobody has found an honest merchant"
    found = found_at(case_id, ACCOUNT, Finding.MERCHANT)
    assert (await wire.given.register.keep_finding(found)).accepted
    assert await wire.sends(unfreezing) == ["100000"]


async def test_a_stop_is_lifted_when_a_freeze_covers_it_or_a_decision_lets_it_go(wire: Wire) -> None:
    await wire.given.duty()
    case_id = await wire.given.case()
    (stopped,) = await _open(wire, case_id, stop(ACCOUNT))
    assert await wire.sends(stopped) == ["100000"]
    await wire.given.answer(stopped)
    (lifted,) = await _open(wire, case_id, lift(ACCOUNT, "decision"))
    assert await wire.sends(lifted) == ["unproven"]
    sheet = wire.given.sheet(case_id, (ACCOUNT, 700), name="R-01", kind=SheetKind.RELEASE, quorum=[Role.DUTY_CHIEF])
    await wire.given.register.keep_sheet(sheet)
    assert await wire.sends(lifted) == ["unproven"], "nobody has decided it yet"
    assert (await wire.given.decide(sheet, CHIEF)).accepted
    assert await wire.sends(lifted) == ["100000"]


async def test_a_rejected_freeze_lets_go(wire: Wire) -> None:
    await wire.given.duty()
    case_id = await wire.given.case()
    (stopped,) = await _open(wire, case_id, stop(ACCOUNT))
    await wire.sends(stopped)
    await wire.given.answer(stopped)
    sheet = wire.given.sheet(case_id, (ACCOUNT, 700))
    await wire.given.register.keep_sheet(sheet)
    assert (await wire.given.decide(sheet, COUNTY, Verdict.REJECT)).accepted
    (lifted,) = await _open(wire, case_id, lift(ACCOUNT, "decision"))
    assert await wire.sends(lifted) == ["100000"]


async def _stopped(wire: Wire) -> str:
    """A case with one stopped account."""
    await wire.given.duty()
    case_id = await wire.given.case()
    (stopped,) = await _open(wire, case_id, stop(ACCOUNT))
    assert await wire.sends(stopped) == ["100000"]
    await wire.given.answer(stopped)
    return case_id


@pytest.mark.parametrize(
    ("verdict", "excepted", "sent"),
    [
        (Verdict.REJECT, (), "100000"),
        (Verdict.APPROVE, (1,), "100000"),
        (Verdict.APPROVE, (2,), "unproven"),
        (Verdict.APPROVE, (), "unproven"),
    ],
)
async def test_a_second_look_lets_go_what_it_rejects_or_excepts_and_nothing_else(
    wire: Wire, verdict: Verdict, excepted: tuple[int, ...], sent: str
) -> None:
    case_id = await _stopped(wire)
    look = wire.given.look(case_id, (ACCOUNT, 700), (numbered(1)[0], 300))
    await wire.given.register.keep_sheet(look)
    (lifted,) = await _open(wire, case_id, lift(ACCOUNT, "decision"))
    assert await wire.sends(lifted) == ["unproven"], "nobody has decided it yet"
    assert (await wire.given.decide(look, SECOND, verdict, excepted)).accepted
    assert await wire.sends(lifted) == [sent]


async def test_a_second_look_is_the_second_officers_whoever_else_writes_a_word(wire: Wire, sql) -> None:
    case_id = await _stopped(wire)
    look = wire.given.look(case_id, (ACCOUNT, 700))
    await wire.given.register.keep_sheet(look)
    assert not (await wire.given.decide(look, COUNTY, Verdict.REJECT)).accepted
    sql.execute("UPDATE sheets SET state = 'rejected' WHERE case_id = %s", [case_id])
    (lifted,) = await _open(wire, case_id, lift(ACCOUNT, "decision"))
    assert await wire.sends(lifted) == ["unproven"]


async def test_a_rejected_look_at_a_release_lets_nothing_go(wire: Wire) -> None:
    case_id = await _stopped(wire)
    look = wire.given.look(case_id, (ACCOUNT, 700), why=Why.SECOND_LOOK_AT_RELEASE, requester=CHIEF)
    await wire.given.register.keep_sheet(look)
    assert (await wire.given.decide(look, SECOND, Verdict.REJECT)).accepted
    (lifted,) = await _open(wire, case_id, lift(ACCOUNT, "decision"))
    assert await wire.sends(lifted) == ["unproven"]


async def test_without_the_ring_and_without_the_register_nothing_leaves(wire: Wire, url: str, sql) -> None:
    await wire.given.duty()
    (opened,) = await _open(wire, await wire.given.case(), stop(ACCOUNT))
    assert opened.order is not None
    letter = await wire.letter(opened.order)
    bare = await Register.connect(url)
    assert letter.key in await bare.unproven([letter])
    await bare.close()
    sql.execute("ALTER TABLE orders RENAME TO mislaid")
    with pytest.raises(NeverSent):
        await wire.port.hand_in([letter])
    sql.execute("ALTER TABLE mislaid RENAME TO orders")
    assert await wire.arrived() == []


@pytest.mark.parametrize("batch", [1, 60])
async def test_a_look_costs_a_post_milliseconds(given: Given, batch: int) -> None:
    await given.duty()
    times = []
    for turn in range(12):
        opened = await given.open(await given.case(), *(stop(one) for one in numbered(batch, start=1 + turn * batch)))
        await given.register.note_sealed([(one.application_id, "0" * 64) for one in opened])
        letters = [Letter(key=one.application_id, serial="", message="", sha256="0" * 64) for one in opened]
        began = time.perf_counter()
        assert await given.register.unproven(letters) == {}
        times.append(time.perf_counter() - began)
    took = statistics.median(times[2:]) * 1e3
    print(f"\n{batch:>3} letters: {took:.2f} ms")
    assert took < {1: 20, 60: 60}[batch]  # 1 and 3 ms on a quiet machine
