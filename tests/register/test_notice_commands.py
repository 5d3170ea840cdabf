"""`notice list` and `notice ack`: for whom a notice is, in Chinese and English."""

import asyncio
import json

import pytest
from typer.testing import CliRunner

from adapters.cli import noticing
from adapters.cli.app import app
from adapters.cli.failures import Exit
from tests.register.given import COUNTY, FIELD, SECOND, Given, ref


@pytest.fixture
def typed(opened, monkeypatch):
    """Type `notice …` in this register's world."""
    monkeypatch.setenv("COLUMNS", "160")

    monkeypatch.setattr(noticing, "open_world", opened)

    async def run(*words: str):
        return await asyncio.to_thread(CliRunner().invoke, app, ["notice", *words])

    return run


async def test_the_list_says_for_whom_each_is(given: Given, typed) -> None:
    await given.register.keep_sheet(given.sheet(await given.case(), (ref(), 500)))
    page = (await typed("list")).stdout
    for word in ("发给 for", "县级审批人 county approver", "协查人 second officer", "待决定", "awaits decisions"):
        assert word in page
    (one,) = json.loads((await typed("list", "--json")).stdout)["notices"]
    assert one["roles"] == ["approver_county", "second_officer"]


async def test_whom_it_is_not_for_is_told_for_whom_it_is(given: Given, typed) -> None:
    await given.register.keep_sheet(given.sheet(await given.case(), (ref(), 500)))
    (one,) = await given.register.notices()
    said = await typed("ack", one.notice, "--officer", FIELD)
    assert said.exit_code == Exit.BAD_INPUT
    told = " ".join(said.stderr.split())
    for word in (
        "此通知不是发给您的",
        "县级审批人",
        "值班长",
        "this notice is not for you",
        "county approver",
        "duty chief",
    ):
        assert word in told


async def test_a_role_that_took_note_is_named_and_told_who_did_and_the_others_still_wait(given: Given, typed) -> None:
    await given.register.keep_sheet(given.sheet(await given.case(), (ref(), 500)))
    (one,) = await given.register.notices()
    said = await typed("ack", one.notice, "--officer", COUNTY)
    assert (said.exit_code, "still told: second officer" in " ".join(said.stdout.split())) == (Exit.DONE, True)
    page = (await typed("list")).stdout
    assert f"县级审批人 {COUNTY}" in " ".join(page.split())
    (shown,) = json.loads((await typed("list", "--json")).stdout)["notices"]
    assert (shown["quiet"]["approver_county"]["by"], shown["acknowledged_at"]) == (COUNTY, None)
    again = await typed("ack", one.notice, "--officer", COUNTY)
    assert (again.exit_code, f"acknowledged by {COUNTY}" in " ".join(again.stderr.split())) == (Exit.CLOSED, True)
    assert (await typed("ack", one.notice, "--officer", SECOND)).exit_code == Exit.DONE
    (shown,) = json.loads((await typed("list", "--json")).stdout)["notices"]
    assert shown["acknowledged_by"] == SECOND
