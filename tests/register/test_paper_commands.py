"""`audit papers` and `papers get` as they are typed: from an order to its paper to its decisions, and what differs."""

import asyncio
import hashlib
import json

import pytest
from typer.testing import CliRunner

from adapters.cli import auditing, papers
from adapters.cli.app import app
from adapters.cli.failures import Exit
from tests.register.given import COUNTY, SECOND_TOO, Given, ref

OTHER = b"%PDF another document"
FREEZE = "锡公（反诈）冻财字〔2026〕000001号"


@pytest.fixture
def typed(opened, monkeypatch):
    """Type a command in this register's world."""
    monkeypatch.setenv("COLUMNS", "200")

    for module in (auditing, papers):
        monkeypatch.setattr(module, "open_world", opened)

    async def run(*words: object):
        return await asyncio.to_thread(CliRunner().invoke, app, [str(word) for word in words])

    return run


async def _frozen(given: Given) -> str:
    """The application id of an approved freeze."""
    await given.duty()
    case_id = await given.case()
    await given.stopped(case_id, ref())
    return (await given.frozen(case_id, ref(), 500)).application_id


def _pointed_elsewhere(sql) -> str:
    """The list is pointed to another document after the letter has left."""
    sha256 = hashlib.sha256(OTHER).hexdigest()
    sql.execute("SET session_replication_role = replica")
    sql.execute("INSERT INTO documents VALUES (%s, %s)", [sha256, OTHER])
    sql.execute("UPDATE papers SET sha256 = %s WHERE kind = 'freeze'", [sha256])
    return sha256


async def test_from_an_order_to_its_paper_to_its_decisions_in_one_command(given: Given, typed) -> None:
    order = await _frozen(given)
    said = await typed("audit", "papers", "A2026-000001", "--of", order, "--json")
    assert said.exit_code == Exit.DONE, said.stderr
    found = json.loads(said.stdout)
    (paper,) = found["papers"]
    assert (paper["case"], paper["number"], paper["sheet"]) == ("A2026-000001", FREEZE, "F-01")
    assert paper["orders"] == [order]
    assert [one["officer"] for one in paper["decided"]] == [COUNTY, SECOND_TOO]
    assert found["faults"] == []
    page = (await typed("audit", "papers", "A2026-000001")).stdout
    decided = f"decided: {COUNTY} (approver_county) approve, 2026-11-22 11:04:05 CST, totp"
    for word in (FREEZE, "issued 2026-11-22 11:04:05 CST", "rests on F-01", decided, f"order {order}", paper["sha256"]):
        assert word in page
    assert "2 papers of 2 orders; 0 faults" in page


async def test_a_paper_that_is_not_there_is_said_with_the_way_to_those_that_are(given: Given, typed) -> None:
    await _frozen(given)
    assert (await typed("audit", "papers", "A2026-000001", "--of", "x", "--json")).exit_code == Exit.NOT_FOUND
    assert (await typed("audit", "papers", "--json")).exit_code == Exit.BAD_INPUT


async def test_a_paper_exchanged_after_its_letter_left_is_no_whole_paper(given: Given, typed, sql, tmp_path) -> None:
    await _frozen(given)
    out = tmp_path / "paper.pdf"
    got = await typed("papers", "get", "A2026-000001", FREEZE, "--out", out, "--json")
    assert (got.exit_code, json.loads(got.stdout)["whole"]) == (Exit.DONE, True)
    sha256 = _pointed_elsewhere(sql)
    assert (await typed("audit", "chain", "--all", "--json")).exit_code == Exit.DONE
    got = await typed("papers", "get", "A2026-000001", FREEZE, "--out", out, "--json")
    assert got.exit_code == Exit.DIFFERENCE
    assert json.loads(got.stdout) == {"file": str(out), "number": FREEZE, "sha256": sha256, "whole": False}

    for which in (("A2026-000001",), ("--all",)):
        audited = await typed("audit", "papers", *which, "--json")
        assert audited.exit_code == Exit.DIFFERENCE
        (fault,) = json.loads(audited.stdout)["faults"]
        assert (fault["case_number"], fault["paper"]) == ("A2026-000001", FREEZE)
    assert "not one document" in (await typed("audit", "papers", "--all")).stdout


async def test_a_gap_in_a_series_is_said_where_all_cases_are_looked_at(given: Given, typed, sql) -> None:
    await _frozen(given)
    whole = await typed("audit", "papers", "--all", "--json")
    assert (whole.exit_code, json.loads(whole.stdout)["faults"]) == (Exit.DONE, [])
    sql.execute("UPDATE paper_series SET last = 2 WHERE kind = 'freeze'")
    gap = await typed("audit", "papers", "--all")
    assert gap.exit_code == Exit.DIFFERENCE
    assert "series freeze 2026: numbers 2 are missing" in gap.stdout
