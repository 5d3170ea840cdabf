"""An auditor proves every paper: chain, list, orders, document and decisions agree, or it is said what differs."""

import hashlib
import json

import pytest

from adapters.register import Register
from adapters.register.chain import event_hash
from adapters.register.rows import PaperAudit
from domain.officers import Role
from domain.orders import Order
from domain.papers import PaperKind
from domain.sheets import SheetKind
from tests.register.given import (
    ABC,
    CHIEF,
    COUNTY,
    HANDLING,
    SECOND,
    SECOND_TOO,
    Given,
    freeze,
    lift,
    numbered,
    query,
    ref,
    render,
    stop,
)

OTHER = b"%PDF another document"


async def _case(given: Given) -> str:
    """A case with a stop, a query and an approved freeze, each with its paper."""
    await given.duty()
    case_id = await given.case()
    await given.stopped(case_id, ref())
    await given.open(case_id, query(ref()))
    await given.register.keep_sheet(given.sheet(case_id, (ref(), 500)), render)
    await given.approved((await given.register.sheet(case_id, "F-01")).sheet)
    await given.open(case_id, freeze(ref(), 500))
    return case_id


def _says(audit: PaperAudit) -> list[str]:
    return [one.what for one in audit.faults]


def _untriggered(sql, *statements: str, **values: object) -> None:
    """What somebody with the database's password can do."""
    sql.execute("SET session_replication_role = replica")
    for statement in statements:
        sql.execute(statement, values)
    sql.execute("SET session_replication_role = origin")


async def test_papers_that_nobody_touched_are_whole_with_all_that_stands_behind_them(given: Given) -> None:
    case_id = await _case(given)
    audit = await given.register.audit_papers(case_id)
    assert (audit.case_number, audit.faults, audit.orders, audit.said_less) == ("A2026-000001", (), 3, 0)
    stopped, asked, frozen = audit.papers
    assert [one.kind for one in audit.papers] == [PaperKind.STOP, PaperKind.QUERY, PaperKind.FREEZE]
    assert (stopped.handling, stopped.second, stopped.sheet, stopped.decided) == (HANDLING, SECOND, "", ())
    assert stopped.authority.startswith("au-")
    assert asked.event == stopped.event + 2  # the stop's answer lies between
    assert (frozen.sheet, len(frozen.orders)) == ("F-01", 1)
    assert [(one.officer, one.verdict, one.evidence) for one in frozen.decided] == [
        (COUNTY, "approve", "totp"),
        (SECOND_TOO, "approve", "totp"),
    ]
    assert await given.register.series_faults() == []


async def test_another_document_under_an_issued_number_is_found(given: Given, sql) -> None:
    """The letter has left; the list is pointed to another document, which hashes as the list says."""
    case_id = await _case(given)
    sha256 = hashlib.sha256(OTHER).hexdigest()
    _untriggered(
        sql,
        "INSERT INTO documents VALUES (%(sha256)s, %(other)s)",
        "UPDATE papers SET sha256 = %(sha256)s WHERE kind = 'freeze'",
        sha256=sha256,
        other=OTHER,
    )
    (fault,) = (await given.register.audit_papers(case_id)).faults
    assert (fault.case_number, fault.paper) == ("A2026-000001", "锡公（反诈）冻财字〔2026〕000001号")
    assert "not one document" in fault.what
    assert f"list {sha256[:12]}" in fault.what


async def test_another_document_in_list_and_orders_is_found_by_the_chain(given: Given, sql) -> None:
    case_id = await _case(given)
    sha256 = hashlib.sha256(OTHER).hexdigest()
    _untriggered(
        sql,
        "INSERT INTO documents VALUES (%(sha256)s, %(other)s)",
        "UPDATE papers SET sha256 = %(sha256)s WHERE kind = 'freeze'",
        "UPDATE orders SET content = content || jsonb_build_object('paper', %(sha256)s::text) WHERE measure = 'freeze'",
        sha256=sha256,
        other=OTHER,
    )
    says = _says(await given.register.audit_papers(case_id))
    assert len(says) == 2
    assert says[0].startswith("not one document: event ")
    assert says[1] == "the order's content is not what its event wrote"


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        ("UPDATE documents SET bytes = bytes || 'x' FROM papers p WHERE p.sha256 = documents.sha256", "was changed"),
        ("DELETE FROM papers WHERE kind = 'freeze'", "the list of papers does not have it"),
        ("UPDATE papers SET ordinal = 9 WHERE kind = 'freeze'", "the list has it as number 9 of 2026"),
        (
            "UPDATE papers SET sheet = 'F-09' WHERE kind = 'freeze'",
            "the list says freeze 102302000011 F-09 1, its orders",
        ),
        ("UPDATE papers SET words = 'gone' WHERE kind = 'freeze'", "the text it was printed with, gone is missing"),
        ("DELETE FROM orders WHERE measure = 'query'", "no order carries it"),
        ("DELETE FROM orders WHERE measure = 'query'", "the chain names this order, and it is gone"),
        (
            "UPDATE orders SET content = jsonb_set(content, '{amount_fen}', '1') WHERE measure = 'freeze'",
            "its sheet does not hold this account with this amount",
        ),
        ("UPDATE decisions SET officer = '012304' WHERE officer = '012303'", "a decision on it has no proof"),
        ("DELETE FROM decisions WHERE officer = '012303'", "its decisions do not fill its quorum"),
        ("UPDATE sheets SET content = content || '{\"term_months\": 12}'", "its content is not that of its digest"),
        (
            "UPDATE documents SET bytes = bytes || 'x' WHERE sha256 = (SELECT content #>> '{documents,0}' FROM sheets)",
            "its drafts are missing or were changed",
        ),
        ("UPDATE events SET current = current || '{\"papers\": {}}' WHERE kind = 'orders_written'", "chain, event"),
    ],
)
async def test_whatever_is_changed_behind_a_paper_is_said(given: Given, sql, tampering: str, found: str) -> None:
    case_id = await _case(given)
    assert (await given.register.audit_papers(case_id)).faults == ()
    _untriggered(sql, tampering)
    says = _says(await given.register.audit_papers(case_id))
    assert any(found in one for one in says), says


async def test_a_proof_of_the_standing_authority_that_does_not_verify_is_said_of_its_orders(given: Given, sql) -> None:
    case_id = await _case(given)
    _untriggered(sql, "UPDATE authorities SET ends = ends + interval '1 hour'")
    audit = await given.register.audit_papers(case_id)
    assert {one.paper[6:8] for one in audit.faults} == {"止付", "查财"}
    assert all("no standing authority with proofs that verify" in one.what for one in audit.faults)


async def test_events_that_say_less_are_checked_as_far_as_they_say(given: Given, sql) -> None:
    """Given a case from before events named papers with their hashes."""
    case_id = await _case(given)
    _said_as_before(sql, case_id)
    audit = await given.register.audit_papers(case_id)
    assert (audit.faults, audit.said_less) == ((), 3)
    _untriggered(sql, "UPDATE orders SET content = content || '{\"sequence_of_later\": 1}' WHERE measure = 'stop'")
    assert (await given.register.audit_papers(case_id)).faults == (), "a field that orders have got since"
    _untriggered(sql, "UPDATE orders SET content = content || '{\"category\": \"x\"}' WHERE measure = 'stop'")
    assert _says(await given.register.audit_papers(case_id)) == ["the order's content is not what its event wrote"]
    _untriggered(sql, "DELETE FROM papers")
    assert len((await given.register.audit_papers(case_id)).faults) == 1, "before the list there was none to be in"


def _said_as_before(sql, case_id: str) -> None:
    """Write the case's chain as the program wrote it then."""
    contents = dict(sql.execute("SELECT application_id, content FROM orders").fetchall())
    spelled = {
        key: hashlib.sha256(Order.model_validate(one).model_dump_json().encode()).hexdigest()
        for key, one in contents.items()
    }
    head = ""
    rows = sql.execute("SELECT seq, at, kind, previous, current FROM events ORDER BY seq").fetchall()
    for seq, at, kind, previous, current in rows:
        if kind == "orders_written":
            said = {"orders": {key: spelled[key] for key in current["orders"]}, "papers": sorted(current["papers"])}
        else:
            said = current
        linked = event_hash(case_id, seq, at, kind, previous, said, head)
        values = {"seq": seq, "said": json.dumps(said), "before": head, "linked": linked}
        _untriggered(
            sql,
            "UPDATE events SET current = %(said)s, prev_hash = %(before)s, hash = %(linked)s WHERE seq = %(seq)s",
            **values,
        )
        head = linked
    _untriggered(sql, "UPDATE cases SET event_head = %(head)s", head=head)


async def test_a_gap_or_a_stranger_in_a_series_is_found(given: Given, sql) -> None:
    await given.duty()
    case_id = await given.case()
    for account in (ref("6222000000000001"), ref("6222000000000002"), ref("6222000000000003")):
        await given.open(case_id, stop(account))
    assert await given.register.series_faults() == []
    _untriggered(
        sql,
        "DELETE FROM papers WHERE ordinal = 2",
        "INSERT INTO papers SELECT number || '-', kind, year, 9, case_id, institution, sheet, sha256, accounts, "
        "issued_at FROM papers WHERE ordinal = 1",
    )
    assert [one.what for one in await given.register.series_faults()] == [
        "series stop 2026: numbers 2 are missing",
        "series stop 2026: numbers 9 lie outside the series, which ends at 3",
    ]


async def test_papers_of_two_institutions_each_have_their_own_trail(given: Given) -> None:
    await given.duty()
    await given.register.put_institutions([ABC])
    case_id = await given.case()
    await given.open(case_id, stop(ref()))
    await given.open(case_id, stop(ref(institution=ABC.id)), institution=ABC)
    audit = await given.register.audit_papers(case_id)
    assert audit.faults == ()
    assert sorted(one.institution for one in audit.papers) == ["102302000011", ABC.id]


async def test_papers_of_no_case_are_an_error_and_without_keys_nothing_is_proven(given: Given, url: str) -> None:
    with pytest.raises(LookupError):
        await given.register.audit_papers("c-none")
    case_id = await given.case()
    blind = await Register.connect(url)
    with pytest.raises(LookupError, match="key ring"):
        await blind.audit_papers(case_id)
    await blind.close()
    assert (await given.register.audit_papers(case_id)).papers == ()


async def test_what_a_sheet_let_go_is_followed_to_those_who_decided_it(given: Given, sql) -> None:
    await given.duty()
    case_id = await given.case()
    first, second = numbered(2)
    await given.stopped(case_id, first, second)
    for name, account in (("R-01", first), ("R-02", second)):
        sheet = given.sheet(case_id, (account, 700), name=name, kind=SheetKind.RELEASE, quorum=[Role.DUTY_CHIEF])
        await given.approved(sheet)
    lifts = [
        lift(one, "decision").model_copy(update={"sheet": f"R-0{no}"}) for no, one in enumerate((first, second), 1)
    ]
    await given.open(case_id, *lifts)
    audit = await given.register.audit_papers(case_id)
    assert audit.faults == ()
    released = [one for one in audit.papers if one.kind is PaperKind.LIFT]
    assert [(one.sheet, one.cause, [who.officer for who in one.decided]) for one in released] == [
        ("R-01", "decision", [CHIEF]),
        ("R-02", "decision", [CHIEF]),
    ]
    _untriggered(sql, "UPDATE papers SET sheet = 'R-02' WHERE sheet = 'R-01'")
    (fault,) = (await given.register.audit_papers(case_id)).faults
    assert fault.what == "the list says lift 102302000011 R-02 1, its orders say lift 102302000011 R-01 1"
    _untriggered(sql, "UPDATE papers SET sheet = '' WHERE kind = 'lift'")
    assert (await given.register.audit_papers(case_id)).faults == (), "as lists said before releases had their sheets"
